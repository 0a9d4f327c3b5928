"""Words for a picture: a seed, a seed and a number, a file that ganvas painted, or the name of a favourite."""

import re
from collections.abc import Sequence

import numpy as np

from ganvas.artist.explore.favourites import read_favourites
from ganvas.artist.origin import Cell, Edit, Label, Origin, encoded
from ganvas.artist.png import read_origin
from ganvas.artist.trained import Directions, TrainedGenerator
from ganvas.artist.words import parse_label
from ganvas.foundation.errors import ConfigError, RunError, unknown
from ganvas.foundation.paths import user_path

SEEDED = re.compile(r"(\d{1,20})(?::(\d{1,7}))?")


def find_places(
    artist: TrainedGenerator,
    words: Sequence[str],
    label: Label | None = None,
    truncation: float = 1.0,
    edits: Sequence[Edit] = (),
) -> list[Cell]:
    """The pictures that words stand for.

    Args:
        artist: the generator.
        words: `7` is number 0 of seed 7 and `7:12` number 12; a name that ends in `.png` is a file of a single picture;
            anything else is the name of a favourite.
        label: class of the seeded pictures; by default the one that `sample` gives their numbers.
        truncation: factor of the seeded pictures' latents.
        edits: steps of the seeded pictures along directions beside the snapshot.

    Raises:
        RunError: there is no such file or favourite, or it belongs to another generator.
    """
    cells: list[Cell] = []
    for word in words:
        if match := SEEDED.fullmatch(word):
            cells += artist.cells([int(match[2] or 0)], int(match[1]), label, truncation, edits)
        else:
            origin = _kept(artist, word)
            cells.append(with_known_directions(artist, origin.cells[0], origin.vectors))
    return cells


def labelled_places(
    artist: TrainedGenerator, words: Sequence[str], labels: Sequence[str], truncation: float = 1.0
) -> list[Cell]:
    """The pictures that words stand for, with classes.

    Args:
        artist: the generator.
        words: see `find_places`.
        labels: no class, one for all seeded pictures, or one for each picture. Several with a single picture: it is
            painted once in each of them.
        truncation: factor of the seeded pictures' latents.

    Raises:
        RunError: as for `find_places`, or a class is unknown.
        ConfigError: there are as many classes neither as pictures nor as one.
    """
    classes = [parse_label(label, artist.class_names) for label in labels]
    if len(classes) < 2:
        return find_places(artist, words, classes[0] if classes else None, truncation)
    cells = find_places(artist, words, classes[0], truncation)
    cells = cells * len(classes) if len(cells) == 1 else cells
    if len(cells) != len(classes):
        raise ConfigError(f"{len(classes)} classes for {len(cells)} pictures; give one for each, or one picture")
    return [cell.model_copy(update={"label": label}) for cell, label in zip(cells, classes, strict=True)]


def with_known_directions(artist: TrainedGenerator, cell: Cell, vectors: Directions) -> Cell:
    """A picture of a file, with its latent as it is after edits unless their directions are beside the snapshot."""
    used, known = {edit.direction for edit in cell.edits}, artist.directions
    if all(name in known and np.array_equal(known[name], vectors[name]) for name in used):
        return cell
    return Cell(latent=encoded(artist.latents([cell], vectors)[0].numpy()), label=cell.label)


def _kept(artist: TrainedGenerator, word: str) -> Origin:
    """How the picture of a file or favourite was made."""
    if word.lower().endswith(".png"):
        origin = read_origin(user_path(word))
    else:
        favourites = {each.name: each.origin for each in read_favourites(artist)}
        if word not in favourites:
            raise RunError(
                f"{unknown('favourite', word, favourites)}; or give a seed (7), seed and number (7:12), or a PNG file"
            )
        origin = favourites[word]
    if len(origin.cells) != 1:
        raise RunError(f"{word} shows {len(origin.cells)} pictures; give a file of one, or seeds")
    if origin.snapshot != artist.snapshot.digest:
        raise RunError(
            f"{word} was painted by snapshot {origin.snapshot[:12]}, not by this one, {artist.snapshot.digest[:12]}"
        )
    return origin
