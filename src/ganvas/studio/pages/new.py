"""The page on which a folder of pictures becomes a dataset, and a dataset a run."""

import json
import threading
from typing import Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ganvas import gans
from ganvas.artist.grids import grid
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.pictures.frame import FITS, Frame
from ganvas.data.sources.opening import CLASSES
from ganvas.data.survey.survey import Survey, survey
from ganvas.foundation.errors import ConfigError, GanvasError, unknown
from ganvas.settings.budget import Amount
from ganvas.studio.bodies import Body, body_of
from ganvas.studio.glimpse import COLUMNS, glimpse
from ganvas.studio.jobs import Job
from ganvas.studio.pages.painting import png
from ganvas.studio.render import fragment, page
from ganvas.studio.studio import Studio, asked, studio_of
from ganvas.studio.words import named

QUALITIES = {"quick": "5 minutes", "good": "20 minutes", "best": "2 hours"}
SIZES = (32, 64, 128)
# One survey at a time; those of the latest datasets are kept.
_surveying, _surveys = threading.Lock(), dict[tuple[str, str], Survey]()
MOST_SURVEYS = 8


def new(request: Request) -> Response:
    """The page. With a dataset named, it begins with the training."""
    studio = studio_of(request)
    found = studio.folder.look()
    data = asked(request, "data") if "data" in request.query_params else None
    if data is not None:
        studio.folder.dataset(data)
    return page(
        "new.html",
        title="New",
        folder=studio.folder.root.name,
        sources=sorted(found.sources),
        datasets=list(found.datasets),
        data=data,
        recipes=gans.RECIPES.names(),
        qualities=QUALITIES,
        fits=FITS,
        sizes=SIZES,
    )


def glimpsed(request: Request) -> Response:
    """Some pictures of a source as the dataset would have them, as one sheet; what it holds in a header."""
    studio, size = studio_of(request), asked(request, "size")
    path = studio.folder.source(asked(request, "name"))
    if size not in map(str, SIZES):
        raise ConfigError(unknown("size", size[:20], map(str, SIZES)))
    fit, classes = asked(request, "fit"), asked(request, "classes")
    if fit not in FITS:
        raise ConfigError(unknown("fit", fit[:20], FITS))
    if classes not in CLASSES:
        raise ConfigError(unknown("choice of classes", classes[:20], CLASSES))
    seen = glimpse(path, Frame(int(size), fit), classes)
    about = {"words": seen.words, "mind": seen.mind}
    content = png(grid(seen.squares, COLUMNS, gap=0))
    return Response(content, media_type="image/png", headers={"x-about": json.dumps(about)})


def surveyed(request: Request) -> Response:
    """What is in a dataset and what to mind, as a part of the page."""
    studio, name = studio_of(request), asked(request, "name")
    data = Dataset.open(studio.folder.dataset(name))
    with _surveying:
        key = name, data.fingerprint
        if key not in _surveys:
            _surveys[key] = survey(data)
            while len(_surveys) > MOST_SURVEYS:
                _surveys.pop(next(iter(_surveys)))
        result = _surveys[key]
    rejected = None if result.rejected is None else {files.reason: len(files) for files in result.rejected}
    return HTMLResponse(fragment("new/survey.html", name=name, survey=result, rejected=rejected))


# --- What can be done ---


class Prepare(Body):
    """A dataset to make: the options of `ganvas prepare`."""

    source: str
    out: str
    size: int
    fit: str
    classes: Literal["folders", "none"]


class Train(Body):
    """A run to begin, or to forecast: the options of `ganvas train`.

    Attributes:
        data: the dataset.
        out: the name of the run.
        quality: a quality, or empty to use the recipe's own options.
        recipe: a recipe; empty for the one that ganvas trains by default.
        budget: how long to train; empty for that of the quality, or 20 minutes.
        on_trouble: what to do when the verdict finds trouble.
        beside: whether to train beside another run.
    """

    data: str
    out: str
    quality: str = ""
    recipe: str = ""
    budget: str = ""
    on_trouble: Literal["warn", "stop", "rollback"] = "warn"
    beside: bool = False


async def prepare(request: Request) -> Response:
    """Start `ganvas prepare`."""
    asked_for = await body_of(request, Prepare)

    def do() -> Job:
        studio = studio_of(request)
        studio.folder.source(asked_for.source)
        studio.folder.new(asked_for.out)
        if asked_for.fit not in FITS:
            raise ConfigError(unknown("fit", asked_for.fit, FITS))
        if asked_for.size not in SIZES:
            raise ConfigError(unknown("size", str(asked_for.size), map(str, SIZES)))
        words = ["prepare", named(asked_for.source), named(asked_for.out), "--size", str(asked_for.size)]
        words += ["--fit", asked_for.fit, "--classes", asked_for.classes]
        return studio.jobs.start(words, asked_for.out)

    return JSONResponse((await run_in_threadpool(do)).record())


async def forecast(request: Request) -> Response:
    """Start `ganvas train --dry-run`."""
    asked_for = await body_of(request, Train)

    def do() -> Job:
        studio = studio_of(request)
        return studio.jobs.start([*_words(studio, asked_for), "--dry-run"], f"forecast of {asked_for.out}")

    return JSONResponse((await run_in_threadpool(do)).record())


async def train(request: Request) -> Response:
    """Start `ganvas train`."""
    asked_for = await body_of(request, Train)

    def do() -> Job:
        studio = studio_of(request)
        return studio.jobs.start(_words(studio, asked_for), asked_for.out, beside=asked_for.beside)

    return JSONResponse((await run_in_threadpool(do)).record())


def _words(studio: Studio, train: Train) -> list[str]:
    """The command of a training.

    Raises:
        GanvasError: an option cannot be used.
    """
    studio.folder.dataset(train.data)
    studio.folder.new(train.out)
    words = ["train", named(train.data), "--out", named(train.out)]
    if train.quality:
        if train.quality not in QUALITIES:
            raise ConfigError(unknown("quality", train.quality, QUALITIES))
        words += ["--quality", train.quality]
    if train.recipe:
        if train.recipe not in gans.RECIPES:
            raise ConfigError(unknown("recipe", train.recipe, gans.RECIPES.names()))
        words += ["--recipe", train.recipe]
    if train.budget.strip():
        words += ["--budget", str(Amount.parse(train.budget))]
    if train.on_trouble != "warn":
        words += ["--on-trouble", train.on_trouble]
    return words


async def upload(request: Request) -> Response:
    """Take a dropped picture: the body is its file."""
    studio = studio_of(request)
    if request.headers.get("content-type", "") != "application/octet-stream":
        raise GanvasError("a dropped picture is sent as it is")
    count = await studio.drops.add(asked(request, "folder"), request.stream())
    return JSONResponse({"count": count})


ROUTES = [
    Route("/new", new),
    Route("/new/source", glimpsed),
    Route("/new/survey", surveyed),
    Route("/new/prepare", prepare, methods=["POST"]),
    Route("/new/forecast", forecast, methods=["POST"]),
    Route("/new/train", train, methods=["POST"]),
    Route("/new/upload", upload, methods=["POST"]),
]
