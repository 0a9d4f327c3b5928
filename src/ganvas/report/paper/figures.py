"""From the drawing of a figure to its blocks: which function draws what."""

import dataclasses
from collections.abc import Callable
from typing import Any

from ganvas.foundation.errors import GanvasError
from ganvas.papers import drawings
from ganvas.papers.paper import Figure
from ganvas.report.html import Fields
from ganvas.report.paper import classifiers, datasets, generators, networks, trainings
from ganvas.report.paper.blocks import Block, Charts, Note
from ganvas.report.paper.reproduction import Reproduction


def remark(drawing: drawings.Remark, done: Reproduction) -> list[Block]:
    """The text alone."""
    return [Note(drawing.text)]


# Each function takes a drawing of its class, the reproduction, and returns blocks.
DRAW: dict[type[drawings.Drawing], Callable[[Any, Reproduction], list[Block]]] = {
    drawings.RealPictures: datasets.real_pictures,
    drawings.ClassCounts: datasets.class_counts,
    drawings.Composites: datasets.composites,
    drawings.GroupComposites: datasets.group_composites,
    drawings.Layers: networks.layers,
    drawings.Functions: networks.functions,
    drawings.Losses: trainings.losses,
    drawings.Accuracy: trainings.accuracy,
    drawings.AccuracyAndLosses: trainings.accuracy_and_losses,
    drawings.Outputs: trainings.outputs,
    drawings.Samples: trainings.samples,
    drawings.Moments: trainings.moments,
    drawings.OriginalAndGenerated: trainings.original_and_generated,
    drawings.ActivationMaps: generators.activation_maps,
    drawings.Reduction: generators.reduction,
    drawings.Interpolation: generators.interpolation,
    drawings.SameLatents: generators.same_latents,
    drawings.MostReal: generators.most_real,
    drawings.LeastReal: generators.least_real,
    drawings.Neighbours: generators.nearest,
    drawings.Judged: generators.judged,
    drawings.ClassifierScores: classifiers.scores,
    drawings.Galleries: classifiers.galleries,
    drawings.Importances: classifiers.importances,
    drawings.Memorised: classifiers.memorised,
    drawings.Remark: remark,
}


def draw(figure: Figure, done: Reproduction) -> Fields:
    """A figure as fields of its template. If it cannot be drawn, it has the reason in its field "missing"."""
    try:
        done.fail_if_missing(figure.drawing.needs)
        blocks = DRAW[type(figure.drawing)](figure.drawing, done)
        return {"figure": figure, "blocks": _with_unique_charts(figure, blocks), "missing": None}
    except GanvasError as error:
        return {"figure": figure, "blocks": [], "missing": str(error)}


def _with_unique_charts(figure: Figure, blocks: list[Block]) -> list[Block]:
    """The blocks with charts whose names no other figure of the page uses."""
    return [
        Charts([dataclasses.replace(chart, name=f"{figure.key}-{chart.name}") for chart in block.charts])
        if isinstance(block, Charts)
        else block
        for block in blocks
    ]
