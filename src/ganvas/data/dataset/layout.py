"""The layout of a dataset directory: pictures of one size in a memory map, and a table that describes them.

images.npy      uint8 [N, S, S, 3], read as a memory map
index.parquet   one row per picture: source, sha256, content, phash, width, height, split, the label columns,
                duplicates, and, if requested, crop and group
rejected.csv    one row per file left out: path, reason, detail
dataset.json    schema version, options, class names in order, fingerprint (see `Info`)
images.crc32    checksums, as is checksums.json (see `checksums.py`)

`content` is a hash of the decoded pixels, the same for copies of a picture in any lossless format. `duplicates` is a
number for each set of pictures that look alike, including copies; it is null for all other pictures. `crop` numbers
the squares of one picture from 0 (`--fit multicrop`). `detail` adds to the reason, such as the picture that a duplicate
repeats. Older datasets lack these four.
"""

import json
import tokenize
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ganvas.data.dataset.stored import PREPARE, StoredPictures
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import DataError
from ganvas.foundation.paths import is_directory, is_file, quoted
from ganvas.foundation.schema import Schema

SCHEMA_VERSION = 1
SCHEMA = Schema(SCHEMA_VERSION, DataError, "prepare the dataset again")
SPLITS = TRAIN, VALIDATION, TEST = "train", "validation", "test"
IMAGES, INDEX, REJECTED, INFO = "images.npy", "index.parquet", "rejected.csv", "dataset.json"


class Info(BaseModel):
    """The content of `dataset.json`.

    Attributes:
        schema_version: layout of the directory.
        size: height and width of every picture in pixels.
        count: number of pictures.
        label_column: column of the index that holds the class, or None for pictures without classes.
        class_names: the values of that column in the order of their numbers.
        mode_column: column with the known mode of each picture (painted data only), or None.
        fingerprint: sha256 over the pixels, the labels, the class names and, if pictures are held back, the splits;
            the key of caches and runs.
        options: how the pictures were prepared.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    size: int
    count: int
    label_column: str | None = None
    class_names: list[str] = []
    mode_column: str | None = None
    fingerprint: str
    options: dict[str, Any] = {}


def read_info(path: Path) -> Info:
    """Read the `dataset.json` of a dataset directory.

    Raises:
        DataError: the file is missing or damaged, or has a schema version that this ganvas cannot read.
    """
    file = path / INFO
    if not is_file(file):
        what = "is not a ganvas dataset" if is_directory(path) else "does not exist"
        raise DataError(f"{path} {what} (no {INFO}); make one with: ganvas prepare PICTURES {quoted(path)}")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return Info.model_validate(SCHEMA.current(content, file))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{file} cannot be read ({error}); prepare the dataset again") from error


def map_images(file: Path, advice: str = PREPARE) -> Images:
    """The pictures of an `images.npy` as a read-only memory map, in the shape that its header states (see `stored.py`).

    Args:
        file: the file.
        advice: what to do if a picture turns out to be damaged when it is read.

    Raises:
        DataError: the file is missing or cut short.
    """
    try:
        return StoredPictures.open(file, advice)
    except (OSError, ValueError, OverflowError, SyntaxError, tokenize.TokenError) as error:  # its header is Python
        raise DataError(f"{file} is missing or cut short ({error}); prepare the dataset again") from error
