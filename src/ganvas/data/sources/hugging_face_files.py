"""Image datasets as Hugging Face's `datasets` keeps them: Parquet or Arrow files, read without `datasets`."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from ganvas.data.dataset.split import MEANINGS
from ganvas.data.sources.arrow import ArrowFile, Features
from ganvas.data.sources.picture_table import embedded_items, table_source
from ganvas.data.sources.source import Item, Relabelled, Request, Source, unique
from ganvas.foundation.errors import DataError

# Class columns of WikiArt, in order of preference; of any other dataset, the first class column is used.
CLASS_COLUMNS = ("style", "genre", "artist")

_DATA = (".parquet", ".arrow")


def files_of(path: Path) -> list[tuple[Path, str | None]]:
    """The data files of a folder, and the split of each if the name of the file or of its folder states one."""
    if path.is_file():
        return [(path, None)]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in _DATA and file.is_file())
    # `datasets` stores cached results next to the data.
    files = [file for file in found if not file.name.startswith("cache-") and not _is_hidden(file, path)]
    if not files:
        raise DataError(f"{path} holds no Parquet or Arrow files; name the folder of a Hugging Face dataset")
    return [(file, _split_of(file, path)) for file in files]


def _is_hidden(file: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(root).parts)


def _split_of(file: Path, root: Path) -> str | None:
    """`train` for `data/train-00000-of-00072.parquet` and for `train/data-00000-of-00001.arrow`."""
    words = [re.split(r"[-.]", file.name)[0], *reversed(file.relative_to(root).parent.parts)]
    return next((word for word in words if word.lower() in MEANINGS), None)


def open_files(
    title: str, files: list[tuple[Path, str | None]], request: Request, folders: Sequence[Path] = ()
) -> Source:
    """Open the pictures of all files, in their order.

    Args:
        title: the name of the source in messages.
        files: the files, and the split of each.
        request: the request to the source.
        folders: folders that pictures named by a row may lie in, apart from the folder of its file.
    """
    column = request.take_path_column()
    items: list[Item] = []
    splits: list[str | None] = []
    classes: dict[str, None] = {}
    for path, split in files:
        table = ArrowFile.open(path, _described(path.parent))
        picture_column = column or table.picture_column
        if picture_column is None or picture_column not in table.embedded:
            raise DataError(f"{path} has no column of pictures; its columns are: {', '.join(table.columns)}")
        rows = table.rows()
        classes |= dict.fromkeys(table.class_columns)
        items += embedded_items(table, picture_column, rows, path.parent, folders)
        splits += [split] * len(rows)
    return split_source(title, items, splits, list(classes), request)


def split_source(
    title: str, items: list[Item], splits: list[str | None], class_columns: list[str], request: Request
) -> Source:
    """A source of these items with unique names, and with a split column if there are several splits."""
    usual = sorted(class_columns, key=lambda name: [*CLASS_COLUMNS, name].index(name))
    if len(set(splits)) > 1 and None not in splits:
        items = [
            Relabelled(item, f"{split}/{item.name}", {**item.labels, "split": split})
            for item, split in zip(items, splits, strict=True)
        ]
    names = unique(item.name for item in items)
    items = [
        item if item.name == name else Relabelled(item, name, item.labels)
        for item, name in zip(items, names, strict=True)
    ]
    return table_source(title, items, request, usual)


def _described(folder: Path) -> Features:
    """The features in the JSON files that `datasets` writes next to the data or in the folder above."""
    for file in (folder / "dataset_info.json", folder / "dataset_infos.json", folder.parent / "dataset_infos.json"):
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            infos = [content] if "features" in content else list(content.values())
            return dict(infos[0]["features"])
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue
    return {}
