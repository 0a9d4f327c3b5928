"""Scripts, styles and the icon. Only the files that are listed here are served, by their names."""

import functools
from pathlib import Path

from plotly.offline import get_plotlyjs
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ganvas.studio.render import fragment

FOLDER = Path(__file__).parents[1] / "assets"
TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".css": "text/css"}
# Style sheets and plotly's script are made, not read from the folder.
STYLES, PLOTLY = "studio.css", "plotly.js"


@functools.cache
def names() -> frozenset[str]:
    """The names of all assets."""
    return frozenset({STYLES, PLOTLY, *(file.name for file in FOLDER.iterdir() if file.suffix in TYPES)})


@functools.cache
def content(name: str) -> bytes:
    """The content of an asset, one of `names`."""
    if name == STYLES:
        return fragment("studio.css").encode()
    if name == PLOTLY:
        return str(get_plotlyjs()).encode()
    return (FOLDER / name).read_bytes()


def asset(request: Request) -> Response:
    """An asset."""
    name = request.path_params["name"]
    if name not in names():
        raise HTTPException(404)
    lasting = "private, max-age=3600" if name == PLOTLY else "no-cache"
    kind = TYPES[Path(name).suffix]
    return Response(content(name), media_type=kind, headers={"cache-control": lasting})


ROUTES = [Route("/assets/{name}", asset)]
