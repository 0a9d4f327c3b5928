"""The page on which a classifier is asked what a picture is, how sure it is, and where it looked."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganvas.artist.explore.given import read_pictures
from ganvas.artist.grids import grid
from ganvas.classify.attention import hires_cam
from ganvas.classify.classifier import Classifier
from ganvas.classify.models import names as model_names
from ganvas.classify.network import NetworkModel
from ganvas.data.dataset.layout import read_info
from ganvas.foundation.errors import ConfigError, DataError, unknown
from ganvas.report.heatmap import overlaid
from ganvas.studio.bodies import Body, body_of
from ganvas.studio.jobs import Job
from ganvas.studio.pages.painting import png
from ganvas.studio.render import page
from ganvas.studio.studio import Studio, asked, studio_of
from ganvas.studio.training import tried
from ganvas.studio.words import command, named

# Classes that are shown, the most probable first.
MOST_SHOWN = 8


def classify(request: Request) -> Response:
    """The page."""
    studio = studio_of(request)
    found = studio.folder.look()
    name = asked(request, "name") if "name" in request.query_params else next(iter(found.classifiers), None)
    path = None if name is None else studio.folder.classifier(name)
    chosen = None if path is None else tried(lambda: Classifier.open(path))
    return page(
        "classify.html",
        title="Classify",
        folder=studio.folder.root.name,
        classifiers=list(found.classifiers),
        name=name,
        card=chosen.card if isinstance(chosen, Classifier) else None,
        problem=chosen if isinstance(chosen, str) else None,
        command=command(["classify", "predict", named(name or ""), "picture.png"]),
        datasets=[name for name, path in found.datasets.items() if _has_classes(path)],
        models=model_names(),
    )


def _has_classes(path: Path) -> bool:
    info = tried(lambda: read_info(path))
    return not isinstance(info, str) and len(info.class_names) > 1


async def ask(request: Request) -> Response:
    """The picture as the classifier sees it, and where it looked, as one sheet; what it thinks in a header."""
    studio, name = studio_of(request), asked(request, "name")
    path = studio.folder.classifier(name)
    async with studio.uploads.receive(request) as file:
        content, about = await run_in_threadpool(_answer, studio, path, file)
    return Response(content, media_type="image/png", headers={"x-about": json.dumps(about)})


def _answer(studio: Studio, path: Path, file: Path) -> tuple[bytes, dict[str, Any]]:
    with studio.painter.turn():
        classifier = Classifier.open(path)
        try:
            images = read_pictures([file], classifier.card.size, classifier.card.model_dump())
        except DataError as error:
            raise DataError(str(error).replace(str(file), "this picture")) from error
        row = classifier.probabilities(images)[0]
        order = np.argsort(-row, kind="stable")[:MOST_SHOWN].tolist()
        about: dict[str, Any] = {
            "classes": [{"name": classifier.class_names[place], "probability": float(row[place])} for place in order],
            "others": len(row) - len(order),
            "looked": False,
        }
        pictures = [images[0]]
        if isinstance(classifier.model, NetworkModel):
            heat = hires_cam(classifier.model, images, np.array(order[:1]))[0]
            about["looked"] = bool(heat.any())
            pictures.append(overlaid(images[0], heat))
    return png(grid(np.stack(pictures), len(pictures), gap=0)), about


class Train(Body):
    """A classifier to train: the options of `ganvas classify train`."""

    data: str
    out: str
    model: str = "deep-cnn"
    beside: bool = False


async def train(request: Request) -> Response:
    """Start `ganvas classify train`."""
    asked_for = await body_of(request, Train)

    def do() -> Job:
        studio = studio_of(request)
        studio.folder.dataset(asked_for.data)
        studio.folder.new(asked_for.out)
        if asked_for.model not in model_names():
            raise ConfigError(unknown("model", asked_for.model, model_names()))
        words = ["classify", "train", named(asked_for.data), "--out", named(asked_for.out), "--model", asked_for.model]
        return studio.jobs.start(words, asked_for.out, beside=asked_for.beside)

    return JSONResponse((await run_in_threadpool(do)).record())


ROUTES = [
    Route("/classify", classify),
    Route("/classify/ask", ask, methods=["POST"]),
    Route("/classify/train", train, methods=["POST"]),
]
