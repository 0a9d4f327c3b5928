"""Exporting a generator: from the name of a format to a file or folder."""

import inspect
from collections.abc import Callable
from pathlib import Path

from ganvas.foundation.errors import ConfigError
from ganvas.foundation.files import refuse_taken
from ganvas.foundation.paths import new_path
from ganvas.sharing import formats
from ganvas.sharing.given import Given


def export(source: str | Path, to: str, out: str | Path, **options: object) -> list[str]:
    """Export a generator in a form that needs no ganvas.

    Args:
        source: a snapshot, or a run directory, of which the best snapshot is taken, or else the last.
        to: the format: "safetensors", "onnx", "web" or "hub".
        out: the file or folder to make; see the format for which of them it is.
        **options: options of the format, such as `license` of "hub". Those that are None count as not given.

    Returns:
        Lines about what was written and how it was checked.

    Raises:
        ConfigError: the format or an option is unknown, or the network cannot be exported.
        RunError: the snapshot cannot be read, or what was exported paints other pictures.
        GanvasError: `out` exists, a package is missing, or the file system refused. Nothing is left behind.
    """
    write, out = formats.find(to), new_path(out)
    given_options = {name: value for name, value in options.items() if value is not None}
    for name in given_options:
        if name not in _options(write):
            homes = [each for each in formats.names() if name in _options(formats.find(each))]
            where = f"; it is an option of {' and '.join(homes)}" if homes else ""
            raise ConfigError(f"{to} has no option {name}{where}")
    refuse_taken(out)
    return list(write(Given.open(source), out, **given_options))


def _options(write: Callable[..., object]) -> set[str]:
    """The names of the options of a format."""
    parameters = inspect.signature(write).parameters.values()
    return {each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY}
