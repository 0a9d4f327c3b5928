"""The folder of the studio: what is under it, by name.

A request names a thing, and the name is looked up among those that were found. No path is ever made from a request.
Links are not followed, and what leads out of the folder is refused.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ganvas.artist.explore.projection import COMPARISON, FOUND
from ganvas.classify.classifier import CARD
from ganvas.data.dataset.layout import INFO, read_info
from ganvas.data.pictures.formats import EXTENSIONS
from ganvas.foundation.errors import GanvasError
from ganvas.foundation.files import unwritable
from ganvas.foundation.paths import readable
from ganvas.runs.directory import CONFIG
from ganvas.studio.refusals import NotHere

# The hidden folder of what the studio keeps.
HOME = ".ganvas-studio"
# How deep things are looked for, how many folders are looked into, and how many entries of each.
DEPTH, MOST_FOLDERS, MOST_ENTRIES = 4, 5000, 20_000
# Seconds for which a look around is good.
FRESH = 1.0
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
# Longest name of something new, in characters, and the characters that it may have.
LONGEST_NAME = 64


@dataclass(frozen=True)
class Found:
    """What is under the folder, by name: the path from the folder, with slashes.

    Attributes:
        runs: run directories.
        datasets: dataset directories.
        classifiers: classifier directories.
        sources: folders and archives of pictures.
        refused: links that were not followed.
    """

    runs: dict[str, Path] = field(default_factory=dict)
    datasets: dict[str, Path] = field(default_factory=dict)
    classifiers: dict[str, Path] = field(default_factory=dict)
    sources: dict[str, Path] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


class StudioFolder:
    """A folder and what is under it.

    Attributes:
        root: the folder, with all links resolved.
    """

    def __init__(self, root: Path) -> None:
        with readable(root):
            self.root = root.resolve()
            if not self.root.is_dir():
                raise GanvasError(f"{root} is not a folder; name the folder of your pictures, datasets and runs")
        self._found, self._at = Found(), 0.0
        self._lock = threading.Lock()

    def look(self) -> Found:
        """What is under the folder now, or was a second ago."""
        with self._lock:
            if time.monotonic() - self._at > FRESH:
                found = Found()
                self._sort(self.root, "", found, [MOST_FOLDERS], DEPTH)
                self._found, self._at = found, time.monotonic()
            return self._found

    def dataset_of(self, path: Path, fingerprint: str) -> str:
        """The name of the dataset that a run was trained on, also if it has another place or name now.

        Args:
            path: where it was.
            fingerprint: of its content.

        Raises:
            NotHere: it is not under the folder, or has changed.
        """
        there = self.look().datasets
        nearest = sorted(there, key=lambda name: there[name] != path.resolve())
        found = next((name for name in nearest if _has_content(there[name], fingerprint)), None)
        if found is None:
            raise NotHere(f"the dataset {path.name} of this run is not under this folder, or has changed since")
        return found

    def forget(self) -> None:
        """Look again next time, because something was made."""
        self._at = 0.0

    def run(self, name: str) -> Path:
        """The run of this name.

        Raises:
            NotHere: there is none.
        """
        return self._named(self.look().runs, name, "run")

    def dataset(self, name: str) -> Path:
        """The dataset of this name; raises as `run` does."""
        return self._closed(self._named(self.look().datasets, name, "dataset"))

    def classifier(self, name: str) -> Path:
        """The classifier of this name; raises as `run` does."""
        return self._closed(self._named(self.look().classifiers, name, "classifier"))

    def source(self, name: str) -> Path:
        """The folder or archive of pictures of this name.

        Raises:
            NotHere: there is none, or a link in it leads out of the studio's folder.
        """
        path = self._named(self.look().sources, name, "folder or archive of pictures")
        for folder, folders, files in os.walk(path):
            for entry in (Path(folder, each) for each in (*folders, *files)):
                if entry.is_symlink() and not Path(os.path.realpath(entry)).is_relative_to(self.root):
                    raise NotHere(
                        f"{self.name_of(entry)} is a link that leads out of the folder of the studio; copy what it "
                        "leads to in its place"
                    )
        return path

    def name_of(self, path: Path) -> str:
        """The name of something under the folder."""
        return path.relative_to(self.root).as_posix()

    def file(self, path: Path) -> Path:
        """A file of something found, with all links resolved.

        Raises:
            NotHere: it does not exist, is no regular file, or leads out of the folder.
        """
        try:
            whole = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise NotHere(f"{path.name} is not there any more") from error
        if not whole.is_relative_to(self.root) or not whole.is_file():
            raise NotHere(f"{path.name} leads out of the folder of the studio, so it is not opened")
        return whole

    def new(self, name: str) -> Path:
        """Where something new of this name is made: directly in the folder.

        Raises:
            GanvasError: the name has other characters than letters, digits, `-`, `_`, `.` and space, or is taken.
        """
        is_plain = name == name.strip() and all(each.isalnum() or each in "-_. " for each in name)
        if not name or len(name) > LONGEST_NAME or name[0] in ".-" or not is_plain:
            raise GanvasError(
                f"the name {name[:LONGEST_NAME]!r} cannot be used: choose up to {LONGEST_NAME} letters, digits, -, _, "
                ". and spaces, beginning with a letter or digit"
            )
        path = self.root / name
        if path.exists() or path.is_symlink():
            raise GanvasError(f"{name} exists already; choose another name")
        return path

    def kept(self, *names: str) -> Path:
        """The hidden folder of what the studio keeps, or one in it; it is made if it is not there.

        Raises:
            NotHere: there is a link in its place.
            WriteError: the file system refused to make it.
        """
        path = self.root
        for name in (HOME, *names):
            path /= name
            if path.is_symlink():
                raise NotHere(f"{name} is a link, which the studio does not follow; remove it")
            with unwritable(path):
                path.mkdir(exist_ok=True)
        return path

    def _named(self, things: dict[str, Path], name: str, kind: str) -> Path:
        path = things.get(name)
        if path is None or not path.resolve().is_relative_to(self.root):
            raise NotHere(f"there is no {kind} {name[:LONGEST_NAME]!r} in this folder; go back to the first page")
        return path

    def _closed(self, path: Path) -> Path:
        """A folder none of whose entries is a link that leads out."""
        for entry in path.iterdir():
            if entry.is_symlink():
                self.file(entry)
        return path

    def _sort(self, folder: Path, name: str, found: Found, folders_left: list[int], depth: int) -> None:
        """Sort what is in a folder into `found`."""
        folders_left[0] -= 1
        entries = list(_entries(folder))
        names = {entry.name for entry in entries}
        if CONFIG in names and "samples" in names:
            found.runs[name] = folder
            return
        if INFO in names:
            found.datasets[name] = folder
            return
        if CARD in names:
            found.classifiers[name] = folder
            return
        if {COMPARISON, FOUND.format(0)} <= names:
            return  # what a projection found is painted, so it is no source
        if name and any(_is_picture(entry) for entry in entries):
            found.sources[name] = folder
            self._sort_parent(folder, name, found)
            return
        for entry in entries:
            path, own = folder / entry.name, f"{name}/{entry.name}" if name else entry.name
            if entry.is_symlink():
                found.refused.append(own)
            elif entry.is_dir(follow_symlinks=False):
                if depth and folders_left[0] > 0:
                    self._sort(path, own, found, folders_left, depth - 1)
            elif entry.name.lower().endswith(ARCHIVES):
                found.sources[own] = path

    def _sort_parent(self, folder: Path, name: str, found: Found) -> None:
        """A folder whose sub-folders have pictures is a source too: its sub-folders are classes."""
        if "/" in name:
            found.sources.setdefault(name.rpartition("/")[0], folder.parent)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The entries of a folder by name, without hidden ones; nothing if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            seen = [entry for entry, _ in zip(entries, range(MOST_ENTRIES), strict=False) if entry.name[0] != "."]
    except OSError:
        return
    yield from sorted(seen, key=lambda entry: entry.name)


def _has_content(dataset: Path, fingerprint: str) -> bool:
    """Whether a dataset that can be read has this fingerprint."""
    with contextlib.suppress(GanvasError):
        return read_info(dataset).fingerprint == fingerprint
    return False


def _is_picture(entry: os.DirEntry[str]) -> bool:
    return Path(entry.name).suffix.lower() in EXTENSIONS and entry.is_file(follow_symlinks=False)
