"""How time and memory of what is done with a whole dataset grow with its number of pictures.

    OMP_NUM_THREADS=1 python -m benchmarks.many_pictures [--counts 10000 100000 1000000] [--size 16] [--folder DIR]

Datasets of noise are made directly, without files of pictures: hashes like those of paintings, ten classes, a tenth of
the pictures held back, and one in a hundred a near-duplicate of the one before it. Each part runs in a process of its
own. The table has seconds of processor time, and the peak of memory above that of a process which has imported
everything and done nothing. A million pictures take 1.0 GB of disk at 16 pixels.
"""

import argparse
import functools
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import psutil
from numpy.typing import NDArray

from benchmarks.memory import MIB, peak_bytes
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import IMAGES, TEST, TRAIN, Info
from ganvas.data.dataset.split import groups_of, hold_back
from ganvas.data.dataset.writing import write_tables
from ganvas.data.prepare.duplicates import duplicates_column, find_duplicates
from ganvas.data.prepare.outcomes import Outcomes
from ganvas.data.prepare.partial import partial_dataset
from ganvas.data.prepare.picture import Prepared
from ganvas.data.prepare.table import Table
from ganvas.data.sources.folder import PictureFile
from ganvas.data.sources.source import Request, Value
from ganvas.data.sources.tree import by_folders
from ganvas.data.survey.survey import survey
from ganvas.foundation.errors import DataError
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.reference import reference
from ganvas.training.loader import Loader

T = TypeVar("T")

CLASSES = 10
# One picture in this many is a near-duplicate, and one in this many is held back.
REPEATED, HELD_BACK = 100, 10
# Pictures that are made at once.
CHUNK = 50_000
BATCHES, BATCH = 20, 64


def main() -> None:
    """Make the datasets, measure each part, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    figures: dict[str, list[str]] = {name: [] for name in PARTS}
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for count in args.counts:
            data = Path(folder) / str(count)
            apart(functools.partial(make, data, count, args.size))
            for name, part in PARTS.items():
                seconds, peak = apart(functools.partial(cost, data, part))
                figures[name].append(f"{seconds:.1f} s, {peak:,.0f} MiB")
                print(f"{count:,} pictures, {name}: {figures[name][-1]}", file=sys.stderr)
    print(f"| | {' | '.join(f'{count:,} pictures' for count in args.counts)} |")
    print(f"|---{'|---' * len(args.counts)}|")
    for name, cells in figures.items():
        print(f"| {name} | {' | '.join(cells)} |")


def make(path: Path, count: int, size: int) -> None:
    """Make a dataset directory of noise."""
    path.mkdir()
    random = np.random.default_rng(0)
    with (path / IMAGES).open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, size, size, 3)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, count, CHUNK):
            images = random.integers(0, 256, (min(CHUNK, count - start), size, size, 3), dtype=np.uint8)
            images[1::REPEATED] = images[::REPEATED]
            file.write(images.tobytes())
    numbers = np.arange(count)
    index = pd.DataFrame(
        {
            "source": [f"folder/{number:09d}.jpg" for number in range(count)],
            "sha256": [f"{number:064x}" for number in range(count)],
            "content": [f"{number:064x}" for number in range(count)],
            "phash": [f"{number:016x}" for number in _hashes(count, random).tolist()],
            "width": 640,
            "height": 480,
            "split": np.where(numbers % HELD_BACK, TRAIN, TEST),
            "class": [f"class{number % CLASSES}" for number in range(count)],
        }
    )
    names = [f"class{number}" for number in range(CLASSES)]
    index["duplicates"] = duplicates_column(np.where(numbers % REPEATED == 1, numbers - 1, numbers))
    info = Info(size=size, count=count, label_column="class", class_names=names, fingerprint=f"noise of {count}")
    write_tables(path, info, index)


def _hashes(count: int, random: np.random.Generator) -> NDArray[np.uint64]:
    """Hashes with half of their bits set; that of a near-duplicate differs in two."""
    hashes = np.empty(count, np.uint64)
    for start in range(0, count, CHUNK):
        rows = min(CHUNK, count - start)
        bits = random.permuted(np.tile(np.repeat(np.array([0, 1], np.uint8), 32), (rows, 1)), axis=1)
        for row in range(1, rows, REPEATED):
            bits[row] = bits[row - 1]
            bits[row, [bits[row].argmax(), bits[row].argmin()]] ^= 1
        hashes[start : start + rows] = np.packbits(bits, axis=1).view(">u8")[:, 0]
    return hashes


def apart(work: Callable[[], T]) -> T:
    """What `work` returns in a process of its own, which starts with what is imported here."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=lambda: theirs.send(work()))
    process.start()
    theirs.close()
    result: T = ours.recv()
    process.join()
    return result


def cost(data: Path, part: Callable[[Path], object]) -> tuple[float, float]:
    """Seconds of processor time of a part, and the peak of memory above that before it, in MiB."""
    process = psutil.Process()
    before, began = process.memory_info().rss, time.process_time()
    part(data)
    seconds = time.process_time() - began
    peak = peak_bytes(resource.getrusage(resource.RUSAGE_SELF))
    return seconds, max(0, peak - before) / MIB


def _open(path: Path) -> object:
    data = Dataset.open(path)
    return data.rows(TRAIN), data.labels


def _batches(path: Path) -> None:
    data = Dataset.open(path)
    with Loader(data, BATCH, seed=0) as loader:
        for _, _ in zip(range(BATCHES), loader, strict=False):
            pass


class _Files:
    """As many files as a dataset has pictures, in a folder for each class. They do not exist."""

    title, wrapper = "noise", ""
    unreadable: Mapping[str, str] = {}

    def __init__(self, count: int) -> None:
        self.names = sorted(f"class{number % CLASSES}/{number:09d}.jpg" for number in range(count))

    def picture(self, name: str, labels: Mapping[str, Value]) -> PictureFile:
        return PictureFile(f"/pictures/{name}", name, labels)

    def content(self, name: str) -> bytes:
        raise DataError(f"{name} does not exist")


def _table(path: Path) -> object:
    """What `prepare` does with each picture besides decoding it: an item, a line of the journal, a row of the index."""
    source = by_folders(_Files(len(Dataset.open(path))), Request())
    with partial_dataset(path / "made", {}, size=1) as partial:
        outcomes = Outcomes(partial, source.items)
        for number in outcomes.missing:
            pixel = np.array([number], np.uint32).view(np.uint8)[:3].reshape(1, 1, 1, 3)
            phash, sha256, content = f"{number:016x}", f"{number:064x}", f"{number:032x}"
            name = source.items[number].name
            stamp = f"1 2 /pictures/{name}"
            outcomes.add(number, name, Prepared(pixel, [phash], sha256, content, 640, 480, stamp))
        return Table.of(source, outcomes, has_crops=False)


def _near_duplicates(path: Path) -> object:
    data = Dataset.open(path)
    return find_duplicates(data.index, data.images, np.arange(len(data)))


def _split(path: Path) -> object:
    data = Dataset.open(path)
    return hold_back(groups_of(data.index), data.labels, 1 / HELD_BACK, 0)


def _reference(path: Path) -> object:
    real = reference(Dataset.open(path), load_extractor("pixels"), cache=path / "cache")
    return real.gaussian, real.similarity


PARTS: dict[str, Callable[[Path], object]] = {
    "classes and splits, for training": _open,
    f"{BATCHES} batches of {BATCH}": _batches,
    "the whole index": lambda path: Dataset.open(path).index,
    "items, journal and table of prepare": _table,
    "near-duplicates": _near_duplicates,
    "groups and a split": _split,
    "reference statistics": _reference,
    "survey": survey,
}


if __name__ == "__main__":
    main()
