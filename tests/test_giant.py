"""Pictures far larger than memory should hold, in a process of their own whose peak is measured."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from ganvas.data.dataset.dataset import Dataset
from support.picture_files import giant_jpeg

GIB = 2**30

# Not by getrusage, which counts what the process that started this one held.
MEASURED = """
import re, sys
from pathlib import Path
from ganvas.data.prepare.prepare import prepare
prepare(sys.argv[1], sys.argv[2], size=64, workers=1)
print(re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text("utf-8"))[1])
"""


def peak(folder: Path, target: Path) -> int:
    """The most memory in bytes that `prepare` ever held."""
    command = [sys.executable, "-c", MEASURED, str(folder), str(target)]
    return 1024 * int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def write_jpeg(folder: Path) -> tuple[int, int]:
    (folder / "giant.jpg").write_bytes(giant_jpeg(30000, 29605))
    return 30000, 29605


def write_png(folder: Path) -> tuple[int, int]:
    small = pyvips.Image.new_from_array(np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]], np.uint8))
    small.copy(interpretation="srgb").zoom(6000, 6000).pngsave(str(folder / "giant.png"), compression=1)
    return 12000, 12000


def write_large_png(folder: Path) -> tuple[int, int]:
    """The largest that is decoded in memory: transparent, with a colour profile, lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = 3
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    small = Image.new("RGBA", (2, 2))
    small.putdata([(255, 255, 0, 255), (0, 0, 255, 255), (0, 255, 0, 255), (255, 0, 0, 255)])
    large = small.resize((5790, 5790), Image.Resampling.NEAREST)
    large.save(folder / "large.png", icc_profile=profile, exif=exif, compress_level=1)
    return 5790, 5790


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell the peak of a process")
@pytest.mark.parametrize("write", [write_jpeg, write_png, write_large_png])
def test_a_giant_is_prepared_within_a_gibibyte(tmp_path: Path, write: Callable[[Path], tuple[int, int]]) -> None:
    (tmp_path / "in").mkdir()
    size = write(tmp_path / "in")
    most = peak(tmp_path / "in", tmp_path / "data")
    dataset = Dataset.open(tmp_path / "data")
    assert (dataset.index["width"][0], dataset.index["height"][0]) == size
    corners = dataset.images[0][[5, 5, -6, -6], [5, -6, 5, -6]].astype(int)
    assert np.abs(corners - [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]).max() <= 6
    print(f"peak {most / 2**20:.0f} MiB")
    assert most < GIB
