"""The page of a classifier: its scores, its mistakes and what it responds to, as one self-contained HTML file.

It is made like the page of a run (`ganvas.report.run.page`). A section is a function that takes the evaluation and
returns the fields of its template, `templates/classifier/<section>.html`, or None if there is nothing to show.
"""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
from PIL import Image

from ganvas.artist.grids import grid
from ganvas.classify import models
from ganvas.classify.attention import activation_maps, hires_cam, importances
from ganvas.classify.classifier import HISTORY, Card
from ganvas.classify.evaluate import Evaluation
from ganvas.classify.gallery import Gallery, PredictedPicture
from ganvas.classify.models.forest import Forest
from ganvas.classify.network import NetworkModel
from ganvas.classify.resampling import RESAMPLES
from ganvas.classify.scores import ClassScores
from ganvas.data.dataset.layout import TEST, TRAIN, VALIDATION
from ganvas.foundation.arrays import Features, Floats, Images
from ganvas.foundation.files import read_records
from ganvas.report import html
from ganvas.report.classifier import charts
from ganvas.report.heatmap import coloured, overlaid
from ganvas.report.html import Fields

# The size of the pictures of a section in bytes before base64.
PICTURE_BYTES = 3_500_000

# With more classes than this, the page shows those with the lowest F1, and no confusion matrix.
MOST_CLASSES = 30
MOST_CONFUSIONS = 8

# Height and width in pixels of a forest's importance maps. They are enlarged to it without smoothing.
MAP_SIDE = 288


class Shown(TypedDict):
    """A prediction and its picture."""

    prediction: PredictedPicture
    picture: Fields


class Confusion(TypedDict):
    """A frequent mistake: `count` of the `of` pictures of a class were predicted as another one."""

    true: str
    predicted: str
    count: int
    of: int


class ConfusionFields(TypedDict):
    """The fields of the confusion matrix; `rows` holds counts and shares, or is None for too many classes."""

    names: list[str]
    labels: list[str]
    rows: list[tuple[list[int], list[float]]] | None
    confusions: list[Confusion]


class ClassGallery(TypedDict):
    """The gallery of a class: correct, wrong and undecided predictions."""

    scores: ClassScores
    lists: list[list[Shown]]


class GalleryFields(TypedDict):
    """The fields of the galleries; `hidden` is the number of classes that are not shown."""

    galleries: list[ClassGallery]
    hidden: int


class ImportanceMap(TypedDict):
    """The importance map of a forest, of one channel or of all."""

    name: str
    share: float
    picture: Fields


class ActivationMap(TypedDict):
    """The class activation map of one class over a picture; `is_empty` if nothing raises its score."""

    name: str
    is_empty: bool
    picture: Fields


class Explained(Shown):
    """A prediction with the class activation maps of the predicted and the true class."""

    maps: list[ActivationMap]


class NetworkFields(TypedDict):
    """The fields about a network: explained predictions, and the feature maps of one picture."""

    explained: list[Explained]
    picture: Fields
    feature_maps: Fields
    model: str


class AttentionFields(TypedDict):
    """The fields about what the classifier responds to; one of the two is None."""

    forest: list[ImportanceMap] | None
    network: NetworkFields | None


def write_page(evaluation: Evaluation, out: str | Path) -> Path:
    """Write the page of an evaluated classifier.

    Args:
        evaluation: the predictions and their scores.
        out: the HTML file to write, replaced if it exists.

    Returns:
        The file written.

    Raises:
        GanvasError: the file system refused; `out` is as it was.
    """
    return html.write(render(evaluation), out)


def render(evaluation: Evaluation) -> str:
    """The page of an evaluated classifier as HTML."""
    return html.render(
        title=f"{evaluation.classifier.card.model} on {evaluation.data.path.name}",
        subject=f"The classifier {_name(evaluation)}",
        sections={f"classifier/{name}.html": section(evaluation) for name, section in SECTIONS.items()},
        styles=["classifier/classifier.css"],
    )


# --- Sections, in the order of the page ---


def _title(evaluation: Evaluation) -> Fields:
    card, scores = evaluation.classifier.card, evaluation.scores
    return {
        "model": card.model,
        "class_names": card.class_names,
        "column": card.label_column,
        "data": evaluation.data.path.name,
        "which": _which(evaluation),
        "correct": int(np.trace(scores.confusion)),
        "pictures": scores.pictures,
        "groups": scores.groups,
    }


def _headline(evaluation: Evaluation) -> Fields:
    return {"scores": evaluation.scores, "notes": evaluation.notes, "resamples": RESAMPLES}


def _classes(evaluation: Evaluation) -> Fields:
    card = evaluation.classifier.card
    return {"classes": evaluation.scores.classes, "trained": card.counts[TRAIN], "leaky": card.leaky}


def _confusion(evaluation: Evaluation) -> ConfusionFields:
    names, counts = evaluation.classifier.class_names, evaluation.scores.confusion
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(totals, 1)[:, None]
    wrong = counts * (1 - np.eye(len(names), dtype=np.int64))
    most_frequent = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSIONS]
    pairs = [divmod(int(position), len(names)) for position in most_frequent]
    return {
        "names": names,
        "labels": [charts.shortened(name) for name in names],
        "rows": list(zip(counts.tolist(), shares.tolist(), strict=True)) if len(names) <= MOST_CLASSES else None,
        "confusions": [
            {"true": names[row], "predicted": names[column], "count": int(wrong[row, column]), "of": int(totals[row])}
            for row, column in pairs
            if wrong[row, column]
        ],
    }


def _ranking(evaluation: Evaluation) -> Fields:
    scores = evaluation.scores
    curve = charts.roc(scores.classes)
    calibration = charts.calibration(scores.calibration, scores.calibration_error.value)
    return {"charts": [calibration] if curve is None else [curve, calibration]}


def _galleries(evaluation: Evaluation) -> GalleryFields:
    galleries = _hardest_galleries(evaluation)
    predictions = [(gallery.correct, gallery.wrong, gallery.undecided) for gallery in galleries]
    limit = PICTURE_BYTES // max(1, sum(len(chosen) for lists in predictions for chosen in lists))
    scores = {class_scores.name: class_scores for class_scores in evaluation.scores.classes}
    return {
        "galleries": [
            {"scores": scores[gallery.name], "lists": [_shown(evaluation, chosen, limit) for chosen in lists]}
            for gallery, lists in zip(galleries, predictions, strict=True)
        ],
        "hidden": len(scores) - len(galleries),
    }


def _attention(evaluation: Evaluation) -> AttentionFields | None:
    model = evaluation.classifier.model
    if isinstance(model, Forest):
        return {"forest": importance_maps(model), "network": None}
    if isinstance(model, NetworkModel):
        return {"forest": None, "network": _network(evaluation, model)}
    return None


def _learning(evaluation: Evaluation) -> Fields | None:
    path, card = evaluation.classifier.path, evaluation.classifier.card
    curves = charts.learning(read_records(path / HISTORY) if path else [], card.best_epoch)
    return {"charts": curves} if curves else None


def _provenance(evaluation: Evaluation) -> Fields:
    card, scores, data = evaluation.classifier.card, evaluation.scores, evaluation.data
    counts = {split: sum(classes.values()) for split, classes in card.counts.items()}
    facts = {
        "Model": card.model,
        "Classes": f"{len(card.class_names)}, by {card.label_column}",
        "Trained on": f"{counts[TRAIN]:,} pictures in {Path(card.data).name}",
        "Started from": Path(card.start).name if card.start else None,
        "Validated with": f"{counts[VALIDATION]:,} pictures" if counts[VALIDATION] else "nothing",
        "Tested on": f"{scores.pictures:,} pictures in {data.path.name}, {scores.groups:,} groups",
        "Size": f"{data.size} \N{MULTIPLICATION SIGN} {data.size} pixels, resized to {card.options['size']}",
        "Fingerprint": data.fingerprint[:12],
        "Epoch kept": card.best_epoch,
        "Validation accuracy": html.share(card.validation_accuracy),
        "Training took": html.duration(card.seconds),
        "Seed": card.seed,
        "ganvas": card.ganvas,
    }
    return {
        "facts": {label: value for label, value in facts.items() if value not in (None, html.ABSENT)},
        "options": card.options,
        "commands": [_training_command(card, _name(evaluation)), _evaluation_command(evaluation)],
    }


SECTIONS: dict[str, Callable[[Evaluation], Mapping[str, object] | None]] = {
    "title": _title,
    "headline": _headline,
    "classes": _classes,
    "confusion": _confusion,
    "ranking": _ranking,
    "galleries": _galleries,
    "attention": _attention,
    "learning": _learning,
    "provenance": _provenance,
}


# --- Pictures ---


def _hardest_galleries(evaluation: Evaluation) -> list[Gallery]:
    """The galleries of the `MOST_CLASSES` classes with the lowest F1, without classes that have no pictures."""
    scores = [class_scores for class_scores in evaluation.scores.classes if class_scores.pictures]
    hardest = {class_scores.name for class_scores in sorted(scores, key=_f1)[:MOST_CLASSES]}
    return [gallery for gallery in evaluation.galleries() if gallery.name in hardest]


def _f1(scores: ClassScores) -> float:
    return scores.f1.value if scores.f1 else 1.0


def _shown(evaluation: Evaluation, predictions: Iterable[PredictedPicture], limit: int) -> list[Shown]:
    return [
        {
            "prediction": prediction,
            "picture": html.inline_pixels(evaluation.images([prediction.number])[0], limit),
        }
        for prediction in predictions
    ]


def importance_maps(forest: Forest) -> list[ImportanceMap]:
    """The importance map over all channels, and those of the three channels on a common scale."""
    values = importances(forest)
    heats = [_as_heat(values.sum(axis=2)), *np.moveaxis(_as_heat(values), 2, 0)]
    shares = [values.sum(), *values.sum(axis=(0, 1))]
    return [
        {"name": name, "share": float(share), "picture": _enlarged(coloured(heat))}
        for name, heat, share in zip(("All channels", "Red", "Green", "Blue"), heats, shares, strict=True)
    ]


def _as_heat(values: Floats) -> Floats:
    """Values scaled to [0, 1] by the 99th percentile of those above 0, so that outliers do not darken the rest."""
    positive = values[values > 0]
    return np.clip(values / (np.quantile(positive, 0.99) if len(positive) else 1.0), 0, 1)


def _enlarged(picture: Images) -> Fields:
    side = max(1, MAP_SIDE // len(picture)) * len(picture)
    return html.inline(Image.fromarray(picture).resize((side, side), Image.Resampling.NEAREST), PICTURE_BYTES // 4)


def _network(evaluation: Evaluation, model: NetworkModel) -> NetworkFields:
    """The most confident correct and wrong prediction of each class explained, and the feature maps of one picture."""
    predictions = [
        prediction
        for gallery in _hardest_galleries(evaluation)
        for prediction in (*gallery.correct[:1], *gallery.wrong[:1])
    ]
    limit = PICTURE_BYTES // (3 * len(predictions) + 2)
    first = evaluation.images([predictions[0].number])[0]
    return {
        "explained": _explained(evaluation, model, predictions, limit),
        "picture": html.inline_pixels(first, limit),
        "feature_maps": _map_sheet(activation_maps(model, first)),
        "model": evaluation.classifier.card.model,
    }


def _explained(
    evaluation: Evaluation, model: NetworkModel, predictions: Sequence[PredictedPicture], limit: int
) -> list[Explained]:
    """Predictions with their class activation maps; each picture takes at most `limit` bytes before base64."""
    numbers = [prediction.number for prediction in predictions]
    images = evaluation.images(numbers)
    maps_of_predicted = hires_cam(model, images, evaluation.probabilities[numbers].argmax(axis=1))
    maps_of_true = hires_cam(model, images, evaluation.truth[numbers])
    explained: list[Explained] = []
    for prediction, image, of_predicted, of_true in zip(
        predictions, images, maps_of_predicted, maps_of_true, strict=True
    ):
        # A correct prediction has one map: both classes are the same.
        maps = {prediction.predicted_class: of_predicted, prediction.true_class: of_true}
        explained.append(
            {
                "prediction": prediction,
                "picture": html.inline_pixels(image, limit),
                "maps": [_activation_map(name, image, heat, limit) for name, heat in maps.items()],
            }
        )
    return explained


def _activation_map(name: str, image: Images, heat: Features, limit: int) -> ActivationMap:
    return {
        "name": name,
        "is_empty": not heat.any(),
        "picture": html.inline_pixels(overlaid(image, heat), limit),
    }


def _map_sheet(maps: Features) -> Fields:
    """Feature maps in a grid, each scaled to its own maximum."""
    peaks = np.maximum(maps.max(axis=(1, 2), keepdims=True), np.finfo(np.float32).tiny)
    sheet = grid(np.stack([coloured(scaled) for scaled in maps / peaks]), columns=8)
    return {**html.inline_pixels(sheet, PICTURE_BYTES // 4), "count": len(maps)}


# --- Text ---


def _name(evaluation: Evaluation) -> str:
    path = evaluation.classifier.path
    return path.resolve().name if path else evaluation.classifier.card.model


def _which(evaluation: Evaluation) -> str:
    if evaluation.data.fingerprint == evaluation.classifier.card.fingerprint:
        return "that were held back from training"
    return "of the dataset" if evaluation.is_whole_dataset else f"in the {TEST} split of the dataset"


def _training_command(card: Card, name: str) -> str:
    """The command that trains the same classifier, with the options that differ from their defaults."""
    defaults = models.find(card.model).options_class().model_dump()
    arguments = ["train", card.data, "--out", name, "--label", card.label_column, "--model", card.model]
    changed = {key: value for key, value in card.options.items() if value != defaults.get(key)}
    for key, value in changed.items():
        arguments += ["--set", f"{key}={value}"]
    return _command(arguments + (["--from", card.start] if card.start else []))


def _evaluation_command(evaluation: Evaluation) -> str:
    arguments: list[object] = ["evaluate", evaluation.classifier.path or _name(evaluation)]
    if evaluation.data.path.resolve() != Path(evaluation.classifier.card.data):
        arguments += ["--data", evaluation.data.path]
    return _command([*arguments, "--seed", evaluation.seed])


def _command(arguments: Sequence[object]) -> str:
    return shlex.join(["ganvas", "classify", *map(str, arguments)])
