"""Make the picture of the docs that compares how augmentation fills the area beyond the edge of a picture.

python scripts/fills.py docs/images/fill.png
"""

import sys
from pathlib import Path

import numpy as np

from ganvas.artist.grids import write_png
from ganvas.classify.augment import compare_fills
from ganvas.data.painter import MODES, paint

# Numbers of paintings of several genres and palettes.
NUMBERS = range(0, len(MODES), 6)


def main() -> None:
    """Write the grid: the paintings in the first row, then "reflect", then "nearest"."""
    paintings = np.stack([paint(number, size=128) for number in NUMBERS])
    write_png(Path(sys.argv[1]), compare_fills(paintings))


if __name__ == "__main__":
    main()
