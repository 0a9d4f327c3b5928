"""Painting pictures of one's own again with a trained second stage, two to eight times as large."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ganvas.artist.explore.given import trained_framing
from ganvas.artist.grids import write_png
from ganvas.artist.trained import TrainedGenerator
from ganvas.data.pictures.frame import frame_like
from ganvas.data.pictures.rejection import Rejected
from ganvas.data.sources import Item, PictureFile, open_folder
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import DataError, GanvasError, RunError
from ganvas.foundation.files import whole_directory
from ganvas.foundation.paths import exists, is_directory, new_path, user_path
from ganvas.foundation.pixels import to_float, to_uint8
from ganvas.networks.brushwork import Generator

# Side of the part of a picture that is painted at a time, without its surroundings.
TILE = 48
# Longest side of a picture to enlarge, in pixels.
LONGEST = 4096
PNG = ".png"


def enlarge(artist: TrainedGenerator, picture: Images, label: str | None = None) -> Images:
    """Paint a picture again with the second stage of a generator, part by part, which bounds the memory.

    Each part is painted with its surroundings, as far as they have an effect, so no seams are left.

    Args:
        artist: a generator with a second stage (recipe `brushwork`).
        picture: uint8 [H, W, 3].
        label: the class whose brushwork to use; None for a generator without classes.

    Returns:
        uint8 [k H, k W, 3] for a second stage that enlarges k times.

    Raises:
        RunError: the generator has no second stage, or the class is unknown or missing.
    """
    generator = second_stage(artist)
    labels = torch.tensor([artist.number(label)]) if artist.class_names or label is not None else None
    brush, (height, width) = generator.brush, picture.shape[:2]
    factor = 2 ** len(brush.doublings)
    small = to_float(torch.from_numpy(picture.copy())[None])
    result = np.empty((height * factor, width * factor, 3), np.uint8)
    for rows, surrounding_rows in _tiles(height, brush.reach):
        for columns, surrounding_columns in _tiles(width, brush.reach):
            place = (surrounding_rows.start, surrounding_columns.start)
            with torch.inference_mode():
                painted = brush(small[:, :, surrounding_rows, surrounding_columns], labels, place)
            part = to_uint8(painted)[0][_scaled(rows, place[0], factor), _scaled(columns, place[1], factor)]
            result[_scaled(rows, 0, factor), _scaled(columns, 0, factor)] = part
    return result


def second_stage(artist: TrainedGenerator) -> Generator:
    """The generator with its second stage.

    Raises:
        RunError: it has none.
    """
    generator = artist.snapshot.generator
    if not isinstance(generator, Generator):
        raise RunError(
            f"this {artist.card.recipe} has no second stage, which enlarges pictures; train one with: "
            "ganvas train DATA --enlarge RUN"
        )
    return generator


def write_enlarged(
    artist: TrainedGenerator, pictures: Sequence[str | Path], out: Path, label: str | None = None
) -> str:
    """Enlarge a picture file into a PNG file, or several, and the pictures of folders, into a directory of them.

    Args:
        artist: a generator with a second stage.
        pictures: files, and folders whose unreadable files are passed over.
        out: the .png file or the directory to make. Pictures of a folder keep their places in it.
        label: as for `enlarge`.

    Returns:
        A line on what was done.

    Raises:
        DataError: a file does not exist, is not a picture, or is too large; or two would get the same name.
        RunError: as for `enlarge`.
        GanvasError: `out` exists already or cannot be written.
    """
    second_stage(artist)
    if artist.class_names:
        artist.number(label)
    paths, out = [*map(user_path, pictures)], new_path(out)
    if out.suffix.lower() == PNG:
        return _write_one(artist, paths, out, label)
    made, passed_over = dict[Path, tuple[int, int]](), 0
    with whole_directory(out) as directory:
        for item, name, is_named in _items(paths):
            target = directory / Path(name).with_suffix(PNG)
            if target in made:
                raise DataError(f"{item.name}: another picture is to be {target.name} too; enlarge them one by one")
            try:
                picture = _read(artist, item)
            except Rejected as error:
                if is_named:
                    raise _refused(item, error) from error
                passed_over += 1
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            large = enlarge(artist, picture, label)
            Image.fromarray(large).save(target)
            made[target] = large.shape[:2]
        if not made:
            raise DataError("there is no picture to enlarge")
    rest = f"; {passed_over:,} files that are no pictures, or too large, were passed over" if passed_over else ""
    height, width = max(made.values())
    return f"{len(made):,} {'picture' if len(made) == 1 else 'pictures'} of up to {width:,} x {height:,} px{rest}"


def _write_one(artist: TrainedGenerator, paths: Sequence[Path], out: Path, label: str | None) -> str:
    """Enlarge one picture file into a PNG file; arguments and errors as for `write_enlarged`."""
    if len(paths) != 1 or is_directory(paths[0]):
        raise DataError(f"{out} is to be one picture; give one picture file, or name a directory with --out")
    if exists(out):
        raise GanvasError(f"{out} exists already; choose another name")
    ((item, _, _),) = _items(paths)
    try:
        picture = _read(artist, item)
    except Rejected as error:
        raise _refused(item, error) from error
    large = enlarge(artist, picture, label)
    write_png(out, large)
    return f"1 picture of {large.shape[1]:,} x {large.shape[0]:,} px"


def _refused(item: Item, error: Rejected) -> DataError:
    return DataError(f"{item.name} cannot be enlarged: {error}")


def _items(paths: Iterable[Path]) -> Iterator[tuple[Item, str, bool]]:
    """Each picture, the name of its file, and whether the user named it."""
    for path in paths:
        if not exists(path):
            raise DataError(f"{path} does not exist; give picture files or folders of them")
        if is_directory(path):
            for item in open_folder(path).items:
                yield item, item.name, False
        else:
            yield PictureFile(str(path), str(path), {}), path.name, True


def _read(artist: TrainedGenerator, item: Item) -> Images:
    """The whole picture, uint8 [H, W, 3].

    Raises:
        Rejected: it is not a usable picture, or is too large.
    """
    frame = dataclasses.replace(frame_like(trained_framing(artist), TILE), size=LONGEST)
    read = item.read(frame)
    if max(read.width, read.height) > LONGEST:
        raise Rejected("too large", f"{read.width} x {read.height}, at most {LONGEST} pixels a side can be enlarged")
    return read.pixels


def _tiles(length: int, reach: int) -> Iterator[tuple[slice, slice]]:
    """Along one side: the parts to paint, and each with its surroundings.

    What is read is equally long for all parts, because every other length takes a convolution's working memory again.
    """
    window = min(length, TILE + 2 * reach)
    for start in range(0, length, TILE):
        first = min(max(0, start - reach), length - window)
        yield slice(start, min(start + TILE, length)), slice(first, first + window)


def _scaled(part: slice, start: int, factor: int) -> slice:
    """A part of a small picture in what was painted of it from `start` on."""
    return slice((part.start - start) * factor, (part.stop - start) * factor)
