"""Mode counting, on the painter's own pictures: which mode, how many of them, and none in what is no picture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import Info
from ganvas.data.painter import mode_of, paint
from ganvas.metrics.evaluator import Evaluator
from ganvas.metrics.features import FeatureNetwork, extract
from ganvas.metrics.modes import MIN_ACCURACY, ModeCounter, ModeDescriptors, colour_histograms, mode_counter

MODES, LEARNT, HELD_OUT = 24, 24 * 6, 24 * 2


@dataclass
class Painted:
    images: NDArray[np.uint8]
    looks: ModeDescriptors
    modes: NDArray[np.object_]

    def __getitem__(self, rows: slice) -> "Painted":
        return Painted(self.images[rows], self.looks[np.arange(len(self.modes))[rows]], self.modes[rows])


def look(extractor: FeatureNetwork, images: NDArray[np.uint8]) -> ModeDescriptors:
    return ModeDescriptors(extract(extractor, images), colour_histograms(images))


@pytest.fixture(scope="module")
def painted(extractor: FeatureNetwork) -> Painted:
    """The first eight pictures of every mode."""
    numbers = range(LEARNT + HELD_OUT)
    images = np.stack([paint(number, seed=3) for number in numbers])
    modes = np.array([mode_of(number, 3).name for number in numbers], dtype=object)
    return Painted(images, look(extractor, images), modes)


@pytest.fixture(scope="module")
def held_out(painted: Painted) -> Painted:
    return painted[LEARNT:]


@pytest.fixture(scope="module")
def counter(painted: Painted) -> ModeCounter:
    learnt = painted[:LEARNT]
    return ModeCounter(learnt.looks, learnt.modes)


def test_names_the_modes_of_held_out_paintings(counter: ModeCounter, held_out: Painted) -> None:
    assert counter.total == MODES
    assert counter.accuracy >= MIN_ACCURACY
    rows = np.arange(HELD_OUT)
    right = sum(counter.counts(held_out.looks[rows[[row]]])[held_out.modes[row]] for row in rows)
    assert right / HELD_OUT >= 0.95, "named right and let through the gate"


def test_held_out_paintings_cover_every_mode(counter: ModeCounter, held_out: Painted) -> None:
    assert counter.covered(held_out.looks) == MODES


def test_pictures_of_three_modes_cover_three(counter: ModeCounter, held_out: Painted) -> None:
    rows = np.flatnonzero(np.isin(held_out.modes, counter.names[::8]))
    assert counter.covered(held_out.looks[np.tile(rows, 50)]) == 3


def test_a_rare_mode_does_not_count(counter: ModeCounter, held_out: Painted) -> None:
    first = np.flatnonzero(held_out.modes == counter.names[0])
    second = np.flatnonzero(held_out.modes == counter.names[1])
    assert counter.covered(held_out.looks[np.append(np.tile(first, 150), second[0])]) == 1


def test_slight_blur_keeps_the_modes(counter: ModeCounter, held_out: Painted, extractor: FeatureNetwork) -> None:
    blur = ImageFilter.GaussianBlur(1)
    blurred = np.stack([np.asarray(Image.fromarray(image).filter(blur)) for image in held_out.images])
    assert counter.covered(look(extractor, blurred)) >= MODES - 3


@pytest.mark.parametrize("kind", ["noise", "flat", "clouds"])
def test_what_is_no_picture_covers_nothing(kind: str, counter: ModeCounter, extractor: FeatureNetwork) -> None:
    random = np.random.default_rng(0)
    side = {"noise": 64, "flat": 1, "clouds": 6}[kind]
    small = [Image.fromarray(random.integers(0, 256, (side, side, 3), np.uint8)) for _ in range(HELD_OUT)]
    images = np.stack([np.asarray(image.resize((64, 64), Image.Resampling.BICUBIC)) for image in small])
    assert counter.covered(look(extractor, images)) == 0


def test_modes_that_cannot_be_told_apart_are_not_counted(painted: Painted) -> None:
    learnt = painted[:LEARNT]
    shuffled = np.random.default_rng(0).permutation(learnt.modes)
    assert mode_counter(learnt.looks, shuffled) is None, "names that mean nothing"
    assert mode_counter(learnt.looks, np.full(LEARNT, "one", object)) is None, "one mode"
    few = painted[: 4 * MODES]
    assert mode_counter(few.looks, few.modes) is None, "too few pictures of each"


def test_the_evaluator_counts_modes_where_they_are_known(painted: Painted, tmp_path: Path) -> None:
    learnt, held_out = painted[:LEARNT], painted[LEARNT:]
    info = Info(size=64, count=LEARNT, mode_column="mode", fingerprint="painted")
    data = Dataset(tmp_path, info, learnt.images, pd.DataFrame({"mode": learnt.modes}))
    scores = Evaluator(data, cache=tmp_path).score([held_out.images])
    assert (scores.modes_covered, scores.modes_total) == (MODES, MODES)
    assert scores.record()["modes_total"] == MODES
    assert "modes 24/24" in scores.line()
    assert "24 of 24" in str(scores)
