"""Small pictures and folders of pictures for the tests."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageCms


def quarters(width: int = 48, height: int = 32) -> Image.Image:
    """Red at the top left, green at the top right, blue at the bottom left, yellow at the bottom right."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("lime", (width // 2, 0, width, height // 2))
    image.paste("blue", (0, height // 2, width // 2, height))
    image.paste("yellow", (width // 2, height // 2, width, height))
    return image


def write_pictures(folder: Path, count: int, seed: int = 0, side: int = 16) -> Path:
    """Fill a folder with `count` different pictures of noise: 0.png, 1.png ..."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, count])
    for number in range(count):
        Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).save(folder / f"{number}.png")
    return folder


def write_two_classes(folder: Path) -> Path:
    """Three pictures of class a and two of class b."""
    write_pictures(folder / "a", 3)
    write_pictures(folder / "b", 2)
    return folder


def swapped_profile() -> bytes:
    """An sRGB profile that calls its red primary green and its green one red."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"xxxx", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"xxxx", b"gXYZ", 1)
