"""Baselines: fitted in seconds, sampled and measured like any GAN."""

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ganvas import baselines
from ganvas.artist.artist import Artist
from ganvas.baselines import pictures
from ganvas.data.dataset.layout import IMAGES, INDEX
from ganvas.foundation.errors import ConfigError, DataError
from ganvas.runs.snapshot import Snapshot, save
from ganvas.training.baseline import fit
from support.command_line import Cli
from support.datasets import write_dataset
from support.runs import TINY_WORDS

KINDS = baselines.names()
Images = NDArray[np.uint8]


def replace(data: Path, images: Images, labels: list[int] | None = None) -> Path:
    """The dataset with other pictures, and other labels where it has classes."""
    np.save(data / IMAGES, images)
    if labels is not None:
        table = pd.read_parquet(data / INDEX)
        table["class"] = [f"class{label}" for label in labels]
        table.to_parquet(data / INDEX)
    return data


def paint(snapshot: Snapshot, count: int = 16, seed: int = 0) -> Images:
    return Artist(snapshot).sample(count, seed)


@pytest.mark.parametrize("classes", [0, 2])
def test_the_mean_is_numpys(tmp_path: Path, classes: int) -> None:
    data = write_dataset(tmp_path / "data", count=130, classes=classes)
    artist, images = Artist(fit(data, "mean")), np.load(data / IMAGES)
    groups = [images[label::classes] for label in range(classes)] or [images]
    painted = artist.by_class(2) if classes else artist.sample(2)[None]
    for group, members in zip(groups, painted, strict=True):
        difference = members - group.mean(0)
        assert np.abs(difference).max() <= 0.5 + 1e-4


def test_clusters_are_as_frequent_as_their_pictures(tmp_path: Path) -> None:
    sizes = {20: 6, 120: 30, 220: 12}
    shades = np.repeat(list(sizes), list(sizes.values()))
    images = np.broadcast_to(shades[:, None, None, None], (48, 16, 16, 3)).astype(np.uint8)
    data = replace(write_dataset(tmp_path / "data", classes=0), images)
    painted = paint(fit(data, "kmeans", clusters=3), 4000)
    found, counts = np.unique(painted, return_counts=True)
    assert list(found) == list(sizes)
    assert counts / counts.sum() == pytest.approx(np.array(list(sizes.values())) / 48, abs=0.03)


def test_the_largest_cluster_comes_first_and_extreme_latents_stay_among_the_clusters(tmp_path: Path) -> None:
    images = np.full((48, 16, 16, 3), 200, np.uint8)
    images[:9] = 50
    data = replace(write_dataset(tmp_path / "data"), images, [0] * 3 + [1] * 45)
    generator = fit(data, "kmeans", clusters=5).generator
    latents = torch.tensor([-torch.inf, -9.0, 9.0, torch.inf]).repeat_interleave(2)[:, None]
    shades = (generator(latents, torch.tensor([0, 1] * 4)).mean((1, 2, 3)) + 1) * 127.5
    # Class 0 has three pictures, all dark; two of three and more of class 1 are light.
    assert shades.tolist() == pytest.approx([50, 200, 50, 200, 50, 50, 50, 50], abs=0.01)


def low_rank(count: int, size: int, rank: int) -> NDArray[np.float64]:
    """Pictures about a mean grey that differ in `rank` smooth ways, [count, size, size, 3]."""
    random = np.random.default_rng(3)
    directions = random.normal(size=(rank, size * size * 3)) * np.array([16, 9, 5, 2])[:rank, None]
    pixels: NDArray[np.float64] = 128 + random.normal(size=(count, rank)) @ directions
    return pixels.reshape(count, size, size, 3)


def test_eigenpictures_have_the_covariance_of_the_class(tmp_path: Path) -> None:
    images = low_rank(600, 16, 3).clip(0, 255).round().astype(np.uint8)
    data = replace(write_dataset(tmp_path / "data", count=600, classes=0), images)
    snapshot = fit(data, "pca", components=3)
    painted = paint(snapshot, 4000).reshape(4000, -1).astype(np.float64)
    real = images.reshape(600, -1).astype(np.float64)
    expected, found = np.cov(real.T), np.cov(painted.T)
    assert np.linalg.norm(found - expected) < 0.12 * np.linalg.norm(expected)
    assert painted.mean(0) == pytest.approx(real.mean(0), abs=2.5)
    assert snapshot.generator.get_buffer("explained").item() == pytest.approx(1, abs=0.01)


def test_what_the_components_leave_out_is_told(tmp_path: Path) -> None:
    images = low_rank(600, 16, 4).clip(0, 255).round().astype(np.uint8)
    data = replace(write_dataset(tmp_path / "data", count=600, classes=0), images)
    variances = np.sort(np.linalg.eigvalsh(np.cov(images.reshape(600, -1).T)))[::-1]
    snapshot = fit(data, "pca", components=2)
    share = variances[:2].sum() / variances.sum()
    assert snapshot.generator.get_buffer("explained").item() == pytest.approx(share, abs=1e-3)
    assert f"{share:.1%}" in str(snapshot.generator)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [0, 2])
def test_its_pictures_are_those_of_its_file_and_of_their_number_alone(tmp_path: Path, kind: str, classes: int) -> None:
    snapshot = fit(write_dataset(tmp_path / "data", classes=classes), kind)
    many = paint(snapshot, 130, seed=5)
    assert many.shape == (130, 16, 16, 3)
    np.testing.assert_array_equal(paint(snapshot, 7, seed=5), many[:7])
    save(tmp_path / "floor.safetensors", snapshot.generator, snapshot.card)
    again = Snapshot.load(tmp_path / "floor.safetensors")
    assert again.card == snapshot.card
    np.testing.assert_array_equal(paint(again, 130, seed=5), many)
    assert (paint(snapshot, 130, seed=6) == many).all() == (kind == "mean")


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_decides_the_fit_where_not_all_pictures_are_seen(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "SAMPLE_BYTES", 10 * 4 * 16 * 16 * 3)
    data = write_dataset(tmp_path / "data", count=90, classes=2)
    first, same, other = (paint(fit(data, kind, seed=seed), 64) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert (first == other).all() == (kind == "mean")
    assert fit(data, kind).card.kimg == (0.09 if kind == "mean" else 0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_with_a_single_picture_is_that_picture(tmp_path: Path, kind: str) -> None:
    data = write_dataset(tmp_path / "data")
    images = np.load(data / IMAGES)
    replace(data, images, [1] * 7 + [0] + [1] * 40)
    assert (Artist(fit(data, kind)).by_class(8)[0] == images[7]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_that_are_all_alike_are_painted_alike(
    tmp_path: Path, kind: str, recwarn: pytest.WarningsRecorder
) -> None:
    data = replace(write_dataset(tmp_path / "data", classes=0), np.full((48, 16, 16, 3), 77, np.uint8))
    assert (paint(fit(data, kind)) == 77).all()
    assert not recwarn.list


@pytest.mark.parametrize("kind", KINDS)
def test_only_training_pictures_count(tmp_path: Path, kind: str) -> None:
    data = write_dataset(tmp_path / "data", classes=0)
    images = np.full((48, 16, 16, 3), 40, np.uint8)
    images[::3] = 250
    replace(data, images)
    splits = np.array(["test", "train", "train"] * 16)
    pd.read_parquet(data / INDEX).assign(split=splits).to_parquet(data / INDEX)
    assert (paint(fit(data, kind)) == 40).all()


def test_the_classes_may_be_those_of_any_column(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    styles = np.array(["b", "a", "a"] * 16)
    pd.read_parquet(tiny_data / INDEX).assign(style=styles).to_parquet(tiny_data / INDEX)
    words = ["--kind", "mean", "--label-column", "style"]
    cli("baseline", tiny_data, *words, "--out", "floor.safetensors", check=True)
    artist = Artist(Snapshot.load(tmp_path / "floor.safetensors"))
    assert artist.card.class_names == ["a", "b"]
    assert artist.card.class_shares == pytest.approx([2 / 3, 1 / 3])
    expected = np.load(tiny_data / IMAGES)[styles == "b"].mean(0)
    assert np.abs(artist.sample(1, label="b")[0] - expected).max() <= 0.5 + 1e-4


def test_a_class_without_training_pictures_is_refused(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    table = pd.read_parquet(data / INDEX)
    table.assign(split=np.where(table["class"] == "class1", "test", "train")).to_parquet(data / INDEX)
    with pytest.raises(DataError, match="class1 has no training pictures"):
        fit(data, "mean")


@pytest.mark.parametrize(("kind", "key", "most"), [("kmeans", "clusters", 30), ("pca", "components", 29)])
def test_there_is_no_more_of_anything_than_pictures_allow(tmp_path: Path, kind: str, key: str, most: int) -> None:
    data = write_dataset(tmp_path / "data")
    replace(data, np.load(data / IMAGES), [0] * 18 + [1] * 30)
    assert fit(data, kind, label_column=None, **{key: 1000}).card.options[key] == most
    assert fit(data, kind, label_column=None, **{key: 3}).card.options[key] == 3


def test_a_generator_too_large_for_memory_is_refused_before_it_is_made(
    tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganvas.training.baseline.MAX_BYTES", 50_000)
    with pytest.raises(ConfigError, match=r"2 classes of 16 px with clusters=16 make .* GiB"):
        fit(tiny_data, "kmeans")
    fit(tiny_data, "kmeans", clusters=4)


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("median", {}, r"unknown baseline 'median' \(did you mean 'mean'\?\); choose from: kmeans, mean, pca"),
        ("mean", {"clusters": 4}, "unknown option of Mean 'clusters'; choose from: seed"),
        ("kmeans", {"cluster": "4"}, r"unknown option of KMeans 'cluster' \(did you mean 'clusters'\?\)"),
        ("pca", {"components": "0"}, "option components='0': .*greater than or equal to 1"),
        ("pca", {"seed": -1}, "option seed=-1"),
    ],
)
def test_what_is_asked_for_wrongly_is_said(tiny_data: Path, kind: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fit(tiny_data, kind, **changes)


@given(key=st.text(min_size=1), value=st.one_of(st.text(), st.floats(), st.booleans(), st.none(), st.binary()))
def test_no_option_however_odd_ends_in_anything_but_a_clear_error(key: str, value: Any) -> None:
    assume(key not in ("components", "seed"))
    with pytest.raises(ConfigError):
        baselines.find("pca").of({key: 1})
    with contextlib.suppress(ConfigError):
        assert baselines.find("pca").of({"components": value}).latent_dim >= 1


@pytest.mark.parametrize("kind", KINDS)
def test_fitting_and_sampling_from_the_command_line(cli: Cli, tmp_path: Path, tiny_data: Path, kind: str) -> None:
    done = cli("baseline", tiny_data, "--kind", kind, "--out", "floor.safetensors", "--seed", "4", check=True)
    assert done.stdout.startswith("floor.safetensors: ")
    card = Snapshot.load(tmp_path / "floor.safetensors").card
    assert (card.recipe, card.class_names, card.options["seed"]) == (kind, ["class0", "class1"], 4)
    cli("sample", "floor.safetensors", "--out", "grid.png", "-n", "5", check=True)
    assert (tmp_path / "grid.png").is_file()


@pytest.mark.parametrize("classes", [0, 2])
def test_a_baseline_is_measured_like_a_gan(cli: Cli, tmp_path: Path, classes: int) -> None:
    data = write_dataset(tmp_path / "data", classes=classes)
    cli("baseline", data, "--kind", "pca", "--out", "floor.safetensors", "--set", "components=5", check=True)
    scores = json.loads(cli("evaluate", "floor.safetensors", "--json", "--samples", "32", check=True).stdout)
    assert (scores["generated"], scores["real"]) == (32, 48)
    assert np.isfinite(scores["kid"])


def test_an_unconditional_gan_of_data_with_classes_still_paints_without_them(
    cli: Cli, tmp_path: Path, tiny_data: Path
) -> None:
    cli("train", tiny_data, "--recipe", "dcgan", "--out", "run", "--budget", "1steps", *TINY_WORDS, check=True)
    assert Snapshot.load(tmp_path / "run" / "snapshots" / "last.safetensors").card.class_names == []
    cli("sample", "run", "--out", "grid.png", "-n", "3", check=True)


def test_the_command_line_says_what_is_wrong(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    trained = cli("train", tiny_data, "--recipe", "pca", "--out", "run")
    assert trained.returncode == 2
    assert "ganvas baseline" in trained.stderr
    assert "--kind pca" in trained.stderr
    (tmp_path / "taken").write_text("mine")
    taken = cli("baseline", tiny_data, "--kind", "mean", "--out", "taken")
    assert (taken.returncode, "taken exists already" in taken.stderr) == (2, True)
    assert (tmp_path / "taken").read_text("utf-8") == "mine"
    missing = cli("baseline", "nowhere", "--kind", "mean", "--out", "floor.safetensors")
    assert (missing.returncode, "nowhere does not exist" in missing.stderr) == (2, True)


def test_the_page_of_recipes_lists_every_option_with_its_default() -> None:
    page = (Path(__file__).parents[1] / "docs" / "recipes.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `(seed|clusters|components)` \| `(\d+)` \|", page, re.MULTILINE))
    fields = {key: field for name in KINDS for key, field in baselines.find(name).options_class.model_fields.items()}
    assert listed == {key: str(field.default) for key, field in fields.items()}
