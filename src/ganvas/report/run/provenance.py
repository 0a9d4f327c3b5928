"""The last section of the run page: what was trained on which pictures, and what may be said about the result."""

from dataclasses import dataclass
from pathlib import Path

from ganvas.data.dataset.columns import LICENCE, ORIGIN, Column, columns_about
from ganvas.foundation.errors import DataError
from ganvas.report.html import Fields, percent, significant
from ganvas.report.run.run import Run

# Sources with this prefix are pictures that ganvas painted itself.
_PAINTER = "painter:"


@dataclass(frozen=True)
class Sources:
    """What a dataset tells about the origin of its pictures.

    Attributes:
        licences: columns about licences.
        origins: columns about the origin, such as the artist.
        is_painted: whether ganvas painted the pictures itself.
        missing: why the dataset cannot be read; None if it can.
        prepared_from: name of the folder of the original pictures.
    """

    licences: list[Column]
    origins: list[Column]
    is_painted: bool = False
    missing: str | None = None
    prepared_from: str | None = None

    @classmethod
    def of(cls, run: Run) -> "Sources":
        """Read the index of a run's dataset."""
        try:
            data = run.dataset()
        except DataError as error:
            return cls([], [], missing=str(error))
        source = str(data.info.options.get("source", ""))
        is_painted = source.startswith(_PAINTER)
        return cls(
            columns_about(data.index, LICENCE),
            columns_about(data.index, ORIGIN),
            is_painted,
            prepared_from=source if is_painted else Path(source).name or None,
        )


def card(run: Run) -> Fields:
    """The fields of the section."""
    record, sources = run.record, Sources.of(run)
    columns = {_heading(column.name): column.words for column in (*sources.licences, *sources.origins)}
    return {
        "facts": {
            **_facts(run),
            **({"Prepared from": sources.prepared_from} if sources.prepared_from else {}),
            **columns,
            "Near copies": _copies_counted(run),
            "ganvas": record.ganvas,
            **record.versions,
        },
        "options": record.options,
        "command": record.command,
        "statements": [*_copies(run), *_licences(sources), *_origin(run)],
    }


def _facts(run: Run) -> dict[str, str]:
    record = run.record
    size, names = record.dataset["size"], record.dataset["class_names"]
    held_back = record.dataset["count"] - record.training_count
    return {
        "Pictures": f"{record.training_count:,} in {run.data_name}"
        + (f", {held_back:,} more held back" if held_back else ""),
        "Classes": f"{len(names)}: {', '.join(map(str, names))}" if names else "none",
        "Size": f"{size} \N{MULTIPLICATION SIGN} {size} pixels",
        "Fingerprint": record.dataset["fingerprint"][:12],
        "Recipe": record.recipe,
        "Generator": _parameters(record.networks["generator_parameters"]),
        "Discriminator": _parameters(record.networks["discriminator_parameters"]),
        "Device": f"{record.machine['device_name']} · {record.machine['device']}",
        "Precision": record.machine["precision"],
        "Budget": record.settings["budget"],
        "Seed": record.settings["seed"],
    }


def _parameters(count: int) -> str:
    return f"{significant(count / 1e6)} million parameters"


def _heading(name: str) -> str:
    """The name of a column as a heading, marked to differ from the other headings."""
    return f"{name[:1].upper()}{name[1:]} (index)"


def _copies_counted(run: Run) -> str:
    best = run.logs.best
    copies, generated = (best.get("copies"), best.get("generated")) if best else (None, None)
    if copies is None or generated is None:
        return "not measured"
    return f"{copies * generated:,.0f} of {generated:,.0f} generated"


# --- Statements about what may be said, each with a heading and an explanation ---


def _copies(run: Run) -> list[Fields]:
    best = run.logs.best
    copies, compared, alike = map(best.get, ("copies", "generated", "real_copies")) if best else (None, None, None)
    if copies is None or compared is None:
        return [
            _statement(
                "open",
                "Near copies were not measured",
                "Before you call its pictures new, run an evaluation and look at the nearest training pictures.",
            )
        ]
    count = round(copies * compared)
    limit = "The search finds copies of whole pictures, also mirrored or slightly shifted, but not copied details."
    if not count:
        return [
            _statement(
                "yes",
                f"No near copy among {compared:,.0f} pictures",
                f"You may say that no near copy of a training picture was found among {compared:,.0f} pictures of this "
                f"generator. There may still be some: with 95 % confidence, fewer than {percent(3 / compared)} of its "
                f"pictures are near copies. {limit}",
            )
        ]
    baseline = "" if alike is None else f" Of real pictures it never saw, {percent(alike)} would pass for copies too."
    return [
        _statement(
            "no",
            f"{count:,} of {compared:,.0f} pictures are near copies",
            f"You may not say that its pictures are new: about {percent(copies)} are as near to a training picture as "
            f"a copy.{baseline} The maker of the original may have rights to a near copy. Compare each picture with "
            f"the training pictures before you show or sell it. {limit}",
        )
    ]


def _licences(sources: Sources) -> list[Fields]:
    if sources.is_painted:
        return [
            _statement(
                "yes",
                "ganvas painted the training pictures itself",
                "A program in ganvas drew them from random numbers. They contain nobody else's work.",
            )
        ]
    if sources.missing:
        return [
            _statement("open", "The origin of its training pictures cannot be checked", f"Reason: {sources.missing}.")
        ]
    known = [column for column in sources.licences if column.counts or column.others]
    if not known:
        origins = " It does list their origin." if sources.origins else ""
        return [
            _statement(
                "open",
                "The licences of its training pictures are unknown",
                f"The dataset does not list licences.{origins} You may not say that it was trained on free pictures. "
                "Whether you may train on other people's pictures and sell the results depends on the licences and on "
                "the law of your country. Find out first.",
            )
        ]
    missing = sum(column.unknown for column in known)
    gaps = f" For {missing:,} pictures, none is listed." if missing else ""
    return [
        _statement(
            "open",
            "Its training pictures have licences",
            f"{'; '.join(f'{column.name}: {column.words}' for column in known)}.{gaps} ganvas does not judge licences. "
            "Read what each of them requires, such as attribution, no commercial use or sharing alike, and whether it "
            "mentions training.",
        )
    ]


def _origin(run: Run) -> list[Fields]:
    names = run.record.dataset["class_names"]
    people = " If a class has the name of a person, its pictures are not made or approved by that person."
    return [
        _statement(
            "yes",
            "Made by a machine, and repeatable",
            f"You may say that its pictures were made by a generative network ({run.record.recipe}) trained on "
            f"{run.record.training_count:,} pictures of {run.data_name}. You may not say that a picture is unique: "
            f"anyone with the snapshot and the seed can make it again.{people if names else ''} In many countries, "
            "there is no copyright on what a machine made alone.",
        )
    ]


def _statement(kind: str, heading: str, text: str) -> Fields:
    """A statement. The kind is "yes" if something may be said, "no" if it may not, and "open" if that is unknown."""
    return {"kind": kind, "heading": heading, "text": text}
