"""A picture that is sent to be looked at, and not kept."""

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import Request

from ganvas.foundation.errors import DataError, GanvasError
from ganvas.studio.drops import ending_of

# Bytes by which a picture is recognised.
HEAD = 64 * 1024


@contextlib.asynccontextmanager
async def uploaded(request: Request) -> AsyncIterator[Path]:
    """The picture in the body of a request, as a file that is gone afterwards. Its pixels are not decoded here.

    The guard bounds how large it may be.

    Raises:
        GanvasError: the body is not the picture itself.
        DataError: it is no picture of a format that is read.
    """
    if request.headers.get("content-type", "") != "application/octet-stream":
        raise GanvasError("a dropped picture is sent as it is")
    content = await request.body()
    if not content:
        raise DataError("this file is empty; drop a picture")
    with tempfile.TemporaryDirectory(prefix="ganvas-studio-") as folder:
        file = Path(folder) / f"picture{ending_of(content[:HEAD])}"
        file.write_bytes(content)
        yield file
