"""Open one or several sources by their names."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ganvas.data.sources import choosing
from ganvas.data.sources.archive import is_archive, open_archive
from ganvas.data.sources.combining import combine
from ganvas.data.sources.composed import composed_request, with_composed_labels
from ganvas.data.sources.folder import Folder
from ganvas.data.sources.layouts import open_part, open_tree
from ganvas.data.sources.picture_table import is_table, open_table
from ganvas.data.sources.schemes import SCHEMES
from ganvas.data.sources.source import Request, Source
from ganvas.foundation.errors import DataError, unknown

CLASSES = ("folders", "none")

# A source by its name, or several by the class that each is.
SourceSpec = str | Path | Mapping[str, str | Path]


def open_source(source: SourceSpec, request: Request | None = None) -> Source:
    """Open a source and choose the requested pictures.

    Args:
        source: a folder, a zip or tar archive, a CSV, TSV, Parquet or Arrow table, `painter:` or `painter:COUNT`,
            `hf:OWNER/NAME` or `hf:FOLDER`, `torchvision:NAME`, `digits:`; or a mapping from class names to several of
            these. The name of an existing file or folder is never taken for a scheme.
        request: which pictures and labels to use.

    Raises:
        DataError: the source or a label does not exist, or no picture is left.
    """
    request = composed_request(replace(request or Request(), used=set()))
    if request.classes not in CLASSES and not re.fullmatch("-?[1-9][0-9]?", request.classes):
        raise DataError(
            unknown("choice of classes", request.classes, CLASSES) + ", or the number of a folder level, as in 2"
        )
    choosing.check(request)
    opened = _open_several(source, request) if isinstance(source, Mapping) else _open_one(source, request)
    for option in ("root", "path_column"):
        if getattr(request, option) is not None and option not in request.used:
            raise DataError(
                f"{option.replace('_', '-')} applies to tables{' and torchvision:' * (option == 'root')} only, not to "
                f"{opened.title}; leave it out"
            )
    return choosing.choose(with_composed_labels(opened), request)


def _open_several(sources: Mapping[str, str | Path], request: Request) -> Source:
    """Open several sources as one, each as a class."""
    if request.classes != "folders":
        raise DataError(f"classes {request.classes} needs a single source; with several, each source is a class")
    if request.split == "class":
        raise DataError("split class needs a single folder; write a fraction to hold back, as in 0.2")
    if not sources or not all(name.strip() for name in sources):
        raise DataError("each of several sources needs a class, as in flowers=photos landscape=wikiart/landscape")
    # The condition may use the class, so it is applied at the end. Until then a limit must not cut off the sources.
    limit = request.limit if request.where is None else None
    inner = replace(request, classes="none", labels=(), where=None, limit=limit)
    return combine({name: _open_one(source, inner) for name, source in sources.items()})


def _open_one(source: str | Path, request: Request) -> Source:
    # A scheme has at least two letters; a single one is a Windows drive.
    scheme = re.fullmatch(r"([A-Za-z][A-Za-z0-9+-]+):(.*)", source) if isinstance(source, str) else None
    path = Path(source)
    if not _exists(path) and scheme is not None:
        if scheme[1] not in SCHEMES:
            known = [f"{known}:" for known in SCHEMES]
            raise DataError(unknown("source", f"{scheme[1]}:", known) + ", or a folder, an archive or a table")
        return SCHEMES.find(scheme[1])(scheme[2], request)
    if path.is_file():
        if is_table(path):
            return open_table(path, request)
        if is_archive(path):
            return open_archive(path, request)
    if path.is_dir() and (part := open_part(path, request)) is not None:
        return part
    return open_tree(Folder(path), request)


def _exists(path: Path) -> bool:
    """Whether the path exists.

    Raises:
        DataError: the file system cannot tell (the name is too long, or a folder on the way cannot be read).
    """
    try:
        return path.exists()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be used: {reason}") from error
