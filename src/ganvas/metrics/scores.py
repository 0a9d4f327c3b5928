"""How good generated pictures are, in numbers: every score of one evaluation, over the same pictures and features.

KID and FID have torch-fidelity's values (`ganvas.metrics.kid` and `ganvas.metrics.fid` say what is ours of them).
"""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.foundation.errors import DataError
from ganvas.machine.threads import one_blas_thread
from ganvas.metrics.classes import ClassScores
from ganvas.metrics.diversity import Diversity
from ganvas.metrics.fid import fid, gaussian
from ganvas.metrics.kid import between, kid, within
from ganvas.metrics.leaks import Leaks
from ganvas.metrics.manifold import Manifold, manifold
from ganvas.metrics.memorisation import Memorisation
from ganvas.metrics.reference import Reference
from ganvas.settings.config import MIN_SCORED

# The extractor of the published FID and KID.
PUBLISHED = "inception"

# With a standard error above this a share says next to nothing.
MAX_ERROR = 0.05


@dataclass(frozen=True)
class Distances(Manifold):
    """What tells two sets of features apart.

    Attributes:
        kid: kernel distance without bias; 0 for equal distributions, slightly below zero by chance. Lower is better.
        kid_se: its standard error.
        fid: distance of the Gaussians fitted to both sets (Heusel et al. 2017, eq. 6); lower is better. It is biased
            upwards, the more the fewer pictures there are, and with fewer than features its covariances are singular:
            compare it only at equal counts, and prefer KID. It has no standard error for the same reason.
    """

    kid: float
    kid_se: float
    fid: float


@dataclass(frozen=True)
class Scores(Leaks, Memorisation, Diversity, Distances):
    """The result of one evaluation.

    Attributes:
        extractor: the feature network.
        independent: whether it had no part in training the generator.
        features: how many features it has.
        generated: how many generated pictures were measured.
        real: how many real ones they were held against.
        held_back: how many real ones that were not trained on they were held against too.
        seconds: wall-clock time it took, painting the pictures included.
        modes_covered: how many of the dataset's known modes the generated pictures show; None where none are known.
        modes_total: how many known modes there are.
        classes: the scores of each class by name; empty for pictures without classes.
    """

    extractor: str
    independent: bool
    features: int
    generated: int
    real: int
    held_back: int
    seconds: float
    modes_covered: int | None = None
    modes_total: int | None = None
    classes: dict[str, ClassScores] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """The fields as one JSON object, leaving out what is not known."""
        return {name: value for name, value in asdict(self).items() if value not in (None, {})}

    def line(self) -> str:
        """The most telling scores on one line."""
        modes = "" if self.modes_total is None else f", modes {self.modes_covered}/{self.modes_total}"
        return (
            f"KID {self.kid:.4f} ± {self.kid_se:.4f}, recall {self.recall:.3f}, coverage {self.coverage:.3f}, "
            f"diversity {self.diversity:.2f}, copies {self.copies:.1%}{modes}"
        )

    def __str__(self) -> str:
        """The scores on a line each, what they are scores of, and what they are too few to say."""
        lines = [_row(*row) for row in self._rows()]
        if self.modes_total is not None:
            lines.append(f"{'modes':11} {f'{self.modes_covered} of {self.modes_total}':>10} {'':10} known modes shown")
        if self.classes:
            lines += ["", f"{'class':18} {'KID':>16} {'recall':>8} {'coverage':>9} {'diversity':>10}"]
            lines += [
                f"{name[:18]:18} {each.kid:8.4f} ± {each.kid_se:.4f} {each.recall:8.3f} {each.coverage:9.3f} "
                f"{each.diversity:10.2f}"
                for name, each in self.classes.items()
            ]
        unseen = f", {self.held_back:,} held back" if self.held_back else ""
        lines += [
            "",
            f"{self.generated:,} generated against {self.real:,} real pictures{unseen}; features of {self.extractor}; "
            f"{self.seconds:.1f} s.",
        ]
        if self.extractor != PUBLISHED:
            lines.append(f"Not comparable with published FID or KID, which use Inception-v3 (--extractor {PUBLISHED}).")
        return "\n".join([*lines, *(f"warning: {warning}" for warning in self.warnings())])

    def _rows(self) -> list[tuple[str, float, float | None, str]]:
        return [
            ("KID", self.kid, self.kid_se, "distance from the real pictures; 0 is none"),
            ("FID", self.fid, None, "the same as the literature has it, biased by the number of pictures"),
            ("precision", self.precision, self.precision_se, "share of generated pictures among the real ones"),
            ("recall", self.recall, self.recall_se, "share of real pictures among the generated ones"),
            (
                "density",
                self.density,
                self.density_se,
                "how densely generated pictures crowd real ones; 1 is right",
            ),
            ("coverage", self.coverage, self.coverage_se, "share of real pictures with a generated one near them"),
            ("diversity", self.diversity, self.diversity_se, "distance of two generated pictures over two real ones"),
            ("  in pixels", self.pixel_diversity, self.pixel_diversity_se, "the same in pixels"),
            ("  Vendi", self.vendi, self.vendi_se, "number of different pictures, over the real ones'"),
            ("  spacing", self.spacing, self.spacing_se, "distance from the most similar picture, over real ones'"),
            ("copies", self.copies, self.copies_se, f"near copies of training pictures (real: {self.real_copies:.3f})"),
            ("closer", self.closer, self.closer_se, "nearer to the training pictures than an unseen one; 0.5 is right"),
            ("novelty", self.novelty, None, "distance from the training pictures over an unseen one's"),
        ]

    def warnings(self) -> list[str]:
        """What these pictures are too few to say."""
        vague = [
            name
            for name in ("precision", "recall", "coverage", "copies")
            if _likely_error(getattr(self, f"{name}_se"), self.generated, self.real) > MAX_ERROR
        ]
        warnings = []
        if not self.independent:
            warnings.append(
                f"{self.extractor} is what the discriminator saw pictures through, so these scores flatter the "
                "generator: name another --extractor"
            )
        if vague:
            warnings.append(
                f"{', '.join(vague)} may be off by 0.1 and more: {self.generated:,} generated and {self.real:,} real "
                "pictures are too few; 200 of each would do"
            )
        if (few := min(self.generated, self.real)) <= self.features:
            warnings.append(f"FID over {self.features:,} features wants more than {few:,} pictures; go by KID")
        return warnings


def _row(name: str, value: float, error: float | None, meaning: str) -> str:
    spread = f"± {error:.4f}" if error is not None else ""
    return f"{name:11} {value:10.4f} {spread:10} {meaning}"


def _likely_error(error: float, generated: int, real: int) -> float:
    """A share's standard error, or where it is 0 by luck the one of a share of one in eight."""
    return max(error, math.sqrt(7 / 64 / min(generated, real)))


@one_blas_thread()
def distances(generated: NDArray[np.float32], real: Reference) -> Distances:
    """Compare the features of generated pictures with those of real ones.

    KID and FID use every picture of both sides. Precision, recall, density and coverage depend on how densely each
    side is sampled, so they use as many pictures of the larger side as the smaller one has.

    Args:
        generated: float32 [N, D], in no particular order.
        real: the real side.

    Raises:
        DataError: fewer than `MIN_SCORED` generated.
    """
    if (count := len(generated)) < MIN_SCORED:
        raise DataError(f"{count} generated pictures are too few to evaluate: {MIN_SCORED} are needed")
    value, error = kid(within(generated), real.similarity, between(generated, real.features))
    few = min(count, len(real.features))
    among = manifold(generated[:few], real.features[:few])
    return Distances(**vars(among), kid=value, kid_se=error, fid=fid(gaussian(generated), real.gaussian))
