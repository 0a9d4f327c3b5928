"""The datasets of the benchmark at 16 and 32 px: paintings, digits, clothes, art, emoji, icons; whole, spoiled or tiny.

The name of a dataset is `KIND-SIZE` or `KIND-SIZE-VARIANT`, for instance "art-16" or "digits-32-mislabelled".
"""

import os
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.verdict.pictures import drawn_digits
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.subset import write_rows
from ganvas.data.prepare.prepare import prepare

# The folder of real art, a folder for each class; docs/results.md says how to make it.
ART = Path(os.environ.get("GANVAS_ART", "art"))
# Fashion-MNIST as Debian's package dataset-fashion-mnist installs it.
FASHION = Path("/usr/share/datasets/fashion-mnist")
# Noto's emoji as Debian's package fonts-noto-color-emoji installs them. They have one size, in pixels.
EMOJI = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
EMOJI_SIZE, EMOJI_BOX = 109, (136, 128)
# The emoji by class: the first and the last of Unicode's blocks.
EMOJI_CLASSES = {
    "faces": (0x1F600, 0x1F64F),
    "pictographs": (0x1F300, 0x1F5FF),
    "transport": (0x1F680, 0x1F6FF),
    "people": (0x1F900, 0x1F9FF),
    "things": (0x1FA70, 0x1FAFF),
}
# Oxygen's icons as Debian's package oxygen-icon-theme installs them, and its folders with enough of them for a class.
ICONS = Path("/usr/share/icons/oxygen/base/48x48")
ICON_CLASSES = ("actions", "apps", "devices", "mimetypes", "places", "status")
# Pictures of a whole dataset.
WHOLE = 1200


def dataset(name: str, folder: Path) -> Path:
    """The dataset of that name in `folder`, made if it does not exist."""
    out = folder / name
    if not out.exists():
        kind, size, *variant = name.split("-")
        if variant and variant[0] in _VARIANTS:
            _VARIANTS[variant[0]](Dataset.open(dataset(f"{kind}-{size}", folder)), out)
        else:
            _KINDS[kind](out, int(size), int(variant[0]) if variant else WHOLE)
    return out


def _paintings(out: Path, size: int, count: int) -> None:
    prepare(f"painter:{count}", out, size=size, split="0.15" if count == WHOLE else None)


def _digits(out: Path, size: int, count: int) -> None:
    folder = out.with_name(f"{out.name}-pictures")
    for number, (label, picture) in zip(range(count), drawn_digits(), strict=False):
        (folder / label).mkdir(parents=True, exist_ok=True)
        picture.save(folder / label / f"{number:05d}.png")
    prepare(folder, out, size=size, split="0.15" if count == WHOLE else None, group=r"(\d+)\.png$")
    shutil.rmtree(folder)


def _fashion(out: Path, size: int, count: int) -> None:
    prepare("torchvision:FashionMNIST", out, size=size, root=FASHION, limit=count, split="none")


def _art(out: Path, size: int, count: int) -> None:
    prepare(ART, out, size=size, limit=count)


def _portraits(out: Path, size: int, count: int) -> None:
    prepare(ART / "portrait", out, size=size, limit=count)


def _emoji(out: Path, size: int, count: int) -> None:
    folder = out.with_name(f"{out.name}-pictures")
    for label, code, picture in _drawn_emoji():
        (folder / label).mkdir(parents=True, exist_ok=True)
        picture.save(folder / label / f"{code:05x}.png")
    prepare(folder, out, size=size, limit=count)
    shutil.rmtree(folder)


def _drawn_emoji() -> Iterator[tuple[str, int, Image.Image]]:
    """Each emoji on white, with its class and its code point."""
    font = ImageFont.truetype(EMOJI, EMOJI_SIZE)
    for label, (first, last) in EMOJI_CLASSES.items():
        for code in (each for each in range(first, last + 1) if unicodedata.category(chr(each)) == "So"):
            picture = Image.new("RGB", EMOJI_BOX, "white")
            ImageDraw.Draw(picture).text((0, 0), chr(code), font=font, embedded_color=True)
            if np.ptp(np.asarray(picture)) > 0:  # the font has it
                yield label, code, picture


def _icons(out: Path, size: int, count: int) -> None:
    folder = out.with_name(f"{out.name}-pictures")
    for label in ICON_CLASSES:
        (folder / label).mkdir(parents=True, exist_ok=True)
        for file in sorted(each for each in (ICONS / label).glob("*.png") if not each.is_symlink()):
            with Image.open(file) as icon:
                figure = icon.convert("RGBA")
            Image.alpha_composite(Image.new("RGBA", figure.size, "white"), figure).save(folder / label / file.name)
    prepare(folder, out, size=size, limit=count)
    shutil.rmtree(folder)


def _mislabelled(data: Dataset, out: Path) -> None:
    """Shuffle the classes of all pictures."""
    index = data.index.copy()
    index[data.info.label_column] = np.random.default_rng(0).permutation(index[data.info.label_column])
    write_rows(data, range(len(data)), index, data.info, out)


def _repeated(data: Dataset, out: Path) -> None:
    """Replace nine pictures of ten by one of the others."""
    rows = np.arange(len(data))
    kept = np.random.default_rng(0).permutation(rows)[: len(rows) // 10]
    taken = np.where(np.isin(rows, kept), rows, np.resize(kept, len(rows)))
    write_rows(data, taken, data.index.iloc[taken].reset_index(drop=True), data.info, out)


_KINDS: dict[str, Callable[[Path, int, int], None]] = {
    "paintings": _paintings,
    "digits": _digits,
    "fashion": _fashion,
    "art": _art,
    "portraits": _portraits,
    "emoji": _emoji,
    "icons": _icons,
}
_VARIANTS: dict[str, Callable[[Dataset, Path], None]] = {"mislabelled": _mislabelled, "repeated": _repeated}
