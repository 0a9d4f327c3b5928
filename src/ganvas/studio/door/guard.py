"""What every request must pass before a page sees it."""

import asyncio
import contextlib
import urllib.parse
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ganvas.studio.door.headers import with_headers
from ganvas.studio.door.hosts import Hosts
from ganvas.studio.door.keys import Keys
from ganvas.studio.refusals import refusal

METHODS = ("GET", "HEAD", "POST")
# Bytes of a body, except of uploads, which count for themselves; and of an address.
MOST_BODY, MOST_ADDRESS = 64 * 1024, 4096
# Seconds that a part of a body may take.
PATIENCE = 10.0
# What is served to those who are not in yet: the form for the password, and its looks.
OPEN = frozenset({"/login", "/assets/studio.css", "/assets/icon.svg"})
# Where more is taken: dropped pictures, and descriptions of pictures with latents of their own.
MEBI = 2**20
LARGER = {
    "/new/upload": 64 * MEBI,
    "/explore/restore": 32 * MEBI,
    "/explore/project": 32 * MEBI,
    "/classify/ask": 32 * MEBI,
    "/explore/paint": MEBI // 4,
    "/explore/download": MEBI // 4,
}


class Guard:
    """Lets a request through to `app` if it is the user's own and no larger than it may be.

    Args:
        app: the pages.
        hosts: the names by which the studio may be called.
        keys: what lets a browser in.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, keys: Keys) -> None:
        self.app, self._hosts, self._keys = app, hosts, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        send = with_headers(send)
        if answer := self._answer(scope, Headers(scope=scope)):
            await answer(scope, receive, send)
            return
        await self.app(scope, _bounded(receive, _most_bytes(scope)), send)

    def _answer(self, scope: Scope, headers: Headers) -> Response | None:
        """The answer to a request that does not pass; None if it does."""
        if len(scope["raw_path"]) + len(scope["query_string"]) > MOST_ADDRESS:
            return refusal(scope, 414, "This address is too long.")
        if scope["method"] not in METHODS:
            return refusal(scope, 405, f"The studio answers {', '.join(METHODS)} only.")
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._hosts.accepts(hosts[0]):
            return refusal(scope, 421, "The studio is not called by this name. Open the address that it printed.")
        if foreign := self._foreign(scope["method"], headers):
            return refusal(scope, 403, foreign)
        if problem := _too_large(headers, _most_bytes(scope)):
            return refusal(scope, *problem)
        return self._without_key(scope, headers)

    def _foreign(self, method: str, headers: Headers) -> str | None:
        """Why a request is that of another site; None if it is not."""
        origin = headers.get("origin")
        if origin is not None and not self._hosts.accepts_origin(origin):
            return "Another site asked for this, so it was refused."
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return "Another site led here, so it was refused. Open the address that the studio printed."
        if method == "POST" and origin is None:
            return "Only a page of the studio may ask for this."
        return None

    def _without_key(self, scope: Scope, headers: Headers) -> Response | None:
        """The answer to somebody who is not in: the way in, or a refusal; None if they are."""
        query = dict(urllib.parse.parse_qsl(scope["query_string"].decode("latin-1")))
        if scope["method"] == "GET" and self._keys.opens(query.get("token", "")):
            # The token does not stay in the address, where it would be seen and kept.
            response = RedirectResponse("/", 303)
            let_in(response, self._keys)
            return response
        if self._keys.is_in(_cookie(headers, self._keys.cookie)) or scope["path"] in OPEN:
            return None
        if self._keys.password:
            return RedirectResponse("/login", 303) if scope["method"] == "GET" else refusal(scope, 403, "Log in first.")
        return refusal(
            scope,
            403,
            "Open the address that the studio printed, with its token. Each start of the studio has a new one.",
        )


def let_in(response: Response, keys: Keys) -> None:
    """Give the browser that gets this answer the cookie."""
    response.set_cookie(keys.cookie, keys.session, httponly=True, samesite="strict", path="/")


def _cookie(headers: Headers, name: str) -> str | None:
    with contextlib.suppress(CookieError):
        found = SimpleCookie(headers.get("cookie", "")).get(name)
        return None if found is None else found.value
    return None


def _most_bytes(scope: Scope) -> int:
    return LARGER.get(scope["path"], MOST_BODY)


def _too_large(headers: Headers, most: int) -> tuple[int, str] | None:
    length = headers.get("content-length")
    if length is not None and not (length.isascii() and length.isdigit()):
        return 400, "The length of the request is not a number."
    if length is not None and (len(length) > 15 or int(length) > most):
        return 413, f"This is too large: at most {most // 1024:,} KiB are taken."
    return None


def _bounded(receive: Receive, most: int) -> Receive:
    """Receive no more than this many bytes, and wait no longer for them than `PATIENCE`."""
    received, is_whole = 0, False

    async def take() -> Message:
        nonlocal received, is_whole
        if is_whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), PATIENCE)
        except TimeoutError as error:
            raise HTTPException(408, "The request did not arrive in time.") from error
        received += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        if received > most:
            raise HTTPException(413, f"This is too large: at most {most // 1024:,} KiB are taken.")
        return message

    return take
