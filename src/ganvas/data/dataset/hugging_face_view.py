"""A dataset for the `datasets` library of Hugging Face: pictures, classes, and every column of the index."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
from PIL import Image

from ganvas.data.dataset.layout import IMAGES, Info, map_images
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.cache import cache_path
from ganvas.foundation.errors import DataError

if TYPE_CHECKING:
    import datasets

# Rows of the index to convert to Python values at a time.
_CHUNK = 1_000


def to_hf(
    path: Path,
    info: Info,
    rows: Integers,
    index: pd.DataFrame,
    labels: Integers | None,
    image: str = "image",
) -> "datasets.Dataset":
    """The pictures with their columns, in an Arrow file in the cache that is mapped into memory.

    The file is written once for the same pictures with the same columns.

    Args:
        path: the dataset directory.
        info: the content of its `dataset.json`.
        rows: int64 [n], the rows of the pictures to include, at least one.
        index: the rows of the index for these pictures, numbered from 0.
        labels: int64 [n], their classes; None without classes.
        image: the name of the column of pictures.

    Returns:
        One row per picture: an `Image` (a PNG, so pixels are exact), the class as a `ClassLabel` under the name of its
        column, and the other columns of the index unchanged.

    Raises:
        DataError: the `datasets` library is not installed, or the index has a column called `image` already.
    """
    try:
        import datasets
    except ImportError as error:
        raise DataError("to_hf() needs the datasets library; install it with: pip install 'ganvas[hf]'") from error
    if image in index:
        raise DataError(
            f"the index of {path} has a column {image!r} already; choose another name with to_hf(image=...)"
        )
    if labels is not None:
        index = index.assign(**{str(info.label_column): labels})
    with _silently():
        return datasets.Dataset.from_generator(
            _records,
            features=_features(info, index, image),
            cache_dir=str(cache_path("datasets/new").parent),
            # The cache is keyed by these arguments.
            gen_kwargs={
                "path": str(path),
                "fingerprint": info.fingerprint,
                "index": index,
                "rows": rows,
                "image": image,
            },
        )


def _features(info: Info, index: pd.DataFrame, image: str) -> "datasets.Features":
    import datasets

    schema = pa.Schema.from_pandas(index, preserve_index=False).remove_metadata()
    features = datasets.Features.from_arrow_schema(schema)
    for field in schema:
        if pa.types.is_large_string(field.type):
            features[field.name] = datasets.Value("string")
    if info.label_column is not None:
        features[info.label_column] = datasets.ClassLabel(names=info.class_names)
    return datasets.Features({image: datasets.Image(), **features})


def _records(
    path: str, fingerprint: str, index: pd.DataFrame, rows: Integers, image: str
) -> Iterator[dict[str, object]]:
    """The rows of the Hugging Face dataset; the fingerprint is an argument only to be part of the cache's key."""
    images = map_images(Path(path) / IMAGES)
    for start in range(0, len(rows), _CHUNK):
        chunk = pa.Table.from_pandas(index.iloc[start : start + _CHUNK], preserve_index=False).to_pylist()
        for row, record in zip(rows[start : start + _CHUNK], chunk, strict=True):
            yield {image: {"bytes": _png(images[row]), "path": None}, **record}


def _png(pixels: Images) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@contextlib.contextmanager
def _silently() -> Iterator[None]:
    """Hide the progress bars of `datasets`, because this library prints nothing."""
    import datasets

    were_shown = not datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if were_shown:
            datasets.enable_progress_bars()
