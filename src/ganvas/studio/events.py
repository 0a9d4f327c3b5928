"""Server-sent events: what changes is sent to the pages that show it, as long as they are open."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from ganvas.foundation.errors import GanvasError

# Seconds between looks, and between lines that only keep the connection open.
EVERY, ALIVE = 1.0, 15.0
# Pages that may listen at once.
MOST_LISTENERS = 32


class _Listeners:
    count = 0


def stream(look: Callable[[], object]) -> StreamingResponse:
    """Send what `look` returns, as JSON, now and whenever it has changed.

    Args:
        look: called every second, in another thread. A `GanvasError` ends the stream.

    Raises:
        HTTPException: too many pages listen.
    """
    if _Listeners.count >= MOST_LISTENERS:
        raise HTTPException(429, f"{MOST_LISTENERS} pages of the studio are open already; close some of them.")
    return StreamingResponse(_changes(look), media_type="text/event-stream")


async def _changes(look: Callable[[], object]) -> AsyncIterator[str]:
    before, quiet = "", 0.0
    _Listeners.count += 1
    try:
        while True:
            try:
                now = json.dumps(await run_in_threadpool(look))
            except GanvasError as error:  # what the page shows is gone
                yield f"event: gone\ndata: {json.dumps(str(error))}\n\n"
                return
            if now != before:
                yield f"data: {now}\n\n"
                before, quiet = now, 0.0
            elif quiet >= ALIVE:
                yield ": still here\n\n"
                quiet = 0.0
            await asyncio.sleep(EVERY)
            quiet += EVERY
    finally:
        _Listeners.count -= 1
