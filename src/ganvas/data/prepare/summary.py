"""The summary that `prepare` returns and prints."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pandas as pd

from ganvas.data.dataset.layout import REJECTED, TRAIN
from ganvas.data.pictures.rejection import Reason
from ganvas.data.prepare.duplicates import duplicate_sets, leaks
from ganvas.data.prepare.holdout import Holdout

# The most classes that the summary lists; Painter by Numbers has 2,074 artists.
MOST_CLASSES = 50
# The most reasons that it lists.
_REASONS = 12


@dataclass(frozen=True)
class Originals:
    """The sizes of the original pictures.

    Attributes:
        smallest: width and height of the picture with the fewest pixels.
        median: width and height of the picture with the median number of pixels.
        largest: width and height of the picture with the most pixels.
        enlarged: number of pictures with a side shorter than the dataset's.
    """

    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    enlarged: int

    @classmethod
    def of(cls, index: pd.DataFrame, size: int) -> Self:
        """Measure the originals of a dataset's table."""
        originals = index.drop_duplicates("source")
        widths, heights = originals["width"].to_numpy(), originals["height"].to_numpy()
        order = (widths * heights).argsort(kind="stable")
        shown = [(int(widths[row]), int(heights[row])) for row in order[[0, len(order) // 2, -1]]]
        return cls(shown[0], shown[1], shown[2], int(((widths < size) | (heights < size)).sum()))

    def __str__(self) -> str:
        text = f"originals {_by(self.smallest)}"
        if self.smallest != self.largest:
            text += f" to {_by(self.largest)}, median {_by(self.median)}"
        return text + (f"; {self.enlarged:,} smaller than the frame and enlarged" if self.enlarged else "")


@dataclass(frozen=True)
class Duplicates:
    """How many pictures of a dataset are duplicates.

    Attributes:
        pictures: number of pictures that have a duplicate.
        sets: number of sets that they form.
        copies: number of exact copies of an earlier picture.
        leaks: number of held-back pictures with a duplicate among the training pictures.
    """

    pictures: int
    sets: int
    copies: int
    leaks: int

    @classmethod
    def of(cls, index: pd.DataFrame, copies: int) -> Self:
        """Count them in a dataset's table, with its columns `duplicates` and `split`."""
        numbers = index["duplicates"].dropna()
        leaked = leaks(duplicate_sets(index["duplicates"]), (index["split"] == TRAIN).to_numpy())
        return cls(len(numbers), numbers.nunique(), copies, int(leaked.sum()))

    def __str__(self) -> str:
        lines = []
        if self.pictures:
            lines.append(
                f"duplicates: {self.pictures:,} pictures look alike in {counted(self.sets, 'set')}, "
                f"{counted(self.copies, 'exact copy', 'exact copies')} among them (index column duplicates; --dedupe "
                "near keeps one of each)"
            )
        if self.leaks:
            lines.append(
                f"warning: {counted(self.leaks, 'held-back picture')} {'has' if self.leaks == 1 else 'have'} a "
                "duplicate to train on: test scores will be too good"
            )
        return "\n".join(lines)


@dataclass(frozen=True)
class Summary:
    """What `prepare` did.

    Attributes:
        path: the dataset directory.
        size: height and width of its pictures in pixels.
        count: number of pictures.
        class_counts: pictures per class, in the order of the class numbers; empty without classes.
        rejected: number of files left out, by reason, the most common first; dropped duplicates are included.
        holdout: how the pictures were divided, or None if no split was asked for.
        seconds: wall-clock time.
        originals: the sizes of the pictures before they were fitted.
        duplicates: how many pictures are duplicates.
        examples: the first file left out for each reason.
        notes: lines on what the source was recognised as, and what was chosen from it.
        resumed: number of items that an interrupted run had prepared.
    """

    path: Path
    size: int
    count: int
    class_counts: Mapping[str, int]
    rejected: Mapping[str, int]
    holdout: Holdout | None
    seconds: float
    originals: Originals
    duplicates: Duplicates
    examples: Mapping[str, str]
    notes: Sequence[str] = ()
    resumed: int = 0

    def __str__(self) -> str:
        title = f"{self.path}: {counted(self.count, 'picture')} of {self.size} x {self.size} in {self.seconds:.1f} s"
        lines = [title + (f", {self.resumed:,} of them from an interrupted run" if self.resumed else "")]
        lines += self.notes
        if self.class_counts:
            shown = list(self.class_counts.items())[:MOST_CLASSES]
            more = len(self.class_counts) - len(shown)
            counts = ", ".join(f"{name} {count:,}" for name, count in shown) + (f" and {more:,} more" if more else "")
            lines.append(f"{len(self.class_counts):,} classes: {counts}")
        lines.append(str(self.originals))
        lines += filter(None, [str(self.holdout or ""), str(self.duplicates)])
        if self.rejected:
            lines.append(f"left out {sum(self.rejected.values()):,} (listed in {self.path / REJECTED}):")
            lines += self._reasons()
        return "\n".join(lines)

    def _reasons(self) -> list[str]:
        shown = list(self.rejected.items())[:_REASONS]
        lines = [f"  {count:,} {reason}, as {self.examples[reason]}" for reason, count in shown]
        rest = len(self.rejected) - len(shown)
        return lines + ([f"  and {counted(rest, 'rarer reason')}"] if rest > 0 else [])


def reasons(rejected: Sequence[tuple[str, str, str]]) -> dict[str, int]:
    """How many files were left out for each reason, the most common first."""
    return dict(Counter(reason for _, reason, _ in rejected).most_common())


def examples(rejected: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """The first file left out for each reason; a duplicate with the picture that it repeats."""
    first: dict[str, str] = {}
    for name, reason, detail in rejected:
        is_duplicate = reason in (Reason.COPY, Reason.NEAR_COPY)
        first.setdefault(reason, f"{name} ({detail})" if is_duplicate and detail else name)
    return first


def counted(count: int, noun: str, nouns: str = "") -> str:
    """A number with its noun, as in "1 picture" and "2 pictures"."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]:,} x {size[1]:,}"
