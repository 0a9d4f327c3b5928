"""Drawings of a training: losses, accuracy, and pictures over time and at its end."""

import dataclasses
from collections.abc import Iterable

from ganvas.artist.artist import Artist, load
from ganvas.artist.grids import class_grid, grid
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.errors import RunError
from ganvas.papers.drawings import (
    Accuracy,
    AccuracyAndLosses,
    Losses,
    Moments,
    OriginalAndGenerated,
    Outputs,
    Samples,
)
from ganvas.papers.paper import Training
from ganvas.report import html
from ganvas.report.charts import Chart, curves
from ganvas.report.comparison import losses as comparison
from ganvas.report.paper.blocks import BYTES, Block, Charts, Gallery, Note, Tile, tile
from ganvas.report.paper.reproduction import Reproduction
from ganvas.runs.directory import RunDirectory


def losses(drawing: Losses, done: Reproduction) -> list[Block]:
    """The losses of each run over its iterations, on the same axes."""
    logs = {done.paper.experiment(key).title: done.run(key).logs for key in drawing.runs}
    return [Charts(comparison.losses(logs))]


def accuracy(drawing: Accuracy, done: Reproduction) -> list[Block]:
    """The accuracy of the discriminator of each run."""
    return [Charts([_chart(done, key, "accuracy") for key in drawing.runs])]


def accuracy_and_losses(drawing: AccuracyAndLosses, done: Reproduction) -> list[Block]:
    """The accuracy of the discriminator and both losses over the same axis."""
    return [Charts([_chart(done, drawing.run, "accuracy-losses")])]


def _chart(done: Reproduction, key: str, name: str) -> Chart:
    """One of the charts of a run.

    Raises:
        RunError: the log of the run has nothing to draw.
    """
    logs = done.run(key).logs
    charts = curves([line.record() for line in logs.stats], [], None)
    found = next((chart for chart in charts if chart.name == name), None)
    if found is None:
        raise RunError(f"the log of {key} has no {name}")
    title = f"{found.title}: {done.paper.experiment(key).title}"
    return dataclasses.replace(found, name=f"{name}-{key}", title=title)


def outputs(drawing: Outputs, done: Reproduction) -> list[Block]:
    """The first pictures of seed 0 of each run, at its end."""
    return [
        Gallery(
            [tile(picture, f"z number {number}") for number, picture in enumerate(artist.sample(drawing.count), 1)],
            heading=_heading(training, artist),
        )
        for training, artist in _at_the_end(done, drawing.runs)
    ]


def samples(drawing: Samples, done: Reproduction) -> list[Block]:
    """A grid of pictures of each run, at its end; of a generator with classes, with a row for each class."""
    tiles = []
    for training, artist in _at_the_end(done, drawing.runs):
        if len(artist.class_names) > 1:
            sheet = class_grid(artist.by_class(drawing.side), artist.class_names)
        else:
            sheet = grid(artist.sample(drawing.side**2), drawing.side)
        tiles.append(tile(sheet, _heading(training, artist), "wide"))
    return [Gallery(tiles, "wide")]


def moments(drawing: Moments, done: Reproduction) -> list[Block]:
    """The sample grids nearest to the paper's moments, as shares of its training."""
    run, tiles = done.run(drawing.run), list[Tile]()
    training = next(each for each in done.paper.trainings() if each.key == drawing.run)
    total = done.budget(training).value
    for moment in drawing.at:
        wanted = total * moment / drawing.of
        kimg = _nearest(run.samples, wanted)
        picture = None if kimg is None else html.read_picture(run.samples[kimg])
        if picture is not None:
            caption = f"for {drawing.unit} {moment:,}: at {html.significant(kimg)} of {html.significant(total)} kimg"
            tiles.append(Tile(html.inline(picture, BYTES["wide"]), caption))
    if not tiles:
        raise RunError(f"{drawing.run} has no sample grids")
    return [Gallery(tiles, "wide")]


def _nearest(kimgs: Iterable[float], wanted: float) -> float | None:
    return min(kimgs, key=lambda kimg: abs(kimg - wanted), default=None)


def original_and_generated(drawing: OriginalAndGenerated, done: Reproduction) -> list[Block]:
    """Training pictures next to generated ones."""
    ((training, artist),) = _at_the_end(done, (drawing.run,))
    originals = done.dataset(training.pictures).examples(TRAIN, drawing.count)
    generated = artist.sample(drawing.count)
    tiles = [tile(grid(originals), "originals", "wide"), tile(grid(generated), _heading(training, artist), "wide")]
    return [Gallery(tiles, "wide"), Note("The generated pictures are the first ones of seed 0, without selection.")]


def _at_the_end(done: Reproduction, keys: Iterable[str]) -> Iterable[tuple[Training, Artist]]:
    """The generators of runs at their end, which is what the papers show, and not at their best.

    Raises:
        RunError: a run has no snapshot.
    """
    for training in done.paper.trainings():
        if training.key in keys:
            yield training, load(RunDirectory.open(done.run_path(training.key)).snapshot("last"))


def _heading(training: Training, artist: Artist) -> str:
    return f"{training.title}, after {html.significant(artist.card.kimg)} kimg"
