"""The columns of scores that tables of several generators have, as the metrics declare them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ganvas.metrics.measures import declared
from ganvas.report.html import ABSENT

# Keys of the scores between KID and what else a table has.
SHARED = ("precision", "recall", "coverage", "diversity")


def heads(keys: Sequence[str]) -> list[str]:
    """The headings of the columns."""
    return [declared(key).name for key in keys]


def cells(value: Callable[[str], float | None], keys: Sequence[str]) -> list[str]:
    """The cells of the columns, with two decimals, from a function that looks up a figure by its key."""
    return [ABSENT if (score := value(key)) is None else f"{score:.2f}" for key in keys]


def reading(keys: Sequence[str]) -> str:
    """Which values are better, in a sentence for each kind of figure: "Lower is better: KID, copies."."""
    kinds: dict[str, list[str]] = {}
    for figure in map(declared, keys):
        better = f"{figure.better.capitalize()} is" if isinstance(figure.better, str) else f"Near {figure.better:g} is"
        kinds.setdefault(f"{better} better", []).append(figure.name)
    return " ".join(f"{kind}: {', '.join(names)}." for kind, names in kinds.items())


def verdicts(names: Iterable[str | None]) -> str:
    """The verdicts of runs as the text of a cell, each with its number if they differ."""
    counts = Counter(name for name in names if name is not None)
    if len(counts) > 1:
        return ", ".join(f"{name} ({count})" for name, count in counts.most_common())
    return next(iter(counts), ABSENT)
