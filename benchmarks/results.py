"""The results that a benchmark keeps, so that finished work is not done again."""

from pathlib import Path
from typing import Any

from ganvas.foundation.files import read_records


def finished(file: Path) -> list[dict[str, Any]]:
    """The records of what is finished; none before the first."""
    return read_records(file) if file.exists() else []
