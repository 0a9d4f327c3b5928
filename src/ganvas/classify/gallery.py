"""Pictures that tell most of a classifier: where it is surest and right, surest and wrong, and where it wavers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

COUNT = 4


@dataclass(frozen=True)
class Exhibit:
    """One picture and what was said of it.

    Attributes:
        number: its position among the pictures judged.
        source: the name it came by.
        truth: its class.
        said: the likeliest class.
        probability: how likely that was.
        second: the next likeliest class.
        second_probability: how likely that was.
    """

    number: int
    source: str
    truth: str
    said: str
    probability: float
    second: str
    second_probability: float


@dataclass(frozen=True)
class Gallery:
    """Pictures of one class.

    Attributes:
        name: the class.
        surest_right: those named right, the surest first.
        surest_wrong: those named wrong, the surest first.
        most_confused: those whose two likeliest classes are nearest to a tie, the nearest first.
    """

    name: str
    surest_right: tuple[Exhibit, ...]
    surest_wrong: tuple[Exhibit, ...]
    most_confused: tuple[Exhibit, ...]


def galleries(
    probabilities: NDArray[np.floating[Any]],
    truth: Numbers,
    class_names: Sequence[str],
    groups: Numbers,
    sources: Sequence[str],
    count: int = COUNT,
) -> list[Gallery]:
    """Choose pictures of each class, at most `count` of each kind.

    Among the surest no group is shown twice unless all have been shown, or crops of one picture would fill the wall.
    Ties are settled by the order of the pictures.

    Args:
        probabilities: float [N, C], rows sum to 1.
        truth: int64 [N], numbers of the true classes.
        class_names: the C classes in the order of their numbers; two or more.
        groups: int64 [N], the group of each picture.
        sources: the names of the N pictures.
        count: how many pictures of each kind.
    """
    ranked = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    first, second = np.take_along_axis(probabilities, ranked, axis=1).T
    is_right = ranked[:, 0] == truth

    def surest(chosen: NDArray[np.bool_]) -> tuple[Exhibit, ...]:
        numbers = np.flatnonzero(chosen)
        numbers = numbers[np.argsort(-first[numbers], kind="stable")]
        turns = pd.Series(groups[numbers]).groupby(groups[numbers]).cumcount().to_numpy()
        hung = np.sort(np.argsort(turns, kind="stable")[:count])
        return tuple(map(exhibit, numbers[hung].tolist()))

    def nearest(chosen: NDArray[np.bool_]) -> tuple[Exhibit, ...]:
        numbers = np.flatnonzero(chosen)
        order = np.argsort((first - second)[numbers], kind="stable")[:count]
        return tuple(map(exhibit, numbers[order].tolist()))

    def exhibit(number: int) -> Exhibit:
        said, runner_up = (class_names[place] for place in ranked[number])
        return Exhibit(
            number=number,
            source=sources[number],
            truth=class_names[truth[number]],
            said=said,
            probability=float(first[number]),
            second=runner_up,
            second_probability=float(second[number]),
        )

    return [
        Gallery(
            name=name,
            surest_right=surest((truth == number) & is_right),
            surest_wrong=surest((truth == number) & ~is_right),
            most_confused=nearest(truth == number),
        )
        for number, name in enumerate(class_names)
    ]
