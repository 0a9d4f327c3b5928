"""The page on which one wanders through what a generator learned, and keeps what one likes."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganvas.artist.artist import Artist
from ganvas.artist.explore.directions import rename_direction
from ganvas.artist.explore.favourites import keep_favourite, read_favourites, remove_favourite
from ganvas.artist.explore.places import find_places
from ganvas.artist.explore.projection import FOUND
from ganvas.artist.kept_directions import read_directions
from ganvas.artist.origin import LONGEST_NAME, Cell
from ganvas.foundation.errors import ConfigError
from ganvas.foundation.files import whole_file
from ganvas.studio.bodies import body_of
from ganvas.studio.jobs import Job
from ganvas.studio.pages.painting import Chosen, One, completed, read_file, restored
from ganvas.studio.refusals import Conflict, NotHere
from ganvas.studio.render import page
from ganvas.studio.studio import Studio, asked, source_words, studio_of

# Favourites of one snapshot, and pictures to project that are kept.
MOST_FAVOURITES, MOST_GIVEN = 500, 50
GIVEN = "given"
FILMS = {"webp": "WebP, small", "gif": "GIF, 256 colours", "mp4": "MP4, for other programs"}


def explore(request: Request) -> Response:
    """The page."""
    studio, name = studio_of(request), asked(request, "name")
    snapshots = studio.snapshots(name)
    snapshot = asked(request, "snapshot") if "snapshot" in request.query_params else (snapshots or ["best"])[0]
    if snapshots and snapshot not in snapshots:
        raise NotHere(f"{name} has no snapshot {snapshot[:20]!r}; it has {' and '.join(snapshots)}")
    state = None
    if snapshots:
        with studio.painter.artist(studio.snapshot(name, snapshot)) as artist:
            state = {"name": name, "snapshot": snapshot, **_state(artist)}
    return page(
        "explore.html",
        title=f"Explore {name}",
        folder=studio.folder.root.name,
        name=name,
        snapshots=snapshots,
        snapshot=snapshot,
        state=state,
        films=FILMS,
    )


def _state(artist: Artist) -> dict[str, object]:
    """What the page knows about a generator."""
    kept = read_directions(artist.path, artist.snapshot.digest) if artist.path else []
    return {
        "size": artist.size,
        "classes": artist.class_names,
        "directions": [each.name for each in kept],
        "favourites": _favourites(artist),
    }


def _favourites(artist: Artist) -> list[dict[str, object]]:
    """The favourites of this snapshot, oldest first."""
    names = [each.name for each in read_favourites(artist) if each.origin.snapshot == artist.snapshot.digest]
    cells = find_places(artist, names)
    return [
        {"name": name, "cell": cell.model_dump(mode="json", exclude_defaults=True)}
        for name, cell in zip(names, cells, strict=True)
    ]


class Forget(Chosen):
    """A favourite to remove."""

    favourite: Annotated[str, Field(max_length=LONGEST_NAME)]


async def keep(request: Request) -> Response:
    """Keep a picture beside the snapshot, as `ganvas explore favourites --keep` does."""
    asked_for = await body_of(request, One)

    def do() -> list[dict[str, object]]:
        studio = studio_of(request)
        with studio.painter.artist(studio.snapshot(asked_for.name, asked_for.snapshot)) as artist:
            (cell,) = completed(artist, [asked_for.cell])
            kept = read_favourites(artist)
            if len(kept) >= MOST_FAVOURITES:
                raise Conflict(f"{MOST_FAVOURITES} pictures are kept already; remove some first")
            if any(each["cell"] == cell.model_dump(mode="json", exclude_defaults=True) for each in _favourites(artist)):
                raise Conflict("this picture is kept already")
            keep_favourite(artist, _free_name(cell, {each.name for each in kept}), cell)
            return _favourites(artist)

    return JSONResponse({"favourites": await run_in_threadpool(do)})


def _free_name(cell: Cell, taken: set[str]) -> str:
    """A name that is not taken: seed and number, or `found` for a latent that no seed gives."""
    name = "found" if cell.latent else f"seed {cell.seed} number {cell.number}"
    return (
        name
        if name not in taken
        else next(longer for count in range(2, MOST_FAVOURITES + 2) if (longer := f"{name} ({count})") not in taken)
    )


async def forget(request: Request) -> Response:
    """Remove a favourite."""
    asked_for = await body_of(request, Forget)

    def do() -> list[dict[str, object]]:
        studio = studio_of(request)
        with studio.painter.artist(studio.snapshot(asked_for.name, asked_for.snapshot)) as artist:
            remove_favourite(artist, asked_for.favourite)
            return _favourites(artist)

    return JSONResponse({"favourites": await run_in_threadpool(do)})


# --- What takes longer: commands ---


class Directions(Chosen):
    """Directions to find."""

    count: Annotated[int, Field(ge=1, le=20)] = 5


class Rename(Chosen):
    """Another name for a direction."""

    old: Annotated[str, Field(max_length=LONGEST_NAME)]
    new: Annotated[str, Field(min_length=1, max_length=40)]


class Film(Chosen):
    """A film through favourites.

    Attributes:
        favourites: the pictures to go through, at least two.
        seconds: its length.
        kind: the ending of its name.
    """

    favourites: Annotated[list[str], Field(min_length=2, max_length=64)]
    seconds: Annotated[float, Field(ge=1, le=60)] = 10
    kind: Literal["webp", "gif", "mp4"] = "webp"


async def find_directions(request: Request) -> Response:
    """Start `ganvas explore directions`."""
    asked_for = await body_of(request, Directions)

    def do() -> Job:
        studio = studio_of(request)
        studio.snapshot(asked_for.name, asked_for.snapshot)
        words = ["explore", "directions", source_words(asked_for.name, asked_for.snapshot), "-n", str(asked_for.count)]
        return studio.jobs.start(words, f"directions of {asked_for.name}")

    return JSONResponse((await run_in_threadpool(do)).record())


async def rename(request: Request) -> Response:
    """Give a direction another name, as `ganvas explore directions --name` does."""
    asked_for = await body_of(request, Rename)

    def do() -> list[str]:
        studio = studio_of(request)
        with studio.painter.artist(studio.snapshot(asked_for.name, asked_for.snapshot)) as artist:
            return [each.name for each in rename_direction(artist, asked_for.old, asked_for.new)]

    return JSONResponse({"directions": await run_in_threadpool(do)})


async def film(request: Request) -> Response:
    """Start `ganvas explore walk` through favourites."""
    asked_for = await body_of(request, Film)

    def do() -> Job:
        studio = studio_of(request)
        with studio.painter.artist(studio.snapshot(asked_for.name, asked_for.snapshot)) as artist:
            find_places(artist, asked_for.favourites)
        out = studio.jobs.unused(f"{_plain(asked_for.name)}-walk.{asked_for.kind}")
        words = ["explore", "walk", source_words(asked_for.name, asked_for.snapshot), "--out", out]
        words += ["--seconds", f"{asked_for.seconds:g}", "--", *asked_for.favourites]
        return studio.jobs.start(words, out, makes=out)

    return JSONResponse((await run_in_threadpool(do)).record())


async def project(request: Request) -> Response:
    """Start `ganvas explore project` with a dropped picture."""
    studio, name, snapshot = studio_of(request), asked(request, "name"), asked(request, "snapshot")
    studio.snapshot(name, snapshot)
    async with studio.uploads.receive(request) as file:
        return JSONResponse((await run_in_threadpool(_project, studio, name, snapshot, file)).record())


def _project(studio: Studio, name: str, snapshot: str, file: Path) -> Job:
    content = file.read_bytes()
    home = studio.folder.kept(GIVEN)
    picture = home / f"{hashlib.sha256(content).hexdigest()[:16]}{file.suffix}"
    with whole_file(picture) as partial:
        partial.write_bytes(content)
    for old in sorted(home.iterdir(), key=lambda each: each.stat().st_mtime)[:-MOST_GIVEN]:
        old.unlink(missing_ok=True)
    out = studio.jobs.unused(f"{_plain(name)}-projection")
    words = ["explore", "project", source_words(name, snapshot), studio.folder.name_of(picture), "--out", out]
    return studio.jobs.start(words, out, makes=out)


def projected(request: Request) -> Response:
    """What a projection found, once it has ended."""
    studio = studio_of(request)
    job = studio.jobs.find(asked(request, "number"))
    if job.words[:2] != ["explore", "project"]:
        raise ConfigError(f"command number {job.number} does not project a picture")
    if job.is_running:
        raise Conflict("the search is not over yet")
    origin = read_file(studio.folder.file(studio.folder.root / job.makes / FOUND.format(0)))
    run = job.words[2].removeprefix("./").rpartition("/snapshots/")[0]
    studio.folder.run(run)
    return JSONResponse(restored(studio, run, origin))


def _plain(name: str) -> str:
    """The last part of a name under the folder, as the beginning of another one."""
    return name.rpartition("/")[2].lstrip("-.") or "run"


ROUTES = [
    Route("/explore", explore),
    Route("/explore/keep", keep, methods=["POST"]),
    Route("/explore/forget", forget, methods=["POST"]),
    Route("/explore/directions", find_directions, methods=["POST"]),
    Route("/explore/rename", rename, methods=["POST"]),
    Route("/explore/film", film, methods=["POST"]),
    Route("/explore/project", project, methods=["POST"]),
    Route("/explore/projected", projected),
]
