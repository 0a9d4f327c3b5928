"""Cut a few paintings into random crops, for classifiers of artists of whom there is one painting each.

    python -m benchmarks.crops PAINTINGS OUT [--count 40] [--side 160] [--artist '^([^_]+)']

Each picture in PAINTINGS gives COUNT random square crops, OUT/ARTIST/PICTURE__NN.png. The artist is the first group of
the regular expression in the picture's name. The same pictures always give the same crops.
"""

import argparse
import random
import re
from pathlib import Path

from PIL import Image


def main() -> None:
    """Cut the crops."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paintings", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--side", type=int, default=160)
    parser.add_argument("--artist", default="^([^_]+)")
    args = parser.parse_args()
    for file in sorted(args.paintings.iterdir()):
        if match := re.search(args.artist, file.stem):
            cut(file, args.out / match[1], args.count, args.side)


def cut(file: Path, folder: Path, count: int, side: int) -> None:
    """Write `count` crops of one painting."""
    folder.mkdir(parents=True, exist_ok=True)
    places = random.Random(file.stem)
    with Image.open(file) as opened:
        picture = opened.convert("RGB")
    for number in range(count):
        left, top = places.randrange(picture.width - side + 1), places.randrange(picture.height - side + 1)
        picture.crop((left, top, left + side, top + side)).save(folder / f"{file.stem}__{number:02d}.png")


if __name__ == "__main__":
    main()
