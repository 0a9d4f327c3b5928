"""The errors ganvas raises on purpose.

Each says which file, field or value is wrong, what was expected, and the valid choices. The command line turns
any of them into one line on stderr and exit code 2; a traceback means a bug in ganvas.
"""

import difflib
from collections.abc import Iterable


class GanvasError(Exception):
    """The base of every error a user can cause or cure; its message is complete by itself."""


class DataError(GanvasError):
    """Pictures or a dataset directory that cannot be used."""


class ConfigError(GanvasError):
    """An option, recipe or budget that does not exist or does not fit."""


class RunError(GanvasError):
    """A run directory, checkpoint or snapshot that cannot be read, resumed or written."""


class DivergedError(GanvasError):
    """Training stopped because a loss term was no longer finite."""


class WriteError(GanvasError):
    """The file system refused to write: a full disk, no permission."""


def unknown(kind: str, value: str, choices: Iterable[str]) -> str:
    """A message that `value` is no known `kind`: the nearest choice first, then all of them.

    >>> unknown("recipe", "dcgen", ["dcgan", "wgan"])
    "unknown recipe 'dcgen' (did you mean 'dcgan'?); choose from: dcgan, wgan"
    """
    names = sorted(choices)
    near = difflib.get_close_matches(value, names, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"unknown {kind} {value!r}{hint}; choose from: {', '.join(names)}"
