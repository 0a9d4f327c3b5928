"""Common parts of the pages: rendering to one self-contained HTML file, inline pictures, and numbers as text."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

import jinja2
from PIL import Image
from plotly.offline import get_plotlyjs

from ganvas.foundation.arrays import Images
from ganvas.foundation.data_uri import data_uri, encoded
from ganvas.foundation.files import whole_file
from ganvas.foundation.paths import new_path
from ganvas.foundation.version import VERSION
from ganvas.verdict.measurement import is_finite

# The longest side of a picture in a page, in pixels.
MAX_SIDE = 1600
# The text for a value that is missing.
ABSENT = "—"

# Where templates and style sheets are looked for.
TEMPLATES = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))

# The fields of a section, by the names that its template uses.
Fields = dict[str, Any]


def write(page: str, out: str | Path) -> Path:
    """Write a page to a file, replaced if it exists, and return the file.

    Raises:
        GanvasError: the file system refused; `out` is as it was.
    """
    out = new_path(out)
    with whole_file(out) as partial:
        partial.write_text(page, encoding="utf-8", errors="backslashreplace")  # names of files may not be UTF-8
    return out


def render(
    title: str, subject: str, sections: Mapping[str, Mapping[str, object] | None], styles: Sequence[str] = ()
) -> str:
    """A page as HTML.

    Args:
        title: the title of the window.
        subject: of the page, for the footer, such as "The run x".
        sections: the fields of each section by the name of its template, in the order of the page. Sections that are
            None are left out. The charts of a section are in its field "charts".
        styles: style sheets to use in addition to page.css.
    """
    shown = {template: section for template, section in sections.items() if section is not None}
    return (
        environment()
        .get_template("page.html")
        .render(
            title=title,
            subject=subject,
            sections=shown,
            styles=["page.css", *styles],
            plotly=get_plotlyjs() if any(section.get("charts") for section in shown.values()) else None,
            version=VERSION,
        )
    )


def environment(*loaders: jinja2.BaseLoader, style: str = "style") -> jinja2.Environment:
    """Templates with the filters of the pages.

    Args:
        loaders: where to look for templates before those of the reports.
        style: the attribute for the styles of single elements. Where a policy forbids inline styles, a script applies
            them from an attribute of another name.
    """
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader([*loaders, TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["style"] = style
    made.filters |= {
        "significant": significant,
        "plus_minus": plus_minus,
        "duration": duration,
        "whole": whole,
        "kimg": kimg,
        "share": share,
        "percent": percent,
    }
    return made


# --- Pictures ---


def inline(picture: Image.Image, limit: int) -> Fields:
    """A picture as a data URI.

    Args:
        picture: reduced in place if a side is longer than `MAX_SIDE`.
        limit: the largest size of the encoded picture in bytes, before base64, which adds a third.

    Returns:
        The fields `uri`, `width` and `height`.
    """
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    image_format, content = next(each for each in _encodings(picture) if len(each[1]) <= limit)
    return {"uri": data_uri(content, image_format), "width": picture.width, "height": picture.height}


def inline_pixels(pixels: Images, limit: int) -> Fields:
    """As `inline`, for a picture given as uint8 [H, W, 3]."""
    return inline(Image.fromarray(pixels), limit)


def read_picture(file: Path) -> Image.Image | None:
    """The picture in a file, or None if the file is damaged, such as by a crash."""
    try:
        with Image.open(file) as picture:
            return picture.convert("RGB")
    except (OSError, SyntaxError):  # Pillow calls a broken chunk a syntax error
        return None


def _encodings(picture: Image.Image) -> Iterator[tuple[str, bytes]]:
    """Encodings of a picture: lossless first, then lossy at smaller and smaller sizes."""
    yield "png", encoded(picture, "PNG")
    while True:
        yield "webp", encoded(picture, "WEBP", quality=88)
        picture = picture.resize((max(1, picture.width * 3 // 4), max(1, picture.height * 3 // 4)))


# --- Numbers as text ---


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number."""
    return is_finite(value)


def whole(value: object) -> str:
    """A count with thousands separators: 1,234."""
    return f"{value:,.0f}" if is_number(value) else ABSENT


def kimg(value: object) -> str:
    """Thousands of pictures with one decimal: 12.8."""
    return f"{value:,.1f}" if is_number(value) else ABSENT


def share(value: object) -> str:
    """A share of pictures with two decimals, about the precision that a thousand pictures allow: 0.61."""
    return f"{value:.2f}" if is_number(value) else ABSENT


def percent(value: object) -> str:
    """A share in percent with one decimal: 2.5 %."""
    return f"{100 * value:.1f} %" if is_number(value) else ABSENT


def significant(value: object) -> str:
    """Three significant digits, never an exponent: 0.0213, 87.2, 1,304."""
    if not is_number(value):
        return ABSENT
    return f"{value:,.{_decimals(value, digits=3)}f}"


def plus_minus(value: object, error: object) -> str:
    """A measured value with its standard error, to two significant digits of the error: 0.0213 ± 0.0011."""
    if not is_number(value) or not is_number(error):
        return significant(value)
    decimals = _decimals(error, digits=2)
    return f"{value:,.{decimals}f} ± {error:,.{decimals}f}"


def _decimals(value: float, digits: int) -> int:
    """How many decimals show `digits` significant digits of a value."""
    return max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else digits


def duration(seconds: object) -> str:
    """Seconds in the two largest units that matter: 45 s, 5 min 2 s, 2 h 1 min."""
    if not is_number(seconds):
        return ABSENT
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
