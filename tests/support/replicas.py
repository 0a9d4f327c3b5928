"""Small replicas of collections as they are published, with their true names of files and columns."""

import csv
import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image


def picture_bytes(seed: int, side: int = 12, kind: str = "PNG") -> bytes:
    """A file of a picture of noise, another one for each seed."""
    pixels = np.random.default_rng([7, seed]).integers(0, 256, (side, side, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=95)
    return file.getvalue()


def write_picture(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture_bytes(seed, kind="PNG" if path.suffix == ".png" else "JPEG"))
    return path


def write_csv(path: Path, rows: Iterable[Sequence[Any]], delimiter: str = ",") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


PAINTER_BY_NUMBERS = ["artist", "date", "genre", "pixelsx", "pixelsy", "size_bytes", "source", "style", "title"]
PAINTER_BY_NUMBERS += ["artist_group", "in_train", "new_filename"]


def painter_by_numbers(root: Path, spread: bool = False) -> Path:
    """Twelve pictures of two artists and two genres, a third of them for testing; one more has no genre."""
    rows = [PAINTER_BY_NUMBERS]
    for number in range(13):
        artist, genre = ("Paul Cezanne", "Vincent van Gogh")[number % 2], ("portrait", "landscape")[number // 2 % 2]
        is_training = number % 3 < 2
        date, genre = "1889.0" if number % 4 else "", genre if number < 12 else ""
        file, title = f"{1000 + number}.jpg", f"Study, No. {number}"
        sizes = ["12.0", "12.0", "512.0"]
        style, group = "Post-Impressionism", "train_and_test"
        rows.append([artist, date, genre, *sizes, "wikiart", style, title, group, str(is_training), file])
        folder = (
            ("train_1" if number % 2 else "train_2") if spread and is_training else "train" if is_training else "test"
        )
        write_picture(root / folder / f"{1000 + number}.jpg", number)
    write_csv(root / "all_data_info.csv", rows)
    return root


BEST_ARTWORKS = ["id", "name", "years", "genre", "nationality", "bio", "wikipedia", "paintings"]
YEARS = "1853 \u2013 1890"
# How the folder of Dürer's is called in the archive: UTF-8 that was twice taken for code page 437.
MANGLED = "Albrecht_Du╠êrer".encode().decode("cp437")


def best_artworks(root: Path) -> Path:
    """Two pictures of each of three artists, and the same again in `resized`."""
    artists = [("Albrecht Dürer", "Albrecht_Dürer"), ("Vincent van Gogh", "Vincent_van_Gogh")]
    artists += [("Pierre-Auguste Renoir", "Pierre-Auguste_Renoir")]
    rows: list[Sequence[Any]] = [BEST_ARTWORKS]
    for number, (name, folder) in enumerate(artists):
        bio = f"{name}, who\npainted."
        rows.append([number, name, YEARS, "Post-Impressionism", "Dutch", bio, "http://example.org", 2])
        for which in (1, 2):
            seed = 10 * number + which
            write_picture(root / "images" / "images" / folder / f"{folder}_{which}.jpg", seed)
            write_picture(root / "resized" / "resized" / f"{folder}_{which}.jpg", seed)
    write_picture(root / "images" / "images" / MANGLED / f"{MANGLED}_3.jpg", 99)
    write_csv(root / "artists.csv", rows)
    return root


def wikiart(root: Path, lists: Path | None = None) -> Path:
    """Six pictures of three styles, and lists of style, genre and artist with their class lists."""
    lists = lists or root
    pictures = [
        "Impressionism/edgar-degas_the-rehearsal.jpg",
        "Impressionism/claude-monet_water-lilies-1.jpg",
        "Cubism/pablo-picasso_the-guitarist.jpg",
        "Cubism/juan-gris_bottle.jpg",
        "Ukiyo_e/hiroshige_a-shrine.jpg",
        "Ukiyo_e/hiroshige_the-bay.jpg",
    ]
    for seed, path in enumerate(pictures):
        write_picture(root / path, seed)
    write_csv(lists / "style_train.csv", [(pictures[0], 12), (pictures[2], 7), (pictures[4], 26)])
    write_csv(lists / "style_val.csv", [(pictures[1], 12), (pictures[3], 7), (pictures[5], 26)])
    write_csv(lists / "artist_train.csv", [(pictures[0], 5), (pictures[1], 4)])
    write_csv(lists / "artist_val.csv", [(pictures[2], 15)])
    write_csv(lists / "genre_train.csv", [(pictures[0], 2), (pictures[4], 4)])
    write_csv(lists / "genre_val.csv", [(pictures[5], 4), (pictures[2], 6)])
    (lists / "style_class.txt").write_text("7 Cubism\n12 Impressionism\n26 Ukiyo_e\n")
    (lists / "artist_class.txt").write_text("4 Claude_Monet\n5 Edgar_Degas\n15 Pablo_Picasso\n")
    (lists / "genre_class.txt").write_text("2 genre_painting\n4 landscape\n6 portrait\n")
    return root


def gangogh(root: Path) -> Path:
    """Two pictures of each of three genres, numbered."""
    for number, genre in enumerate(("abstract", "flower-painting", "nude-painting-nu")):
        for which in range(2):
            write_picture(root / genre / f"{which}.jpg", 10 * number + which)
    return root


def idx(values: np.ndarray) -> bytes:
    """An array of bytes as MNIST's files hold it."""
    header = [0x0800 + values.ndim, *values.shape]
    return np.array(header, ">u4").tobytes() + values.astype(np.uint8).tobytes()


def mnist(folder: Path, packed: bool = False) -> np.ndarray:
    """Twenty digits to train on and ten to test, two and one of each; their pixels, uint8 [30, 28, 28]."""
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(3).integers(0, 256, (30, 28, 28), np.uint8)
    for prefix, part in (("train", slice(0, 20)), ("t10k", slice(20, 30))):
        labels = np.arange(30)[part] % 10
        for file, values in (("images-idx3-ubyte", pixels[part]), ("labels-idx1-ubyte", labels)):
            data = idx(values)
            path = folder / f"{prefix}-{file}{'.gz' if packed else ''}"
            path.write_bytes(gzip.compress(data) if packed else data)
    return pixels


def cifar10(folder: Path) -> np.ndarray:
    """Ten pictures in each of six batches, one a class; those of the first batch, uint8 [10, 32, 32, 3]."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(4)
    first = None
    for batch in [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]:
        pixels = random.integers(0, 256, (10, 32, 32, 3), np.uint8)
        first = pixels if first is None else first
        records = np.concatenate(
            [np.arange(10, dtype=np.uint8)[:, None], pixels.transpose(0, 3, 1, 2).reshape(10, -1)], 1
        )
        (folder / batch).write_bytes(records.tobytes())
    (folder / "batches.meta.txt").write_text("airplane\nautomobile\n")
    assert first is not None
    return first


def flowers102(folder: Path) -> None:
    """Eight pictures of the kinds 1 and 102: two to train on, two to validate with, four to test."""
    from scipy.io import savemat

    for number in range(1, 9):
        write_picture(folder / "jpg" / f"image_{number:05d}.jpg", number)
    savemat(folder / "imagelabels.mat", {"labels": np.array([[1, 102, 1, 102, 1, 102, 1, 102]], np.uint8)})
    parts = {"trnid": [[1, 2]], "valid": [[3, 4]], "tstid": [[5, 6, 7, 8]]}
    savemat(folder / "setid.mat", {key: np.array(value, np.uint16) for key, value in parts.items()})


# ---- what people have -------------------------------------------------------------------------------------------

NESTED = ["old/sea/calm/0.png", "old/sea/storm/1.png", "old/land/hill/2.png"]
NESTED += ["new/sea/calm/3.png", "new/land/hill/4.png"]


def write_nested(root: Path) -> Path:
    """Five pictures in three levels of folders."""
    for seed, name in enumerate(NESTED):
        write_picture(root / name, seed)
    return root


def write_table(root: Path) -> Path:
    """Six pictures and a table of them with all that tables have."""
    header = ["", "title", "file_name", "artist", "class", "year", "width", "licence", "group", "split"]
    rows: list[list[Any]] = [header]
    for number in range(6):
        write_picture(root / "images" / f"{number}.png", number)
        year, wall = "" if number == 4 else 1880 + number, f"wall {number % 3}"
        artist, kind = ("Monet", "Degas")[number // 2 % 2], ("sea", "land")[number // 3]
        title, file, part = f"Study, {number}", f"images/{number}.png", ("train", "Test")[number % 2]
        rows.append([number, title, file, artist, kind, year, 7, "CC0", wall, part])
    return write_csv(root / "pictures.csv", rows)


def zipped(folder: Path, kind: int = zipfile.ZIP_DEFLATED) -> Path:
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", kind) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return target


TarMode = Literal["w", "w:gz", "w:bz2", "w:xz"]


def tarred(folder: Path, mode: TarMode = "w:gz") -> Path:
    target = folder.with_suffix(".tar")
    with tarfile.open(target, mode) as archive:
        archive.add(folder, ".")
    return target
