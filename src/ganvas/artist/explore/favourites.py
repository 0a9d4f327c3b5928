"""Favourites: pictures worth keeping, in a file beside the snapshot.

`best.safetensors` has its favourites in `best.favourites.json`: for each a name, and all that makes the picture again.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ganvas.artist.origin import LONGEST_NAME, MOST_BYTES, Cell, Origin
from ganvas.artist.trained import Directions, TrainedGenerator
from ganvas.foundation.errors import RunError, unknown
from ganvas.foundation.files import whole_file
from ganvas.foundation.paths import is_file, readable


class Favourite(BaseModel):
    """A picture that is kept.

    Attributes:
        name: what the user calls it.
        origin: how it is made; a single picture.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    origin: Origin


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = 1
    favourites: list[Favourite] = []


def favourites_file(artist: TrainedGenerator) -> Path:
    """The file of the favourites of a snapshot.

    Raises:
        RunError: the generator is not from a file.
    """
    if artist.path is None:
        raise RunError("favourites are kept beside a snapshot, and this generator is not from a file")
    return artist.path.with_name(f"{artist.path.stem}.favourites.json")


def read_favourites(artist: TrainedGenerator) -> list[Favourite]:
    """The favourites beside the snapshot, oldest first. Those of earlier weights of the same file are among them.

    Raises:
        RunError: the file is damaged or too long.
    """
    path = favourites_file(artist)
    if not is_file(path):
        return []
    with readable(path):
        if path.stat().st_size > MOST_BYTES:
            raise RunError(f"{path} is longer than {MOST_BYTES // 2**20} MiB, so it is not read")
        content = path.read_bytes()
    try:
        return _Content.model_validate_json(content).favourites
    except ValidationError as error:
        raise RunError(f"{path} cannot be read: it is damaged or of another version; remove it") from error


def keep_favourite(artist: TrainedGenerator, name: str, cell: Cell, directions: Directions | None = None) -> None:
    """Keep a picture.

    Args:
        artist: the generator.
        name: what to call it.
        cell: the picture.
        directions: vectors of the directions that it uses.

    Raises:
        RunError: the name is taken, or cannot be told from a seed or a file.
        WriteError: the file system refused to write. The favourites are unchanged.
    """
    favourites = read_favourites(artist)
    if name.isdigit() or ":" in name or name.lower().endswith(".png") or not name.strip():
        raise RunError(f"favourite {name!r}: choose a name that is not a number, has no colon and does not end in .png")
    if name in (each.name for each in favourites):
        raise RunError(f"there is a favourite {name!r} already; choose another name or remove it first")
    artist.paint([cell], directions)  # what cannot be painted is refused
    origin = artist.origin([cell], None, directions)
    assert origin is not None
    _write(artist, [*favourites, Favourite(name=name, origin=origin)])


def remove_favourite(artist: TrainedGenerator, name: str) -> None:
    """Remove a picture from the favourites.

    Raises:
        RunError: there is none of that name.
        WriteError: the file system refused to write. The favourites are unchanged.
    """
    favourites = read_favourites(artist)
    if name not in (each.name for each in favourites):
        raise RunError(unknown("favourite", name, (each.name for each in favourites)))
    _write(artist, [each for each in favourites if each.name != name])


def _write(artist: TrainedGenerator, favourites: list[Favourite]) -> None:
    with whole_file(favourites_file(artist)) as partial:
        content = _Content(favourites=favourites).model_dump_json(indent=1)
        partial.write_text(content, encoding="utf-8")
