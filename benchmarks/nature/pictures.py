"""The datasets of the benchmark at 16 and 32 px: paintings, digits, clothes and real art, whole, spoiled or tiny.

The name of a dataset is `KIND-SIZE` or `KIND-SIZE-VARIANT`, for instance "art-16" or "digits-32-mislabelled".
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.verdict.pictures import drawn_digits
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import IMAGES, INDEX
from ganvas.data.prepare.prepare import prepare
from ganvas.foundation.arrays import Images

# The folder of real art, a folder for each class; docs/results.md says how to make it.
ART = Path(os.environ.get("GANVAS_ART", "art"))
# Fashion-MNIST as Debian's package dataset-fashion-mnist installs it.
FASHION = Path("/usr/share/datasets/fashion-mnist")
# Pictures of a whole dataset.
_WHOLE = 1200


def dataset(name: str, folder: Path) -> Path:
    """The dataset of that name in `folder`, made if it does not exist."""
    out = folder / name
    if not out.exists():
        kind, size, *variant = name.split("-")
        count = int(variant[0]) if variant and variant[0].isdigit() else _WHOLE
        _KINDS[kind](out, int(size), count)
        if variant and not variant[0].isdigit():
            _VARIANTS[variant[0]](out)
    return out


def _paintings(out: Path, size: int, count: int) -> None:
    prepare(f"painter:{count}", out, size=size, split="0.15" if count == _WHOLE else None)


def _digits(out: Path, size: int, count: int) -> None:
    folder = out.with_name(f"{out.name}-pictures")
    for number, (label, picture) in zip(range(count), drawn_digits(), strict=False):
        (folder / label).mkdir(parents=True, exist_ok=True)
        picture.save(folder / label / f"{number:05d}.png")
    prepare(folder, out, size=size, split="0.15" if count == _WHOLE else None, group=r"(\d+)\.png$")
    shutil.rmtree(folder)


def _fashion(out: Path, size: int, count: int) -> None:
    prepare("torchvision:FashionMNIST", out, size=size, root=FASHION, limit=count, split="none")


def _art(out: Path, size: int, count: int) -> None:
    prepare(ART, out, size=size, limit=count)


def _portraits(out: Path, size: int, count: int) -> None:
    prepare(ART / "portrait", out, size=size, limit=count)


def _mislabelled(out: Path) -> None:
    """Shuffle the classes of all pictures."""

    def shuffle(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(**{"class": np.random.default_rng(0).permutation(table["class"])})

    _change(out, shuffle, lambda images: images)


def _repeated(out: Path) -> None:
    """Replace nine pictures of ten by one of the others."""
    rows = np.arange(len(Dataset.open(out)))
    kept = np.random.default_rng(0).permutation(rows)[: len(rows) // 10]
    taken = np.where(np.isin(rows, kept), rows, np.resize(kept, len(rows)))
    _change(out, lambda table: table.iloc[taken].reset_index(drop=True), lambda images: images[taken])


def _change(
    out: Path,
    change_table: Callable[[pd.DataFrame], pd.DataFrame],
    change_images: Callable[[Images], Images],
) -> None:
    table, images = pd.read_parquet(out / INDEX), np.load(out / IMAGES)
    change_table(table).to_parquet(out / INDEX)
    np.save(out / IMAGES, change_images(images))


_KINDS: dict[str, Callable[[Path, int, int], None]] = {
    "paintings": _paintings,
    "digits": _digits,
    "fashion": _fashion,
    "art": _art,
    "portraits": _portraits,
}
_VARIANTS: dict[str, Callable[[Path], None]] = {"mislabelled": _mislabelled, "repeated": _repeated}
