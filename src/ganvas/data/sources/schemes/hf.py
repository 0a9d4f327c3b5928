"""Image datasets by their name on Hugging Face's hub, through `datasets`; or a folder of such files.

A whole dataset is downloaded into the cache of `datasets`, and read from the Arrow files there. With a limit, only so
many pictures are streamed, into a temporary file.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ganvas.data.sources.arrow import class_names, plain
from ganvas.data.sources.hugging_face_files import files_of, open_files, under_names
from ganvas.data.sources.source import Item, Request, Source, Value
from ganvas.data.sources.spooled import Spooled
from ganvas.data.sources.where import NUMBER, TEXT, TRUTH, Condition, condition
from ganvas.foundation.errors import DataError

INSTALL = "pip install 'ganvas[hf]'"


def open_named(argument: str, request: Request) -> Source:
    """The pictures of an image dataset: `OWNER/NAME` or `OWNER/NAME:CONFIG` of the hub, or a folder of its files.

    Columns of class numbers become the names of the classes. The class is the column `class` or `label`, or else the
    dataset's column of classes. With several splits, these are the column `split`.

    Raises:
        DataError: there is no such dataset, it holds no pictures, `datasets` is missing, or the network is.
    """
    request.refuse_level("a dataset of Hugging Face")
    path = Path(argument)
    if argument and path.exists():
        return open_files(f"hf:{argument}", files_of(path), request)
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?(:[\w.-]+)?", argument):
        raise DataError(f"cannot read hf:{argument}; write hf:OWNER/NAME, as in hf:huggan/wikiart, or hf: and a folder")
    return open_hub(argument, request)


def open_hub(argument: str, request: Request) -> Source:
    """A dataset of the hub; of a limited one, the first pictures that fulfil the condition, if there is one.

    Raises:
        DataError: as above.
    """
    try:
        import datasets
    except ImportError as error:
        raise DataError(f"hf:{argument} needs the package datasets; install it with: {INSTALL}") from error
    name, _, config = argument.partition(":")
    try:
        if request.limit is not None:
            streams = datasets.load_dataset(name, config or None, streaming=True)
            return _streamed(f"hf:{argument}", streams, request, request.limit)
        loaded = datasets.load_dataset(name, config or None)
    except DataError:
        raise
    except Exception as error:  # the hub's client, its transport and the readers raise errors of any kind
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"hf:{argument} cannot be had from the hub ({reason[:200]}); check the name and the network, or give a "
            "folder of its Parquet files, as in hf:wikiart/data"
        ) from error
    files = [(Path(file["filename"]), split) for split, part in loaded.items() for file in part.cache_files]
    return open_files(f"hf:{argument}", files, request, _downloads())


def _downloads() -> list[Path]:
    """Where pictures lie that were downloaded as files, and that the rows only name."""
    from datasets import config
    from huggingface_hub.constants import HF_HUB_CACHE

    return [Path(folder) for folder in (config.DOWNLOADED_DATASETS_PATH, config.EXTRACTED_DATASETS_PATH, HF_HUB_CACHE)]


def _streamed(title: str, streams: Mapping[str, Any], request: Request, limit: int) -> Source:
    """The first pictures of the splits, one after the other, that fulfil the condition asked for.

    Their bytes lie in a temporary file, which goes when the source does.
    """
    folder = tempfile.TemporaryDirectory(prefix="ganvas-", ignore_cleanup_errors=True)
    spool = Path(folder.name) / "pictures"
    items: list[Item] = []
    splits: list[str | None] = []
    classes: dict[str, None] = {}
    with spool.open("wb") as file:
        for split, stream in streams.items():
            stream = stream if stream.features else stream._resolve_features()
            described = stream.features.to_dict()
            classes |= dict.fromkeys(name for name in described if class_names(described[name]))
            more = _pictures(title, stream, described, request)
            while len(items) < limit and (found := next(more, None)) is not None:
                row, labels, data, path = found
                items.append(Spooled(spool, file.tell(), len(data), path or f"{split}#{row:06d}", labels))
                splits.append(str(split))
                file.write(data)
    return replace(under_names(title, items, splits, list(classes), request), keep=folder)


def _pictures(
    title: str, stream: Any, described: Mapping[str, Any], request: Request
) -> Iterator[tuple[int, dict[str, Value], bytes, str | None]]:
    """Row, labels, bytes, and path or None, of each picture of a split that fulfils the condition."""
    import datasets

    images = [name for name, feature in described.items() if feature.get("_type") == "Image"]
    column = request.take_path_column() or next(iter(images), None)
    if column not in images:
        raise DataError(f"{title} has no column of pictures; its columns are: {', '.join(described)}")
    readers = {name: reader for name, feature in described.items() if (reader := _reader(feature)) is not None}
    is_enabled = _condition(request.where, described)
    for row, example in enumerate(stream.cast_column(column, datasets.Image(decode=False))):
        labels = {name: reader(example[name]) for name, reader in readers.items()}
        if is_enabled(labels):
            picture = example[column] or {}
            yield row, labels, picture.get("bytes") or b"", picture.get("path")


def _reader(feature: Mapping[str, Any]) -> Callable[[Any], Value] | None:
    """What makes a label of a cell of a column, or None for a column that is no label."""
    names = class_names(feature)
    return (lambda cell: plain(cell, names)) if names or _kind(feature) else None


def _condition(where: str | None, described: Mapping[str, Any]) -> Condition:
    if where is None:
        return lambda row: True
    return condition(where, {name: kind for name, feature in described.items() if (kind := _kind(feature))})


def _kind(feature: Mapping[str, Any]) -> str:
    """What a column holds, as conditions see it, or "" for what is no label."""
    if class_names(feature):
        return TEXT
    kind = str(feature.get("dtype", "")) if feature.get("_type") == "Value" else ""
    if kind.startswith(("string", "large_string", "date", "time")):
        return TEXT
    if kind.startswith(("int", "uint", "float")):
        return NUMBER
    return TRUTH if kind == "bool" else ""
