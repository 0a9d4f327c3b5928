"""The form for the password of a studio that other machines can reach."""

import math
import urllib.parse

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ganvas.studio.door.guard import let_in
from ganvas.studio.render import page
from ganvas.studio.studio import studio_of


async def login(request: Request) -> Response:
    """Show the form, or take what was entered."""
    keys = studio_of(request).keys
    if keys.password is None:
        raise HTTPException(404)
    if request.method != "POST":
        return page("login.html", title="Log in", problem=None)
    if wait := keys.password.wait:
        return _again(429, f"There were too many wrong passwords. Try again in {math.ceil(wait)} seconds.")
    entered = urllib.parse.parse_qs((await request.body()).decode("utf-8", "replace")).get("password", [""])[0]
    if not await run_in_threadpool(keys.password.matches, entered):
        return _again(403, "This is not the password. It is the one that was set when the studio was started.")
    response = RedirectResponse("/", 303)
    let_in(response, keys)
    return response


def _again(status: int, problem: str) -> Response:
    return page("login.html", status, title="Log in", problem=problem)


ROUTES = [Route("/login", login, methods=["GET", "POST"])]
