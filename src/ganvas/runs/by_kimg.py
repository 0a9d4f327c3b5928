"""Files whose names are the kimg at which a run wrote them, such as `00000012.800.png`."""

import re
from pathlib import Path
from typing import Final

from ganvas.foundation.paths import files_in

_STEM: Final = re.compile(r"[0-9]{8,}\.[0-9]{3}")


def file_name(kimg: float, suffix: str) -> str:
    """The name of a file written at `kimg`. The alphabetical order of such names is that of time."""
    return f"{kimg:012.3f}{suffix}"


def files_by_kimg(folder: Path, suffix: str) -> dict[float, Path]:
    """The files of a directory that are named by kimg, oldest first. Other files are ignored.

    Raises:
        GanvasError: the directory cannot be read.
    """
    named = (file for file in files_in(folder, f"*{suffix}") if _STEM.fullmatch(file.stem))
    return dict(sorted((float(file.stem), file) for file in named if file.is_file()))
