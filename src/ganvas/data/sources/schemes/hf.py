"""Image datasets of Hugging Face's hub, through `datasets`; or a folder of their files.

A whole dataset is downloaded into the cache of `datasets` and read from the Arrow files there. With a limit, only the
first pictures are streamed into a temporary file.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.data.sources.arrow import Features, class_names, is_image, label_of
from ganvas.data.sources.hugging_face_files import files_of, open_files, split_source
from ganvas.data.sources.source import Item, Request, Source, Value
from ganvas.data.sources.streamed import StreamedPicture
from ganvas.data.sources.where import NUMBER, TEXT, TRUTH, Condition, condition
from ganvas.foundation.errors import DataError

if TYPE_CHECKING:
    import datasets

INSTALL = "pip install 'ganvas[hf]'"


def open_named(argument: str, request: Request) -> Source:
    """Open an image dataset: `OWNER/NAME` or `OWNER/NAME:CONFIG` on the hub, or a folder of its files.

    Class numbers are replaced by class names. The class is the column `class` or `label`, or else the dataset's
    `ClassLabel` column. If there are several splits, they are in the column `split`.

    Raises:
        DataError: the dataset does not exist or holds no pictures, `datasets` is not installed, or the network failed.
    """
    request.refuse_level("a dataset of Hugging Face")
    path = Path(argument)
    if argument and path.exists():
        return open_files(f"hf:{argument}", files_of(path), request)
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?(:[\w.-]+)?", argument):
        raise DataError(f"cannot read hf:{argument}; write hf:OWNER/NAME, as in hf:huggan/wikiart, or hf:FOLDER")
    return open_hub(argument, request)


def open_hub(argument: str, request: Request) -> Source:
    """Open a dataset of the hub. With a limit, only the first pictures that fulfil the condition are used.

    Raises:
        DataError: as for `open_named`.
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
            f"hf:{argument} cannot be loaded from the hub ({reason[:200]}); check the name and the network, or name a "
            "folder of its Parquet files, as in hf:wikiart/data"
        ) from error
    files = [(Path(file["filename"]), split) for split, part in loaded.items() for file in part.cache_files]
    return open_files(f"hf:{argument}", files, request, _downloads())


def _downloads() -> list[Path]:
    """The folders with downloaded picture files that rows refer to by their paths."""
    from datasets import config
    from huggingface_hub.constants import HF_HUB_CACHE

    return [Path(folder) for folder in (config.DOWNLOADED_DATASETS_PATH, config.EXTRACTED_DATASETS_PATH, HF_HUB_CACHE)]


def _streamed(title: str, streams: "Mapping[str, datasets.IterableDataset]", request: Request, limit: int) -> Source:
    """Stream the first pictures that fulfil the condition, one split after the other.

    Their bytes are written to a temporary file, which is deleted together with the source.
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
                items.append(StreamedPicture(spool, file.tell(), len(data), path or f"{split}#{row:06d}", labels))
                splits.append(str(split))
                file.write(data)
    return replace(split_source(title, items, splits, list(classes), request), resources=folder)


def _pictures(
    title: str, stream: "datasets.IterableDataset", described: Features, request: Request
) -> Iterator[tuple[int, dict[str, Value], bytes, str | None]]:
    """The row, labels, bytes, and path or None of each picture of a split that fulfils the condition."""
    import datasets

    images = [name for name, feature in described.items() if is_image(feature)]
    column = request.take_path_column() or next(iter(images), None)
    if column not in images:
        raise DataError(f"{title} has no column of pictures; its columns are: {', '.join(described)}")
    readers = {name: reader for name, feature in described.items() if (reader := _reader(feature)) is not None}
    is_wanted = _condition(request.where, described)
    for row, example in enumerate(stream.cast_column(column, datasets.Image(decode=False))):
        labels = {name: reader(example[name]) for name, reader in readers.items()}
        if is_wanted(labels):
            picture = example[column] or {}
            yield row, labels, picture.get("bytes") or b"", picture.get("path")


def _reader(feature: object) -> Callable[[object], Value] | None:
    """The function that turns a cell of a column into a label; None for a column that does not hold labels."""
    names = class_names(feature)
    return (lambda cell: label_of(cell, names)) if names or _kind(feature) else None


def _condition(where: str | None, described: Features) -> Condition:
    if where is None:
        return lambda row: True
    return condition(where, {name: kind for name, feature in described.items() if (kind := _kind(feature))})


def _kind(feature: object) -> str:
    """What a column holds, in the terms of conditions; "" if it does not hold labels."""
    if class_names(feature):
        return TEXT
    kind = str(feature.get("dtype", "")) if isinstance(feature, dict) and feature.get("_type") == "Value" else ""
    if kind.startswith(("string", "large_string", "date", "time")):
        return TEXT
    if kind.startswith(("int", "uint", "float")):
        return NUMBER
    return TRUTH if kind == "bool" else ""
