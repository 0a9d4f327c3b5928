"""Folders to skip, because their pictures are not the user's: thumbnails made by systems, and ganvas's own output."""

import re
from collections.abc import Iterable, Set

# Folders that network drives, archivers and operating systems create next to users' files, in lower case.
SYSTEM_FOLDERS = frozenset(
    {
        "@eadir",
        "@recycle",
        "@recently-snapshot",
        "@snapshot",
        "@tmp",
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "__macosx",
        "__pycache__",
        "_vti_cnf",
        "lost+found",
        "network trash folder",
        "picasaoriginals",
        "recycler",
        "system volume information",
        "temporary items",
        "zbthumbnails",
    }
)
_PREVIEWS = (".lrdata", ".photoslibrary", ".aplibrary", ".migratedphotolibrary")

SYSTEM = "a folder that a system made (thumbnails, deleted or temporary files)"
RUN, DATASET, CLASSIFIER = "a run of ganvas", "a dataset of ganvas", "a classifier of ganvas"
SEVERAL_RUNS, SAMPLES = "runs of ganvas", "pictures that ganvas generated"

# Names by which a directory of ganvas is recognised; all names of a line must be present.
_OWN: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"config.yaml", "samples", "snapshots"}), RUN),
    (frozenset({"config.yaml", "samples", "checkpoints"}), RUN),
    (frozenset({"config.yaml", "samples", "stats.jsonl"}), RUN),
    (frozenset({"dataset.json", "images.npy"}), DATASET),
    (frozenset({"classifier.json"}), CLASSIFIER),
    (frozenset({"comparison.json", "runs"}), SEVERAL_RUNS),
    (frozenset({"classes.json", "runs"}), SEVERAL_RUNS),
)
_SAMPLE = re.compile(r"seed[0-9]+-[0-9]{5,}(-.*)?\.png")


def why_skipped(folder: str, names: Set[str]) -> str | None:
    """Why a folder is skipped with everything in it, or None.

    Args:
        folder: the name of the folder.
        names: the names of the files and folders in it.
    """
    if folder.lower() in SYSTEM_FOLDERS or folder.lower().endswith(_PREVIEWS):
        return SYSTEM
    return made_by_ganvas(names)


def made_by_ganvas(names: Set[str]) -> str | None:
    """What a folder with these names in it is if ganvas made it, such as "a run of ganvas"; else None."""
    shown = [name for name in names if not name.startswith(".")]
    if shown and all(map(_SAMPLE.fullmatch, shown)):
        return SAMPLES
    return next((what for own, what in _OWN if own <= names), None)


def skipped_folders(paths: Iterable[str]) -> dict[str, str]:
    """The topmost skipped folders among the paths of an archive, and why."""
    inside: dict[str, set[str]] = {}
    for path in paths:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            inside.setdefault("/".join(parts[:depth]), set()).add(parts[depth])
    found: dict[str, str] = {}
    for folder in sorted(inside, key=lambda folder: folder.count("/")):
        if not any(folder.startswith(f"{other}/") for other in found) and (
            why := why_skipped(folder.rpartition("/")[2], inside[folder])
        ):
            found[folder] = why
    return found
