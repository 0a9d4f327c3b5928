"""Drawings of classifiers: their scores, their easiest and hardest pictures, and what they respond to."""

from ganvas.classify.models.forest import Forest
from ganvas.foundation.errors import RunError
from ganvas.papers.drawings import ClassifierScores, Galleries, Importances, Memorised
from ganvas.papers.paper import Classification
from ganvas.report.classifier.page import importance_maps
from ganvas.report.html import ABSENT, plus_minus
from ganvas.report.paper.blocks import Block, Gallery, Note, Table, Tile, tile
from ganvas.report.paper.reproduction import Reproduction

HEADS = ("classifier", "accuracy", "F1", "the paper's accuracy", "the paper's F1", "tested on")


def scores(drawing: ClassifierScores, done: Reproduction) -> list[Block]:
    """Accuracy and F1 of several classifiers, ours and the paper's."""
    rows = []
    for key in drawing.classifiers:
        experiment = done.paper.experiment(key)
        assert isinstance(experiment, Classification)
        found = done.evaluation(key).scores
        paper = [ABSENT if value is None else f"{value:.2f}" for value in (experiment.accuracy, experiment.f1)]
        ours = [plus_minus(score.value, score.se) for score in (found.accuracy, found.f1)]
        rows.append([experiment.title, *ours, *paper, f"{found.pictures:,} pictures"])
    return [Table(HEADS, rows)]


def galleries(drawing: Galleries, done: Reproduction) -> list[Block]:
    """The most confident predictions of each class, correct and wrong, and those closest to a tie."""
    evaluation, blocks = done.evaluation(drawing.classifier), list[Block]()
    for gallery in evaluation.galleries():
        for heading, chosen in (
            ("most easily classified", gallery.correct),
            ("most fooled by", gallery.wrong),
            ("most confused by", gallery.undecided),
        ):
            tiles = [
                tile(
                    evaluation.images([each.number])[0],
                    f"{each.predicted_class} {each.probability:.2f}",
                    "small",
                )
                for each in chosen
            ]
            if tiles:
                blocks.append(Gallery(tiles, "small", f"{gallery.name}, {heading}"))
    return [*blocks, Note("Under each picture is the predicted class with its probability.")]


def importances(drawing: Importances, done: Reproduction) -> list[Block]:
    """The importance of each pixel to a forest."""
    model = done.evaluation(drawing.classifier).classifier.model
    if not isinstance(model, Forest):
        raise RunError(f"{drawing.classifier} is not a forest")
    maps = importance_maps(model)
    return [Gallery([Tile(each["picture"], f"{each['name']}: {each['share']:.2f}") for each in maps])]


def memorised(drawing: Memorised, done: Reproduction) -> list[Block]:
    """The training accuracy on a few pictures."""
    rows = []
    for key in drawing.checks:
        result = done.memorised(key)
        outcome = "memorised" if result.succeeded else "not memorised"
        title = done.paper.experiment(key).title
        rows.append([title, f"{result.pictures}", f"{result.accuracy:.2f}", outcome])
    return [Table(("classifier", "pictures", "training accuracy", ""), rows)]
