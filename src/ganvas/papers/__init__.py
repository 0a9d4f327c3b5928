"""The five papers as data, one file each: the pictures, the experiments and the figures of each."""

from typing import TYPE_CHECKING

from ganvas.foundation.errors import ConfigError
from ganvas.foundation.registry import Registry, attribute

if TYPE_CHECKING:
    from ganvas.papers.paper import Paper

PAPERS: Registry["Paper"] = Registry("paper", __name__, attribute("PAPER"), besides=("drawings", "paper"))


def numbers() -> list[int]:
    """The numbers of the papers."""
    return sorted(int(name.rpartition("-")[2]) for name in PAPERS.names())


def find(number: int) -> "Paper":
    """A paper by its number.

    Raises:
        ConfigError: there is no such paper.
    """
    if number not in numbers():
        raise ConfigError(f"unknown paper {number}; choose from: {', '.join(map(str, numbers()))}")
    return PAPERS.find(f"paper-{number}")
