"""What tells the features of two sets of pictures apart, all over the same features.

KID and FID have torch-fidelity's values (`ganvas.metrics.kid` and `ganvas.metrics.fid` say what is ours of them).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganvas.foundation.errors import DataError
from ganvas.machine.threads import one_blas_thread
from ganvas.metrics.fid import fid, gaussian
from ganvas.metrics.kid import between, kid, within
from ganvas.metrics.manifold import Manifold, manifold
from ganvas.metrics.reference import Reference
from ganvas.settings.config import MIN_SCORED


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
