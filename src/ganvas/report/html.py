"""What the pages have in common: one HTML file that needs nothing beside it, pictures inside it, numbers as text."""

import base64
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

import jinja2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from plotly.offline import get_plotlyjs

from ganvas.foundation.files import whole_file
from ganvas.foundation.paths import new_path
from ganvas.foundation.version import VERSION

MAX_SIDE = 1600
ABSENT = "—"

Fields = dict[str, Any]


def write(page: str, out: str | Path) -> Path:
    """Write a page to a file, replaced if it exists, and return the file.

    Raises:
        GanvasError: the file system refused; `out` is as it was.
    """
    out = new_path(out)
    with whole_file(out) as partial:
        partial.write_text(page, encoding="utf-8")
    return out


def render(title: str, subject: str, sections: Mapping[str, Fields | None], styles: Sequence[str] = ()) -> str:
    """A page as HTML.

    Args:
        title: of the window.
        subject: what it is about, for the footer: "The run x".
        sections: template -> what it shows, in the order of the page; those that have nothing to show (None) are left
            out. Their charts, if they have any, are under "charts".
        styles: style sheets beside the common one.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ganvas.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "significant": significant,
        "plus_minus": plus_minus,
        "duration": duration,
        "whole": whole,
        "kimg": kimg,
        "share": share,
        "percent": percent,
    }
    shown = {template: section for template, section in sections.items() if section is not None}
    return environment.get_template("page.html").render(
        title=title,
        subject=subject,
        sections=shown,
        styles=["page.css", *styles],
        plotly=get_plotlyjs() if any(section.get("charts") for section in shown.values()) else None,
        version=VERSION,
    )


# --- Pictures ---


def inline(picture: Image.Image, limit: int) -> Fields:
    """The picture as a data URI of at most `limit` bytes before base64, which adds a third."""
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    kind, data = next(coded for coded in _encodings(picture) if len(coded[1]) <= limit)
    uri = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return {"uri": uri, "width": picture.width, "height": picture.height}


def inline_pixels(pixels: NDArray[np.uint8], limit: int) -> Fields:
    """A picture, uint8 [H, W, 3], as `inline` has it."""
    return inline(Image.fromarray(pixels), limit)


def read_picture(file: Path) -> Image.Image | None:
    """The picture in a file, or None for one that a crash cut short."""
    try:
        with Image.open(file) as picture:
            return picture.convert("RGB")
    except (OSError, SyntaxError):  # Pillow calls a broken chunk a syntax error
        return None


def _encodings(picture: Image.Image) -> Iterator[tuple[str, bytes]]:
    """Codings of a picture from the exact one to ever smaller ones."""
    yield "png", _encode(picture, "PNG")
    while True:
        yield "webp", _encode(picture, "WEBP", quality=88)
        picture = picture.resize((max(1, picture.width * 3 // 4), max(1, picture.height * 3 // 4)))


def _encode(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


# --- Numbers as text ---


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is a finite number."""
    return isinstance(value, int | float) and math.isfinite(value)


def whole(value: Any) -> str:
    """A count with its thousands set apart: 1,234."""
    return f"{value:,.0f}" if is_number(value) else ABSENT


def kimg(value: Any) -> str:
    """Thousands of pictures with one decimal: 12.8."""
    return f"{value:,.1f}" if is_number(value) else ABSENT


def share(value: Any) -> str:
    """A share of pictures with two decimals, which is what a thousand pictures can tell: 0.61."""
    return f"{value:.2f}" if is_number(value) else ABSENT


def percent(value: Any) -> str:
    """A share in percent with one decimal: 2.5 %."""
    return f"{100 * value:.1f} %" if is_number(value) else ABSENT


def significant(value: Any) -> str:
    """Three significant digits, never an exponent: 0.0213, 87.2, 1,304."""
    if not is_number(value):
        return ABSENT
    return f"{value:,.{_decimals(value, digits=3)}f}"


def plus_minus(value: Any, error: Any) -> str:
    """A measured value as precise as its standard error allows: 0.0213 ± 0.0011."""
    if not is_number(value) or not is_number(error):
        return significant(value)
    decimals = _decimals(error, digits=2)
    return f"{value:,.{decimals}f} ± {error:,.{decimals}f}"


def _decimals(value: float, digits: int) -> int:
    """How many decimals show `digits` significant digits of a value."""
    return max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else digits


def duration(seconds: Any) -> str:
    """Seconds in the two largest units that matter: 45 s, 5 min 2 s, 2 h 1 min."""
    if not is_number(seconds):
        return ABSENT
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
