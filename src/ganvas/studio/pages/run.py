"""The page of a run: its pictures while they sharpen, its verdict and curves, and what can be done with it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganvas.artist.grids import class_grid
from ganvas.artist.grids import grid as grid_of
from ganvas.foundation.errors import GanvasError
from ganvas.foundation.paths import quoted
from ganvas.gans import RECIPES
from ganvas.report.run import verdict
from ganvas.report.run.curves import curves
from ganvas.report.run.run import Run
from ganvas.settings.budget import Amount
from ganvas.studio.bodies import Body, body_of
from ganvas.studio.jobs import stop
from ganvas.studio.refusals import Conflict, NotHere
from ganvas.studio.render import fragment, page
from ganvas.studio.studio import Studio, asked, number, studio_of
from ganvas.studio.training import Training, state
from ganvas.studio.words import named

# Lines of the log that are shown.
LINES = 60
# Largest file of a sample grid that is sent, in bytes.
MOST_BYTES = 64 * 2**20


def run(request: Request) -> Response:
    """The page."""
    studio, name = studio_of(request), asked(request, "name")
    training = studio.training(name)
    return page(
        "run.html",
        title=name,
        folder=studio.folder.root.name,
        name=name,
        run=training.run,
        training=training,
        state=_state(studio, name, training),
        machine=studio.machine.look(),
        shape=_shape(training),
        command=f"ganvas resume {quoted(name)}",
        **_shown(training.run),
    )


def _shown(run: Run) -> dict[str, Any]:
    """Verdict, band and curves, as the report of the run has them."""
    figures, band = curves(run)
    return {"badge": verdict.badge(run), "band": band, "charts": figures}


def _shape(training: Training) -> tuple[int, int]:
    """Width and height of the sample grids in pixels, so that the page keeps their place."""
    for file in reversed(training.run.samples.values()):
        try:
            with Image.open(file) as picture:
                return picture.size
        except (OSError, SyntaxError, Image.DecompressionBombError):
            continue
    record = training.run.record
    side, names = record.settings["grid_size"], record.dataset["class_names"]
    tile = np.zeros((record.dataset["size"],) * 2 + (3,), np.uint8)
    if names and record.recipe in RECIPES and RECIPES.find(record.recipe).class_use.conditions_generator:
        sheet = class_grid(np.broadcast_to(tile, (len(names), side, *tile.shape)), names)
    else:
        sheet = grid_of(np.broadcast_to(tile, (side * side, *tile.shape)), side)
    return sheet.shape[1], sheet.shape[0]


def parts(request: Request) -> Response:
    """What an open page shows anew after an evaluation or a line of the log."""
    run = studio_of(request).training(asked(request, "name")).run
    shown = _shown(run)
    drawings = {chart.name: json.loads(chart.figure.to_json()) for chart in shown["charts"]}
    return JSONResponse(
        {
            "judgement": fragment("run/judgement.html", **shown),
            "curves": fragment("run/curves-frames.html", **shown),
            "drawings": drawings,
        }
    )


def events(request: Request) -> Response:
    """The figures of a run, whenever they change."""
    studio, name = studio_of(request), asked(request, "name")
    studio.folder.run(name)
    return studio.audience.stream(lambda: _state(studio, name, studio.training(name)))


def _state(studio: Studio, name: str, training: Training) -> dict[str, object]:
    job = studio.jobs.training(name)
    log = studio.jobs.log(job)[-LINES:] if job else []
    return state(training) | {"log": log, "machine": studio.machine.look().record()}


def grid(request: Request) -> Response:
    """A sample grid."""
    studio = studio_of(request)
    training = studio.training(asked(request, "name"))
    file = training.run.samples.get(number(asked(request, "kimg"), "kimg"))
    if file is None:
        raise NotHere("this run has no pictures of that moment")
    whole = studio.folder.file(file)
    if whole.stat().st_size > MOST_BYTES:
        raise GanvasError(f"{file.name} is too large to be shown")
    return Response(whole.read_bytes(), media_type="image/png", headers={"cache-control": "private, max-age=60"})


# --- What can be done ---


class Stop(Body):
    """A run to stop."""

    name: str


class Resume(Body):
    """A run to go on with.

    Attributes:
        name: the run.
        budget: how much longer; empty for the rest of its budget.
        beside: whether to train beside another run.
    """

    name: str
    budget: str = ""
    beside: bool = False


class Again(Body):
    """A new run that begins with the weights of another.

    Attributes:
        name: the run whose weights and options it takes.
        out: the name of the new run.
        start: "newest" for the networks of the newest checkpoint, "best" for the generator of the best evaluation.
        budget: of the new run.
        beside: whether to train beside another run.
    """

    name: str
    out: str
    start: str
    budget: str
    beside: bool = False


async def stop_run(request: Request) -> Response:
    """Ask the process that trains a run to stop, whoever started it."""
    asked_for = await body_of(request, Stop)

    def do() -> None:
        training = studio_of(request).training(asked_for.name)
        if training.holder is None or training.phase not in ("training", "elsewhere"):
            raise Conflict(f"{asked_for.name} is not being trained")
        stop(training.holder.process)

    await run_in_threadpool(do)
    return JSONResponse({"done": "It stops after this step, with a checkpoint."})


async def resume_run(request: Request) -> Response:
    """Start `ganvas resume`."""
    asked_for = await body_of(request, Resume)

    def do() -> str:
        studio = studio_of(request)
        training = studio.training(asked_for.name)
        if training.phase in ("starting", "training", "ending", "elsewhere"):
            raise Conflict(f"{asked_for.name} is being trained already")
        if not training.can_resume:
            raise Conflict(f"{asked_for.name} has no checkpoint to go on from; begin anew")
        more = ["--budget", str(Amount.parse(asked_for.budget))] if asked_for.budget.strip() else []
        if training.fraction >= 1 and not more:
            raise Conflict(f"{asked_for.name} has spent its budget; say how much longer to train, such as 10m")
        words = ["resume", named(asked_for.name), *more]
        return studio.jobs.start(words, asked_for.name, beside=asked_for.beside).command

    return JSONResponse({"done": "Resuming.", "command": await run_in_threadpool(do)})


async def begin_again(request: Request) -> Response:
    """Start `ganvas train --from` with the options of a run."""
    asked_for = await body_of(request, Again)

    def do() -> str:
        studio = studio_of(request)
        path = studio.folder.run(asked_for.name)
        training = studio.trainings.open(path)
        studio.folder.new(asked_for.out)
        record = training.run.record
        data = studio.folder.dataset_of(Path(record.data), record.dataset["fingerprint"])
        starts = {"newest": asked_for.name, "best": f"{asked_for.name}/snapshots/best.safetensors"}
        if asked_for.start not in starts:
            raise GanvasError(f"start must be newest or best, not {asked_for.start[:20]!r}")
        if asked_for.start == "best":
            studio.folder.file(path / "snapshots" / "best.safetensors")
        words = ["train", named(data), "--config", named(f"{asked_for.name}/config.yaml")]
        words += ["--from", named(starts[asked_for.start]), "--budget", str(Amount.parse(asked_for.budget))]
        words += ["--out", named(asked_for.out)]
        return studio.jobs.start(words, asked_for.out, beside=asked_for.beside).page

    return JSONResponse({"done": "Beginning.", "page": await run_in_threadpool(do)})


ROUTES = [
    Route("/run", run),
    Route("/run/parts", parts),
    Route("/run/events", events),
    Route("/run/grid", grid),
    Route("/run/stop", stop_run, methods=["POST"]),
    Route("/run/resume", resume_run, methods=["POST"]),
    Route("/run/again", begin_again, methods=["POST"]),
]
