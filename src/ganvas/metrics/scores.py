"""How far generated pictures are from real ones, as numbers between two sets of features.

KID, FID, precision and recall here are torch-fidelity's, over the features of `ganvas.metrics.features`; only how
KID's parts are put together is ours (`ganvas.metrics.kid` says why).
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_prc import KEY_METRIC_PRECISION, KEY_METRIC_RECALL, prc_features_to_metric

from ganvas.config import MIN_SCORED
from ganvas.errors import DataError
from ganvas.metrics.kid import between, kid, within
from ganvas.metrics.reference import Reference
from ganvas.metrics.threads import one_blas_thread

# How many nearest neighbours define a picture's surroundings for precision and recall (Kynkaanniemi et al. 2019).
NEIGHBOURS = 3


@dataclass(frozen=True)
class Distances:
    """What tells two sets of pictures apart, each figure from the same features.

    Attributes:
        kid: kernel distance without bias; 0 for equal distributions, slightly below zero by chance. Lower is better.
        kid_se: its standard error.
        fid: distance of the Gaussians fitted to both sets (Heusel et al. 2017, eq. 6); lower is better. It is biased
            upwards, the more the fewer pictures there are, and with fewer than features has (1,280) its covariances
            are singular: compare it only at equal counts, and prefer KID.
        precision: share of generated pictures that lie among the real ones: how believable they are.
        recall: share of real pictures that lie among the generated ones: how much of the variety is there.
    """

    kid: float
    kid_se: float
    fid: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Scores(Distances):
    """The result of one evaluation.

    Attributes:
        extractor: the feature network.
        generated: how many generated pictures were measured.
        real: how many real ones they were held against.
        seconds: wall-clock time it took, painting the pictures included.
        modes_covered: how many of the dataset's known modes the generated pictures show; None where none are known.
        modes_total: how many known modes there are.
    """

    extractor: str
    generated: int
    real: int
    seconds: float
    modes_covered: int | None = None
    modes_total: int | None = None

    def record(self) -> dict[str, Any]:
        """The fields as one flat JSON object, leaving out what is not known."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def line(self) -> str:
        """The scores on one line."""
        modes = "" if self.modes_total is None else f", modes {self.modes_covered}/{self.modes_total}"
        return (
            f"KID {self.kid:.5f} ± {self.kid_se:.5f}, FID {self.fid:.2f}, precision {self.precision:.3f}, "
            f"recall {self.recall:.3f}{modes} ({self.extractor}, {self.generated:,} generated, {self.real:,} real; "
            "not the published FID)"
        )

    def __str__(self) -> str:
        """The scores on a line each, and what they are scores of."""
        lines = [
            f"KID        {self.kid:.5f} ± {self.kid_se:.5f} (standard error)",
            f"FID        {self.fid:.2f}",
            f"precision  {self.precision:.3f}",
            f"recall     {self.recall:.3f}",
        ]
        if self.modes_total is not None:
            lines.append(f"modes      {self.modes_covered} of {self.modes_total}")
        return "\n".join(
            [
                *lines,
                f"{self.generated:,} generated against {self.real:,} real pictures, {self.seconds:.1f} s.",
                f"Features of {self.extractor}: not comparable with published FID or KID, which use Inception-v3.",
            ]
        )


@one_blas_thread()
def distances(generated: NDArray[np.float32], real: Reference) -> Distances:
    """Compare the features of generated pictures with those of real ones.

    KID and FID use every picture of both sides. Precision and recall depend on how densely each side is sampled, so
    they use as many pictures of the larger side as the smaller one has.

    Args:
        generated: float32 [N, D], in no particular order.
        real: the real side.

    Raises:
        DataError: fewer than `MIN_SCORED` generated.
    """
    if (count := len(generated)) < MIN_SCORED:
        raise DataError(f"{count} generated pictures are too few to evaluate: {MIN_SCORED} are needed")
    value, error = kid(within(generated), real.similarity, between(generated, real.features))
    return Distances(value, error, _fid(generated, real), *_precision_recall(generated, real.features))


def _fid(generated: NDArray[np.float32], real: Reference) -> float:
    """Heusel et al. 2017, eq. 6, in float64; never below zero, where rounding may put equal sets."""
    gaussian = fid_features_to_statistics(torch.from_numpy(generated).double())
    return max(0.0, float(fid_statistics_to_metric(gaussian, real.gaussian, verbose=False)[KEY_METRIC_FID]))


def _precision_recall(generated: NDArray[np.float32], real: NDArray[np.float32]) -> tuple[float, float]:
    """Kynkaanniemi et al. 2019, eq. 2 and 3: a picture lies among others if it is in the surroundings of one of them.

    Its surroundings reach to its `NEIGHBOURS`-th nearest neighbour on its own side (eq. 1).
    """
    count = min(len(generated), len(real))
    result = prc_features_to_metric(
        torch.from_numpy(generated[:count]),
        torch.from_numpy(real[:count]),
        prc_neighborhood=NEIGHBOURS,
        verbose=False,
    )
    return float(result[KEY_METRIC_PRECISION]), float(result[KEY_METRIC_RECALL])
