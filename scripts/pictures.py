"""Make pictures of the docs: the embedded painter, a demo run, and a run on portraits.

python scripts/pictures.py DEMO_RUN PORTRAITS_RUN
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from ganvas.artist.artist import load
from ganvas.artist.grids import grid
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.painter import MODES, mode_of, paint
from ganvas.foundation.arrays import Images
from ganvas.runs.directory import RunDirectory

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PER_CLASS, GAP = 8, 24


def main() -> None:
    """Write docs/images/painter.jpg, demo.jpg and portraits.jpg."""
    demo, portraits = map(Path, sys.argv[1:])
    save(paintings(), "painter.jpg")
    save(moments(RunDirectory.open(demo)), "demo.jpg")
    save(grid(load(portraits).sample(48, seed=0), columns=12), "portraits.jpg")


def paintings(size: int = 192) -> Images:
    """One painting of every mode, sorted by mode: uint8 [H, W, 3]."""
    numbers = sorted(range(len(MODES)), key=lambda number: mode_of(number, 0))
    return grid(np.stack([paint(number, size=size) for number in numbers]), columns=6, gap=0)


def moments(run: RunDirectory) -> Images:
    """Four sample grids from early to last and real pictures, a row for each class: uint8 [H, W, 3]."""
    files = sorted(run.samples.glob("*.png"))
    chosen = [files[round(share * (len(files) - 1))] for share in (0.05, 0.2, 0.5, 1.0)]
    data = Dataset.open(run.record.data)
    assert data.labels is not None
    random = np.random.default_rng(0)
    rows = [random.choice(np.flatnonzero(data.labels == label), PER_CLASS) for label in range(len(data.class_names))]
    real = grid(data.images[np.sort(rows).flatten()], PER_CLASS)
    # The names of the classes are left of the pictures.
    sheets = [np.asarray(Image.open(file).convert("RGB"))[:, -real.shape[1] :] for file in chosen]
    return grid(np.stack([*sheets, real]), columns=5, gap=GAP)


def save(image: Images, name: str) -> None:
    """Write a picture for the docs."""
    IMAGES.mkdir(exist_ok=True)
    Image.fromarray(image).save(IMAGES / name, quality=88)


if __name__ == "__main__":
    main()
