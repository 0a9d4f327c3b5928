"""Copy one class of a dataset into a dataset of its own."""

from pathlib import Path

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import IMAGES, Info
from ganvas.data.dataset.writing import ImagesFile, fingerprint, write_tables
from ganvas.foundation.errors import DataError, unknown
from ganvas.foundation.files import whole_directory


def of_class(data: Dataset, name: str, target: Path) -> Dataset:
    """Copy the pictures of one class, in their order and with their splits.

    Args:
        data: a dataset with classes.
        name: the name of one of its classes.
        target: the dataset directory to make, which has no classes.

    Raises:
        DataError: there is no such class.
        GanvasError: `target` exists already, or the file system refused.
    """
    if data.labels is None or name not in data.class_names:
        raise DataError(f"{data.path}: {unknown('class', name, data.class_names)}")
    is_kept = data.labels == data.class_names.index(name)
    index = data.index[is_kept].reset_index(drop=True)
    with whole_directory(target) as directory:
        with (directory / IMAGES).open("wb") as file:
            images = ImagesFile(file, data.size)
            for row in is_kept.nonzero()[0]:
                images.append(data.images[row])
            images.finish()
        info = Info(
            size=data.size,
            count=len(index),
            mode_column=data.info.mode_column,
            fingerprint=fingerprint(images, None, index),
            options={**data.info.options, "only": {data.info.label_column: name}},
        )
        write_tables(directory, info, index)
    return Dataset.open(target)
