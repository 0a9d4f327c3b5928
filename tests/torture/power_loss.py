"""Power failures: of all that a command did to the disk, only what it had synced is sure to be there.

The shim logs every change. A model of the disk replays the log up to a random moment and keeps

- of a file's content, what was there at its last sync. Later writes are lost, or there, or there as zeros;
- of a folder's names, those of its last sync, and a random number of the changes after that, in their order.
"""

import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from torture import acts
from torture.acts import Act
from torture.checks import impolite, unreadable
from torture.workshop import Fault, Trial, Workshop, unlike

_VICTIMS = ["prepare", "train", "resume", "export", "explore favourites", "baseline", "classify train", "sample"]


@dataclass(frozen=True)
class Change:
    """A line of the log: what was done to which file."""

    what: str
    node: int
    offset: int
    path: str
    other: str
    data: bytes


def read_log(file: Path) -> list[Change]:
    """The changes, in their order."""
    content, place, changes = file.read_bytes(), 0, []
    while place < len(content):
        end = content.index(b"\n", place)
        what, node, offset, length, path, other = content[place:end].decode().split("\t")
        size = int(length)
        changes.append(Change(what, int(node), int(offset), path, other, content[end + 1 : end + 1 + size]))
        place = end + 1 + size
    return changes


@dataclass
class _File:
    """The content of a file: in memory, and as it was at its last sync."""

    content: bytearray = field(default_factory=bytearray)
    synced: bytes = b""

    def after(self, random: Random) -> bytes:
        """The content after a power failure."""
        chosen = random.randrange(3)
        if chosen == 0 or self.content == self.synced:
            return self.synced
        if chosen == 1:
            return bytes(self.content)
        return self.synced[: len(self.content)].ljust(len(self.content), b"\0")


class Disk:
    """A model of a folder on a disk. Paths are absolute.

    Args:
        folder: with its content, which counts as synced.
    """

    def __init__(self, folder: Path) -> None:
        self._names: dict[str, _File | None] = {str(folder): None}
        for path in folder.rglob("*"):
            content = None if path.is_dir() else path.read_bytes()
            self._names[str(path)] = None if content is None else _File(bytearray(content), content)
        self._now = dict(self._names)
        self._pending: dict[str, list[tuple[str, str, _File | None]]] = defaultdict(list)

    def apply(self, change: Change) -> None:
        """Carry out a change."""
        path, file = change.path, self._now.get(change.path)
        match change.what:
            case "create" if path not in self._now:
                self._name(path, _File())
            case "clear" if file:
                file.content.clear()
            case "clear":
                self._name(path, _File())
            case "write" if file:
                file.content.extend(bytes(max(0, change.offset - len(file.content))))
                file.content[change.offset : change.offset + len(change.data)] = change.data
            case "cut" if file:
                del file.content[change.offset :]
                file.content.extend(bytes(change.offset - len(file.content)))
            case "sync":
                self._sync(path)
            case "mkdir":
                self._name(path, None)
            case "link" if file:
                self._name(change.other, file)
            case "unlink" | "rmdir":
                self._unname(path)
            case "rename":
                self._rename(path, change.other)

    def _name(self, path: str, file: _File | None) -> None:
        self._now[path] = file
        self._pending[str(Path(path).parent)].append(("name", path, file))

    def _unname(self, path: str) -> None:
        self._now.pop(path, None)
        self._pending[str(Path(path).parent)].append(("unname", path, None))

    def _rename(self, path: str, other: str) -> None:
        """Rename a file or folder. What is in a folder goes with it, at once."""
        for name in [name for name in self._now if name == path or name.startswith(f"{path}/")]:
            self._now[other + name[len(path) :]] = self._now.pop(name)
        self._pending[str(Path(path).parent)].append(("move", path + "\0" + other, None))

    def _sync(self, path: str) -> None:
        file = self._now.get(path)
        if file is not None:
            file.synced = bytes(file.content)
            return
        self._commit(path, len(self._pending[path]))

    def _commit(self, folder: str, count: int) -> None:
        """Carry out the first changes of a folder's names on the disk."""
        for what, path, file in self._pending[folder][:count]:
            if what == "name":
                self._names[path] = file
            elif what == "unname":
                self._names.pop(path, None)
            else:
                old, new = path.split("\0")
                for name in [name for name in self._names if name == old or name.startswith(f"{old}/")]:
                    self._names[new + name[len(old) :]] = self._names.pop(name)
                for waiting in [name for name in self._pending if name == old or name.startswith(f"{old}/")]:
                    self._pending[new + waiting[len(old) :]] += [
                        (each, place.replace(old, new, 1), about) for each, place, about in self._pending.pop(waiting)
                    ]
        del self._pending[folder][:count]

    def fail(self, random: Random) -> dict[str, bytes | None]:
        """What is there after a power failure: content by path, None for folders."""
        for folder in list(self._pending):
            self._commit(folder, random.randint(0, len(self._pending[folder])))
        there = {path: None if file is None else file.after(random) for path, file in self._names.items()}
        return {
            path: content for path, content in there.items() if str(Path(path).parent) in there or path == min(there)
        }


def attempt(workshop: Workshop, number: int, random: Random) -> Trial:
    """Log what a command does, lose power at a random moment, and let it go on from what the disk holds."""
    act = acts.act(_VICTIMS[number % len(_VICTIMS)])
    whole = workshop.undisturbed(act)
    trial = Trial(str(act))
    with workshop.folder(act) as folder:
        disk, log = Disk(folder), workshop.home / "log"
        workshop.warm.run(folder, *act.words, fault={"within": folder, "log": log})
        changes = read_log(log)
        for change in changes[: random.randint(1, len(changes))]:
            disk.apply(change)
        rebuild(folder, disk.fail(random))
        trial.problems += [*unreadable(folder), *gone_on(workshop, act, folder)]
        trial.problems += unlike(act, folder, whole.facts)
    return trial


def rebuild(folder: Path, there: dict[str, bytes | None]) -> None:
    """Put files and folders in place of what a folder holds."""
    shutil.rmtree(folder)
    for path, content in sorted(there.items()):
        if content is None:
            Path(path).mkdir(parents=True, exist_ok=True)
        elif Path(path).parent.is_dir():
            Path(path).write_bytes(content)


def gone_on(workshop: Workshop, act: Act, folder: Path) -> list[str]:
    """Let a command go on; what is wrong with how it does."""
    again = act.go_on(workshop.warm, folder)
    if again is None:
        return []
    return impolite(again) + ([f"it does not go on: {again.error[-300:]}"] if again.code else [])


FAULT = Fault(
    "power",
    "power failure",
    "of what a command did up to a random moment, what it had not synced is lost, kept or zero; then it goes on",
    150,
    attempt,
)
