"""Words of commands that do what the studio does."""

import shlex
from collections.abc import Iterable

from ganvas.artist.origin import Cell


def named(name: str) -> str:
    """A name under the folder as an argument, which is never taken for a flag."""
    return f"./{name}" if name.startswith("-") else name


def command(words: Iterable[str]) -> str:
    """What to type in the folder of the studio."""
    return shlex.join(["ganvas", *words])


def painting(source: str, cell: Cell) -> list[str]:
    """The command that paints a picture into picture.png.

    Args:
        source: the snapshot, as an argument.
        cell: the picture. One whose latent no seed gives is painted again from its file.
    """
    if cell.latent is not None:
        return ["sample", source, "--like", "picture.png", "--out", "again.png"]
    words = ["explore", "grid", source, "-n", "1", "--seed", str(cell.seed), "--first", str(cell.number)]
    if isinstance(cell.label, dict):
        mixture = ",".join(f"{name}={weight:.6g}" for name, weight in cell.label.items() if weight)
        words += ["--label", mixture]
    elif cell.label is not None:
        words += ["--label", cell.label]
    if cell.truncation != 1:
        words += ["--truncation", f"{cell.truncation:g}"]
    for edit in cell.edits:
        words += ["--edit", f"{edit.direction}={edit.amount:g}"]
    return [*words, "--out", "picture.png"]
