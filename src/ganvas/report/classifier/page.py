"""The page of a classifier: how good it is, where it errs and where it looked, as one HTML file.

It is made as the run page is (`ganvas.report.run.page`): a section is a function from the evaluation to what its
template shows, `templates/classifier/<section>.html`, or to None where there is nothing to show.
"""

import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.artist.grids import grid
from ganvas.classify import models
from ganvas.classify.attention import activation_maps, hires_cam, importances
from ganvas.classify.classifier import HISTORY, Card
from ganvas.classify.evaluate import Evaluation
from ganvas.classify.gallery import Exhibit, Gallery
from ganvas.classify.models.forest import Forest
from ganvas.classify.network import NetworkModel
from ganvas.classify.resampling import RESAMPLES
from ganvas.classify.scores import ClassScores
from ganvas.data.dataset.layout import TEST, TRAIN, VALIDATION
from ganvas.foundation.files import read_records
from ganvas.report import html
from ganvas.report.classifier import charts
from ganvas.report.heatmap import coloured, overlaid
from ganvas.report.html import Fields

# What the pictures of a section may weigh together before base64.
PICTURE_BYTES = 3_500_000

# More classes than this do not fit a page; then those with the lowest F1 are shown, and no matrix.
MOST_CLASSES = 30
MOST_CONFUSIONS = 8

# Height and width in pixels that a forest's map is drawn at, without smoothing: one square a pixel.
MAP_SIDE = 288


def write_page(evaluation: Evaluation, out: str | Path) -> Path:
    """Write the page of an evaluated classifier.

    Args:
        evaluation: what it said of which pictures.
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
        "right": int(np.trace(scores.confusion)),
        "pictures": scores.pictures,
        "groups": scores.groups,
    }


def _headline(evaluation: Evaluation) -> Fields:
    return {"scores": evaluation.scores, "notes": evaluation.notes, "resamples": RESAMPLES}


def _classes(evaluation: Evaluation) -> Fields:
    card = evaluation.classifier.card
    return {"classes": evaluation.scores.classes, "trained": card.counts[TRAIN], "leaky": card.leaky}


def _confusion(evaluation: Evaluation) -> Fields:
    names, counts = evaluation.classifier.class_names, evaluation.scores.confusion
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(totals, 1)[:, None]
    wrong = counts * (1 - np.eye(len(names), dtype=np.int64))
    commonest = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSIONS]
    pairs = [(int(place) // len(names), int(place) % len(names)) for place in commonest]
    return {
        "names": names,
        "labels": [charts.shortened(name) for name in names],
        "rows": list(zip(counts.tolist(), shares.tolist(), strict=True)) if len(names) <= MOST_CLASSES else None,
        "confusions": [
            {"truth": names[row], "said": names[column], "count": int(wrong[row, column]), "of": int(totals[row])}
            for row, column in pairs
            if wrong[row, column]
        ],
    }


def _ranking(evaluation: Evaluation) -> Fields:
    scores = evaluation.scores
    curve = charts.roc(scores.classes)
    calibration = charts.calibration(scores.calibration, scores.calibration_error.value)
    return {"charts": [calibration] if curve is None else [curve, calibration]}


def _galleries(evaluation: Evaluation) -> Fields:
    walls = _walls(evaluation)
    exhibits = [(gallery.surest_right, gallery.surest_wrong, gallery.most_confused) for gallery in walls]
    limit = PICTURE_BYTES // max(1, sum(len(kind) for kinds in exhibits for kind in kinds))
    scores = {each.name: each for each in evaluation.scores.classes}
    return {
        "walls": [
            {"scores": scores[gallery.name], "kinds": [_hung(evaluation, kind, limit) for kind in kinds]}
            for gallery, kinds in zip(walls, exhibits, strict=True)
        ],
        "hidden": len(scores) - len(walls),
    }


def _attention(evaluation: Evaluation) -> Fields | None:
    model = evaluation.classifier.model
    if isinstance(model, Forest):
        return {"forest": _importance_maps(model), "network": None}
    if isinstance(model, NetworkModel):
        return {"forest": None, "network": _explained(evaluation, model)}
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
        "Learnt from": f"{counts[TRAIN]:,} pictures in {Path(card.data).name}",
        "Validated with": f"{counts[VALIDATION]:,} pictures" if counts[VALIDATION] else "nothing",
        "Judged on": f"{scores.pictures:,} pictures in {data.path.name}, {scores.groups:,} groups",
        "Size": f"{data.size} \N{MULTIPLICATION SIGN} {data.size} pixels, seen at {card.options['size']}",
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


SECTIONS: dict[str, Callable[[Evaluation], Fields | None]] = {
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


def _walls(evaluation: Evaluation) -> list[Gallery]:
    """The galleries of the classes that have pictures; of many classes, those of the lowest F1."""
    scores = [each for each in evaluation.scores.classes if each.pictures]
    shown = {each.name for each in sorted(scores, key=_f1)[:MOST_CLASSES]}
    return [gallery for gallery in evaluation.galleries() if gallery.name in shown]


def _f1(scores: ClassScores) -> float:
    return scores.f1.value if scores.f1 else 1.0


def _hung(evaluation: Evaluation, exhibits: Iterable[Exhibit], limit: int) -> list[Fields]:
    return [
        {"exhibit": exhibit, "picture": _inline(evaluation.images([exhibit.number])[0], limit)} for exhibit in exhibits
    ]


def _inline(picture: NDArray[np.uint8], limit: int) -> Fields:
    return html.inline(Image.fromarray(picture), limit)


def _importance_maps(forest: Forest) -> list[Fields]:
    """The forest's map, and that of each channel to a common scale."""
    values = importances(forest)
    heats = [_brightened(values.sum(axis=2)), *np.moveaxis(_brightened(values), 2, 0)]
    shares = [values.sum(), *values.sum(axis=(0, 1))]
    return [
        {"name": name, "share": float(share), "picture": _enlarged(coloured(heat))}
        for name, heat, share in zip(("All channels", "Red", "Green", "Blue"), heats, shares, strict=True)
    ]


def _brightened(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values as heat in [0, 1]; a hundredth of those above 0 are all at 1, for a few would leave the others dark."""
    above = values[values > 0]
    return np.clip(values / (np.quantile(above, 0.99) if len(above) else 1.0), 0, 1)


def _enlarged(picture: NDArray[np.uint8]) -> Fields:
    side = max(1, MAP_SIDE // len(picture)) * len(picture)
    return html.inline(Image.fromarray(picture).resize((side, side), Image.Resampling.NEAREST), PICTURE_BYTES // 4)


def _explained(evaluation: Evaluation, model: NetworkModel) -> Fields:
    """What spoke in the surest picture of each class named right and wrong, and the first layer's maps of one."""
    chosen = [exhibit for wall in _walls(evaluation) for exhibit in (*wall.surest_right[:1], *wall.surest_wrong[:1])]
    limit = PICTURE_BYTES // (3 * len(chosen) + 2)
    numbers = [exhibit.number for exhibit in chosen]
    images = evaluation.images(numbers)
    said = hires_cam(model, images, evaluation.probabilities[numbers].argmax(axis=1))
    true = hires_cam(model, images, evaluation.truth[numbers])
    return {
        "exhibits": [
            {
                "exhibit": exhibit,
                "picture": _inline(image, limit),
                "heats": [
                    {"name": name, "is_cold": not heat.any(), "picture": _inline(overlaid(image, heat), limit)}
                    for name, heat in {exhibit.said: heat_of_said, exhibit.truth: heat_of_truth}.items()
                ],
            }
            for exhibit, image, heat_of_said, heat_of_truth in zip(chosen, images, said, true, strict=True)
        ],
        "picture": _inline(images[0], limit),
        "maps": _map_sheet(activation_maps(model, images[0])),
        "model": evaluation.classifier.card.model,
    }


def _map_sheet(maps: NDArray[np.float32]) -> Fields:
    """The maps of a layer as one picture, each to its own scale."""
    peaks = np.maximum(maps.max(axis=(1, 2), keepdims=True), np.finfo(np.float32).tiny)
    sheet = grid(np.stack([coloured(each) for each in maps / peaks]), columns=8)
    return {**_inline(sheet, PICTURE_BYTES // 4), "count": len(maps)}


# --- Words ---


def _name(evaluation: Evaluation) -> str:
    path = evaluation.classifier.path
    return path.resolve().name if path else evaluation.classifier.card.model


def _which(evaluation: Evaluation) -> str:
    if evaluation.data.fingerprint == evaluation.classifier.card.fingerprint:
        return "that were held back from its training"
    return "of the dataset" if evaluation.are_all else f"in its {TEST} split"


def _training_command(card: Card, name: str) -> str:
    """The command that trains the same classifier; options that were left alone are left out."""
    defaults = models.find(card.model).options_class().model_dump()
    words = ["train", card.data, "--out", name, "--label", card.label_column, "--model", card.model]
    changed = {key: value for key, value in card.options.items() if value != defaults.get(key)}
    for key, value in changed.items():
        words += ["--set", f"{key}={value}"]
    return _command(words)


def _evaluation_command(evaluation: Evaluation) -> str:
    words: list[Any] = ["evaluate", evaluation.classifier.path or _name(evaluation)]
    if evaluation.data.path.resolve() != Path(evaluation.classifier.card.data):
        words += ["--data", evaluation.data.path]
    return _command([*words, "--seed", evaluation.seed])


def _command(words: list[Any]) -> str:
    return shlex.join(["ganvas", "classify", *map(str, words)])
