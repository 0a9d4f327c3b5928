"""The views of quality beside KID: precision to coverage, variety, copies, leaks and single classes."""

import json
import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from prdc import compute_prdc
from torch_fidelity.metric_prc import KEY_METRIC_PRECISION, KEY_METRIC_RECALL, prc_features_to_metric

from ganvas.metrics.classes import class_scores
from ganvas.metrics.copies import CopyDetector
from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.detail import Detail
from ganvas.metrics.diversity import diversity, variety, vendi_score
from ganvas.metrics.leaks import Signs, leaks
from ganvas.metrics.mann_whitney import probability_of_less
from ganvas.metrics.memorisation import Memory
from ganvas.metrics.outlines import Outlines
from ganvas.metrics.precision_recall import PrecisionRecall, precision_recall
from ganvas.metrics.thumbnails import thumbnails
from support.scores import scores

Images = NDArray[np.uint8]
Features = NDArray[np.float32]


def features(count: int, shift: float = 0.0, scale: float = 1.0, seed: int = 0, dimensions: int = 8) -> Features:
    drawn = np.random.default_rng(seed).normal(shift, scale, (count, dimensions))
    return drawn.astype(np.float32)


def blocks(count: int, seed: int) -> Images:
    """Pictures of 8 x 8 random blocks, which no two have in common: uint8 [count, 32, 32, 3]."""
    drawn = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), np.uint8)
    return drawn.repeat(4, axis=1).repeat(4, axis=2)


# ---- precision, recall, density, coverage --------------------------------------------------------------------------


@pytest.mark.parametrize(("generated", "real"), [(60, 60), (600, 600), (40, 90)])
def test_they_are_those_of_trusted_implementations(
    generated: int, real: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """600 pictures are more than one block of rows."""
    x, y = features(real), features(generated, 0.2, 0.9, seed=1)
    ours = precision_recall(y, x)
    theirs = compute_prdc(x, y, 5)
    assert ours.density == pytest.approx(theirs["density"], abs=1e-4)
    assert ours.coverage == pytest.approx(theirs["coverage"], abs=1e-4)
    fidelity = prc_features_to_metric(torch.from_numpy(y), torch.from_numpy(x), prc_neighborhood=3, verbose=False)
    assert ours.precision == pytest.approx(fidelity[KEY_METRIC_PRECISION], abs=1e-4)
    assert ours.recall == pytest.approx(fidelity[KEY_METRIC_RECALL], abs=1e-4)


def test_equal_sets_lie_wholly_in_each_other() -> None:
    same = precision_recall(features(50), features(50))
    assert (same.precision, same.recall, same.coverage) == (1, 1, 1)
    assert (same.precision_se, same.recall_se, same.coverage_se) == (0, 0, 0)


def test_crowding_at_one_place_has_density_without_coverage() -> None:
    crowded = precision_recall(features(200, scale=0.02, seed=1), features(200))
    assert crowded.density > 1
    assert crowded.coverage < 0.5
    assert crowded.recall < 0.1


@pytest.mark.parametrize("name", ["precision", "recall", "density", "coverage"])
def test_their_errors_are_about_as_large_as_their_spread(name: str) -> None:
    """Over 60 draws; that surroundings vary too makes the spread larger, and must not make it twice as large."""
    draws = [precision_recall(features(150, 0.3, seed=2 * i), features(150, seed=2 * i + 1)) for i in range(60)]
    values = [getattr(draw, name) for draw in draws]
    errors = [getattr(draw, f"{name}_se") for draw in draws]
    assert 0.5 < np.std(values) / np.sqrt(np.mean(np.square(errors))) < 2


# ---- variety -------------------------------------------------------------------------------------------------------


def test_vendi_score_counts_what_is_different() -> None:
    assert vendi_score(np.ones((7, 5), np.float32)) == pytest.approx(1)
    assert vendi_score(np.eye(7, dtype=np.float32)) == pytest.approx(7)
    assert vendi_score(np.eye(4, dtype=np.float32).repeat(5, axis=0)) == pytest.approx(4), "copies add nothing"
    assert vendi_score(np.zeros((3, 4), np.float32)) == pytest.approx(1, abs=1)


def test_diversity_is_a_ratio_to_the_real_pictures() -> None:
    real = variety(features(300), features(300, seed=1))
    half = diversity(variety(features(300, scale=0.5, seed=2), features(300, scale=0.25, seed=3)), real)
    assert half.diversity == pytest.approx(0.5, abs=4 * half.diversity_se)
    assert half.pixel_diversity == pytest.approx(0.25, abs=4 * half.pixel_diversity_se)
    # One part of 200 has no spread.
    assert half.vendi_se is None
    same = diversity(variety(features(600, seed=4), features(600, seed=5)), variety(features(600), features(600)))
    assert same.vendi == pytest.approx(1, abs=0.05)
    assert same.vendi_se is not None
    assert 0 < same.vendi_se < 0.05


def test_one_picture_again_and_again_has_no_variety() -> None:
    copies = np.ones((30, 8), np.float32)
    none = diversity(variety(copies, copies, 30), variety(features(30), features(30), 30))
    assert (none.diversity, none.pixel_diversity) == (0, 0)
    assert none.vendi < 0.2
    # Real pictures that are all alike give no infinity either.
    assert math.isfinite(diversity(variety(features(30), features(30), 30), variety(copies, copies, 30)).diversity)


def test_three_modes_keep_their_distance_but_not_their_number() -> None:
    centres = features(3, scale=2.0, seed=9, dimensions=64)
    modes = centres[np.arange(300) % 3] + features(300, scale=0.01, seed=1, dimensions=64)
    wide = features(300, scale=1.5, dimensions=64)
    few = diversity(variety(modes, modes), variety(wide, wide))
    assert few.diversity > 0.5
    assert few.vendi < 0.2
    assert few.spacing < 0.05, "each has a twin"


def test_spacing_sees_pictures_that_come_again_however_many_there_are() -> None:
    real = variety(features(200), features(200))
    own, repeated = features(200, seed=1), features(60, seed=2)[np.arange(200) % 60]
    assert diversity(variety(own, own), real).spacing == pytest.approx(1, abs=0.15)
    again = diversity(variety(repeated, repeated), real)
    assert again.spacing < 1e-3
    assert again.diversity > 0.9, "which no mean distance sees"


# ---- memorisation --------------------------------------------------------------------------------------------------


def looks(images: Images) -> tuple[Features, Images]:
    """Every eleventh value as features, by which mirror images are as far apart as any, and thumbnails."""
    return images.reshape(len(images), -1)[:, ::11].astype(np.float32), thumbnails(images)


def memory_of(training: Images, held_back: Images | None = None) -> Memory:
    features, small = looks(training)
    if held_back is None:
        return Memory(features, None, CopyDetector(Outlines.of(small)))
    unseen, small_unseen = looks(held_back)
    return Memory(features, unseen, CopyDetector(Outlines.of(small), Outlines.of(small_unseen)))


def test_new_pictures_are_no_copies() -> None:
    new = memory_of(blocks(80, 0)).memorisation(*looks(blocks(60, 1)))
    assert new.copies == new.real_copies == 0
    assert new.closer == pytest.approx(0.5, abs=4 * new.closer_se)
    assert new.novelty == pytest.approx(1, abs=0.1)


def test_copies_are_copies() -> None:
    real = blocks(80, 0)
    memory = memory_of(real)
    noisy = np.clip(real[:40].astype(int) + np.random.default_rng(0).integers(-9, 10, real[:40].shape), 0, 255)
    copied = memory.memorisation(*looks(noisy.astype(np.uint8)))
    assert (copied.copies, copied.closer) == (1, 1)
    assert copied.copies_se == 0
    assert copied.novelty < 0.2
    half = memory.memorisation(*looks(np.concatenate([real[:20], blocks(20, 1)])))
    assert half.copies == 0.5
    assert half.copies_se == pytest.approx(math.sqrt(0.25 / 40))


def test_held_back_pictures_are_what_is_ordinary() -> None:
    """Each held-back picture here has a near twin in training: being as near as they are is nothing special."""
    real = blocks(60, 0)
    nearly = np.clip(real.astype(int) + 25, 0, 255).astype(np.uint8)
    pictures = looks(nearly[:30])
    assert memory_of(real).memorisation(*pictures).closer == 1
    ordinary = memory_of(real, nearly[30:]).memorisation(*pictures)
    assert ordinary.closer == pytest.approx(0.5, abs=0.25)
    assert ordinary.copies == ordinary.real_copies == 1


def test_duplicates_in_training_break_nothing() -> None:
    new = memory_of(blocks(10, 0).repeat(4, axis=0)).memorisation(*looks(blocks(20, 1)))
    assert new.copies == 0
    assert all(math.isfinite(value) for value in vars(new).values())


def test_the_probability_of_less_is_that_of_all_pairs() -> None:
    first, second = np.array([1.0, 2.0, 2.0, 5.0]), np.array([2.0, 3.0])
    pairs = [(a < b) + (a == b) / 2 for a in first for b in second]
    assert probability_of_less(first, second)[0] == pytest.approx(np.mean(pairs))
    random = np.random.default_rng(0)
    draws = [probability_of_less(random.normal(0, 1, 40), random.normal(0.5, 1, 60)) for _ in range(200)]
    values, errors = np.array(draws).T
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(), rel=0.2)


# ---- leaks ---------------------------------------------------------------------------------------------------------


def paintings(count: int, seed: int) -> Images:
    random = np.random.default_rng(seed)
    return random.integers(60, 200, (count, 32, 32, 3)).astype(np.uint8)


def test_no_augmentation_shows_no_leak() -> None:
    none = leaks(Signs.of(paintings(200, 1)), Signs.of(paintings(200, 0)))
    assert max(abs(none.leak_cutout), abs(none.leak_border), abs(none.leak_colour)) < 0.1
    assert none.leak_se < 0.03


def test_each_leak_shows_by_its_own_sign() -> None:
    real = Signs.of(paintings(100, 0))
    cut, moved, bright = (paintings(100, seed) for seed in (1, 2, 3))
    cut[:60, 7:23, 3:19] = 127
    moved[:50, :, :2] = 128
    bright[:70] = np.clip(bright[:70].astype(int) + 60, 0, 255)
    assert leaks(Signs.of(cut), real).leak_cutout == pytest.approx(0.6)
    assert leaks(Signs.of(moved), real).leak_border == pytest.approx(0.5)
    assert leaks(Signs.of(bright), real).leak_colour == pytest.approx(0.7, abs=0.05)
    assert leaks(Signs.of(bright), real).leak_cutout == 0


def test_what_real_pictures_show_too_is_no_leak() -> None:
    real, generated = paintings(100, 0), paintings(100, 1)
    for images in (real, generated):
        images[:40, :, :2] = 128
    assert leaks(Signs.of(generated), Signs.of(real)).leak_border == 0


# ---- classes -------------------------------------------------------------------------------------------------------


def described(points: Features, labels: list[int]) -> Descriptors:
    images = blocks(len(points), 0)
    shades = np.zeros((len(points), 64), np.float32)
    return Descriptors(points, thumbnails(images), shades, Signs.of(images), Detail.of(images), np.array(labels))


def test_one_collapsed_class_shows() -> None:
    labels = [0] * 40 + [1] * 40 + [2] * 5
    real, fake = features(85), features(85, seed=1)
    fake[40:80] = fake[40] + features(40, scale=0.01, seed=2)
    found = class_scores(described(fake, labels), described(real, labels), ["well", "collapsed", "rare"])
    assert list(found) == ["well", "collapsed"], "five pictures say nothing"
    assert found["well"].diversity == pytest.approx(1, abs=0.2)
    assert found["collapsed"].diversity < 0.05
    assert found["collapsed"].kid > found["well"].kid + 3 * found["well"].kid_se
    assert found["collapsed"].coverage < found["well"].coverage
    assert (found["well"].generated, found["well"].real) == (40, 40)


def test_few_pictures_are_warned_of() -> None:
    few = scores(generated=20, real=20, features=1280)
    assert [warning.split(":")[0] for warning in few.warnings()] == [
        "precision, recall, coverage, copies may be off by 0.1 or more",
        "FID over 1,280 features needs more than 20 pictures; use KID instead",
    ]
    assert "warning: " in str(few)
    assert scores(generated=2000, real=2000, features=1280).warnings() == []


def test_published_figures_need_the_published_network() -> None:
    assert "Not comparable" in str(scores(extractor="efficientnet-lite2"))
    assert "Not comparable" not in str(scores(extractor="inception"))


def test_a_record_is_json_and_leaves_out_what_is_unknown() -> None:
    record = scores().record()
    json.dumps(record, allow_nan=False)
    assert {"modes_covered", "classes", "vendi_se"}.isdisjoint(record)
    assert PrecisionRecall.__dataclass_fields__.keys() <= record.keys()
