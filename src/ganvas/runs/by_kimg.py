"""The files that a run names by kimg: sample grids and checkpoints, such as `00000012.800.png`."""

import re
from pathlib import Path
from typing import Final

from ganvas.foundation.paths import files_in

_STEM: Final = re.compile(r"[0-9]{8,}\.[0-9]{3}")


def file_name(kimg: float, suffix: str) -> str:
    """The name of the file of a kimg: in a directory, the alphabet puts them in order of time."""
    return f"{kimg:012.3f}{suffix}"


def files_by_kimg(folder: Path, suffix: str) -> dict[float, Path]:
    """The files of a directory that a run wrote, by kimg, oldest first. Files of any other name are ignored.

    Raises:
        GanvasError: the directory cannot be read.
    """
    named = (file for file in files_in(folder, f"*{suffix}") if _STEM.fullmatch(file.stem))
    return dict(sorted((float(file.stem), file) for file in named if file.is_file()))
