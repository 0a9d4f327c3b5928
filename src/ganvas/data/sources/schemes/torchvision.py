"""Datasets of torchvision, read from their published files: MNIST, Fashion-MNIST, CIFAR-10 and Oxford's 102 flowers.

CIFAR-10 is read in its binary version. The one that torchvision reads consists of pickles, which can run any code.
"""

import contextlib
import functools
import gzip
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar, cast

import numpy as np

from ganvas.data.pictures.decode import Picture
from ganvas.data.pictures.frame import Frame
from ganvas.data.pictures.rejection import Reason, Rejected
from ganvas.data.sources.file_state import FileState
from ganvas.data.sources.folder import PictureFile
from ganvas.data.sources.pixels import picture_of
from ganvas.data.sources.source import Item, Request, Source, Value
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.errors import DataError, unknown

A = TypeVar("A", Images, Integers)

FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
DIGITS = tuple("0123456789")

CIFAR_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
CIFAR_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
CIFAR_RECORD = 1 + 3 * 32 * 32

# The magic numbers of MNIST's files: 0, 0, the type (8: unsigned bytes), the number of dimensions.
_PICTURES, _LABELS = 0x00000803, 0x00000801


@dataclass(frozen=True)
class ArrayPicture:
    """A picture that is one row of an array in a file."""

    file: FileState
    read_all: Callable[[FileState], Images]
    row: int
    name: str
    labels: Mapping[str, Value]

    @property
    def stamp(self) -> str:
        """The state of the file, and the row."""
        return f"{self.file} {self.row}"

    def read(self, frame: Frame) -> Picture:
        """Look up its pixels."""
        try:
            return picture_of(self.read_all(self.file)[self.row])
        except FileNotFoundError as error:
            raise Rejected(Reason.MISSING) from error


def open_named(argument: str, request: Request) -> Source:
    """Open a dataset by its name in torchvision, from the folder that torchvision calls its root.

    Labels: class and split, as published. Missing files are downloaded.

    Raises:
        DataError: the dataset is unknown, no root was named, a file is damaged, or files are missing and cannot be
            downloaded.
    """
    if argument not in KINDS:
        raise DataError(unknown("torchvision dataset", argument, KINDS))
    request.refuse_level("a torchvision dataset")
    root = request.take_root()
    if root is None:
        raise DataError(f"torchvision:{argument} needs the folder of its files, or one to download to: --root FOLDER")
    loader = KINDS[argument]
    items = loader.items(root, argument)
    if not items:
        _download(argument, root, loader)
        items = loader.items(root, argument)
    if not items:
        raise DataError(f"torchvision:{argument} is not in {root}; {loader.remedy}")
    is_divided = len({item.labels["split"] for item in items}) > 1
    return Source(
        title=f"torchvision:{argument}",
        items=items,
        label_column="class" if request.classes == "folders" else None,
        split_column="split" if is_divided else None,
        remedy="leave its class out",
        parallel_from=200 if argument == "Flowers102" else 5_000,
    )


def _download(name: str, root: Path, loader: "Loader") -> None:
    """Let torchvision download and unpack a dataset."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            loader.download(root, name)
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise DataError(
            f"torchvision:{name} is not in {root} and cannot be downloaded ({reason}); {loader.remedy}"
        ) from error


# ---- MNIST and Fashion-MNIST ------------------------------------------------------------------------------------


def _mnist(root: Path, name: str) -> list[Item]:
    """The pictures in `NAME/raw/train-images-idx3-ubyte` and so on, gzipped or not."""
    classes = FASHION if name == "FashionMNIST" else DIGITS
    items: list[Item] = []
    for split, prefix in (("train", "train"), ("test", "t10k")):
        pictures, labels = (
            _idx_file(root, name, f"{prefix}-{what}") for what in ("images-idx3-ubyte", "labels-idx1-ubyte")
        )
        if pictures is None or labels is None:
            continue
        numbers = _read_whole(labels, functools.partial(_idx, magic=_LABELS))
        count = len(_read_whole(pictures, _idx_pictures))
        if count != len(numbers) or (count and int(numbers.max()) >= len(classes)):
            raise DataError(
                f"{labels.path} does not fit {pictures.path}: {len(numbers):,} labels for {count:,} pictures"
            )
        items += [
            ArrayPicture(pictures, _idx_pictures, row, f"{split}/{row:05d}", {"class": classes[number], "split": split})
            for row, number in enumerate(numbers)
        ]
    return items


def _idx_file(root: Path, name: str, file: str) -> FileState | None:
    places = (folder / f"{file}{end}" for folder in (root / name / "raw", root / "raw", root) for end in ("", ".gz"))
    return next((FileState.of(path) for path in places if path.is_file()), None)


@functools.lru_cache(maxsize=2)
def _idx_pictures(file: FileState) -> Images:
    return _idx(file, magic=_PICTURES)


def _idx(file: FileState, magic: int) -> Images:
    """Read a file of MNIST: magic number, sizes of the dimensions, then the bytes; uint8 [N, 28, 28] or [N]."""
    opener = gzip.open if file.path.suffix == ".gz" else open
    with cast(IO[bytes], opener(file.path, "rb")) as stream:
        data = stream.read()
    found, *shape = np.frombuffer(data, ">u4", 1 + (magic & 0xFF)).tolist()
    pixels = np.frombuffer(data, np.uint8, offset=4 * (1 + len(shape)))
    if found != magic or pixels.size != np.prod(shape, dtype=np.int64):
        raise ValueError(f"not an IDX file of {len(shape)} dimensions, or cut short")
    return pixels.reshape(shape)


# ---- CIFAR-10 ---------------------------------------------------------------------------------------------------


def _cifar10(root: Path, name: str) -> list[Item]:
    """The pictures in `cifar-10-batches-bin/data_batch_1.bin` and so on."""
    folder = next((each for each in (root / "cifar-10-batches-bin", root) if (each / "test_batch.bin").is_file()), None)
    if folder is None:
        return []
    items: list[Item] = []
    batches = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    for batch in batches:
        if not (folder / batch).is_file():
            raise DataError(f"{folder} lacks {batch}; {KINDS[name].remedy}")
        file = FileState.of(folder / batch)
        split = "test" if batch.startswith("test") else "train"
        numbers = _read_whole(file, _cifar_records)[:, 0]
        if len(numbers) and int(numbers.max()) >= len(CIFAR10):
            raise DataError(f"{file.path} holds the label {int(numbers.max())}; the labels of CIFAR-10 are 0 to 9")
        items += [
            ArrayPicture(file, _cifar_pictures, row, f"{batch}/{row:05d}", {"class": CIFAR10[number], "split": split})
            for row, number in enumerate(numbers)
        ]
    return items


@functools.lru_cache(maxsize=2)
def _cifar_records(file: FileState) -> Images:
    """The records of a batch, uint8 [N, 3073]: the label, then the red, green and blue channels."""
    data = np.fromfile(file.path, np.uint8)
    if len(data) % CIFAR_RECORD or not len(data):
        raise ValueError(f"not a whole number of records of {CIFAR_RECORD:,} bytes")
    return data.reshape(-1, CIFAR_RECORD)


def _cifar_pictures(file: FileState) -> Images:
    return _cifar_records(file)[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


# ---- 102 flowers ------------------------------------------------------------------------------------------------


def _flowers(root: Path, name: str) -> list[Item]:
    """The pictures `flowers-102/jpg/image_00001.jpg` and so on, with labels and splits from two MATLAB files."""
    folder = next((each for each in (root / "flowers-102", root) if (each / "imagelabels.mat").is_file()), None)
    if folder is None or not (folder / "jpg").is_dir() or not (folder / "setid.mat").is_file():
        return []
    from torchvision.datasets import Flowers102

    labels = _read_whole(FileState.of(folder / "imagelabels.mat"), functools.partial(_matlab, key="labels"))
    parts = {"train": "trnid", "val": "valid", "test": "tstid"}
    items: list[Item] = []
    for split, key in parts.items():
        for number in _read_whole(FileState.of(folder / "setid.mat"), functools.partial(_matlab, key=key)):
            if not 1 <= number <= len(labels) or not 1 <= labels[number - 1] <= len(Flowers102.classes):
                raise DataError(f"{folder} has no label for picture {number} of its split {split}")
            file = f"image_{number:05d}.jpg"
            label = Flowers102.classes[labels[number - 1] - 1]
            items.append(PictureFile(str(folder / "jpg" / file), file, {"class": label, "split": split}))
    return sorted(items, key=lambda item: item.name)


def _matlab(file: FileState, key: str) -> Integers:
    """A list of numbers in a MATLAB file, int64 [N]."""
    from scipy.io import loadmat

    return np.atleast_1d(loadmat(file.path, squeeze_me=True, variable_names=[key])[key]).astype(np.int64)


def _read_whole(file: FileState, read: Callable[[FileState], A]) -> A:
    """The array that a function reads from a file.

    Raises:
        DataError: the file is damaged or has another format.
    """
    try:
        return read(file)
    except Exception as error:  # readers of damaged files raise errors of any kind
        raise DataError(f"{file.path} is damaged or has another format: {error}") from error


# ---- downloads --------------------------------------------------------------------------------------------------


def _download_by_class(root: Path, name: str) -> None:
    import torchvision.datasets

    getattr(torchvision.datasets, name)(root, download=True)


def _download_cifar10(root: Path, name: str) -> None:
    if (root / "cifar-10-batches-py").exists():
        raise ValueError("the folder cifar-10-batches-py there consists of pickles, which ganvas never loads")
    from torchvision.datasets.utils import download_and_extract_archive

    download_and_extract_archive(CIFAR_URL, str(root), md5=CIFAR_MD5)


@dataclass(frozen=True)
class Loader:
    """How to read and download a dataset, and what the user can do if the download fails."""

    items: Callable[[Path, str], list[Item]]
    download: Callable[[Path, str], None]
    remedy: str


KINDS = {
    "MNIST": Loader(_mnist, _download_by_class, "put its four .gz files into ROOT/MNIST/raw"),
    "FashionMNIST": Loader(_mnist, _download_by_class, "put its four .gz files into ROOT/FashionMNIST/raw"),
    "CIFAR10": Loader(_cifar10, _download_cifar10, f"unpack {CIFAR_URL} in ROOT"),
    "Flowers102": Loader(
        _flowers,
        _download_by_class,
        "unpack 102flowers.tgz in ROOT/flowers-102 and put imagelabels.mat and setid.mat there, from "
        "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
    ),
}
