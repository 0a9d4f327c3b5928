"""Training a run of a benchmark, of which its logs are kept."""

import contextlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ganvas.foundation.errors import DivergedError
from ganvas.foundation.files import whole_directory
from ganvas.planning.run import train

# The files of a run that are kept.
LOGS = ("config.yaml", "stats.jsonl", "evals.jsonl")


def train_and_keep(
    out: Path,
    data: Path,
    recipe: str,
    options: Mapping[str, Any],
    also: Callable[[Path, Path], None] = lambda run, kept: None,
) -> None:
    """Train one run and keep its logs.

    Args:
        out: the directory for the logs. It appears when the run is complete.
        data: the dataset directory.
        recipe: the name of the recipe, or module:Class.
        options: settings and options of the run.
        also: keeps more, from the directory of the run to that of the logs.

    Raises:
        KeyboardInterrupt: the run was interrupted.
    """
    directory = out.with_name(f"{out.name}-running")
    shutil.rmtree(directory, ignore_errors=True)
    with contextlib.suppress(DivergedError):  # some runs are meant to
        if not train(data, directory, recipe, **options).finished:
            raise KeyboardInterrupt
    with whole_directory(out) as partial:
        for name in LOGS:
            if (directory / name).exists():
                shutil.copy(directory / name, partial / name)
        also(directory, partial)
    shutil.rmtree(directory)
