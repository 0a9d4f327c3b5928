"""The exceptions that ganvas raises.

Each message names the file, field or value that is wrong, what was expected, and the valid choices. The command line
prints it as one line on stderr and exits with code 2. A traceback means a bug in ganvas.
"""

import difflib
from collections.abc import Iterable


class GanvasError(Exception):
    """Base class of all errors that a user can cause or fix.

    Attributes:
        exit_code: with which the command line ends.
    """

    exit_code = 2

    def __str__(self) -> str:
        # What a library says of a file, which a message may quote, can have several lines.
        return " ".join(filter(None, map(str.strip, super().__str__().splitlines())))


class DataError(GanvasError):
    """A picture, a source of pictures or a dataset directory cannot be used."""


class ConfigError(GanvasError):
    """An option, recipe or budget does not exist, or does not fit the others."""


class RunError(GanvasError):
    """A run directory, checkpoint or snapshot cannot be read, resumed or written."""


class DivergedError(GanvasError):
    """Training stopped because a term of a loss is not finite."""


class WriteError(GanvasError):
    """The file system refused to write, because the disk is full or permission is missing."""


class UnlikeProcesses(GanvasError):
    """The processes of a run no longer hold the same state, which must not be saved."""


class LostProcess(GanvasError):
    """Another process of a run has failed, does not answer or cannot be reached. The run can be resumed.

    Args:
        message: which process, and why.
        is_told: whether this process should print it. One of those that are left is enough.
    """

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: the same command may succeed later

    def __init__(self, message: str, is_told: bool = True) -> None:
        super().__init__(message)
        self.is_told = is_told


def unknown(kind: str, value: str, choices: Iterable[str]) -> str:
    """The message for an unknown name: the most similar choice, then all choices.

    >>> unknown("recipe", "dcgen", ["dcgan", "wgan"])
    "unknown recipe 'dcgen' (did you mean 'dcgan'?); choose from: dcgan, wgan"
    """
    names = sorted(choices)
    near = difflib.get_close_matches(value, names, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"unknown {kind} {value!r}{hint}; choose from: {', '.join(names)}"
