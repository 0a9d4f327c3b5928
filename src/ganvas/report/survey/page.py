"""The page of a survey: what is in a dataset, as one HTML file that needs nothing beside it.

It is made as the run page is (`ganvas.report.run.page`): a section is a function from the survey to what its template
shows, `templates/survey/<section>.html`, or to None where there is nothing to show.
"""

import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.data.dataset.columns import Column
from ganvas.data.dataset.split import NEAR
from ganvas.data.survey.kinds import LOOKED_AT
from ganvas.data.survey.rejected import folders_of, thumbnail
from ganvas.data.survey.survey import Survey
from ganvas.report import html
from ganvas.report.html import Fields
from ganvas.report.survey import charts
from ganvas.report.survey.pictures import Hanging, wall

Numbers = NDArray[np.int64]

# What the pictures of a section may weigh together before base64.
SECTION_BYTES = 6_000_000

# Pictures of a class, where there is one class, some, or many; some are so many that each has a wide room.
ROOMY = 12
SHEETS = {1: 48, ROOMY: 24, LOOKED_AT: 12}

# Groups of near-duplicates that are shown, and pictures of each; files left out by one reason, as pictures and names.
GROUPS, IN_A_GROUP = 24, 6
THUMBNAILS, NAMES = 12, 60


def write_page(survey: Survey, out: str | Path) -> Path:
    """Write the page of a survey.

    Args:
        survey: what was found.
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
        "kinds": [kind.name for kind in survey.kinds] if survey.has_classes else [],
        "column": data.info.label_column,
        "splits": data.splits,
        "wall": wall(data, survey.seed),
    }


def _headline(survey: Survey) -> Fields:
    return {
        "survey": survey,
        "held_back": len(survey.data) - survey.data.splits["train"],
        "rejected": None if survey.rejects is None else sum(map(len, survey.rejects)),
        "advice": [_sentence(line) for line in survey.advice],
    }


def _classes(survey: Survey) -> Fields | None:
    if not survey.has_classes:
        return None
    order = sorted(range(len(survey.kinds)), key=lambda place: -len(survey.kinds[place]))
    largest = [place for place in order if place in survey.looks]
    smaller = [place for place in order if place not in survey.looks]
    most = max(map(len, survey.kinds))
    return {
        "column": survey.data.info.label_column,
        "evenness": survey.evenness,
        "bars": [
            {
                "place": place,
                "kind": survey.kinds[place],
                "length": len(survey.kinds[place]) / most,
                "share": len(survey.kinds[place]) / len(survey.data),
                "palette": survey.looks[place].palette,
            }
            for place in largest
        ],
        "is_split": any(kind.splits["train"] < len(kind) for kind in survey.kinds),
        "smaller": len(smaller),
        "in_smaller": sum(len(survey.kinds[place]) for place in smaller),
    }


def _means(survey: Survey) -> Fields:
    hanging = Hanging(survey.data, len(survey.looks), SECTION_BYTES)
    return {
        "means": [
            {
                "name": survey.kinds[place].name,
                "picture": hanging.pixels(looks.mean),
                "averaged": looks.averaged,
                "of": len(survey.kinds[place]),
            }
            for place, looks in survey.looks.items()
        ],
        "has_classes": survey.has_classes,
    }


def _rooms(survey: Survey) -> Fields:
    """Each class that was looked at: pictures at random, its colours, and its groups of alike pictures."""
    count = next(sheet for classes, sheet in SHEETS.items() if len(survey.looks) <= classes)
    hanging = Hanging(survey.data, len(survey.looks) * (count + 12), SECTION_BYTES)
    rooms = []
    for place, looks in survey.looks.items():
        kind = survey.kinds[place]
        random = np.random.default_rng((survey.seed, place))
        sheet = random.permutation(kind.rows)[:count]
        rooms.append(
            {
                "place": place,
                "name": kind.name,
                "count": len(kind),
                "palette": looks.palette,
                "sheet": [hanging.row(int(row)) for row in sheet],
                "groups": [
                    {
                        "count": each.count,
                        "picture": hanging.pixels(each.picture),
                        "typical": hanging.row(each.typical),
                    }
                    for each in looks.composites
                ],
                "grouped": looks.grouped,
            }
        )
    return {
        "rooms": rooms,
        "has_classes": survey.has_classes,
        "coloured": max(looks.coloured for looks in survey.looks.values()),
        "are_all_coloured": all(len(survey.kinds[place]) == looks.coloured for place, looks in survey.looks.items()),
        "has_groups": any(room["groups"] for room in rooms),
        "is_compact": len(rooms) > ROOMY,
        "hidden": len(survey.kinds) - len(rooms),
    }


def _columns(survey: Survey) -> Fields | None:
    """The columns that are not the class, counted."""
    others = [each for each in survey.columns if each.name != survey.data.info.label_column]
    if not others:
        return None
    return {
        "columns": [{"column": each, "most": max(each.counts.values())} for each in others if each.counts],
        "various": [each for each in others if not each.counts],
    }


def _dates(survey: Survey) -> Fields | None:
    if not survey.dates:
        return None
    return {
        "timelines": [
            {"timeline": each, "most": max(period.count for period in each.periods)} for each in survey.dates
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


def _twins(survey: Survey) -> Fields | None:
    if survey.twins is None:
        return None
    leaked = {int(rows[0]) for rows in survey.twins.leaks}
    others = [rows for rows in survey.twins.groups if int(rows[0]) not in leaked]
    return {
        "twins": survey.twins,
        "leaks": _groups(survey, survey.twins.leaks),
        "groups": _groups(survey, others),
        "hidden_leaks": max(0, len(survey.twins.leaks) - GROUPS),
        "hidden": max(0, len(others) - GROUPS),
        "is_split": len(survey.data) > survey.data.splits["train"],
        "bits": NEAR,
    }


def _groups(survey: Survey, groups: list[Numbers]) -> list[Fields]:
    """Groups of near-duplicates, of each a few pictures from both sides of the split and of every class."""
    hanging = Hanging(survey.data, GROUPS * IN_A_GROUP, SECTION_BYTES)
    shown = []
    for rows in groups[:GROUPS]:
        pictures = [hanging.row(int(row)) for row in _spread(survey, rows)]
        kinds = {each["kind"] for each in pictures}
        shown.append({"pictures": pictures, "hidden": len(rows) - len(pictures), "conflicting": len(kinds) > 1})
    return shown


def _spread(survey: Survey, rows: Numbers) -> Numbers:
    """At most `IN_A_GROUP` of the rows, one of each split and class before a second one of any, then in their order."""
    frame = survey.data.index.iloc[rows]
    by = [name for name in ("split", survey.data.info.label_column) if name and name in frame]
    turns = frame.groupby(by).cumcount().to_numpy() if by else np.arange(len(rows))
    return np.sort(rows[np.argsort(turns, kind="stable")[:IN_A_GROUP]])


def _rejected(survey: Survey) -> Fields | None:
    if not survey.rejects:
        return None
    folders, reasons = folders_of(survey.data), []
    for each in survey.rejects:
        seen = [(file, thumbnail(folders, file.path)) for file in each.files[: 4 * THUMBNAILS]] if folders else []
        pictures = [(file, picture) for file, picture in seen if picture is not None][:THUMBNAILS]
        reasons.append(
            {
                "reason": each.reason,
                "count": len(each),
                "pictures": [{"source": str(file), **html.inline(picture, 12_000)} for file, picture in pictures],
                "names": [str(file) for file in each.files[:NAMES]],
                "hidden": max(0, len(each) - NAMES),
            }
        )
    return {"reasons": reasons, "are_there": bool(folders)}


def _whose(survey: Survey) -> Fields:
    return {
        "licences": _words(survey.licences),
        "origins": _words(survey.origins),
        "is_painted": str(survey.data.info.options.get("source", "")).startswith("painter:"),
    }


def _words(columns: list[Column]) -> dict[str, str]:
    return {each.name: each.words for each in columns}


def _provenance(survey: Survey) -> Fields:
    data = survey.data
    options = {key: value for key, value in data.info.options.items() if value is not None}
    words = ["ganvas", "survey", str(data.path), "--out", "page.html", "--seed", str(survey.seed)]
    if survey.has_classes:
        words += ["--label", str(data.info.label_column)]
    return {
        "facts": {
            "Dataset": data.path.resolve().name,
            "Pictures": f"{len(data):,} of {data.size} \N{MULTIPLICATION SIGN} {data.size} pixels",
            "Fingerprint": data.fingerprint[:12],
        },
        "options": options,
        "command": shlex.join(words),
    }


SECTIONS: dict[str, Callable[[Survey], Fields | None]] = {
    "title": _title,
    "headline": _headline,
    "classes": _classes,
    "means": _means,
    "rooms": _rooms,
    "columns": _columns,
    "dates": _dates,
    "shapes": _shapes,
    "twins": _twins,
    "rejected": _rejected,
    "whose": _whose,
    "provenance": _provenance,
}


def _sentence(line: str) -> str:
    return f"{line[0].upper()}{line[1:]}."
