"""Answers that say what went wrong and what to try: a page for a window, JSON for a script."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from ganvas.foundation.errors import GanvasError
from ganvas.studio.render import page


class NotHere(GanvasError):
    """There is nothing of this name under the folder, or it leads out of it."""


class Conflict(GanvasError):
    """It cannot be done now, because of something else that goes on."""


class Busy(GanvasError):
    """Too much is asked for at once."""


_STATUS: dict[type[GanvasError], int] = {NotHere: 404, Conflict: 409, Busy: 503}


def refusal(scope: Scope, status: int, message: str) -> Response:
    """An error as a page if a browser's window asked for it, else as JSON."""
    if "text/html" in Headers(scope=scope).get("accept", ""):
        return page("refusal.html", status=status, title="That did not work", message=message)
    return JSONResponse({"error": message}, status)


def on_http_error(request: Request, error: Exception) -> Response:
    """The answer to an error of HTTP."""
    assert isinstance(error, HTTPException)
    known = {404: "There is nothing at this address.", 405: "This address is not for that."}
    message = known.get(error.status_code, error.detail)
    return refusal(request.scope, error.status_code, message)


def on_ganvas_error(request: Request, error: Exception) -> Response:
    """The answer to what the user can put right."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)
    return refusal(request.scope, status, str(error))


def on_bug(request: Request, error: Exception) -> Response:
    """The answer to a mistake of the studio itself. Its traceback is printed where the studio was started."""
    return refusal(request.scope, 500, "This is a bug in ganvas; the terminal of the studio has the details.")
