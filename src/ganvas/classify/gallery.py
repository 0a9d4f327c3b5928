"""Informative pictures of each class: the most confident predictions, correct and wrong, and those nearest to a tie."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ganvas.foundation.arrays import Features, Flags, Floats, Integers

COUNT = 4


@dataclass(frozen=True)
class PredictedPicture:
    """A picture and its prediction.

    Attributes:
        number: its position among the classified pictures.
        source: its name in the dataset.
        true_class: its class.
        predicted_class: the most probable class.
        probability: of the predicted class.
        second_class: the second most probable class.
        second_probability: of that class.
    """

    number: int
    source: str
    true_class: str
    predicted_class: str
    probability: float
    second_class: str
    second_probability: float

    @property
    def is_correct(self) -> bool:
        """Whether the predicted class is the true one."""
        return self.predicted_class == self.true_class


@dataclass(frozen=True)
class Gallery:
    """Pictures of one class.

    Attributes:
        name: of the class.
        correct: correct predictions, the most confident first.
        wrong: wrong predictions, the most confident first.
        undecided: predictions whose two highest probabilities are closest, the closest first.
    """

    name: str
    correct: tuple[PredictedPicture, ...]
    wrong: tuple[PredictedPicture, ...]
    undecided: tuple[PredictedPicture, ...]


def galleries(
    probabilities: Features | Floats,
    true: Integers,
    class_names: Sequence[str],
    groups: Integers,
    sources: Sequence[str],
    count: int = COUNT,
) -> list[Gallery]:
    """Choose pictures of each class.

    Among the most confident predictions, a second picture of a group comes only after one of every group. Otherwise
    crops of one picture could take all the places. Ties are resolved by the order of the pictures.

    Args:
        probabilities: float [N, C], rows sum to 1.
        true: int64 [N], the numbers of the true classes.
        class_names: the C classes in the order of their numbers; two or more.
        groups: int64 [N], the group of each picture.
        sources: the names of the N pictures.
        count: the largest number of pictures in each list of a gallery.
    """
    ranked = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    first, second = np.take_along_axis(probabilities, ranked, axis=1).T
    is_correct = ranked[:, 0] == true

    def most_confident(is_candidate: Flags) -> tuple[PredictedPicture, ...]:
        numbers = np.flatnonzero(is_candidate)
        numbers = numbers[np.argsort(-first[numbers], kind="stable")]
        turns = pd.Series(groups[numbers]).groupby(groups[numbers]).cumcount().to_numpy()
        chosen = np.sort(np.argsort(turns, kind="stable")[:count])
        return tuple(map(predicted, numbers[chosen].tolist()))

    def closest_to_tie(is_candidate: Flags) -> tuple[PredictedPicture, ...]:
        numbers = np.flatnonzero(is_candidate)
        order = np.argsort((first - second)[numbers], kind="stable")[:count]
        return tuple(map(predicted, numbers[order].tolist()))

    def predicted(number: int) -> PredictedPicture:
        predicted_class, second_class = (class_names[label] for label in ranked[number])
        return PredictedPicture(
            number=number,
            source=sources[number],
            true_class=class_names[true[number]],
            predicted_class=predicted_class,
            probability=float(first[number]),
            second_class=second_class,
            second_probability=float(second[number]),
        )

    return [
        Gallery(
            name=name,
            correct=most_confident((true == label) & is_correct),
            wrong=most_confident((true == label) & ~is_correct),
            undecided=closest_to_tie(true == label),
        )
        for label, name in enumerate(class_names)
    ]
