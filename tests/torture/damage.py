"""Damaged files: cut at every length, and every byte flipped; of large files, at random places."""

import warnings
from collections.abc import Iterator, Sequence
from random import Random

from ganvas.foundation.errors import GanvasError
from torture import specimens
from torture.specimens import Specimen
from torture.workshop import Fault, Trial, Workshop

# Files up to this many bytes are damaged at every place.
_SMALL = 3000
# Places of larger files.
_PLACES = 600
# Problems to list for a file.
_LISTED = 5


def attempt(workshop: Workshop, number: int, random: Random) -> Trial:
    """Damage one file in many ways, one after another, and read it each time."""
    all_specimens = workshop.kept("specimens", specimens.make)
    specimen = all_specimens[number // 2 % len(all_specimens)]
    return spoilt(specimen, random, cuts=number % 2 == 0)


def spoilt(specimen: Specimen, random: Random, cuts: bool, places: int | None = None) -> Trial:
    """Read a file after each way of damaging it, and restore it.

    Args:
        specimen: the file.
        random: chooses places and bits.
        cuts: whether it is cut; else bytes are flipped.
        places: how many to try; by default all of a small file.
    """
    whole, expected = specimen.path.read_bytes(), specimen.read()
    trial = Trial(specimen.name, faults=0)
    chosen = _places(len(whole), random, places)
    damaged = _cut(whole, chosen) if cuts else _flipped(whole, chosen, random)
    try:
        for place, content in damaged:
            specimen.path.write_bytes(content)
            trial.faults += 1
            if problem := problem_of(specimen, expected):
                trial.problems.append(f"byte {place} of {len(whole)}: {problem}")
    finally:
        specimen.path.write_bytes(whole)
    trial.notes = {"cut" if cuts else "flipped": trial.faults}
    if len(trial.problems) > _LISTED:
        trial.problems[_LISTED:] = [f"and {len(trial.problems) - _LISTED} more"]
    return trial


def problem_of(specimen: Specimen, expected: object) -> str:
    """What is wrong with how a damaged file is read; empty if nothing is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = specimen.read()
    except GanvasError as error:
        line = str(error)
        return "" if specimen.path.name in line or specimen.path.parent.name in line else f"not named: {line}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if specimen.is_guarded and found != expected and found != specimen.fallback:
        return f"unnoticed: {str(found)[:200]}"
    return ""


def _places(length: int, random: Random, count: int | None) -> list[int]:
    """Where to damage a file of so many bytes, in their order."""
    if count is None:
        count = length if length <= _SMALL else _PLACES
    return sorted(random.sample(range(length), min(count, length)))


def _cut(whole: bytes, lengths: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    for length in lengths:
        yield length, whole[:length]


def _flipped(whole: bytes, places: Sequence[int], random: Random) -> Iterator[tuple[int, bytes]]:
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= random.randrange(1, 256)
        yield place, bytes(flipped)


FAULT = Fault(
    "damage",
    "damaged file",
    f"cut at every length, or every byte flipped in turn; of files above {_SMALL:,} bytes, {_PLACES} places each",
    2 * 33,
    attempt,
)
