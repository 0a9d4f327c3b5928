"""Pictures that are sent to be looked at, and not kept."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from ganvas.foundation.errors import DataError, GanvasError
from ganvas.studio.drops import HEAD, ending_of

# Pictures that are received at once, and seconds that one may take.
AT_ONCE: Final = 4
PATIENCE: Final = 60.0


class Uploads:
    """Receives pictures, a few at a time, so that many large ones do not fill the memory."""

    def __init__(self) -> None:
        self._gate = asyncio.Semaphore(AT_ONCE)

    @contextlib.asynccontextmanager
    async def receive(self, request: Request) -> AsyncIterator[Path]:
        """The picture in the body of a request, as a file that is gone afterwards. Its pixels are not decoded here.

        The guard bounds how large it may be.

        Raises:
            GanvasError: the body is not the picture itself.
            DataError: it is no picture of a format that is read.
            HTTPException: it does not arrive in time.
        """
        if request.headers.get("content-type", "") != "application/octet-stream":
            raise GanvasError("a dropped picture is sent as it is")
        async with self._gate:
            try:
                content = await asyncio.wait_for(request.body(), PATIENCE)
            except TimeoutError as error:
                raise HTTPException(408, "The picture did not arrive in time.") from error
            if not content:
                raise DataError("this file is empty; drop a picture")
            with tempfile.TemporaryDirectory(prefix="ganvas-studio-") as folder:
                file = Path(folder) / f"picture{ending_of(content[:HEAD])}"
                file.write_bytes(content)
                yield file
