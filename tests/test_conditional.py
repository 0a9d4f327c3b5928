"""Classes end to end: the conditional networks of paper 3, where labels come from, balance, and samples by class."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import nn

import ganvas
from ganvas import gans
from ganvas.artist.artist import write_samples
from ganvas.artist.grids import class_grid, grid
from ganvas.artist.sampling import mixed_labels
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import labelled_by
from ganvas.data.dataset.layout import INDEX
from ganvas.foundation.errors import ConfigError, DataError, RunError
from ganvas.foundation.files import read_records
from ganvas.gans.recipe import ClassUse, Spec
from ganvas.networks import acgan, conditional
from ganvas.networks.losses import class_cross_entropy
from ganvas.planning.run import resume, train
from ganvas.runs import snapshot
from ganvas.training.loader import BalancedOrder, Loader
from support.command_line import Cli
from support.datasets import write_dataset
from support.layers import stages
from support.narrowing import not_none
from support.runs import TINY, TINY_WORDS, tiny_recipe

CONDITIONAL = [name for name in gans.names() if gans.find(name).class_use in (ClassUse.AUXILIARY, ClassUse.CONDITIONAL)]


def quick(data: Path, out: Path, recipe: str = "cdcgan", **changes: Any) -> Any:
    return train(data, out, recipe, **(TINY | {"budget": "4steps"} | changes))


def add_columns(data: Path, **columns: Any) -> None:
    table = pd.read_parquet(data / INDEX)
    table.assign(**columns).to_parquet(data / INDEX)


# ---- networks ---------------------------------------------------------------------------------------------------


def test_the_cdcgan_generator_has_the_papers_stages() -> None:
    latents, labels = torch.randn(2, 100), torch.tensor([0, 4])
    assert stages(conditional.Generator(64, classes=5), latents, labels) == [
        (256, 4, 4), (256, 4, 4), (256, 8, 8), (128, 16, 16), (64, 32, 32), (3, 64, 64),
    ]  # fmt: skip


def test_the_cdcgan_discriminator_has_the_papers_stages() -> None:
    images, labels = torch.randn(2, 3, 64, 64), torch.tensor([0, 4])
    network = conditional.Discriminator(64, classes=5)
    assert stages(network, images, labels) == [
        (32, 32, 32), (32, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4),
    ]  # fmt: skip
    assert network.head.score.weight.shape == (1, 512 * 4 * 4)


def test_label_images_are_convolved_as_one_hot_pictures_would_be() -> None:
    torch.manual_seed(0)
    layer, labels = conditional.FromLabelImages(3, 7, 16), torch.tensor([2, 0, 2, 1])
    images = nn.functional.one_hot(labels, 3).float()[:, :, None, None].expand(-1, -1, 16, 16)
    expected = nn.functional.conv2d(images, layer.weight, stride=2, padding=1)
    assert torch.allclose(layer(labels), expected, atol=1e-6)


def test_the_acgan_networks_have_the_papers_stages() -> None:
    generator = acgan.Generator(64, classes=3)
    assert generator.dense.in_features == 100 + 3
    assert stages(generator, torch.randn(2, 100), torch.tensor([0, 2])) == [
        (256, 4, 4), (128, 8, 8), (64, 16, 16), (32, 32, 32), (3, 64, 64),
    ]  # fmt: skip
    discriminator = acgan.Discriminator(64, classes=3)
    assert stages(discriminator, torch.randn(2, 3, 64, 64)) == [
        (32, 32, 32), (64, 16, 16), (128, 8, 8), (256, 4, 4), (512, 2, 2),
    ]  # fmt: skip
    convolutions = [module for module in discriminator.modules() if hasattr(module, "stride")]
    assert all(isinstance(module, nn.Conv2d) for module in convolutions)
    kernels = {(*module.kernel_size, *module.padding) for module in convolutions if isinstance(module, nn.Conv2d)}
    assert kernels == {(5, 5, 2, 2)}
    assert discriminator.head.score.weight.shape == (1, 2048)
    assert discriminator.head.classes is not None
    assert discriminator.head.classes.weight.shape == (3, 2048)


@pytest.mark.parametrize("networks", [conditional, acgan])
def test_batchnorm_is_after_every_layer_but_ds_first_and_the_last(networks: Any) -> None:
    counts = [
        sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())
        for network in (networks.Generator(64, 3), networks.Discriminator(64, 3))
    ]
    assert counts == ([4, 3] if networks is conditional else [4, 4])


@pytest.mark.parametrize("networks", [conditional, acgan])
@pytest.mark.parametrize("width", [1, 3])
def test_every_size_fits_together(networks: Any, width: int) -> None:
    labels = torch.tensor([0, 1, 1])
    for size in networks.SIZES:
        images = networks.Generator(size, 2, 5, width)(torch.randn(3, 5), labels)
        assert images.shape == (3, 3, size, size)
        told = (images, labels) if networks is conditional else (images,)
        assert networks.Discriminator(size, 2, width)(*told).logits.shape == (3,)


@pytest.mark.parametrize("name", CONDITIONAL)
def test_the_label_alone_changes_the_picture(name: str) -> None:
    torch.manual_seed(0)
    recipe = tiny_recipe(name)
    generator, latents = recipe.build(Spec(32, 3))[0], torch.randn(1, 6).expand(3, -1)
    pictures = generator(latents, torch.tensor([0, 0, 1]))
    assert torch.allclose(pictures[0], pictures[1], atol=1e-5)
    assert not torch.allclose(pictures[0], pictures[2], atol=1e-2)


def test_the_label_alone_changes_what_cdcgans_discriminator_says() -> None:
    torch.manual_seed(0)
    recipe = tiny_recipe("cdcgan")
    discriminator, images = recipe.build(Spec(32, 3))[1], torch.rand(1, 3, 32, 32).expand(3, -1, -1, -1)
    logits = recipe.discriminate(discriminator, images, torch.tensor([0, 0, 1])).logits
    assert logits[0].item() == pytest.approx(logits[1].item(), abs=1e-5)
    assert logits[0].item() != pytest.approx(logits[2].item(), abs=1e-2)


# ---- objectives -------------------------------------------------------------------------------------------------


def test_the_class_loss_is_the_negative_log_of_the_softmax() -> None:
    logits = torch.tensor([[1.0, 2.0, 0.5], [0.0, 0.0, 0.0]])
    expected = (torch.logsumexp(logits[0], 0) - 2.0 + np.log(3)) / 2
    assert class_cross_entropy(logits, torch.tensor([1, 2])).item() == pytest.approx(expected.item())


def test_both_of_acgans_batches_reach_its_class_loss() -> None:
    torch.manual_seed(0)
    recipe = tiny_recipe("acgan")
    generator, discriminator = recipe.build(Spec(16, 3))
    batch = recipe.batch(torch.rand(4, 3, 16, 16), torch.randn(4, 6), torch.tensor([0, 1, 2, 0]))
    loss = recipe.discriminator_loss(generator, discriminator, batch)
    real, fake = discriminator(batch.images), discriminator(batch.fakes(generator))
    labels, wanted = not_none(batch.labels), not_none(batch.generated_labels)
    assert loss.terms["class_real"].item() == pytest.approx(class_cross_entropy(real.class_logits, labels).item())
    assert loss.terms["class_fake"].item() == pytest.approx(class_cross_entropy(fake.class_logits, wanted).item())
    assert set(loss.terms) == {"real", "fake", "class_real", "class_fake"}
    weight = discriminator.get_parameter("head.classes.weight")
    for term in ("class_real", "class_fake"):
        (gradient,) = torch.autograd.grad(loss.terms[term], weight, retain_graph=True)
        assert gradient.any()


# ---- where labels come from -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CONDITIONAL, "can"])
def test_a_recipe_that_needs_labels_refuses_data_without(tmp_path: Path, name: str) -> None:
    data = write_dataset(tmp_path / "data", classes=0)
    with pytest.raises(ConfigError, match=f"recipe {name} needs classes.*--label-column"):
        quick(data, tmp_path / "run", name)
    assert not (tmp_path / "run").exists()


def test_another_columns_classes_are_its_names_sorted(tiny_data: Path) -> None:
    add_columns(tiny_data, year=np.arange(48) % 3 + 1900, artist=["Zorn", "Ancher", "Krohg"] * 16)
    data = Dataset.open(tiny_data)
    view = labelled_by(data, "artist")
    assert (view.class_names, not_none(view.labels)[:4].tolist()) == (["Ancher", "Krohg", "Zorn"], [2, 0, 1, 2])
    assert labelled_by(data, "year").class_names == ["1900", "1901", "1902"]
    assert not_none(labelled_by(data, "year").labels)[:4].tolist() == [0, 1, 2, 0]
    # The features of the real pictures depend on no labels, so what is cached for one view serves the others.
    assert view.fingerprint == data.fingerprint
    assert (data.info.label_column, view.info.label_column) == ("class", "artist")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (["one"] * 48, "single class"),
        ([None, "a", "b"] * 16, "empty for 16 of 48"),
        (["", "a", "b"] * 16, "empty for 16 of 48"),
        (["lonely", *["crowd"] * 47], "class of one picture, 'lonely'"),
    ],
)
def test_a_column_that_holds_no_classes_is_refused_with_the_columns_there_are(
    tiny_data: Path, values: list[Any], complaint: str
) -> None:
    add_columns(tiny_data, column=values)
    with pytest.raises(DataError, match=f"'column' .*{complaint}.*columns are: source, class, column"):
        labelled_by(Dataset.open(tiny_data), "column")


def test_an_absent_column_is_refused_with_the_columns_there_are(cli: Cli, tiny_data: Path) -> None:
    words = ("--recipe", "cdcgan", "--out", "run", *TINY_WORDS)
    done = cli("train", tiny_data, *words, "--label-column", "clas")
    assert done.returncode == 2
    assert "unknown column 'clas' (did you mean 'class'?); choose from: class, source" in done.stderr


def test_the_column_is_kept_for_resume_and_its_names_travel_in_the_snapshot(cli: Cli, tiny_data: Path) -> None:
    add_columns(tiny_data, artist=["Zorn", "Ancher", "Krohg"] * 16)
    words = ("--recipe", "cdcgan", "--out", "run", "--budget", "2steps", *TINY_WORDS)
    cli("train", tiny_data, *words, "--label-column", "artist", check=True)
    assert "label_column: artist" in Path("run/config.yaml").read_text("utf-8")
    cli("resume", "run", "--budget", "2steps", check=True)
    card = snapshot.read_card(Path("run/snapshots/last.safetensors"))
    assert (card.class_names, card.class_shares) == (["Ancher", "Krohg", "Zorn"], [1 / 3] * 3)


def test_a_run_does_not_go_on_with_other_classes(tmp_path: Path, tiny_data: Path) -> None:
    add_columns(tiny_data, artist=["Zorn", "Ancher", "Krohg"] * 16)
    quick(tiny_data, tmp_path / "run", label_column="artist")
    add_columns(tiny_data, artist=["Zorn", "Ancher", "Munch"] * 16)
    with pytest.raises(RunError, match=r"classes of .* have changed"):
        resume(tmp_path / "run", budget="2steps")


def test_a_class_without_training_pictures_is_refused(tmp_path: Path, tiny_data: Path) -> None:
    add_columns(tiny_data, split=["train", "test"] * 24)
    with pytest.raises(DataError, match="no training picture is of class 'class1'"):
        quick(tiny_data, tmp_path / "run")


# ---- balance ----------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(0, 3))
def test_a_balanced_epoch_shows_every_class_as_often_and_its_pictures_in_turn(sizes: list[int], seed: int) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    shown = np.zeros(len(labels), int)
    for epoch in BalancedOrder(labels, seed).indices(0, 3 * max(sizes) * len(sizes)).reshape(3, -1):
        assert np.bincount(labels[epoch]).tolist() == [max(sizes)] * len(sizes)
        shown += np.bincount(epoch, minlength=len(labels))
        # A class is gone through whole before any of its pictures comes once more.
        assert max(np.ptp(shown[labels == label]) for label in range(len(sizes))) <= 1


@given(st.integers(0, 200), st.integers(1, 120), st.integers(0, 5))
def test_the_balanced_order_depends_on_position_alone(position: int, count: int, seed: int) -> None:
    labels = np.repeat([0, 1, 2], [1, 4, 11])
    whole = BalancedOrder(labels, seed).indices(0, position + count)
    assert np.array_equal(BalancedOrder(labels, seed).indices(position, count), whole[position:])


def test_a_balanced_loader_draws_training_pictures_of_every_class_alike(tiny_data: Path) -> None:
    # 32 training pictures: 24 of class 0 and 8 of class 1.
    add_columns(
        tiny_data, split=np.where(np.arange(48) % 6 == 1, "train", np.where(np.arange(48) % 2, "test", "train"))
    )
    data = Dataset.open(tiny_data)
    with Loader(data, 48, seed=0, balanced=True) as loader:
        pictures, labels = next(iter(loader))
    assert labels is not None
    assert torch.bincount(labels).tolist() == [24, 24]
    trained = {image.tobytes() for image in data.images[data.rows("train")]}
    assert {image.tobytes() for image in pictures.numpy()} == trained


def test_a_balanced_run_resumes_exactly(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", count=20)
    add_columns(data, kind=["rare", "rare", *["common"] * 18])
    changes: dict[str, Any] = {"label_column": "kind", "balanced_classes": True, "batch_size": 7}
    quick(data, tmp_path / "whole", budget="6steps", log_every="1steps", **changes)
    quick(data, tmp_path / "halves", budget="3steps", log_every="1steps", **changes)
    resume(tmp_path / "halves", budget="3steps")
    losses = [[each["d_loss"] for each in read_records(tmp_path / run / "stats.jsonl")] for run in ("whole", "halves")]
    assert losses[0] == losses[1]
    assert len(losses[0]) == 6


def test_balance_without_classes_is_refused(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", classes=0)
    with pytest.raises(ConfigError, match=r"balanced_classes: .* has no classes"):
        quick(data, tmp_path / "run", "dcgan", balanced_classes=True)


# ---- samples ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run of two classes, the first three times as frequent as the second."""
    folder = tmp_path_factory.mktemp("conditional")
    data = write_dataset(folder / "data")
    add_columns(data, kind=["still/life", "still/life", "still/life", "sea"] * 12)
    quick(data, folder / "run", label_column="kind", grid_size=3)
    return folder / "run"


def test_the_training_grid_has_a_row_a_class(run: Path) -> None:
    width, height = Image.open(min((run / "samples").iterdir())).size
    assert height == 2 * 16 + 2
    assert width > 3 * 16 + 2 * 2  # the names come first


def test_rows_by_class_share_their_latents(run: Path) -> None:
    artist = ganvas.load(run)
    by_class = artist.by_class(70, seed=3)
    assert by_class.shape == (2, 70, 16, 16, 3)
    for row, name in zip(by_class, artist.class_names, strict=True):
        assert np.abs(row.astype(int) - artist.sample(70, seed=3, label=name)).max() <= 1
    assert not np.array_equal(by_class[0], by_class[1])


def test_classes_come_as_often_as_in_training_and_prefixes_agree(run: Path) -> None:
    artist = ganvas.load(run)
    assert artist.class_names == ["sea", "still/life"]
    labels = artist.labels(400)
    assert labels is not None
    assert abs(np.bincount(labels) - [100, 300]).max() <= 3
    assert np.array_equal(not_none(artist.labels(37)), labels[:37])
    assert np.array_equal(artist.sample(70)[:5], artist.sample(5))


@given(st.lists(st.integers(1, 20), min_size=1, max_size=8), st.integers(1, 300))
def test_mixed_labels_keep_to_their_shares_wherever_one_stops(weights: list[int], count: int) -> None:
    shares = np.array(weights) / sum(weights)
    counts = np.bincount(mixed_labels(shares.tolist(), count), minlength=len(weights))
    assert np.abs(counts - shares * count).max() < 5


def test_an_unknown_class_is_refused_with_those_there_are(cli: Cli, run: Path) -> None:
    done = cli("sample", run, "--out", "grid.png", "--label", "see")
    assert done.returncode == 2
    assert "unknown class 'see' (did you mean 'sea'?); choose from: sea, still/life" in done.stderr


def test_a_class_cannot_be_asked_of_an_unconditional_generator(cli: Cli, tiny_data: Path) -> None:
    cli("train", tiny_data, "--recipe", "dcgan", "--out", "run", "--budget", "1steps", *TINY_WORDS, check=True)
    done = cli("sample", "run", "--out", "pictures", "--label", "class0")
    assert (done.returncode, "trained without classes" in done.stderr) == (2, True)
    with pytest.raises(RunError, match="trained without classes"):
        ganvas.load("run").by_class(2)


def test_grids_of_all_classes_and_of_one(cli: Cli, run: Path) -> None:
    cli("sample", run, "--out", "all.png", "-n", "7", check=True)
    cli("sample", run, "--out", "sea.png", "-n", "4", "--label", "sea", check=True)
    artist = ganvas.load(run)
    rows = np.asarray(Image.open("all.png"))[:, -(4 * 16 + 3 * 2) :]
    assert np.array_equal(rows, grid(artist.by_class(4).reshape(-1, 16, 16, 3), columns=4))
    assert np.array_equal(np.asarray(Image.open("sea.png")), grid(artist.sample(4, label="sea")))


def test_single_pictures_have_their_class_in_their_names(tmp_path: Path, run: Path) -> None:
    artist = ganvas.load(run)
    write_samples(artist, tmp_path / "pictures", 6, seed=2)
    labels, pictures = artist.labels(6), artist.sample(6, seed=2)
    assert labels is not None
    safe = ["sea", "still_life"]
    for number, (label, picture) in enumerate(zip(labels, pictures, strict=True)):
        file = tmp_path / "pictures" / f"seed2-{number:05d}-{safe[label]}.png"
        assert np.array_equal(np.asarray(Image.open(file)), picture)
    write_samples(artist, tmp_path / "sea", 2, seed=2, label="sea")
    assert {file.name for file in (tmp_path / "sea").iterdir()} == {"seed2-00000-sea.png", "seed2-00001-sea.png"}


def test_names_stand_before_their_rows_and_long_ones_are_cut() -> None:
    images = np.full((2, 3, 32, 32, 3), 200, np.uint8)
    sheet = class_grid(images, ["a", "abstract expressionism of the fifties\nand more"])
    assert np.array_equal(sheet[:, -100:], grid(images.reshape(-1, 32, 32, 3), 3))
    names = sheet[:, :-100].min(axis=(1, 2))
    assert names[:32].min() < 100
    assert names[34:].min() < 100
    assert sheet.shape[1] < 100 + 200
