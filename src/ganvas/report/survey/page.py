"""The page of a survey: what is in a dataset, as one self-contained HTML file.

It is made like the page of a run (`ganvas.report.run.page`). A section is a function that takes the survey and returns
the fields of its template, `templates/survey/<section>.html`, or None if there is nothing to show.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np

from ganvas.data.dataset.columns import Column
from ganvas.data.dataset.split import NEAR
from ganvas.data.survey.classes import MOST_CLASSES, ClassRows
from ganvas.data.survey.composites import Composite
from ganvas.data.survey.near_duplicates import NearDuplicates
from ganvas.data.survey.originals import folders_of, thumbnail
from ganvas.data.survey.palette import Colour
from ganvas.data.survey.rejected import RejectedFiles
from ganvas.data.survey.survey import Survey
from ganvas.foundation.arrays import Integers
from ganvas.report import html
from ganvas.report.html import Fields
from ganvas.report.survey import charts
from ganvas.report.survey.thumbnails import Thumbnail, Thumbnails, mosaic

# The size of the pictures of a section in bytes before base64.
SECTION_BYTES = 6_000_000

# The number of random pictures for each class: up to this many classes -> pictures.
SAMPLES = {1: 48, 12: 24, MOST_CLASSES: 12}
# With more classes than this, each is laid out in less space.
SPACIOUS_CLASSES = 12

# Groups of near-duplicates to show, and pictures of each.
GROUPS, IN_A_GROUP = 24, 6
# Files left out for one reason to show as thumbnails, and to list by name.
THUMBNAILS, NAMES = 12, 60
# The size of such a thumbnail in bytes before base64.
REJECTED_BYTES = 12_000


class Bar(TypedDict):
    """A class in the bar chart of the classes."""

    position: int
    members: ClassRows
    length: float
    share: float
    palette: tuple[Colour, ...]


class SimilarPictures(TypedDict):
    """A group of similar pictures of a class: the mean, and the picture nearest to it."""

    count: int
    picture: Fields
    typical: Thumbnail


class ClassPictures(TypedDict):
    """The pictures of one class."""

    position: int
    name: str | None
    count: int
    palette: tuple[Colour, ...]
    samples: list[Thumbnail]
    groups: list[SimilarPictures]
    grouped: int


class DuplicateGroup(TypedDict):
    """A group of near-duplicates; `hidden` is the number of its pictures that are not shown."""

    pictures: list[Thumbnail]
    hidden: int
    conflicting: bool


class DuplicateFields(TypedDict):
    """The fields of the section about near-duplicates."""

    near_duplicates: NearDuplicates
    leaks: list[DuplicateGroup]
    groups: list[DuplicateGroup]
    hidden_leaks: int
    hidden: int
    is_split: bool
    bits: int


class Reason(TypedDict):
    """The files left out for one reason; `hidden` is the number of files that are not listed."""

    reason: str
    count: int
    pictures: list[Fields]
    names: list[str]
    hidden: int


class RejectedFields(TypedDict):
    """The fields of the section about files left out."""

    reasons: list[Reason]
    are_there: bool


def write_page(survey: Survey, out: str | Path) -> Path:
    """Write the page of a survey.

    Args:
        survey: the survey.
        out: the HTML file to write, replaced if it exists.

    Returns:
        The file written.

    Raises:
        GanvasError: the file system refused; `out` is as it was.
    """
    return html.write(render(survey), out)


def render(survey: Survey) -> str:
    """The page of a survey as HTML."""
    name = survey.data.path.resolve().name
    return html.render(
        title=f"A survey of {name}",
        subject=f"A survey of {name}",
        sections={f"survey/{section}.html": make(survey) for section, make in SECTIONS.items()},
        styles=["survey/survey.css"],
    )


# --- Sections, in the order of the page ---


def _title(survey: Survey) -> Fields:
    data = survey.data
    return {
        "name": data.path.resolve().name,
        "pictures": len(data),
        "class_names": [members.name for members in survey.classes] if survey.has_classes else [],
        "column": data.info.label_column,
        "splits": data.splits,
        "mosaic": mosaic(data, survey.seed),
    }


def _headline(survey: Survey) -> Fields:
    return {
        "survey": survey,
        "held_back": len(survey.data) - survey.data.splits["train"],
        "rejected": None if survey.rejected is None else sum(map(len, survey.rejected)),
        "advice": [_sentence(line) for line in survey.advice],
    }


def _classes(survey: Survey) -> Fields | None:
    if not survey.has_classes:
        return None
    by_size = sorted(enumerate(survey.classes), key=lambda item: -len(item[1]))
    smaller = [members for position, members in by_size if position not in survey.appearances]
    most = max(map(len, survey.classes))
    bars: list[Bar] = [
        {
            "position": position,
            "members": members,
            "length": len(members) / most,
            "share": len(members) / len(survey.data),
            "palette": survey.appearances[position].palette,
        }
        for position, members in by_size
        if position in survey.appearances
    ]
    return {
        "column": survey.data.info.label_column,
        "effective_classes": survey.effective_classes,
        "bars": bars,
        "is_split": any(members.splits["train"] < len(members) for members in survey.classes),
        "smaller": len(smaller),
        "in_smaller": sum(map(len, smaller)),
    }


def _means(survey: Survey) -> Fields:
    thumbnails = Thumbnails(survey.data, len(survey.appearances), SECTION_BYTES)
    return {
        "means": [
            {
                "name": survey.classes[position].name,
                "picture": thumbnails.of_pixels(appearance.mean),
                "averaged": appearance.averaged,
                "of": len(survey.classes[position]),
            }
            for position, appearance in survey.appearances.items()
        ]
    }


def _appearance(survey: Survey) -> Fields:
    """The classes one by one: random pictures, colours, and groups of similar pictures."""
    count = next(samples for classes, samples in SAMPLES.items() if len(survey.appearances) <= classes)
    thumbnails = Thumbnails(survey.data, len(survey.appearances) * (count + 12), SECTION_BYTES)
    classes = [_class_pictures(survey, position, count, thumbnails) for position in survey.appearances]
    return {
        "classes": classes,
        "has_classes": survey.has_classes,
        "coloured": max(appearance.coloured for appearance in survey.appearances.values()),
        "are_all_coloured": all(
            len(survey.classes[position]) == appearance.coloured for position, appearance in survey.appearances.items()
        ),
        "has_groups": any(pictures["groups"] for pictures in classes),
        "is_compact": len(classes) > SPACIOUS_CLASSES,
        "hidden": len(survey.classes) - len(classes),
    }


def _class_pictures(survey: Survey, position: int, count: int, thumbnails: Thumbnails) -> ClassPictures:
    """A class with `count` of its pictures, chosen at random."""
    members, appearance = survey.classes[position], survey.appearances[position]
    samples = np.random.default_rng((survey.seed, position)).permutation(members.rows)[:count]
    return {
        "position": position,
        "name": members.name,
        "count": len(members),
        "palette": appearance.palette,
        "samples": [thumbnails.of_row(int(row)) for row in samples],
        "groups": [_similar_pictures(composite, thumbnails) for composite in appearance.composites],
        "grouped": appearance.grouped,
    }


def _similar_pictures(composite: Composite, thumbnails: Thumbnails) -> SimilarPictures:
    return {
        "count": composite.count,
        "picture": thumbnails.of_pixels(composite.picture),
        "typical": thumbnails.of_row(composite.typical),
    }


def _columns(survey: Survey) -> Fields | None:
    """Counts of the columns other than the class."""
    columns = [column for column in survey.columns if column.name != survey.data.info.label_column]
    if not columns:
        return None
    return {
        "columns": [{"column": column, "most": max(column.counts.values())} for column in columns if column.counts],
        "various": [column for column in columns if not column.counts],
    }


def _dates(survey: Survey) -> Fields | None:
    if not survey.dates:
        return None
    return {
        "timelines": [
            {"timeline": timeline, "most": max(period.count for period in timeline.periods)}
            for timeline in survey.dates
        ],
        "pictures": len(survey.data),
    }


def _shapes(survey: Survey) -> Fields | None:
    shapes = survey.shapes
    if shapes is None:
        return None
    chart = charts.sizes(shapes)
    return {
        "shapes": shapes,
        "size": survey.data.size,
        "fit": survey.data.info.options.get("fit"),
        "charts": [chart] if chart else [],
    }


def _duplicates(survey: Survey) -> DuplicateFields | None:
    near_duplicates = survey.near_duplicates
    if near_duplicates is None:
        return None
    leaked = {int(rows[0]) for rows in near_duplicates.leaks}
    others = [rows for rows in near_duplicates.groups if int(rows[0]) not in leaked]
    return {
        "near_duplicates": near_duplicates,
        "leaks": _duplicate_groups(survey, near_duplicates.leaks),
        "groups": _duplicate_groups(survey, others),
        "hidden_leaks": max(0, len(near_duplicates.leaks) - GROUPS),
        "hidden": max(0, len(others) - GROUPS),
        "is_split": len(survey.data) > survey.data.splits["train"],
        "bits": NEAR,
    }


def _duplicate_groups(survey: Survey, groups: list[Integers]) -> list[DuplicateGroup]:
    """The first `GROUPS` groups, with a few pictures of each."""
    thumbnails = Thumbnails(survey.data, GROUPS * IN_A_GROUP, SECTION_BYTES)
    shown: list[DuplicateGroup] = []
    for rows in groups[:GROUPS]:
        pictures = [thumbnails.of_row(int(row)) for row in _representatives(survey, rows)]
        conflicting = len({picture["class_name"] for picture in pictures}) > 1
        shown.append({"pictures": pictures, "hidden": len(rows) - len(pictures), "conflicting": conflicting})
    return shown


def _representatives(survey: Survey, rows: Integers) -> Integers:
    """At most `IN_A_GROUP` of the rows, ascending: one of each split and class before a second one of any."""
    frame = survey.data.index.iloc[rows]
    by = [name for name in ("split", survey.data.info.label_column) if name and name in frame]
    turns = frame.groupby(by).cumcount().to_numpy() if by else np.arange(len(rows))
    return np.sort(rows[np.argsort(turns, kind="stable")[:IN_A_GROUP]])


def _rejected(survey: Survey) -> RejectedFields | None:
    if not survey.rejected:
        return None
    folders = folders_of(survey.data)
    return {"reasons": [_reason(rejected, folders) for rejected in survey.rejected], "are_there": bool(folders)}


def _reason(rejected: RejectedFiles, folders: Mapping[str, Path]) -> Reason:
    """The files of one reason, with thumbnails of the first that can be decoded."""
    pictures: list[Fields] = []
    for file in rejected.files[: 4 * THUMBNAILS] if folders else []:
        picture = thumbnail(folders, file.path)
        if picture is not None:
            pictures.append({"source": str(file), **html.inline(picture, REJECTED_BYTES)})
        if len(pictures) == THUMBNAILS:
            break
    return {
        "reason": rejected.reason,
        "count": len(rejected),
        "pictures": pictures,
        "names": [str(file) for file in rejected.files[:NAMES]],
        "hidden": max(0, len(rejected) - NAMES),
    }


def _origins(survey: Survey) -> Fields:
    return {
        "licences": _in_words(survey.licences),
        "origins": _in_words(survey.origins),
        "is_painted": str(survey.data.info.options.get("source", "")).startswith("painter:"),
    }


def _in_words(columns: Sequence[Column]) -> dict[str, str]:
    return {column.name: column.words for column in columns}


def _provenance(survey: Survey) -> Fields:
    data = survey.data
    command = ["ganvas", "survey", str(data.path), "--out", "page.html", "--seed", str(survey.seed)]
    if survey.has_classes:
        command += ["--label", str(data.info.label_column)]
    return {
        "facts": {
            "Dataset": data.path.resolve().name,
            "Pictures": f"{len(data):,} of {data.size} \N{MULTIPLICATION SIGN} {data.size} pixels",
            "Fingerprint": data.fingerprint[:12],
        },
        "options": {key: value for key, value in data.info.options.items() if value is not None},
        "command": shlex.join(command),
    }


SECTIONS: dict[str, Callable[[Survey], Mapping[str, object] | None]] = {
    "title": _title,
    "headline": _headline,
    "classes": _classes,
    "means": _means,
    "appearance": _appearance,
    "columns": _columns,
    "dates": _dates,
    "shapes": _shapes,
    "duplicates": _duplicates,
    "rejected": _rejected,
    "origins": _origins,
    "provenance": _provenance,
}


def _sentence(line: str) -> str:
    return f"{line[0].upper()}{line[1:]}."
