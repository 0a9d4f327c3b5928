"""Tables of pictures: CSV and TSV with a column of paths; Parquet and Arrow with paths or embedded pictures."""

import contextlib
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from ganvas.data.dataset.split import MEANINGS
from ganvas.data.pictures.formats import EXTENSIONS
from ganvas.data.sources.arrow import ArrowFile, EmbeddedPicture
from ganvas.data.sources.collections import painter_by_numbers, wikiart
from ganvas.data.sources.folder import Folder, PictureFile
from ganvas.data.sources.listed import missing
from ganvas.data.sources.source import Item, RejectedItem, Request, Source, Value, shortened, unique
from ganvas.data.sources.text_table import read_columns
from ganvas.data.sources.tree import REMEDY
from ganvas.foundation.errors import DataError, unknown

TEXT_TABLES = {".csv": None, ".tsv": "\t", ".tab": "\t"}
ARROW_TABLES = (".parquet", ".pq", ".arrow", ".feather")

# Usual names of the column with the paths, in order of preference.
PATH_COLUMNS = (
    "path",
    "file_name",
    "filename",
    "file",
    "filepath",
    "file_path",
    "image_path",
    "img_path",
    "image_file",
    "image",
    "img",
    "picture",
    "new_filename",
)
CLASS_COLUMNS = ("class", "label")
SPLIT_COLUMNS = ("split", "in_train")


def is_table(path: Path) -> bool:
    """Whether a file is a table, by its extension."""
    return path.suffix.lower() in (*TEXT_TABLES, *ARROW_TABLES) or wikiart.is_list(path.name)


def open_table(path: Path, request: Request) -> Source:
    """Open the pictures of a table, in its order. Every other column is a label.

    By default the class is the column `class` or `label`, and the split is the column `split` or `in_train` if all its
    values are names of splits.

    Args:
        path: the file.
        request: may name the column of the paths, and the folder that they are relative to, by default the table's.

    Raises:
        DataError: the file cannot be read, or no column names the pictures.
    """
    if path.name == painter_by_numbers.TABLE or wikiart.is_list(path.name):
        is_list = wikiart.is_list(path.name)
        labels = request.labels or ((path.name.partition("_")[0],) if is_list else ())
        recognise = wikiart.recognise_lists if is_list else painter_by_numbers.recognise
        if (source := recognise(Folder(path.parent), replace(request, labels=labels))) is not None:
            return source
    request.refuse_level("a table")
    if path.suffix.lower() in ARROW_TABLES:
        table = ArrowFile.open(path)
        rows, column = table.rows(), request.take_path_column() or table.picture_column
        if column is not None and column in table.embedded:
            items = embedded_items(table, column, rows, request.take_root() or path.parent)
            return table_source(str(path), items, request, table.class_columns)
        cells = {name: ["" if row[name] is None else str(row[name]) for row in rows] for name in table.label_columns}
    else:
        text = read_columns(_content(path), str(path), delimiter=TEXT_TABLES.get(path.suffix.lower()))
        cells, rows, column = text.cells, text.rows(), request.take_path_column()
    column = _path_column(cells, column, str(path))
    rest = [{name: value for name, value in row.items() if name != column} for row in rows]
    base = request.take_root() or path.parent
    return table_source(str(path), _file_items(cells[column], rest, base, path.name), request)


def table_source(title: str, items: Sequence[Item], request: Request, class_columns: Sequence[str] = ()) -> Source:
    """A source of these items, with the class and the split that the names of their columns suggest."""
    columns = set().union(*(item.labels for item in items))
    usual = [*(name for name in CLASS_COLUMNS if name in columns), *class_columns]
    label_column = usual[0] if usual and request.classes == "folders" else None
    notes: tuple[str, ...] = ()
    if label_column is None and request.classes == "folders" and columns and not request.labels:
        notes = (f"no classes; choose their column with --labels: {shortened(columns)}",)
    return Source(
        title=title,
        items=items,
        label_column=label_column,
        split_column=next((name for name in SPLIT_COLUMNS if _means_splits(name, items)), None),
        remedy=REMEDY,
        notes=notes,
    )


def _means_splits(column: str, items: Sequence[Item]) -> bool:
    """Whether every picture has the name of a split in this column, and at least two splits occur."""
    values = {str(item.labels.get(column)).lower() for item in items if not isinstance(item, RejectedItem)}
    return len(values) > 1 and values <= MEANINGS.keys()


def embedded_items(
    table: ArrowFile, column: str, rows: Sequence[dict[str, Value]], base: Path, folders: Sequence[Path] = ()
) -> list[Item]:
    """An item for each picture in a table. Its name is the path in its row if all paths differ, or else its row number.

    Args:
        table: the file.
        column: the column with the pictures.
        rows: the labels of each picture.
        base: the folder that paths in the table are relative to.
        folders: other folders that they may lead to.

    Raises:
        DataError: the file is damaged.
    """
    paths = table.paths(column)
    if len(paths) != len(rows):
        raise DataError(f"{table.path} is damaged: its columns have {len(paths)} and {len(rows)} rows")
    is_named = all(paths) and len(set(paths)) == len(paths)
    return [
        EmbeddedPicture(
            table.state,
            column,
            row,
            base / path if path else None,
            (base, *folders),
            path if is_named and path else f"{table.path.name}#{row:06d}",
            labels,
        )
        for row, (labels, path) in enumerate(zip(rows, paths, strict=True))
    ]


def _file_items(paths: Sequence[str], rows: Sequence[Mapping[str, Value]], base: Path, table: str) -> list[Item]:
    """An item for each path below a folder."""
    items: list[Item] = []
    seen = Counter[str]()
    for path, name, labels in zip(paths, unique(path or "(no path)" for path in paths), rows, strict=True):
        seen[path] += 1
        if not path.strip():
            items.append(RejectedItem(name, "no path in the table", labels))
        elif seen[path] > 1:
            items.append(RejectedItem(name, f"named more than once in {table}", labels))
        elif (file := _file(base, path)) is None:
            items.append(RejectedItem(name, missing(table), labels))
        else:
            items.append(PictureFile(str(file), name, labels))
    return items


def _file(base: Path, path: str) -> Path | None:
    """The file with that path: as written, or with forward slashes, without surrounding space, or with its accents in
    the other Unicode form.
    """
    plain = path.strip().replace("\\", "/")
    for candidate in dict.fromkeys((path, plain, *(unicodedata.normalize(form, plain) for form in ("NFC", "NFD")))):
        with contextlib.suppress(OSError, ValueError):  # not a valid file name
            if (base / candidate).exists():
                return base / candidate
    return None


def _path_column(cells: Mapping[str, Sequence[str]], asked: str | None, title: str) -> str:
    """The column that names the pictures."""
    if asked is not None:
        if asked not in cells:
            raise DataError(f"{title}: {unknown('path column', asked, cells)}")
        return asked
    likely = [name for name, values in cells.items() if _names_pictures(values)]
    usual = sorted(
        (name for name in likely if name.lower() in PATH_COLUMNS), key=lambda name: PATH_COLUMNS.index(name.lower())
    )
    if usual or len(likely) == 1:
        return (usual or likely)[0]
    if likely:
        raise DataError(
            f"{title}: several columns could name the pictures; choose one with --path-column: {', '.join(likely)}"
        )
    addresses = [name for name, values in cells.items() if any("://" in value for value in values)]
    if addresses:
        raise DataError(
            f"{title} has URLs in the column {addresses[0]!r} but no paths; download the pictures and list their files"
        )
    raise DataError(f"{title}: no column holds paths of pictures; choose one with --path-column: {', '.join(cells)}")


def _names_pictures(values: Sequence[str]) -> bool:
    """Whether most of the cells that are not empty have the extension of a picture file."""
    filled = [value for value in values if value.strip()]
    files = [value for value in filled if PurePath(value.strip()).suffix.lower() in EXTENSIONS and "://" not in value]
    return 2 * len(files) > len(filled) > 0


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
