"""Copies as an eye sees them: altered copies are found, and new pictures are not called copies."""

import math
from pathlib import Path

import numpy as np
import pytest
from benchmarks.copies.__main__ import outcome, table
from benchmarks.copies.alterations import ALTERATIONS, blend, has_flat_ground
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ganvas.metrics.copies import CopyDetector
from ganvas.metrics.outlines import Agreement, Outlines
from ganvas.metrics.thumbnails import thumbnails
from support.datasets import write_pictures_of

Images = NDArray[np.uint8]

COPIED = 60


def scenes(start: int, count: int) -> Images:
    """Soft shapes in random colours, of which no two have anything in common."""
    pictures = []
    for index in range(start, start + count):
        soft = gaussian_filter(np.random.default_rng(index).normal(size=(32, 32, 3)), (2.5, 2.5, 0))
        pictures.append(255 * (soft - soft.min()) / (soft.max() - soft.min()))
    return np.stack(pictures).astype(np.uint8)


def figures(count: int, seed: int, size: int = 32) -> Images:
    """A figure of random patches on a flat ground."""
    random = np.random.default_rng(seed)
    pictures = np.empty((count, size, size, 3), np.uint8)
    for picture in pictures:
        picture[:] = random.integers(0, 256, 3)
        patches = random.integers(0, 256, (6, 6, 3), np.uint8).repeat(size // 8, 0).repeat(size // 8, 1)
        picture[size // 8 : 7 * size // 8, size // 8 : 7 * size // 8] = patches
    return pictures


def outlines(images: Images) -> Outlines:
    return Outlines.of(thumbnails(images))


@pytest.fixture(scope="module")
def training() -> Images:
    return scenes(0, 240)


@pytest.fixture(scope="module")
def detector(training: Images) -> CopyDetector:
    return CopyDetector(outlines(training))


@pytest.mark.parametrize("name", sorted(ALTERATIONS.keys() - {"ground", "several"}))
def test_an_altered_copy_is_found(name: str, training: Images, detector: CopyDetector) -> None:
    random = np.random.default_rng(1)
    altered = np.stack([ALTERATIONS[name](picture, random) for picture in training[:COPIED]])
    matches = detector.matches(outlines(altered))
    assert detector.is_copy(matches).mean() >= 0.95
    assert (matches.rows == np.arange(COPIED)).mean() >= 0.95, "its original is the one that is named"


@pytest.mark.parametrize("size", [16, 32, 64])
def test_a_figure_is_found_on_another_ground(size: int) -> None:
    pictures = figures(80, seed=0, size=size)
    assert all(map(has_flat_ground, pictures))
    random = np.random.default_rng(1)
    detector = CopyDetector(outlines(pictures))
    altered = np.stack([ALTERATIONS["ground"](picture, random) for picture in pictures[:30]])
    matches = detector.matches(outlines(altered))
    assert detector.is_copy(matches).mean() >= 0.95
    assert not detector.is_copy(detector.matches(outlines(figures(60, seed=5, size=size)))).any()


def test_new_pictures_are_no_copies(detector: CopyDetector) -> None:
    assert detector.is_copy(detector.matches(outlines(scenes(1000, 300)))).mean() <= 0.015


def test_a_copy_is_nearer_than_a_blend_and_a_blend_than_a_new_picture(training: Images, detector: CopyDetector) -> None:
    pairs = list(zip(training[:COPIED], training[COPIED : 2 * COPIED], strict=True))
    near, half = (
        np.median(detector.matches(outlines(np.stack([blend(*pair, share) for pair in pairs]))).distances)
        for share in (0.9, 0.5)
    )
    new = np.median(detector.matches(outlines(scenes(1000, COPIED))).distances)
    assert near < half < new


def test_blank_pictures_agree_with_none(training: Images) -> None:
    blank = np.full((2, 32, 32, 3), 90, np.uint8)
    blank[1, ::2] += 1
    whole, figure = Agreement(Outlines.of(training))(Outlines.of(blank))
    assert whole.max() < 0.1
    assert figure.max() < 0.1
    with_itself, _ = Agreement(Outlines.of(blank))(Outlines.of(blank))
    assert with_itself.max() < 0.1
    assert all(
        math.isfinite(value)
        for value in CopyDetector(outlines(blank.repeat(8, axis=0))).matches(outlines(blank)).distances
    )


@pytest.mark.parametrize(("down", "right", "mirrored"), [(2, -2, False), (-1, 1, True), (0, 0, True)])
def test_every_alignment_is_searched(down: int, right: int, mirrored: bool, training: Images) -> None:
    inner = np.roll(training[:20], (down, right), axis=(1, 2))[:, 4:28, 4:28]
    moved = np.pad(inner[:, :, ::-1] if mirrored else inner, ((0, 0), (4, 4), (4, 4), (0, 0)), mode="edge")
    still = np.pad(training[:20, 4:28, 4:28], ((0, 0), (4, 4), (4, 4), (0, 0)), mode="edge")
    whole, _ = Agreement(Outlines.of(still))(Outlines.of(moved))
    assert (whole.argmax(axis=1) == np.arange(20)).all()


def test_duplicates_in_training_do_not_hide_their_copies() -> None:
    pictures = np.concatenate([scenes(0, 30), scenes(0, 30), scenes(30, 60)])
    detector = CopyDetector(outlines(pictures))
    found = detector.matches(outlines(pictures[:30]))
    assert detector.is_copy(found).all()
    assert not detector.is_copy(detector.matches(outlines(scenes(1000, 60)))).any()


def test_series_among_real_pictures_are_counted_apart() -> None:
    """Two looks at each of 60 pictures, one in training and one held back."""
    first = scenes(0, 120)
    second = np.clip(first.astype(int) + 20, 0, 255).astype(np.uint8)
    detector = CopyDetector(outlines(first), outlines(second))
    assert detector.is_copy(detector.unseen).mean() > 0.9


def test_a_dozen_pictures_are_enough() -> None:
    detector = CopyDetector(outlines(scenes(0, 12)))
    random = np.random.default_rng(0)
    altered = np.stack([ALTERATIONS["brightness"](picture, random) for picture in scenes(0, 12)])
    assert detector.is_copy(detector.matches(outlines(altered))).all()
    assert detector.is_copy(detector.matches(outlines(scenes(100, 60)))).mean() < 0.05


def test_the_benchmark_counts_what_is_found(tmp_path: Path) -> None:
    data = write_pictures_of(tmp_path / "data", scenes(0, 160), split=["train"] * 120 + ["test"] * 40)
    result = outcome(data, "scenes, 32 px", 32, 30)
    assert (result.copies["mirror"] < result.limit).all()
    head, _, row = (line.strip("| ").split(" | ") for line in table([result]).splitlines())
    found = dict(zip(head, row, strict=True))
    assert found.keys() >= ALTERATIONS.keys()
    assert (found["set"], found["mirror"]) == ("scenes, 32 px", "100.0%")
