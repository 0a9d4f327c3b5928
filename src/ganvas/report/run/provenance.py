"""The provenance card: what was trained on what, whose pictures those were, and what may be said of the result."""

from dataclasses import dataclass
from pathlib import Path

from ganvas.data.dataset.columns import LICENCE, ORIGIN, Column, columns_about
from ganvas.foundation.errors import DataError
from ganvas.report.html import Fields, percent, significant
from ganvas.report.run.run import Run

# ganvas's own painter, as `prepare` records it.
_PAINTER = "painter:"


@dataclass(frozen=True)
class Sources:
    """What a dataset says of where its pictures are from.

    Attributes:
        licences: columns about what may be done with them.
        origins: columns about whose they are.
        is_painted: whether ganvas painted them itself.
        missing: why nothing is known, where the dataset is not there.
        prepared_from: the name of the folder that the pictures were in.
    """

    licences: list[Column]
    origins: list[Column]
    is_painted: bool = False
    missing: str | None = None
    prepared_from: str | None = None

    @classmethod
    def of(cls, run: Run) -> "Sources":
        """Read them from the index of the dataset, if it is still there."""
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
    """What was trained on what, and what may be said of it."""
    record, sources = run.record, Sources.of(run)
    columns = {_titled(column.name): column.words for column in (*sources.licences, *sources.origins)}
    return {
        "facts": {
            **_facts(run),
            **({"Prepared from": sources.prepared_from} if sources.prepared_from else {}),
            **columns,
            "Near copies": _copies_found(run),
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


def _titled(name: str) -> str:
    """A column's name as a heading: "Licence", and apart from the card's own headings."""
    return f"{name[:1].upper()}{name[1:]} (index)"


def _copies_found(run: Run) -> str:
    best = run.logs.best
    copies, generated = (best.get("copies"), best.get("generated")) if best else (None, None)
    if copies is None or generated is None:
        return "not looked for"
    return f"{copies * generated:,.0f} of {generated:,.0f} generated"


# --- What may be said; each statement is a heading, what is known, and what that allows to say ---


def _copies(run: Run) -> list[Fields]:
    best = run.logs.best
    copies, compared, alike = map(best.get, ("copies", "generated", "real_copies")) if best else (None, None, None)
    if copies is None or compared is None:
        return [
            _statement(
                "open",
                "Whether it copies was not measured",
                "Do not call its pictures new before it is: run an evaluation, and look at the nearest training "
                "pictures.",
            )
        ]
    found = round(copies * compared)
    limit = (
        "What is looked for is a whole picture again, mirrored or a little shifted; a copied figure or detail is not."
    )
    if not found:
        return [
            _statement(
                "yes",
                f"No near copy among {compared:,.0f} pictures",
                f"You may say: no near copy of a training picture was found among {compared:,.0f} pictures of this "
                f"generator. That is not none at all: with 95 % confidence fewer than {percent(3 / compared)} of its "
                f"pictures are. {limit}",
            )
        ]
    beside = "" if alike is None else f" Of real pictures it never saw, {percent(alike)} would pass for copies too."
    return [
        _statement(
            "no",
            f"{found:,} of {compared:,.0f} pictures are near copies",
            f"You may not say that its pictures are new: about {percent(copies)} come as near to a training picture "
            f"as a copy does.{beside} A near copy belongs to whoever made the picture that it copies: hold each "
            f"picture against the training pictures before you show or sell it. {limit}",
        )
    ]


def _licences(sources: Sources) -> list[Fields]:
    if sources.is_painted:
        return [
            _statement(
                "yes",
                "ganvas painted the training pictures itself",
                "They are drawn by a program that comes with ganvas, from numbers; nobody else's picture is in them.",
            )
        ]
    if sources.missing:
        return [_statement("open", "Whose pictures it learnt from cannot be looked up", f"Here, {sources.missing}.")]
    known = [column for column in sources.licences if column.counts or column.others]
    if not known:
        whose = " It does name where they are from, as listed above." if sources.origins else ""
        return [
            _statement(
                "open",
                "The licences of its training pictures are unknown",
                f"Nothing in the dataset says what may be done with its pictures.{whose} You may not say that it was "
                "trained on free pictures. Whether you may train on others' pictures, and sell what comes of it, "
                "depends on their licences and on the law where you are: find out first.",
            )
        ]
    missing = sum(column.unknown for column in known)
    gaps = f" For {missing:,} pictures nothing is said." if missing else ""
    return [
        _statement(
            "open",
            "Its training pictures have licences",
            f"{'; '.join(f'{column.name}: {column.words}' for column in known)}.{gaps} ganvas does not judge them: "
            "read what each asks, such as naming the maker, not selling, or sharing alike, and whether it speaks of "
            "training.",
        )
    ]


def _origin(run: Run) -> list[Fields]:
    names = run.record.dataset["class_names"]
    people = " Where a class is a person's name, its pictures are not by, with or approved by that person."
    return [
        _statement(
            "yes",
            "Made by a machine, and repeatable",
            f"You may say: painted by a generative network ({run.record.recipe}) that learnt from "
            f"{run.record.training_count:,} pictures of {run.data_name}. You may not say that a picture is one of a "
            f"kind: whoever has the snapshot and the seed paints it again.{people if names else ''} In many "
            "countries nobody holds a copyright in what a machine made alone.",
        )
    ]


def _statement(kind: str, heading: str, text: str) -> Fields:
    """A statement: "yes", something may be said; "no", it may not; "open", that is not known."""
    return {"kind": kind, "heading": heading, "text": text}
