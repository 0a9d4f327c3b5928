"""How every picture of a dataset is prepared: its size, its fit, its colours, and which pictures are left out."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import ImageColor

from ganvas.foundation.errors import DataError, unknown

SIZES = range(8, 1025)
SMALLEST_SIDE = 8
MAX_ASPECT = 50.0

FITS = ("crop", "pad", "squash", "multicrop")
FOCUSES = ("centre", "entropy", "saliency")
ALPHAS = ("background", "subject")

# The options of `prepare` that decide how a picture looks. A picture that is compared with a dataset needs the same.
LOOKS = ("fit", "background", "focus", "alpha", "linear")


@dataclass(frozen=True)
class Frame:
    """The square that every picture fills.

    Attributes:
        size: side in pixels.
        fit: "crop", "pad", "squash", or "multicrop" for all squares that a long picture holds.
        background: the colour behind transparent pictures and padding; R, G and B from 0 to 255.
        focus: where to crop: "centre", "entropy" (most detail) or "saliency" (what stands out).
        alpha: what to do with a transparent picture: "background" keeps all of it, "subject" crops it to the visible
            part.
        linear: whether to resize in linear light rather than in sRGB values.
        smallest_side: pictures with a side shorter than this many pixels are left out.
        max_aspect: pictures with one side longer than this many times the other are left out.
    """

    size: int
    fit: str = "crop"
    background: tuple[int, int, int] = (255, 255, 255)
    focus: str = "centre"
    alpha: str = "background"
    linear: bool = False
    smallest_side: int = SMALLEST_SIDE
    max_aspect: float = MAX_ASPECT

    @property
    def enough(self) -> int:
        """The side, in pixels, down to which a large picture may be shrunk while it is decoded."""
        return 2 * self.size


def frame_for(
    size: int,
    fit: str = "crop",
    background: str = "white",
    *,
    focus: str = "centre",
    alpha: str = "background",
    linear: bool = False,
    smallest_side: int = SMALLEST_SIDE,
    max_aspect: float = MAX_ASPECT,
) -> Frame:
    """The frame that these options of `prepare` describe.

    Raises:
        DataError: an option is unknown or out of range, or has no effect with the others.
    """
    require_size(size, SIZES, "pictures")
    for kind, value, choices in (("fit", fit, FITS), ("focus", focus, FOCUSES), ("alpha", alpha, ALPHAS)):
        _require_known(kind, value, choices)
    if focus != "centre" and fit in ("pad", "squash"):
        raise DataError(f"focus {focus} chooses where to crop, and fit {fit} does not crop; use fit crop")
    if smallest_side < SMALLEST_SIDE:
        raise DataError(f"smallest side {smallest_side} is out of range; choose {SMALLEST_SIDE} pixels or more")
    if not 1 <= max_aspect < math.inf:
        raise DataError(f"max aspect {max_aspect:g} is out of range; choose 1 (square) or more")
    try:
        red, green, blue = ImageColor.getrgb(background)[:3]
    except ValueError:
        raise DataError(
            f"cannot read the background {background!r}; write a colour name such as white, or a code such as #ffcc00"
        ) from None
    return Frame(size, fit, (red, green, blue), focus, alpha, linear, smallest_side, max_aspect)


def frame_like(options: Mapping[str, object], size: int) -> Frame:
    """The frame of a dataset, from the options in its `dataset.json`; missing ones have their defaults."""
    return frame_for(size, **looks(options))


def looks(options: Mapping[str, object]) -> dict[str, Any]:
    """The options in a `dataset.json` that decide how its pictures look; older datasets lack some of them."""
    return {name: options[name] for name in LOOKS if name in options}


def require_size(size: int, sizes: range, what: str) -> None:
    """Raise DataError unless `what` can be prepared at that size."""
    if size not in sizes:
        raise DataError(f"size {size} is out of range; {what} can be prepared at {sizes[0]} to {sizes[-1]} pixels")


def _require_known(kind: str, value: str, choices: Iterable[str]) -> None:
    if value not in choices:
        raise DataError(unknown(kind, value, choices))
