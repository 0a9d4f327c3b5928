"""KID, FID, precision, recall, density and coverage of two sets of features.

KID and FID have the same values as torch-fidelity's. `ganvas.metrics.kid` and `ganvas.metrics.fid` state the
differences in how they are computed.
"""

from dataclasses import dataclass

from ganvas.foundation.arrays import Features
from ganvas.foundation.errors import DataError
from ganvas.machine.threads import one_blas_thread
from ganvas.metrics.fid import fid, gaussian
from ganvas.metrics.kid import between, kid, within
from ganvas.metrics.precision_recall import PrecisionRecall, precision_recall
from ganvas.metrics.reference import Reference
from ganvas.settings.config import MIN_SCORED


@dataclass(frozen=True)
class Distances(PrecisionRecall):
    """Distances between the features of generated and real pictures.

    Attributes:
        kid: kernel inception distance, unbiased. Lower is better. It is 0 for equal distributions, and chance can make
            it slightly negative.
        kid_se: its standard error.
        fid: distance of the Gaussians fitted to both sets (Heusel et al. 2017, eq. 6). Lower is better. It is biased
            upwards, and more so with fewer pictures. With fewer pictures than features, its covariances are singular.
            Compare it only at equal counts, and prefer KID. Because of the bias, it has no standard error.
    """

    kid: float
    kid_se: float
    fid: float


@one_blas_thread()
def distances(generated: Features, real: Reference) -> Distances:
    """Compare the features of generated pictures with those of real ones.

    KID and FID use all pictures of both sides. Precision, recall, density and coverage depend on the number of pictures
    on each side, so they use as many of the larger side as the smaller one has.

    Args:
        generated: float32 [N, D], in no particular order.
        real: features of the real pictures.

    Raises:
        DataError: fewer than `MIN_SCORED` generated pictures.
    """
    if (count := len(generated)) < MIN_SCORED:
        raise DataError(f"{count} generated pictures are too few to evaluate: {MIN_SCORED} are needed")
    value, error = kid(within(generated), real.similarity, between(generated, real.features))
    count = min(count, len(real.features))
    overlap = precision_recall(generated[:count], real.features[:count])
    return Distances(**vars(overlap), kid=value, kid_se=error, fid=fid(gaussian(generated), real.gaussian))
