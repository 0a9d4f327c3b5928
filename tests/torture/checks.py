"""What must hold after an accident: everything that is there can be read, and messages are one line."""

import re
from pathlib import Path

from PIL import Image

from ganvas.artist.kept_directions import directions_file
from ganvas.classify.classifier import Classifier
from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.errors import GanvasError
from ganvas.foundation.files import read_records
from ganvas.runs import checkpoint
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.directory import RunDirectory, is_run
from ganvas.runs.logs import RunLogs
from ganvas.runs.snapshot import Snapshot
from torture.warm import Ended

# Temporary files, and what an interrupted preparation leaves for the next one.
_TEMPORARY = re.compile(r"\.partial-|\.unfinished-|\.lock")


def unreadable(folder: Path) -> list[str]:
    """What is wrong with the files in a folder: those that are neither whole nor under a temporary name."""
    problems = []
    for path in sorted(folder.rglob("*")):
        if _TEMPORARY.search(str(path.relative_to(folder))) or "cache" in path.relative_to(folder).parts:
            continue
        try:
            _read(path)
        except (GanvasError, OSError, ValueError, AssertionError) as error:
            problems.append(f"{path.relative_to(folder)}: {error}")
    return problems


def _read(path: Path) -> None:
    """Read a file or directory of a kind that ganvas writes."""
    if path.is_dir():
        if (path / "images.npy").exists() or (path / "dataset.json").exists():
            data = Dataset.open(path)
            assert len(data.images[:]) == len(data.index) == len(data)
        elif is_run(path):
            RunDirectory.open(path)
            RunLogs.open(path)
            if checkpoints := CheckpointDirectory(path / "checkpoints"):
                checkpoints.latest()
        elif (path / "classifier.json").exists():
            Classifier.open(path).split()
    elif path.parent.name == "checkpoints":
        checkpoint.load(path)
    elif path.parent.name == "snapshots" and path.suffix == ".safetensors" and path != directions_file(path):
        Snapshot.load(path)
    elif path.suffix == ".png":
        with Image.open(path) as picture:
            picture.load()
    elif path.suffix == ".html":
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>"), "the page is cut short"
    elif path.suffix == ".jsonl":
        read_records(path)


def left_over(folder: Path) -> list[str]:
    """Temporary files, which a command that could end by itself must not leave; unfinished preparations may stay."""
    names = (str(path.relative_to(folder)) for path in folder.rglob("*"))
    return [name for name in names if ".partial-" in name and ".unfinished-" not in name]


def impolite(ended: Ended) -> list[str]:
    """What is wrong with how a command ended: a traceback, more than a line, or an unusual exit code."""
    problems = []
    if "Traceback" in ended.error or "Error:" in ended.error.partition("ganvas: ")[0]:
        problems.append(f"traceback: {ended.error.strip().splitlines()[-1]}")
    elif ended.code not in (0, 2):
        problems.append(f"exit code {ended.code}: {ended.error[-300:]}")
    elif ended.code == 2 and not re.search(r"^ganvas: [^\n]+\n\Z", ended.error, re.MULTILINE):
        problems.append(f"no line that says what is wrong: {ended.error[-300:]!r}")
    if ended.left:
        problems.append(f"{len(ended.left)} processes were left behind")
    return problems


def differences(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """Files that were changed or lost."""
    return [
        f"{name} was {'changed' if name in after else 'lost'}" for name in before if after.get(name) != before[name]
    ]


def content(folder: Path, *names: str) -> dict[str, bytes]:
    """The bytes of the files in some entries of a folder."""
    files = (file for name in names for file in [folder / name, *(folder / name).rglob("*")] if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}
