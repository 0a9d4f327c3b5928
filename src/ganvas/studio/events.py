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
# Seconds after which a page is let go at the latest, when the studio ends.
PROMPT = 0.1
# Pages that may listen at once.
MOST_LISTENERS = 32


class Audience:
    """The pages that listen to a studio."""

    def __init__(self) -> None:
        self._count, self._is_over = 0, False

    @property
    def is_empty(self) -> bool:
        """Whether no page listens."""
        return self._count == 0

    def stream(self, look: Callable[[], object]) -> StreamingResponse:
        """Send what `look` returns, as JSON, now and whenever it has changed.

        Args:
            look: called every second, in another thread. A `GanvasError` ends the stream.

        Raises:
            HTTPException: too many pages listen.
        """
        if self._count >= MOST_LISTENERS:
            raise HTTPException(429, f"{MOST_LISTENERS} pages of the studio are open already; close some of them.")
        return StreamingResponse(self._changes(look), media_type="text/event-stream")

    def dismiss(self) -> None:
        """End all streams, because the studio ends."""
        self._is_over = True

    async def _changes(self, look: Callable[[], object]) -> AsyncIterator[str]:
        before, quiet = "", 0.0
        self._count += 1
        try:
            while not self._is_over:
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
                await self._pause()
                quiet += EVERY
        finally:
            self._count -= 1

    async def _pause(self) -> None:
        """Wait until the next look, or until the studio ends."""
        for _ in range(round(EVERY / PROMPT)):
            if not self._is_over:
                await asyncio.sleep(PROMPT)
