"""Build the art of docs/results.md from packages of Debian 12: 1,524 pictures of five classes, 128 x 128.

    python -m benchmarks.art_set PACKAGES OUT [--side 256]

PACKAGES is the folder in which the packages were unpacked ("The art set" in docs/data.md has the commands), or / if
they are installed. The pictures become OUT/CLASS/NAME.jpg. About a fifth of the sources is left out:
art_set_left_out.txt lists them. With `--side 256` they are those of docs/large.md: the 586 landscapes and portraits
alone, because the other classes are no larger than 128 x 128.
"""

import argparse
import hashlib
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path, PurePosixPath

from PIL import Image, ImageOps

from benchmarks.qt_resources import read_resources
from ganvas.foundation import files
from ganvas.foundation.errors import DataError, GanvasError

# How many pictures the packages of Debian 12 give.
COUNTS = {"abstract": 72, "landscape": 219, "portrait": 367, "ukiyo_e": 348, "western_painting": 518}

SIDE, LARGE = 128, 256
LARGE_CLASSES = ("landscape", "portrait")
GROUND = (214, 201, 175)  # behind the portraits, which have a transparent one
SCALES = {"10": 1.0, "6": 0.6}  # of reproductions, by how a file name says it
STEP = 64  # between patches of a reproduction
MARGIN = 6  # of a reproduction that no patch shows: pieces at the edge leave gaps
BOARD = (702, 515)  # where the pieces of a puzzle lie

_LEFT_OUT = Path(__file__).with_name("art_set_left_out.txt")
_INSTRUCTION = re.compile(r'qsTr\("(.+)"\)')
_PIECE = re.compile(r'"pixmapfile" : "(image/\S+\.webp)",\s*"x" : "([\d.]+)",\s*"y" : "([\d.]+)"')


@dataclass(frozen=True)
class Work:
    """A picture of the set. Pictures of one source are left out together."""

    style: str
    source: str
    name: str
    picture: Image.Image


def main() -> None:
    """Build the set and say how many pictures of each class it has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--side", type=int, choices=(SIDE, LARGE), default=SIDE)
    args = parser.parse_args()
    try:
        counts = build(args.packages, args.out, _LEFT_OUT.read_text(encoding="utf-8").split(), args.side)
    except GanvasError as error:
        raise SystemExit(str(error)) from error
    expected = {style: count for style, count in COUNTS.items() if args.side == SIDE or style in LARGE_CLASSES}
    print("\n".join(f"{style:17} {counts[style]:5,}" for style in expected))
    wrong = [f"{counts[style]:,} of {count:,} {style}" for style, count in expected.items() if counts[style] != count]
    if wrong:
        raise SystemExit(f"{args.packages} lacks a package or has other versions than Debian 12: {', '.join(wrong)}")


def build(packages: Path, out: Path, left_out: Collection[str], side: int = SIDE) -> Counter[str]:
    """Write the set to a new folder, at `SIDE` or, what is that large, at `LARGE`.

    Returns:
        The number of pictures of each class.

    Raises:
        DataError: a package is missing, or a file in it cannot be read.
        GanvasError: `out` exists already.
    """
    with files.whole_directory(out) as folder:
        for make in (landscapes, portraits) if side == LARGE else (tiles, landscapes, portraits, reproductions):
            for work in make(packages):
                if work.source not in left_out:
                    file = folder / work.style / f"{work.name}.jpg"
                    file.parent.mkdir(exist_ok=True)
                    small = work.picture.resize((side, side), Image.Resampling.LANCZOS)
                    small.save(file, quality=93, subsampling="4:4:4")
        return Counter(file.parent.name for file in folder.glob("*/*"))


def tiles(packages: Path) -> Iterator[Work]:
    """The quarters of the tiles of propaganda-debian, 256 x 256."""
    for file in _found(packages, "propaganda-debian", "usr/share/wallpapers", "*.JPG"):
        tile = _opened(file).convert("RGB")
        half = tile.width // 2
        for left, top in product((0, half), repeat=2):
            quarter = tile.crop((left, top, left + half, top + half))
            yield Work("abstract", file.stem, f"abstract_{file.stem}_{left}_{top}", _compressed(quarter))


def landscapes(packages: Path) -> Iterator[Work]:
    """The middle of the photographs of endless-sky-data, 256 x 256. Their names begin with what they show."""
    for file in _found(packages, "endless-sky-data", "usr/share/games/endless-sky/images/land", "*.jpg"):
        picture = ImageOps.fit(_opened(file).convert("RGB"), (LARGE, LARGE), Image.Resampling.LANCZOS)
        kind = re.split("[^a-z]", file.stem)[0]
        name = f"{kind}_{file.stem}_{_digest(picture)}"
        yield Work("landscape", name, name, _compressed(picture))


def portraits(packages: Path) -> Iterator[Work]:
    """The portraits of wesnoth-1.16-*, on a plain ground, 256 x 256. Equal pictures have equal names."""
    for file in _found(packages, "wesnoth-1.16-data", "usr/share/games/wesnoth/1.16/data", "**/portraits/**/*.png"):
        figure = _opened(file).convert("RGBA")
        painted = Image.new("RGB", figure.size, GROUND)
        painted.paste(figure, mask=figure)
        picture = ImageOps.pad(painted, (LARGE, LARGE), Image.Resampling.LANCZOS, color=GROUND)
        kind = re.search(r"/core/images/portraits/(\w+)/", file.as_posix())
        name = f"{kind[1] if kind else 'campaign'}_{_plain(file.stem, keep='-')}_{_digest(picture)}"
        yield Work("portrait", name, name, picture)


def reproductions(packages: Path) -> Iterator[Work]:
    """Overlapping patches of the paintings of gcompris-qt-data, 128 x 128."""
    (file,) = _found(packages, "gcompris-qt-data", "usr/share/gcompris-qt/rcc", "paintings.rcc")
    resources = read_resources(file)
    for board in sorted(path for path in resources if path.suffix == ".qml" and path.parent.name == "board"):
        title, painting = assembled(resources, board)
        source = _plain(title)
        style, prefix = ("ukiyo_e",) * 2 if re.search("Hokusa|Hiroshige", title) else ("western_painting", "western")
        for scale, factor in SCALES.items():
            width, height = int(painting.width * factor), int(painting.height * factor)
            scaled = painting.resize((width, height), Image.Resampling.LANCZOS)
            corners = (range(MARGIN, side - MARGIN - SIDE + 1, STEP) for side in scaled.size)
            for left, top in product(*corners):
                patch = scaled.crop((left, top, left + SIDE, top + SIDE))
                yield Work(style, source, f"{prefix}_{source[:40]}_{scale}_{left}_{top}", _compressed(patch))


def assembled(resources: dict[PurePosixPath, bytes], board: PurePosixPath) -> tuple[str, Image.Image]:
    """The title of a puzzle and its pieces in their places. A board gives their centres, relative to its own size.

    Raises:
        DataError: the board has no title or no pieces.
    """
    text = resources[board].decode("utf-8")
    pieces: list[tuple[Image.Image, float, float]] = []
    for name, x, y in _PIECE.findall(text):
        piece = Image.open(io.BytesIO(resources[board.parents[1] / name])).convert("RGBA")
        pieces.append((piece, float(x) * BOARD[0] - piece.width / 2, float(y) * BOARD[1] - piece.height / 2))
    title = _INSTRUCTION.search(text)
    if not title or not pieces:
        raise DataError(f"{board} in paintings.rcc has no title or no pieces")
    left, top = min(x for _, x, _ in pieces), min(y for _, _, y in pieces)
    placed = [(piece, round(x - left), round(y - top)) for piece, x, y in pieces]
    size = max(x + piece.width for piece, x, _ in placed), max(y + piece.height for piece, _, y in placed)
    painting = Image.new("RGB", size, "white")
    for piece, x, y in placed:
        painting.paste(piece, (x, y), piece)
    return title[1], painting


def _found(packages: Path, package: str, folder: str, pattern: str) -> list[Path]:
    """The files of a package."""
    found = sorted((packages / folder).glob(pattern))
    if not found:
        raise DataError(
            f"{packages} lacks {folder}/{pattern} of Debian's package {package}; "
            'name the folder in which it was unpacked ("The art set" in docs/data.md)'
        )
    return found


def _opened(file: Path) -> Image.Image:
    try:
        with Image.open(file) as picture:
            picture.load()
            return picture
    except OSError as error:
        raise DataError(f"{file} cannot be read as a picture: {error}") from error


def _compressed(picture: Image.Image) -> Image.Image:
    """The picture after the loss of a JPEG file. The set was cut from such files."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=95, subsampling="4:2:0")
    return Image.open(file)


def _digest(picture: Image.Image) -> str:
    return hashlib.md5(picture.tobytes(), usedforsecurity=False).hexdigest()[:6]


def _plain(text: str, keep: str = "") -> str:
    """The text with an underscore for every run of other characters than letters and digits."""
    return re.sub(f"[^A-Za-z0-9_{keep}]+", "_", text).strip("_")


if __name__ == "__main__":
    main()
