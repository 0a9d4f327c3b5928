"""What a page gets painted: sheets of pictures, files to keep, ways between two pictures, and pictures of files."""

import contextlib
import io
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from PIL import Image
from pydantic import AfterValidator, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganvas.artist.artist import Artist
from ganvas.artist.explore.neighbours import find_neighbours
from ganvas.artist.explore.places import with_known_directions
from ganvas.artist.explore.ways import straight_ways
from ganvas.artist.grids import grid
from ganvas.artist.origin import Cell, Origin, Sheet
from ganvas.artist.png import NotPainted, painted_bytes, read_origin
from ganvas.artist.training_data import training_data
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import RunError
from ganvas.runs.snapshot import read_card
from ganvas.studio.bodies import Body, body_of
from ganvas.studio.refusals import NotHere
from ganvas.studio.studio import Studio, asked, source_words, studio_of
from ganvas.studio.words import command, painting

# Pictures of one request, latents that may be drawn for it, and pictures of a file that are restored.
MOST_CELLS, MOST_DRAWN, MOST_RESTORED = 64, 200_000, 512
# Fewer pictures than this are painted as a preview, unless they are kept.
FEW = 17


class Chosen(Body):
    """A snapshot of a run."""

    name: str
    snapshot: Literal["best", "last"] = "best"


def _soon_drawn(cells: list[Cell]) -> list[Cell]:
    """Pictures, if few latents have to be drawn for them: the number of one is its place among those of its seed."""
    drawn: dict[int, int] = defaultdict(int)
    for cell in cells:
        drawn[cell.seed] = max(drawn[cell.seed], cell.number + 1)
    if sum(drawn.values()) > MOST_DRAWN:
        raise ValueError(f"the studio draws up to {MOST_DRAWN:,} latents at once; choose smaller numbers")
    return cells


Cells = Annotated[list[Cell], Field(min_length=1, max_length=MOST_CELLS), AfterValidator(_soon_drawn)]
OneCell = Annotated[Cell, AfterValidator(lambda cell: _soon_drawn([cell])[0])]


class Paint(Chosen):
    """Pictures to paint.

    Attributes:
        cells: the pictures. One without a class gets the class that `ganvas sample` gives its number.
        columns: how many are in a row.
    """

    cells: Cells
    columns: Annotated[int, Field(ge=1, le=MOST_CELLS)] = 8


class One(Chosen):
    """One picture."""

    cell: OneCell


class Ends(Chosen):
    """A way from one picture to another."""

    start: OneCell
    end: OneCell
    steps: Annotated[int, Field(ge=2, le=16)] = 8


def completed(artist: Artist, cells: Sequence[Cell]) -> list[Cell]:
    """The pictures with a class each, where the generator has classes."""
    if not artist.class_names or all(cell.label is not None for cell in cells):
        return list(cells)
    numbers = artist.labels(1 + max(cell.number for cell in cells))
    assert numbers is not None
    return [
        cell if cell.label is not None else cell.model_copy(update={"label": artist.class_names[numbers[cell.number]]})
        for cell in cells
    ]


def _paintable(artist: Artist, cells: Sequence[Cell]) -> list[Cell]:
    """As `completed`, for cells that are not painted now.

    Raises:
        RunError: they could not be painted.
    """
    cells = completed(artist, cells)
    artist.latents(cells)
    for cell in cells:
        artist.classes(1, cell.label)
    return cells


async def paint(request: Request) -> Response:
    """A sheet of pictures, without gaps. A few are a preview; see `TrainedGenerator.paint`."""
    asked_for = await body_of(request, Paint)

    def do() -> bytes:
        studio = studio_of(request)
        with studio.painter.artist(studio.snapshot(asked_for.name, asked_for.snapshot)) as artist:
            cells = completed(artist, asked_for.cells)
            pictures = artist.paint(cells, is_preview=len(cells) < FEW)
        return png(grid(pictures, asked_for.columns, gap=0))

    return _picture(await run_in_threadpool(do))


async def download(request: Request) -> Response:
    """The file of a picture, or of several on a sheet, as `ganvas sample` writes it, to be painted again."""
    asked_for = await body_of(request, Paint)

    def do() -> bytes:
        studio = studio_of(request)
        with studio.painter.artist(studio.snapshot(asked_for.name, asked_for.snapshot)) as artist:
            cells = completed(artist, asked_for.cells)
            sheet = Sheet(columns=asked_for.columns) if len(cells) > 1 else None
            return painted_bytes(artist.sheet(cells, sheet), artist.origin(cells, sheet))

    return _picture(await run_in_threadpool(do))


async def describe(request: Request) -> Response:
    """A picture in words, with its class, and the command that paints it."""
    asked_for = await body_of(request, One)

    def do() -> dict[str, object]:
        studio = studio_of(request)
        with studio.painter.artist(studio.snapshot(asked_for.name, asked_for.snapshot)) as artist:
            (cell,) = _paintable(artist, [asked_for.cell])
        words = painting(source_words(asked_for.name, asked_for.snapshot), cell)
        return {"words": str(cell), "command": command(words), "cell": _record(cell)}

    return JSONResponse(await run_in_threadpool(do))


async def between(request: Request) -> Response:
    """The pictures on the way from one to another, both included."""
    asked_for = await body_of(request, Ends)

    def do() -> list[object]:
        studio = studio_of(request)
        with studio.painter.artist(studio.snapshot(asked_for.name, asked_for.snapshot)) as artist:
            ends = _paintable(artist, [asked_for.start, asked_for.end])
            return [_record(cell) for cell in straight_ways(artist, ends, asked_for.steps)]

    return JSONResponse({"cells": await run_in_threadpool(do)})


async def neighbours(request: Request) -> Response:
    """A picture and the training pictures nearest by pixels and by features, as one sheet; their names in a header."""
    asked_for = await body_of(request, One)

    def do() -> tuple[bytes, dict[str, object]]:
        studio = studio_of(request)
        with studio.painter.artist(studio.snapshot(asked_for.name, asked_for.snapshot)) as artist:
            data = studio.folder.dataset(studio.folder.dataset_of(artist.data, artist.card.fingerprint))
            real = training_data(artist, asked_for.name, data)
            found = find_neighbours(artist, completed(artist, [asked_for.cell]), real)
        about: dict[str, object] = {
            "pixels": {"distance": float(found.by_pixels.distances[0]), "name": str(found.described[1])},
            "features": {"distance": float(found.by_features.distances[0]), "name": str(found.described[2])},
        }
        return png(grid(found.pictures, 3, gap=0)), about

    content, about = await run_in_threadpool(do)
    return _picture(content, {"x-about": json.dumps(about)})


async def restore(request: Request) -> Response:
    """What a file that ganvas painted shows: the run and snapshot, and its pictures; null for any other picture."""
    studio, name = studio_of(request), asked(request, "name")
    studio.folder.run(name)
    async with studio.uploads.receive(request) as file:
        try:
            origin = await run_in_threadpool(read_file, file)
        except NotPainted:
            return JSONResponse(None)
        return JSONResponse(await run_in_threadpool(restored, studio, name, origin))


def read_file(file: Path) -> Origin:
    """How a picture was made, with errors that name no file of the studio's."""
    try:
        return read_origin(file)
    except RunError as error:
        raise type(error)(str(error).replace(str(file), "this picture")) from error


def restored(studio: Studio, name: str, origin: Origin) -> dict[str, object]:
    """The run, snapshot and pictures of a file.

    Args:
        studio: the studio.
        name: the run to look into first.
        origin: what the file says.

    Raises:
        RunError: no run under the folder has the snapshot, or the file shows too many pictures.
    """
    cells = [cell for cell in origin.cells if not cell.other]
    if not 1 <= len(cells) <= MOST_RESTORED:
        raise RunError(f"this file shows {len(cells)} pictures of a generator; drop one of 1 to {MOST_RESTORED}")
    for run in (name, *(each for each in studio.folder.look().runs if each != name)):
        for snapshot in studio.snapshots(run):
            with contextlib.suppress(NotHere, RunError):  # another run that cannot be read is no reason to give up
                if not _may_have_painted(file := studio.snapshot(run, snapshot), origin):
                    continue
                with studio.painter.artist(file) as artist:
                    if artist.snapshot.digest == origin.snapshot:
                        own = [_record(with_known_directions(artist, cell, origin.vectors)) for cell in cells]
                        return {"name": run, "snapshot": snapshot, "cells": own}
    raise RunError(
        f"this picture was painted by snapshot {origin.snapshot[:12]} (recipe {origin.recipe}, {origin.size} px), "
        "which no run under this folder has any more"
    )


def _may_have_painted(file: Path, origin: Origin) -> bool:
    """Whether a snapshot has the recipe and size of a picture, which is read without its weights."""
    card = read_card(file)
    return (card.recipe, card.size) == (origin.recipe, origin.size)


def png(image: Images) -> bytes:
    """A picture, uint8 [H, W, 3], as a file that is made fast."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _record(cell: Cell) -> object:
    return cell.model_dump(mode="json", exclude_defaults=True)


def _picture(content: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(content, media_type="image/png", headers=headers)


ROUTES = [
    Route("/explore/paint", paint, methods=["POST"]),
    Route("/explore/download", download, methods=["POST"]),
    Route("/explore/describe", describe, methods=["POST"]),
    Route("/explore/between", between, methods=["POST"]),
    Route("/explore/neighbours", neighbours, methods=["POST"]),
    Route("/explore/restore", restore, methods=["POST"]),
]
