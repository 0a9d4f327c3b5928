"""The first page: datasets and runs under the folder, and what goes on now."""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ganvas.data.dataset.layout import INDEX, read_info
from ganvas.report.run.verdict import latest
from ganvas.studio.jobs import Job
from ganvas.studio.refusals import NotHere
from ganvas.studio.render import fragment, page
from ganvas.studio.studio import Studio, asked, studio_of
from ganvas.studio.training import Training, tried


@dataclass(frozen=True)
class Card:
    """A run or dataset on the first page.

    Attributes:
        name: its name.
        changed: when it was last written, in seconds since the epoch.
        facts: what its template shows; `problem` alone if it cannot be read.
    """

    name: str
    changed: float
    facts: dict[str, Any]


def contents(studio: Studio) -> dict[str, Any]:
    """The fields of the page."""
    found = studio.folder.look()
    runs = [_run_card(name, path, studio) for name, path in found.runs.items()]
    datasets = [_dataset_card(name, path) for name, path in found.datasets.items()]
    return {
        "folder": studio.folder.root.name,
        "runs": sorted(runs, key=lambda card: (-card.facts.get("is_on", False), -card.changed)),
        "datasets": sorted(datasets, key=lambda card: -card.changed),
        "classifiers": list(found.classifiers),
        "sources": list(found.sources),
        "refused": found.refused,
        "now": now(studio, _trainings(studio)),
    }


def _trainings(studio: Studio) -> dict[str, Training]:
    """The runs that can be read."""
    runs = studio.folder.look().runs
    opened = {name: tried(functools.partial(studio.trainings.open, path)) for name, path in runs.items()}
    return {name: each for name, each in opened.items() if isinstance(each, Training)}


def now(studio: Studio, trainings: Mapping[str, Training]) -> list[dict[str, Any]]:
    """What goes on: runs that are being trained, whoever started them, and other commands of the studio."""
    going: list[dict[str, Any]] = []
    for name, training in trainings.items():
        if training.phase == "training":
            going.append(
                {
                    "name": name,
                    "kind": "train",
                    "link": "run",
                    "fraction": training.fraction,
                    "left": training.seconds_left,
                }
            )
    shown = {each["name"] for each in going}
    going += [_job_line(job) for job in studio.jobs.running() if job.about not in shown]
    return going


def _job_line(job: Job) -> dict[str, Any]:
    return {"name": job.about, "kind": job.kind, "link": "job", "number": job.number, "fraction": None, "left": None}


def _run_card(name: str, path: Path, studio: Studio) -> Card:
    training = tried(lambda: studio.trainings.open(path))
    changed = _changed(path / "stats.jsonl", path / "config.yaml")
    if isinstance(training, str):
        return Card(name, changed, {"problem": training})
    logs, verdict = training.run.logs, latest(training.run.logs)
    best = logs.best
    return Card(
        name,
        changed,
        {
            "recipe": training.run.record.recipe,
            "data": training.run.data_name,
            "phase": training.phase,
            "is_on": training.phase == "training",
            "kimg": logs.kimg,
            "verdict": verdict.name if verdict else None,
            "is_troubled": bool(verdict and not verdict.healthy),
            "kid": best.kid if best else None,
            "kid_se": best.get("kid_se") if best else None,
            "picture": max(training.run.samples, default=None),
        },
    )


def _dataset_card(name: str, path: Path) -> Card:
    changed = _changed(path / INDEX)
    info = tried(lambda: read_info(path))
    if isinstance(info, str):
        return Card(name, changed, {"problem": info})
    return Card(name, changed, {"count": info.count, "size": info.size, "classes": info.class_names})


def _changed(*files: Path) -> float:
    """When one of the files was last written; 0 if there is none."""
    times = [0.0]
    for file in files:
        try:
            times.append(file.stat().st_mtime)
        except OSError:
            continue
    return max(times)


def home(request: Request) -> Response:
    """The page."""
    studio = studio_of(request)
    return page("home.html", title=studio.folder.root.name, machine=studio.machine.look(), **contents(studio))


def parts(request: Request) -> Response:
    """Its content alone, for a page that is open."""
    return HTMLResponse(fragment("home/parts.html", **contents(studio_of(request))))


def events(request: Request) -> Response:
    """What goes on now, and a digest of the rest, which says when to ask for `parts`."""
    studio = studio_of(request)

    def look() -> Mapping[str, object]:
        trainings = _trainings(studio)
        going = now(studio, trainings)
        found = studio.folder.look()
        things = (found.runs, found.datasets, found.classifiers, found.sources)
        shown = [
            (name, each.phase, max(each.run.samples, default=None), len(each.run.logs.evaluations))
            for name, each in sorted(trainings.items())
        ]
        seen = repr([*map(sorted, things), shown])
        return {
            "now": fragment("home/now.html", now=going),
            "things": hashlib.sha256(seen.encode("utf-8", "replace")).hexdigest(),
            "machine": studio.machine.look().record(),
        }

    return studio.audience.stream(look)


def run_thumbnail(request: Request) -> Response:
    """The newest pictures of a run in small."""
    studio = studio_of(request)
    run = studio.training(asked(request, "name")).run
    if not run.samples:
        raise NotHere("this run has no pictures yet")
    newest = studio.folder.file(run.samples[max(run.samples)])
    return _webp(studio.thumbnails.of_grid(newest, run.record.dataset["size"]))


def dataset_thumbnail(request: Request) -> Response:
    """Pictures of a dataset in small."""
    studio = studio_of(request)
    path = studio.folder.dataset(asked(request, "name"))
    return _webp(studio.thumbnails.of_dataset(path))


def _webp(content: bytes) -> Response:
    return Response(content, media_type="image/webp", headers={"cache-control": "private, max-age=30"})


ROUTES = [
    Route("/", home),
    Route("/home", parts),
    Route("/events", events),
    Route("/run/thumbnail", run_thumbnail),
    Route("/dataset/thumbnail", dataset_thumbnail),
]
