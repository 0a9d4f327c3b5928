"""The fine detail of pictures: sharpness, the radial spectrum, and what all pictures share; and patches of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ganvas.artist.evaluate import evaluate
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.patches import cut_up, patches_of
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import DataError
from ganvas.foundation.files import read_records
from ganvas.metrics.detail import Detail, decibels, shared
from ganvas.networks.brushwork import Brush
from ganvas.planning.run import train
from ganvas.report.run.models import RunModels
from ganvas.report.run.run import Run
from ganvas.report.run.spectrum import spectrum
from ganvas.verdict.kinds import discriminator_overpowered
from support.command_line import Cli
from support.datasets import write_dataset, write_directory
from support.runs import TINY
from support.snapshots import write_snapshot


def noise(count: int = 24, size: int = 64, seed: int = 0, strength: float = 30.0) -> Images:
    values = np.random.default_rng(seed).normal(128, strength, (count, size, size, 1))
    return values.clip(0, 255).astype(np.uint8).repeat(3, 3)


def grid(size: int = 64) -> Images:
    """A pattern with a period of four pixels."""
    stripes = np.arange(size) % 4 < 2
    return (60 * np.outer(stripes, stripes)[None, :, :, None]).astype(np.uint8)


def test_the_spectrum_of_noise_is_flat_and_its_level_is_the_variance() -> None:
    spectra = Detail.of(noise()).spectra
    assert spectra.shape == (24, 16)
    assert np.allclose(spectra.mean(0)[2:], 900, rtol=0.15)


def test_a_ring_holds_its_own_frequency_only() -> None:
    wave = 128 + 50 * np.sin(2 * np.pi * 0.25 * np.arange(64))
    pictures = np.broadcast_to(wave[None, None, :, None], (1, 64, 64, 3)).astype(np.uint8)
    spectrum = Detail.of(pictures).spectra[0]
    assert spectrum.argmax() in (7, 8)  # half of the highest frequency
    assert spectrum[[0, 2, 12, 15]].max() < 0.01 * spectrum.max()


def test_decibels_of_a_blur_are_below_zero_where_it_blurs() -> None:
    sharp = noise()
    blurred = ((sharp.astype(int) + np.roll(sharp, 1, 1) + np.roll(sharp, 1, 2)) // 3).astype(np.uint8)
    difference = decibels(Detail.of(blurred).spectra, Detail.of(sharp).spectra)
    assert difference[-1] < -6
    assert abs(difference[0]) < 3
    assert Detail.of(blurred).sharpness.mean() < 0.6 * Detail.of(sharp).sharpness.mean()


def test_only_a_common_pattern_is_shared() -> None:
    assert abs(shared(Detail.of(noise()).texture)) < 0.02
    assert shared(Detail.of(np.repeat(noise(1), 24, 0)).texture) == pytest.approx(1, abs=1e-3)
    assert 0.3 < shared(Detail.of((noise(strength=10) + grid()).astype(np.uint8)).texture) < 0.95
    assert shared(Detail.of(np.zeros((4, 16, 16, 3), np.uint8)).texture) == 0


def test_evaluations_measure_detail_against_real_pictures(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", size=32)
    run = tmp_path / "run"
    train(data, run, "dcgan", **TINY | {"budget": "2steps", "eval_samples": 16, "extractor": "pixels"})
    (record,) = read_records(run / "evals.jsonl")[-1:]
    assert {"sharpness", "spectrum_db", "shared_detail"} <= record.keys()
    section = spectrum(RunModels.open(Run.open(run)))
    assert [line.name for line in section["charts"][0].figure.data] == ["real", "generated"]
    assert section["is_near"] == (abs(section["difference"]) <= 3)
    assert 0 < section["frequency"] < 0.5
    assert section["pictures"] == [256, 48]


# ---- a planted pattern ------------------------------------------------------------------------------------------


def test_a_second_stage_that_paints_one_pattern_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_dataset(tmp_path / "data", size=64)
    first = write_snapshot(tmp_path / "first.safetensors", "atelier", ("class0", "class1"))
    paint: Callable[..., Tensor] = Brush.forward

    def spoilt(brush: Brush, *given: Any, **options: Any) -> Tensor:
        painted = paint(brush, *given, **options)
        pattern = torch.from_numpy(grid(painted.shape[2])).permute(0, 3, 1, 2) / 60 - 0.5
        return (0.5 * painted + pattern.to(painted)).clamp(-1, 1)

    changes = {"first": str(first), "budget": "6steps", "eval_every": "1steps", "eval_samples": 16}
    changes |= {"extractor": "pixels", "d_width": 4, "sample_every": "100steps", "vision": 0}
    monkeypatch.setattr(Brush, "forward", spoilt)
    for bound in ("GUESSING", "FOOLED"):  # a D of six steps does either
        monkeypatch.setattr(discriminator_overpowered, bound, 0.0)
    train(data, tmp_path / "run", "brushwork", **TINY | changes)
    last = read_records(tmp_path / "run" / "evals.jsonl")[-1]
    assert last["verdict"] == "patterned"
    assert last["evidence"]["shared_detail"] > 0.5


# ---- patches ----------------------------------------------------------------------------------------------------


def test_patches_are_squares_with_the_class_and_split_of_their_picture(tmp_path: Path) -> None:
    data = Dataset.open(write_dataset(tmp_path / "data", size=32))
    squares = patches_of(data, 16)
    assert squares.images.shape == (4 * 48, 16, 16, 3)
    assert np.array_equal(squares.images[4:8], cut_up(data.images[1:2], 16))
    assert np.array_equal(squares.images[5], data.images[1][:16, 16:])
    assert squares.labels is not None
    assert data.labels is not None
    assert squares.labels.tolist() == data.labels.repeat(4).tolist()
    with pytest.raises(DataError, match="patches of 12 px do not fill the pictures of"):
        patches_of(data, 12)


def test_copied_patches_are_found_where_whole_pictures_are_new(cli: Cli, tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    images = random.integers(0, 255, (48, 8, 8, 3), dtype=np.uint8).repeat(4, 1).repeat(4, 2)
    data = tmp_path / "data"
    write_directory(data, images, {"source": range(48)}, [], "textures")
    # Each quarter of these pictures is from another real one.
    mixed = images.copy()
    for quarter, (row, column) in enumerate(np.ndindex(2, 2)):
        part = (slice(None), slice(16 * row, 16 * row + 16), slice(16 * column, 16 * column + 16))
        mixed[part] = np.roll(images, quarter + 1, 0)[part]
    copies = tmp_path / "copies"
    write_directory(copies, mixed, {"source": range(48)}, [], "mixed textures")
    whole = evaluate(copies, data, samples=48, extractor="pixels")
    squares = evaluate(copies, data, samples=48, extractor="pixels", patches=16)
    assert squares.generated == squares.real == 4 * 48
    assert squares.copies > 0.9
    assert whole.copies < 0.3
    done = cli("evaluate", copies, "--data", data, "--extractor", "pixels", "--patches", "12")
    assert done.returncode == 2
    assert "patches of 12 px do not fill" in done.stderr
