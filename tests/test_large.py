"""Large pictures: a second stage that paints those of a first one again, from the dataset's own pictures."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from ganvas.artist.artist import load
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import INDEX
from ganvas.data.dataset.reduced import open_at, reduced
from ganvas.foundation.errors import ConfigError, DataError, RunError
from ganvas.foundation.pixels import to_float
from ganvas.gans.brushwork import Brushwork, FirstStage
from ganvas.gans.recipe import ClassUse, Spec
from ganvas.networks.brushwork import Brush, Generator, cut
from ganvas.networks.constants import with_fixed_weights
from ganvas.networks.degradation import degraded
from ganvas.planning.run import dry_run, resume, train
from ganvas.runs.directory import RunDirectory
from ganvas.runs.snapshot import read_card, save
from ganvas.settings.config import read_config
from ganvas.training.baseline import fit
from support.command_line import Cli
from support.datasets import write_dataset
from support.runs import TINY, TINY_WORDS, newest, tensors, tiny_recipe
from support.snapshots import write_snapshot

NAMES = ("class0", "class1")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("large") / "data", size=64)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A first stage of 16 px."""
    return write_snapshot(tmp_path_factory.mktemp("first") / "first.safetensors", "atelier", NAMES)


@pytest.fixture(scope="module")
def large(data: Path, first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the second stage, from 16 to 64 px."""
    run = tmp_path_factory.mktemp("runs") / "large"
    quick(data, run, first, budget="3steps")
    return run


def quick(data: Path, out: Path, first: Path | str, **changes: Any) -> None:
    own = {"first": str(first), "budget": "2steps", "d_width": 4, "vision": 0}
    train(data, out, "brushwork", **TINY | own | changes)


# ---- the run ----------------------------------------------------------------------------------------------------


def test_both_stages_from_the_command_line(cli: Cli, data: Path, tmp_path: Path) -> None:
    words = ["--budget", "2steps", *TINY_WORDS]
    cli("train", data, "--size", "16", "--out", "small", *words, check=True)
    cli("train", data, "--enlarge", "small", "--out", "large", "--set", "vision=0", *words, check=True)
    cli("resume", "large", "--budget", "1steps", check=True)
    cli("sample", "large", "--out", "grid.png", "-n", "4", check=True)
    assert Image.open("grid.png").height > 2 * 64
    cli("sample", "--like", "grid.png", "large", "--out", "again.png", check=True)
    assert np.array_equal(np.asarray(Image.open("grid.png")), np.asarray(Image.open("again.png")))
    cards = [read_card(tmp_path / run / "snapshots" / "last.safetensors") for run in ("small", "large")]
    assert [card.size for card in cards] == [16, 64]
    assert cards[1].class_names == list(NAMES)


def test_a_picture_of_a_seed_is_that_of_the_first_stage_enlarged(first: Path, large: Path) -> None:
    small, painted = load(first).sample(8, seed=3), load(large).sample(8, seed=3)
    assert painted.shape == (8, 64, 64, 3)
    again = torch.nn.functional.avg_pool2d(to_float(torch.from_numpy(painted)), 4)
    difference = (again - to_float(torch.from_numpy(small))).abs().mean()
    others = (again - to_float(torch.from_numpy(small)).roll(1, 0)).abs().mean()
    assert difference < 0.7 * others


def test_the_first_stage_stays_as_it_is(first: Path, large: Path) -> None:
    before, after = load(first).snapshot.generator.state_dict(), load(large).snapshot.generator.state_dict()
    assert before.keys() == {key.removeprefix("first.") for key in after if key.startswith("first.")}
    assert all(torch.equal(value, after[f"first.{key}"]) for key, value in before.items())


def test_a_snapshot_needs_no_other_file(data: Path, first: Path, large: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.safetensors"
    shutil.copy(large / "snapshots" / "last.safetensors", alone)
    assert np.array_equal(load(alone).sample(2), load(large).sample(2))
    assert str(first) not in load(alone).card.model_dump_json()


def test_a_run_goes_on_where_its_first_stage_is_gone(data: Path, first: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copy(first, tmp_path / "moved.safetensors"))
    quick(data, tmp_path / "run", moved)
    moved.unlink()
    assert resume(tmp_path / "run", budget="1steps").finished


def test_a_run_repeats_from_its_own_record(data: Path, large: Path, tmp_path: Path) -> None:
    recipe, changes = read_config(large / "config.yaml")
    train(data, tmp_path / "again", recipe or "", **changes)
    ours, theirs = tensors(newest(large)), tensors(newest(tmp_path / "again"))
    assert all(torch.equal(ours[key], theirs[key]) for key in ours if not key.endswith("seconds"))


def test_its_classes_are_those_of_the_first_stage(data: Path, tmp_path: Path) -> None:
    plain = write_snapshot(tmp_path / "plain.safetensors", "atelier")
    quick(data, tmp_path / "run", plain)
    assert load(tmp_path / "run").class_names == []
    stage = FirstStage(class_names=[])
    assert tiny_recipe("brushwork", first_stage=stage).effective_class_use is ClassUse.NONE


def test_uniform_latents_stay_uniform(data: Path, tmp_path: Path) -> None:
    uniform = write_snapshot(tmp_path / "u.safetensors", "dcgan", latent="uniform", latent_dim=9)
    quick(data, tmp_path / "run", uniform)
    artist = load(tmp_path / "run")
    assert artist.is_uniform
    assert artist.latent_dim == 9


def test_the_forecast_says_what_the_second_stage_takes(data: Path, first: Path, tmp_path: Path) -> None:
    plan = dry_run(data, tmp_path / "run", "brushwork", **TINY | {"first": str(first), "budget": "2steps"})
    assert "memory     about" in plan
    assert "brushwork: generator" in plan
    assert "first_stage" not in plan


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_both_precisions_train(data: Path, first: Path, tmp_path: Path, precision: str) -> None:
    quick(data, tmp_path / "run", first, precision=precision)
    assert RunDirectory.open(tmp_path / "run").record.machine["precision"] == precision


# ---- bad input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--recipe", "brushwork"], "name its run with --enlarge"),
        (["--enlarge", "missing"], "missing does not exist"),
        (["--enlarge", "FIRST", "--recipe", "dcgan"], "--enlarge trains the recipe brushwork, not dcgan"),
        (["--enlarge", "FIRST", "--size", "16"], "works at 32, 64, 128, 256, 512 pixels, not 16"),
        (["--size", "128"], "size 128: the pictures of .* have 64 px"),
        (["--size", "4"], "size"),
        (["--enlarge", "FIRST", "--set", "first_stage=x"], "first_stage"),
        (["--enlarge", "FIRST", "--set", "crop=100"], "crop"),
    ],
)
def test_bad_input_is_one_line(
    cli: Cli, data: Path, first: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    given = [str(first) if word == "FIRST" else word for word in words]
    done = cli("train", data, "--out", "run", *given)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert re.search(message, done.stderr)
    assert not (tmp_path / "run").exists()


def test_pictures_that_are_no_larger_are_refused(data: Path, tmp_path: Path) -> None:
    same = write_snapshot(tmp_path / "same.safetensors", "atelier", NAMES, size=64)
    with pytest.raises(ConfigError, match="it paints 64 px, which can become 128, 256, 512 px, but the pictures of"):
        quick(data, tmp_path / "run", same)


def test_other_classes_are_refused(data: Path, tmp_path: Path) -> None:
    other = write_snapshot(tmp_path / "other.safetensors", "atelier", ("sea", "hill"))
    with pytest.raises(ConfigError, match="paints the classes sea, hill, but those of"):
        quick(data, tmp_path / "run", other)


def test_enlarged_originals_are_refused(first: Path, tmp_path: Path) -> None:
    small = write_dataset(tmp_path / "data", size=64)
    index = pd.read_parquet(small / INDEX)
    index["width"], index["height"] = 80, [40] * 5 + [90] * (len(index) - 5)
    index.to_parquet(small / INDEX)
    with pytest.raises(ConfigError, match="the originals of 5 of 48 training pictures are smaller than 64 px"):
        quick(small, tmp_path / "run", first)


def test_what_cannot_be_a_first_stage_is_refused(data: Path, large: Path, tmp_path: Path) -> None:
    fitted = fit(write_dataset(tmp_path / "small"), "mean")
    save(tmp_path / "mean.safetensors", fitted.generator, fitted.card)
    for other, recipe in ((tmp_path / "mean.safetensors", "mean"), (large, "brushwork")):
        with pytest.raises(ConfigError, match=f"is of {recipe}, which cannot be a first stage"):
            quick(data, tmp_path / "run", other)


def test_another_first_stage_at_its_place_is_refused(data: Path, large: Path, tmp_path: Path) -> None:
    recipe, changes = read_config(large / "config.yaml")
    changes["first"] = str(write_snapshot(tmp_path / "other.safetensors", "atelier", NAMES, seed=1))
    with pytest.raises(RunError, match="has changed since this configuration was written"):
        train(data, tmp_path / "again", recipe or "", **changes)


# ---- reduced pictures -------------------------------------------------------------------------------------------


def test_reduced_pictures_are_antialiased_and_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Dataset.open(write_dataset(tmp_path / "data", size=64, seed=4))
    grid = np.indices((64, 64)).sum(0) % 2 * 255
    stripes = np.broadcast_to(grid[None, :, :, None], whole.images.shape).astype(np.uint8)
    striped = Dataset(whole.path, whole.info.model_copy(update={"fingerprint": "striped"}), stripes, whole.index)
    small = reduced(striped, 16)
    assert small.images.shape == (48, 16, 16, 3)
    assert np.abs(small.images[:].astype(int) - 127).max() <= 2
    assert small.fingerprint != striped.fingerprint
    assert small.class_names == striped.class_names
    monkeypatch.setattr("ganvas.data.dataset.derived._write", None)  # it is not made again
    assert np.array_equal(reduced(striped, 16).images[:], small.images[:])


def test_a_damaged_file_in_the_cache_is_made_again(tmp_path: Path) -> None:
    whole = Dataset.open(write_dataset(tmp_path / "data", size=64, seed=5))
    before = reduced(whole, 32)
    kept = before.images[:]
    file = Path(str(before.images.filename))  # type: ignore[attr-defined]
    file.write_bytes(file.read_bytes()[:-100])
    assert np.array_equal(reduced(whole, 32).images[:], kept)


def test_a_run_at_a_smaller_size_knows_its_dataset(cli: Cli, data: Path) -> None:
    cli("train", data, "--size", "16", "--out", "small", "--budget", "2steps", *TINY_WORDS, check=True)
    cli("resume", "small", "--budget", "1steps", check=True)
    card = load("small").card
    assert open_at(card.data, card.size).fingerprint == card.fingerprint
    assert Dataset.open(data).fingerprint != card.fingerprint
    cli("report", "small", "--out", "page.html", check=True)


def test_a_size_above_that_of_the_pictures_is_refused(data: Path) -> None:
    with pytest.raises(DataError, match="choose 8 to 64"):
        reduced(Dataset.open(data), 65)


# ---- networks ---------------------------------------------------------------------------------------------------


def test_a_brush_begins_with_the_picture_smoothly_enlarged() -> None:
    small = torch.rand(2, 3, 8, 8) * 2 - 1
    torch.manual_seed(0)
    brush = Brush(2, 0, 8).eval()
    smooth = torch.nn.functional.interpolate(small, (32, 32), mode="bilinear")
    assert (brush(small) - smooth).abs().max() < 0.2


def test_noise_is_new_in_training_and_the_same_for_finished_pictures() -> None:
    small = torch.zeros(1, 3, 80, 80)
    brush = Brush(1, 0, 8)
    assert not torch.equal(brush(small), brush(small))
    brush.eval()
    assert torch.equal(brush(small), brush(small))
    assert not torch.equal(brush(small)[..., :80, :80], brush(small)[..., 80:, 80:])


def test_the_noise_of_a_picture_follows_its_latent() -> None:
    generator = tiny_recipe("brushwork", latent_dim=32).build_generator(Spec(64)).eval()
    assert isinstance(generator, Generator)
    latents = torch.randn(3, 32, generator=torch.Generator().manual_seed(0))
    latents[1] = 0.99 * latents[0] + 0.01 * latents[2]
    noise = generator.brush._noise(torch.zeros(3, 3, 16, 16), (0, 0), generator._mixture(latents)).flatten(1)
    assert noise.std(1).min() > 0.7
    likeness = torch.corrcoef(noise)
    assert likeness[0, 1] > 0.99
    assert likeness[0, 2].abs() < 0.9


def test_a_brush_paints_a_part_as_it_paints_the_whole_away_from_the_edges() -> None:
    torch.manual_seed(0)
    brush, small = Brush(1, 0, 8).eval(), torch.rand(1, 3, 64, 64)
    brush.noise.zero_()
    part = brush(small[:, :, 8:56, 8:56])
    assert torch.allclose(part[..., 40:56, 40:56], brush(small)[..., 56:72, 56:72], atol=1e-5)


def test_classes_are_painted_alike_at_first_and_then_apart() -> None:
    brush, small = Brush(1, 2, 8).eval(), torch.rand(1, 3, 8, 8)
    one, two = torch.tensor([0]), torch.tensor([1])
    assert torch.equal(brush(small, one), brush(small, two))
    with torch.no_grad():
        for block in brush.blocks:
            block.get_submodule("classes").get_parameter("weight")[1] = 1.0
    assert not torch.equal(brush(small, one), brush(small, two))
    assert torch.allclose(brush(small, torch.tensor([[0.0, 1.0]])), brush(small, two))


def test_fixed_weights_are_in_the_state_but_not_trained() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    state, inputs = network.state_dict(), torch.rand(4, 2)
    before = network.eval()(inputs)
    fixed = with_fixed_weights(network)
    assert list(fixed.parameters()) == []
    assert fixed.state_dict().keys() == state.keys()
    assert torch.equal(fixed(inputs), before)


def test_parts_are_where_they_should_be() -> None:
    pictures = torch.arange(2 * 3 * 6 * 6).reshape(2, 3, 6, 6).float()
    parts = cut(pictures, torch.tensor([[0, 1], [2, 3]]), 3)
    assert torch.equal(parts[0], pictures[0, :, 0:3, 1:4])
    assert torch.equal(parts[1], pictures[1, :, 2:5, 3:6])


def test_faults_differ_and_stay_within_reason() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(32, 3, 16, 24) * 2 - 1
    faulty = degraded(pictures)
    change = (faulty - pictures).abs().mean((1, 2, 3))
    assert faulty.shape == pictures.shape
    assert change.max() < 0.5
    assert change.std() > 0.01
    assert faulty.abs().max() < 1.6


def test_the_second_stage_learns_from_pairs_and_from_pictures_without_one() -> None:
    recipe = tiny_recipe("brushwork", crop=64, pairs=0.5)
    assert isinstance(recipe, Brushwork)
    torch.manual_seed(0)
    generator, discriminator = recipe.build(Spec(128))
    batch = recipe.batch(torch.rand(4, 3, 128, 128) * 2 - 1, recipe.latents(4, torch.Generator().manual_seed(0)))
    assert batch.images.shape == (4, 3, 64, 64)
    assert batch.generated(generator).shape == (4, 3, 64, 64)
    loss = recipe.generator_loss(generator, discriminator, batch)
    expected = (batch.generated(generator)[-2:] - batch.images[-2:]).abs().mean()
    assert loss.terms["pixels"].item() == pytest.approx(10 * expected.item(), rel=1e-5)
    assert loss.terms.keys() == {"adversarial", "seen", "pixels"}
