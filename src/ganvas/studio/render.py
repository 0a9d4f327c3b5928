"""Rendering the templates of the studio, which share those of the reports."""

import functools
from pathlib import Path
from typing import Any

import jinja2
from starlette.responses import HTMLResponse

from ganvas.foundation.version import VERSION
from ganvas.report import html
from ganvas.report.run.verdict import colour_of
from ganvas.studio.ages import age

HERE = Path(__file__)


@functools.cache
def templates() -> jinja2.Environment:
    """The templates. They have no inline styles, which the policy of the studio forbids: scripts apply `data-style`."""
    made = html.environment(jinja2.FileSystemLoader(HERE.with_name("templates")), style="data-style")
    made.filters |= {"age": age, "verdict_colour": colour_of}
    return made


def fragment(template: str, **fields: Any) -> str:
    """A part of a page as HTML."""
    return templates().get_template(template).render(version=VERSION, **fields)


def page(template: str, status: int = 200, **fields: Any) -> HTMLResponse:
    """A page."""
    return HTMLResponse(fragment(template, status=status, **fields), status)
