"""Comparing an exported generator with the one that it was made from."""

from collections.abc import Callable

import torch
from torch import Tensor

from ganvas.foundation.errors import RunError
from ganvas.runs.snapshot import Snapshot
from ganvas.sharing.tracing import Painter, inputs

# The sizes of batches that are compared, and the largest difference that passes. Pictures lie in [-1, 1], so one level
# of 256 is 0.0078.
BATCHES, TOLERANCE = (1, 2, 17, 64), 1e-4
# No truncation, and some.
_TRUNCATIONS = (1.0, 0.7)

# Takes latents, class weights or None, and truncation, as `Painter` does, to pictures.
Paint = Callable[[Tensor, Tensor | None, Tensor], Tensor]


def check(snapshot: Snapshot, paint: Paint, what: str) -> float:
    """Compare the pictures of an exported generator with torch's.

    Args:
        snapshot: the generator that was exported.
        paint: the exported one.
        what: its name in the message of an error.

    Returns:
        The largest difference of a value over all batches; at most `TOLERANCE`.

    Raises:
        RunError: a difference is larger, or not a number.
    """
    painter, worst = Painter(snapshot.generator).eval(), 0.0
    for seed, count in enumerate(BATCHES):
        latents, classes, one = inputs(snapshot, count, seed)
        for truncation in _TRUNCATIONS:
            with torch.inference_mode():
                expected = painter(latents, classes, one * truncation)
                found = paint(latents, classes, one * truncation)
            difference = float((found - expected).abs().max())
            if not difference <= TOLERANCE or found.shape != expected.shape:
                raise RunError(
                    f"{what} differs from torch by {difference:.2g} in a batch of {count}, more than {TOLERANCE:g}: it "
                    "was not written"
                )
            worst = max(worst, difference)
    return worst


def described(difference: float) -> str:
    """A sentence about the result of `check`."""
    batches = f"{', '.join(map(str, BATCHES[:-1]))} and {BATCHES[-1]}"
    return f"checked against torch in batches of {batches}: largest difference {difference:.1e} of a range of 2"
