"""Pictures that are dropped on the page: written one by one into a new folder, under names of our own."""

import asyncio
import io
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from ganvas.data.pictures.formats import FORMATS
from ganvas.foundation.errors import DataError, GanvasError
from ganvas.foundation.files import unwritable, whole_file
from ganvas.studio.folder import StudioFolder
from ganvas.studio.refusals import Conflict

# Pictures in one folder, bytes of all of them, bytes by which a picture is recognised, and files written at once.
MOST_PICTURES: Final = 5000
MOST_BYTES: Final = 4 * 2**30
HEAD: Final = 64 * 1024
AT_ONCE: Final = 4


class Drops:
    """The folders that pictures were dropped into since the studio began. Only these take more."""

    def __init__(self, folder: StudioFolder) -> None:
        self._folder = folder
        self._counts: dict[str, int] = {}
        self._bytes: dict[str, int] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def add(self, name: str, content: AsyncIterable[bytes]) -> int:
        """Write a picture into the folder of this name, which is made for the first one.

        Args:
            name: of a folder directly in the studio's.
            content: the bytes of the file.

        Returns:
            How many pictures the folder has.

        Raises:
            GanvasError: the name cannot be used, or the folder is full.
            DataError: it is no picture of a format that is read.
        """
        async with self._gate:
            home = self._folder.root / name if name in self._counts else self._folder.new(name)
            number = self._counts.get(name, 0) + 1
            if number > MOST_PICTURES:
                raise GanvasError(f"{name} has {MOST_PICTURES:,} pictures, the most that can be dropped; copy the rest")
            chunks = content.__aiter__()
            head = await _head(chunks)
            file = home / f"{number:05d}{ending_of(head)}"
            with unwritable(home):
                home.mkdir(exist_ok=True)
            if home.is_symlink():
                raise Conflict(f"{name} has become a link; choose another name")
            self._counts[name] = number  # the number is taken before others get their turn
            try:
                with whole_file(file) as partial:
                    self._bytes[name] = self._bytes.get(name, 0) + await self._write(partial, head, chunks, name)
            except BaseException:
                _remove_if_empty(home)
                raise
        self._folder.forget()
        return number

    async def _write(self, file: Path, head: bytes, chunks: AsyncIterable[bytes], name: str) -> int:
        size = 0
        with file.open("wb") as writing:
            async for chunk in _begun(head, chunks):
                size += len(chunk)
                if self._bytes.get(name, 0) + size > MOST_BYTES:
                    raise GanvasError(
                        f"{name} has {MOST_BYTES // 2**30} GiB, the most that can be dropped; copy the rest"
                    )
                writing.write(chunk)
        return size


async def _head(chunks: AsyncIterable[bytes]) -> bytes:
    head = b""
    async for chunk in chunks:
        head += chunk
        if len(head) >= HEAD:
            break
    return head


async def _begun(head: bytes, chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The chunks, and the head before them."""
    yield head
    async for chunk in chunks:
        yield chunk


def ending_of(head: bytes) -> str:
    """The ending of a picture's name, by its first bytes. Pixels are not decoded here.

    Raises:
        DataError: it is no picture of a format that is read.
    """
    try:
        with Image.open(io.BytesIO(head), formats=FORMATS) as picture:
            return f".{str(picture.format).lower()}".replace(".jpeg2000", ".jp2").replace(".mpo", ".jpeg")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError("this file is no picture of a format that ganvas reads, such as PNG, JPEG or WebP") from error


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return
