"""What the run page paints, asks and measures when it is written, and the page of several runs."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, ViewportSize

from ganvas import gans
from ganvas.artist.artist import load
from ganvas.artist.critic import Critic
from ganvas.artist.explore.neighbours import by_pixels
from ganvas.artist.grids import grid
from ganvas.artist.sampling import _along_sphere
from ganvas.data.dataset.columns import Column
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import INDEX, INFO, Info
from ganvas.foundation.errors import ConfigError, RunError
from ganvas.foundation.pixels import to_float
from ganvas.gans.recipe import Spec
from ganvas.planning.run import train
from ganvas.report.comparison.losses import losses
from ganvas.report.comparison.runs import write_page as write_comparison
from ganvas.report.run import discriminator, latents, neighbours, reduction
from ganvas.report.run.models import SAMPLES, RunModels, Samples
from ganvas.report.run.page import write_page
from ganvas.report.run.provenance import card
from ganvas.report.run.run import Run
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.logs import RunLogs
from ganvas.settings.config import resolve
from ganvas.tricks.objective import Objective
from ganvas.verdict.evaluation import Evaluation
from ganvas.verdict.measurement import LogLine
from support.browser import DESKTOP, PHONE, visit
from support.command_line import Cli
from support.datasets import noise, write_dataset, write_pictures_of
from support.runs import TINY
from support.snapshots import first_stage

HOSTILE = ["<script>alert('x')</script>", "</script><img src=x onerror=alert(1)>"]
QUICK: dict[str, Any] = TINY | {"budget": "4steps", "sample_every": "2steps"}


def renamed(data: Path, names: list[str]) -> Path:
    """The dataset with other class names."""
    info = Info.model_validate_json((data / INFO).read_text("utf-8"))
    index = pd.read_parquet(data / INDEX)
    index["class"] = index["class"].map(dict(zip(info.class_names, names, strict=True)))
    index.to_parquet(data / INDEX)
    (data / INFO).write_text(info.model_copy(update={"class_names": names}).model_dump_json())
    return data


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of four kinds, which no test changes: told classes with hostile names, told none, classifying, a critic."""
    folder = tmp_path_factory.mktemp("looks")
    data = renamed(write_dataset(folder / "data"), HOSTILE)
    for name, recipe in {"told": "cdcgan", "plain": "dcgan", "classifying": "can", "critic": "wgan-gp"}.items():
        train(data, folder / name, recipe, **QUICK)
    train(data, folder / "scored", "dcgan", **QUICK | {"eval_samples": 24, "eval_every": "2steps"})
    # Of the pictures above, all have the same outlines.
    write_pictures_of(folder / "various", noise(48, size=16))
    train(folder / "various", folder / "of-various", "dcgan", **QUICK)
    return folder


@pytest.fixture
def run(gallery: Path, tmp_path: Path) -> Path:
    """A copy of the conditional run that a test may break."""
    return shutil.copytree(gallery / "told", tmp_path / "told")


def text_of(run: Path, folder: Path) -> str:
    return write_page(run, folder / "page.html").read_text("utf-8")


def contents(folder: Path) -> dict[str, str]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


# --- Ways through the latent space ---


@pytest.mark.parametrize("name", ["plain", "told"])
def test_a_way_leads_from_one_picture_of_the_seed_to_the_next(gallery: Path, name: str) -> None:
    artist = load(gallery / name)
    label = artist.class_names[1] if artist.class_names else None
    ways = artist.interpolate(3, 5, seed=4, label=label)
    pictures = artist.sample(6, seed=4, label=label)
    assert ways.shape == (3, 5, 16, 16, 3)
    assert np.array_equal(ways[:, 0], pictures[0::2])
    assert np.array_equal(ways[:, -1], pictures[1::2])
    assert not np.array_equal(ways[:, 2], ways[:, 0])


def test_rows_without_a_label_take_the_classes_in_turn(gallery: Path) -> None:
    artist = load(gallery / "told")
    ways = artist.interpolate(4, 2)
    for row, name in enumerate([*HOSTILE, *HOSTILE]):
        assert np.array_equal(ways[row], artist.interpolate(4, 2, label=name)[row])
    with pytest.raises(RunError, match="unknown class"):
        artist.interpolate(1, 2, label="none such")


@pytest.mark.parametrize("latent", ["normal", "uniform"])
def test_normal_latents_go_along_the_sphere_and_uniform_ones_straight(tmp_path: Path, latent: str) -> None:
    class Showing(torch.nn.Module):
        """Shows the first latents as pictures of one colour."""

        def forward(self, latents: torch.Tensor) -> torch.Tensor:
            seen.append(latents[:9].clone())
            return latents[:, :3, None, None].clamp(-1, 1).expand(-1, -1, 16, 16)

    seen: list[torch.Tensor] = []
    run = tmp_path / "run"
    train(write_dataset(tmp_path / "data"), run, "dcgan", **QUICK | {"latent": latent})
    artist = load(run)
    artist.snapshot = dataclasses.replace(artist.snapshot, generator=Showing())
    artist.interpolate(1, 9)
    latents = seen[0]
    straight = torch.lerp(latents[0], latents[-1], torch.linspace(0, 1, 9)[:, None])
    assert torch.allclose(latents, straight, atol=1e-6) == (latent == "uniform")
    if latent == "normal":
        assert latents[4].norm() > straight[4].norm()


def test_the_way_along_the_sphere_is_of_even_steps_and_never_leaves_it() -> None:
    start, places = torch.tensor([[1.0, 0.0]]), torch.linspace(0, 1, 7)[:, None]
    way = _along_sphere(start, torch.tensor([[-0.6, 0.8]]), places)
    assert torch.allclose(way.norm(dim=1), torch.ones(7))
    steps = (way[1:] - way[:-1]).norm(dim=1)
    assert torch.allclose(steps, steps[0].expand(6), atol=1e-6)
    for end in (3 * start, -start):  # on a line with it, where there is no sphere to follow
        assert torch.allclose(_along_sphere(start, end, places), torch.lerp(start, end, places), atol=1e-3)


def test_a_way_can_be_straight_for_normal_latents(gallery: Path) -> None:
    artist = load(gallery / "plain")
    straight, curved = artist.interpolate(2, 5, spherical=False), artist.interpolate(2, 5, spherical=True)
    assert np.array_equal(curved, artist.interpolate(2, 5))
    assert np.array_equal(straight[:, [0, -1]], curved[:, [0, -1]])
    assert not np.array_equal(straight[:, 2], curved[:, 2])


def test_the_command_writes_rows_that_lead_from_latent_to_latent(gallery: Path, cli: Cli, tmp_path: Path) -> None:
    artist = load(gallery / "told")
    for kind, spherical in {"linear": False, "spherical": True}.items():
        words = "--out", f"{kind}.png", "-n", 11, "--seed", 3, "--interpolate", kind
        cli("sample", gallery / "told", *words, check=True)
        ways = artist.interpolate(2, 8, seed=3, spherical=spherical)
        with Image.open(tmp_path / f"{kind}.png") as file:
            assert np.array_equal(np.asarray(file), grid(ways.reshape(16, 16, 16, 3), 8))
    assert (tmp_path / "linear.png").read_bytes() != (tmp_path / "spherical.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--out", "a.png", "--interpolate", "curly"], "unknown interpolation 'curly'; choose from: linear, spherical"),
        (["--out", "folder", "--interpolate", "linear"], "choose a name that ends in .png"),
    ],
)
def test_the_command_refuses_other_kinds_and_places(
    gallery: Path, cli: Cli, tmp_path: Path, words: list[str], complaint: str
) -> None:
    done = cli("sample", gallery / "told", *words)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_page_shows_both_ways_of_normal_latents_and_one_of_uniform_ones(gallery: Path) -> None:
    models = RunModels.open(Run.open(gallery / "told"))
    section = latents.interpolations(models)
    sphere, straight = section["ways"].values()
    assert list(section["ways"]) == ["On the sphere", "Linear, in each dimension"]
    assert len(sphere) == len(straight) == 6
    assert [row["name"] for row in straight[:3]] == [*HOSTILE, HOSTILE[0]]
    assert [row["uri"] for row in sphere] != [row["uri"] for row in straight]
    models.artist.card.options["latent"] = "uniform"
    assert list(latents.interpolations(models)["ways"]) == ["Linear, in each dimension"]


# --- The discriminator ---


def test_the_critic_says_what_the_discriminator_said_in_training(gallery: Path) -> None:
    run = Run.open(gallery / "told")
    kind = gans.find("cdcgan")
    recipe = kind(resolve("cdcgan", kind.defaults, run.record.options).options)
    _, discriminator = Objective(recipe).build(Spec(16, 2))
    state = CheckpointDirectory(run.path / "checkpoints").latest()
    discriminator.load_state_dict(state["discriminator"])
    images, labels = load(run.path).sample(8), np.arange(8) % 2
    said = recipe.discriminate(discriminator, to_float(torch.from_numpy(images)), torch.from_numpy(labels)).logits
    critic = Critic.of(run.path)
    assert np.allclose(critic.logits(images, labels), said.detach().numpy(), atol=1e-5)
    assert critic.kimg == pytest.approx(0.032)


@pytest.mark.parametrize("recipe", gans.names())
def test_the_discriminator_of_every_recipe_can_be_asked(tmp_path: Path, recipe: str) -> None:
    data = write_dataset(tmp_path / "data", size=min(gans.find(recipe).sizes))
    train(data, tmp_path / "run", recipe, **QUICK | {"budget": "2steps"} | first_stage(recipe, tmp_path))
    artist, critic = load(tmp_path / "run"), Critic.of(tmp_path / "run")
    images, labels = artist.sample(10), artist.labels(10)
    assert np.isfinite(critic.logits(images, labels)).all()
    assert critic.gives_probabilities == gans.find(recipe).has_targets
    assert not (critic.gives_probabilities and recipe in ("wgan", "wgan-gp", "atelier", "brushwork"))
    assert critic.gives_probabilities or recipe not in ("dcgan", "cdcgan", "acgan", "can", "mlp", "vanilla")
    if recipe == "mlp":
        with pytest.raises(ConfigError, match="has no convolutions"):
            critic.activation_maps(images, labels)
    else:
        assert len(critic.activation_maps(images, labels)) == 2


def test_asking_is_repeatable_and_changes_nothing_even_with_every_trick(tmp_path: Path) -> None:
    run = tmp_path / "run"
    tricks = {"spectral_norm": True, "d_dropout": 0.5, "minibatch": "discrimination", "augment": "colour,translation"}
    train(write_dataset(tmp_path / "data"), run, "dcgan", **QUICK | tricks)
    images = load(run).sample(20)
    before, random = contents(run), torch.get_rng_state()
    first = Critic.of(run)
    answers = first.logits(images)
    first.activation_maps(images)
    assert np.array_equal(answers, first.logits(images))
    assert np.array_equal(answers, Critic.of(run).logits(images))
    assert contents(run) == before
    assert torch.equal(torch.get_rng_state(), random)


def test_activation_maps_are_of_layers_over_pictures_only(gallery: Path) -> None:
    artist, critic = load(gallery / "told"), Critic.of(gallery / "told")
    first, deeper = critic.activation_maps(artist.sample(8), artist.labels(8))
    assert first.shape == (2, 8, 8)  # half of the width: the other half belongs to the label
    assert deeper.shape == (8, 4, 4)
    assert np.isfinite(first).all()
    assert np.ptp(first) > 0


def test_activation_maps_are_taken_after_the_activation_function(gallery: Path) -> None:
    critic = Critic.of(gallery / "plain")
    images = Dataset.open(gallery / "data").images[:8]
    first, deeper = critic.activation_maps(images)
    convolution = critic.first_convolution
    assert convolution is not None
    with torch.no_grad():
        linear = convolution(to_float(torch.from_numpy(np.asarray(images))))[0]
    assert np.allclose(first, torch.nn.functional.leaky_relu(linear, 0.2).numpy(), atol=1e-5)
    assert (linear < 0).any()
    assert deeper.shape[1:] == (4, 4)


def test_without_activation_modules_the_maps_are_those_of_the_convolutions(gallery: Path) -> None:
    critic = Critic.of(gallery / "plain")
    images = Dataset.open(gallery / "data").images[:8]
    activated, _ = critic.activation_maps(images)
    for module in list(critic._discriminator.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.LeakyReLU):
                setattr(module, name, torch.nn.Identity())
    linear, _ = critic.activation_maps(images)
    assert np.allclose(np.where(linear < 0, 0.2 * linear, linear), activated, atol=1e-5)


def test_the_maps_on_the_page_are_of_a_training_picture(gallery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[NDArray[np.uint8], NDArray[np.int64] | None]] = []

    def activation_maps(
        _: Critic, images: NDArray[np.uint8], labels: NDArray[np.int64] | None
    ) -> list[NDArray[np.float32]]:
        asked.append((images, labels))
        return [np.ones((2, 4, 4), np.float32)]

    monkeypatch.setattr(Critic, "activation_maps", activation_maps)
    section = discriminator.activations(RunModels.open(Run.open(gallery / "told")))
    data = Dataset.open(gallery / "data")
    ((images, labels),) = asked
    assert np.array_equal(images, data.images)
    assert labels is not None
    assert data.labels is not None
    assert labels.tolist() == data.labels.tolist()
    assert section["caption"] == "0.png"


def test_each_class_is_ranked_by_what_the_discriminator_says(gallery: Path) -> None:
    models = RunModels.open(Run.open(gallery / "told"))
    samples = models.samples
    logits = samples.by_class(models.critic.logits(samples.interleaved, samples.labels))
    section = discriminator.ranking(models)
    for kind, wall in enumerate(section["rankings"]):
        order = np.argsort(-logits[kind], kind="stable")
        assert wall["name"] == HOSTILE[kind]
        assert [each["number"] for each in wall["ends"]["Most real"]] == order[:10].tolist()
        assert [each["number"] for each in wall["ends"]["Least real"]] == order[::-1][:10].tolist()
    top = section["rankings"][0]["ends"]["Most real"][0]["score"]
    assert float(top.removesuffix(" %")) == pytest.approx(100 / (1 + np.exp(-logits[0].max())), rel=0.01)


def test_probabilities_at_the_ends_are_told_without_pretence() -> None:
    assert discriminator._score(-1000.0, is_probability=True) == "< 0.01 %"
    assert discriminator._score(1000.0, is_probability=True) == "> 99.99 %"
    assert discriminator._score(0.0, is_probability=True) == "50 %"
    assert discriminator._score(-3.25, is_probability=False) == "-3.25"


# --- What preparation leaves ---


def test_a_picture_is_counted_before_and_after_its_preparation(gallery: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.new("RGB", (260, 208), "red").save(pictures / "5.png")
    sizes = {"width": [260] * 48, "height": [208] * 48}
    sizes["height"][0] = 10**6  # held back, so it does not count
    sizes["width"][1] = 0  # unknown
    sizes["width"][2:5] = [1300, 520, 100]
    run = with_columns(gallery, tmp_path, **sizes, split=["test", *["train"] * 47])
    info = Info.model_validate_json((tmp_path / "data" / INFO).read_text("utf-8"))
    (tmp_path / "data" / INFO).write_text(
        info.model_copy(update={"options": {"source": str(pictures)}}).model_dump_json()
    )
    section = reduction.reduction(RunModels.open(run))
    assert section is not None
    counts = [208 * 3 * width for width in (1300, 520, 100, *[260] * 43)]
    assert section["mean"] == pytest.approx(np.mean(counts))
    assert (section["width"], section["height"], section["before"]) == (260, 208, 162_240)
    assert section["after"] == 16 * 16 * 3
    assert section["ratio"] == pytest.approx(np.mean(counts) / 768)
    assert section["original"]["width"] == 260
    critic = Critic.of(run.path)
    assert critic.first_convolution is not None
    assert section["layer"] == {"factors": [4, 4, 3, 4], "biases": 0, "count": critic.first_convolution.weight.numel()}
    page = text_of(run.path, tmp_path).replace("\N{MULTIPLICATION SIGN}", "x")
    assert "260 x 208 pixels, 162,240 values" in page
    assert "192 parameters (4 x 4 x 3 x 4)" in page


def test_without_the_original_only_its_size_is_told(gallery: Path, tmp_path: Path) -> None:
    run = with_columns(gallery, tmp_path, width=[260] * 48, height=[208] * 48)
    shutil.rmtree(run.path / "checkpoints")
    section = reduction.reduction(RunModels.open(run))
    assert section is not None
    assert section["original"] is None
    assert section["layer"] is None
    assert "is not where it was" in text_of(run.path, tmp_path)


def test_without_sizes_there_is_nothing_to_count(gallery: Path) -> None:
    assert reduction.reduction(RunModels.open(Run.open(gallery / "plain"))) is None


# --- Neighbours ---


def shown_with(gallery: Path, **replaced: NDArray[np.uint8]) -> RunModels:
    """A run, as if it had generated noise, and a picture in the place of each `at`-number."""
    models = RunModels.open(Run.open(gallery / "of-various"))
    images = np.random.default_rng(9).integers(0, 256, (1, 32, 16, 16, 3), dtype=np.uint8)
    for place, picture in replaced.items():
        images[0, int(place.removeprefix("at"))] = picture
    models.__dict__["samples"] = Samples(images, [])
    return models


def test_a_training_picture_among_the_generated_is_found_and_marked(gallery: Path) -> None:
    models = shown_with(gallery, at20=Dataset.open(gallery / "various").images[7])
    found = neighbours.compare(models)
    assert found.is_copy.nonzero()[0].tolist() == [20]
    assert found.shown[: neighbours.FIRST].tolist() == list(range(neighbours.FIRST))
    assert found.shown[neighbours.FIRST] == 20
    section = neighbours.neighbours(models)
    assert section["copies"] == 1
    copy = section["cards"][neighbours.FIRST]
    assert copy["is_copy"]
    assert {copy["near"][way]["source"] for way in ("by outlines", "by pixels")} == {"7.png"}
    assert copy["near"]["by pixels"]["distance"] == 0


def test_a_mirrored_copy_is_marked_and_found_by_outlines(gallery: Path) -> None:
    section = neighbours.neighbours(shown_with(gallery, at20=Dataset.open(gallery / "various").images[7][:, ::-1]))
    copy = section["cards"][neighbours.FIRST]
    assert copy["is_copy"]
    assert copy["near"]["by outlines"]["source"] == "7.png"
    assert copy["near"]["by outlines"]["distance"] < section["limit"]


def test_the_nearest_by_pixels_is_the_nearest_of_all_training_pictures(gallery: Path, tmp_path: Path) -> None:
    data = Dataset.open(gallery / "data")
    models = RunModels.open(Run.open(gallery / "told"))
    section = neighbours.neighbours(models)
    comparison = neighbours.compare(models)
    for number, group in zip(comparison.shown, section["cards"], strict=True):
        wide = np.abs(np.asarray(data.images, np.int64) - comparison.images[number]).mean(axis=(1, 2, 3))
        assert group["near"]["by pixels"]["source"] == f"{wide.argmin()}.png"
        assert group["near"]["by pixels"]["distance"] == pytest.approx(wide.min())


def test_pictures_that_are_held_back_are_not_searched(tmp_path: Path) -> None:
    images = noise(6, size=16)
    data = write_pictures_of(tmp_path / "data", images, split=["test", *["train"] * 5])
    found = by_pixels(images, data)
    assert found.rows[0] != 0
    assert found.rows[1:].tolist() == [1, 2, 3, 4, 5]


# --- The page ---


def test_a_conditional_page_shows_everything(gallery: Path, tmp_path: Path) -> None:
    said: list[str] = []
    text = write_page(gallery / "told", tmp_path / "page.html", said.append).read_text("utf-8")
    for section in ("interpolations", "labels", "ranking", "activations", "neighbours", "provenance"):
        assert f'<section id="{section}">' in text
    assert "Left out" not in text
    assert text.count('<ol class="ranked">') == 4
    assert "Of 64 pictures of each class" in text
    assert "By pixels, all\n    48 training pictures" in text
    assert "asking the discriminator" in said
    assert HOSTILE[0] not in text
    assert HOSTILE[1] not in text


def test_a_run_without_classes_has_one_ranking_and_no_labels(gallery: Path, tmp_path: Path) -> None:
    for name in ("plain", "classifying"):
        text = text_of(gallery / name, tmp_path)
        assert f"Of {SAMPLES} pictures, the ones" in text
        assert text.count('<ol class="ranked">') == 2
        assert 'id="labels"' not in text
        assert "Left out" not in text


def test_a_critic_gives_scores_and_no_probabilities(gallery: Path, tmp_path: Path) -> None:
    text = text_of(gallery / "critic", tmp_path)
    assert "The score is not a probability" in text
    assert "its probability that they are real" not in text


def test_an_evaluated_run_says_how_much_it_copies(gallery: Path, tmp_path: Path) -> None:
    text = text_of(gallery / "scored", tmp_path)
    assert "Near copies of training pictures" in text
    assert "of 24 generated" in text
    assert "chart-believed" in text
    assert "chart-learning-rates" in text


def test_without_a_checkpoint_the_discriminator_is_left_out_with_a_note(run: Path, tmp_path: Path) -> None:
    shutil.rmtree(run / "checkpoints")
    text = text_of(run, tmp_path)
    assert text.count("Left out: no usable checkpoint") == 2
    assert '<ol class="ranked">' not in text
    assert 'class="cards"' in text


def test_without_a_snapshot_nothing_is_painted(run: Path, tmp_path: Path) -> None:
    shutil.rmtree(run / "snapshots")
    text = text_of(run, tmp_path)
    assert "has no snapshot yet" in text
    assert 'id="ranking"' not in text
    assert "<h2>Generated</h2>" in text


@pytest.mark.parametrize(("change", "why"), [("gone", "is gone"), ("changed", "has changed since")])
def test_neighbours_are_left_out_where_the_data_is_not_what_it_was(
    tmp_path: Path, change: str, why: str, gallery: Path
) -> None:
    run, data = shutil.copytree(gallery / "plain", tmp_path / "run"), shutil.copytree(gallery / "data", tmp_path / "d")
    config = (run / "config.yaml").read_text("utf-8").replace(str(gallery / "data"), str(data))
    (run / "config.yaml").write_text(config)
    if change == "gone":
        shutil.rmtree(data)
    else:
        info = Info.model_validate_json((data / INFO).read_text("utf-8"))
        (data / INFO).write_text(info.model_copy(update={"fingerprint": "other"}).model_dump_json())
    text = text_of(run, tmp_path)
    assert f"Left out: the dataset d {why}" in text
    assert 'class="cards"' not in text
    assert "The origin of its training pictures cannot be checked" in text
    assert '<ol class="ranked">' in text


# --- Provenance ---


def statements(run: Run) -> str:
    return " ".join(f"{each['kind']}: {each['heading']}. {each['text']}" for each in card(run)["statements"])


def with_columns(gallery: Path, folder: Path, **columns: Any) -> Run:
    """The plain run, as if its dataset's index had further columns."""
    data = shutil.copytree(gallery / "data", folder / "data")
    index = pd.read_parquet(data / INDEX).assign(**columns)
    index.to_parquet(data / INDEX)
    run = shutil.copytree(gallery / "plain", folder / "run")
    (run / "config.yaml").write_text((run / "config.yaml").read_text("utf-8").replace(str(gallery / "data"), str(data)))
    return Run.open(run)


def test_licences_are_counted_and_their_gaps_told(gallery: Path, tmp_path: Path) -> None:
    licences = ["CC BY 4.0"] * 30 + ["CC0"] * 10 + [None] * 8
    run = with_columns(gallery, tmp_path, licence=licences, Artist=["Ada"] * 48)
    facts = card(run)["facts"]
    assert facts["Licence (index)"] == "CC BY 4.0 (30), CC0 (10), nothing for 8"
    assert facts["Artist (index)"] == "Ada (48)"
    assert facts["Source (index)"] == "48 different values"
    assert "For 8 pictures, none is listed" in statements(run)


def test_unknown_licences_are_no_free_licences(gallery: Path) -> None:
    said = statements(Run.open(gallery / "plain"))
    assert "open: The licences of its training pictures are unknown" in said
    assert "may not say that it was trained on free pictures" in said
    assert "open: Near copies were not measured" in said


def test_what_is_said_of_copies_is_what_was_measured(gallery: Path) -> None:
    run = Run.open(gallery / "plain")
    measured = {"kimg": 1, "kid": 0.1, "copies": 0.0, "generated": 1000}
    run = dataclasses.replace(run, logs=RunLogs(evaluations=(Evaluation.parse(measured),)))
    assert "fewer than 0.3 % of its pictures" in statements(run)
    measured |= {"copies": 0.05, "real_copies": 0.01}
    run = dataclasses.replace(run, logs=RunLogs(evaluations=(Evaluation.parse(measured),)))
    assert "no: 50 of 1,000 pictures are near copies" in statements(run)
    assert "1.0 % would pass for copies" in statements(run)


def test_a_column_of_many_values_is_cut_short() -> None:
    column = Column.of("artist", pd.Series([f"name {number // 4}" for number in range(40)]))
    assert len(column.counts) == 6
    assert column.words.endswith("4 more values")


# --- Several runs, and the command ---


def test_several_runs_stand_side_by_side(gallery: Path, tmp_path: Path) -> None:
    shutil.copytree(gallery / "scored", tmp_path / "scored")
    with (tmp_path / "scored" / "evals.jsonl").open("a") as file:
        file.write(
            json.dumps({"kimg": 9.0, "kid": 0.01, "kid_se": 0.002, "verdict": "memorising", "best": True}) + "\n"
        )
    runs = [gallery / "scored", tmp_path / "scored", gallery / "told"]
    text = write_comparison(runs, tmp_path / "page.html").read_text("utf-8")
    for expected in ("3 runs", "scored (1)", "scored (2)", "told", "cdcgan", "memorising", "0.0100 ± 0.0020"):
        assert expected in text
    assert text.count("<img") == 4
    assert text.count("Losses of ") >= 3
    assert "Lower is better: KID, copies. Higher is better: recall, coverage. Near 1 is better: diversity." in text
    assert "<strong>real pictures</strong> · 48 in data" in text
    assert "measured with different feature networks and numbers of pictures" in text


def test_the_losses_of_runs_have_the_same_axes(gallery: Path) -> None:
    calm: list[dict[str, float]] = [{"kimg": n, "step": 10 * n, "d_loss": 0.5, "g_loss": 1.0} for n in range(1, 400)]
    wild: list[dict[str, float]] = [{"kimg": n, "step": 20 * n, "d_loss": -3.0, "g_loss": 4.0} for n in range(1, 400)]
    wild[7]["g_loss"] = 1e6  # a single spike
    nothing: list[dict[str, float]] = [{"kimg": 1, "step": 1}]
    logs = {
        name: RunLogs(stats=tuple(map(LogLine.parse, lines)))
        for name, lines in {"gan": calm, "empty": nothing, "wgan": wild}.items()
    }
    first, second = losses(logs)
    assert (first.title, second.title) == ("Losses of gan", "Losses of wgan")
    assert first.name != second.name
    for axis in ("xaxis", "yaxis"):
        assert first.figure.layout[axis].range == second.figure.layout[axis].range
    assert 20 * 399 < first.figure.layout.xaxis.range[1] < 20 * 410
    bottom, top = first.figure.layout.yaxis.range
    assert -4 < bottom < -3
    assert 4 < top < 5
    (generator,) = [trace for trace in second.figure.data if trace.name == "generator" and trace.opacity is None]
    assert list(generator.x) == [line["step"] for line in wild]
    assert generator.y[0] == 4.0
    assert losses({"empty": logs["empty"]}) == []


def test_runs_of_different_data_are_not_to_be_compared(gallery: Path, tmp_path: Path) -> None:
    text = write_comparison([gallery / "scored", gallery / "scored"], tmp_path / "page.html").read_text("utf-8")
    assert "cannot be compared" not in text
    other = shutil.copytree(gallery / "scored", tmp_path / "other")
    config = (other / "config.yaml").read_text("utf-8")
    (other / "config.yaml").write_text(config.replace("fingerprint: test-48", "fingerprint: other-48"))
    text = write_comparison([gallery / "scored", other], tmp_path / "page.html").read_text("utf-8")
    assert "measured with different data: they cannot be compared" in text
    assert "<strong>real pictures</strong>" not in text


def test_the_command_writes_a_page_and_says_where(gallery: Path, cli: Cli, tmp_path: Path) -> None:
    done = cli("report", gallery / "plain", "--out", "page.html", check=True)
    assert done.stdout == "page.html\n"
    assert "asking the discriminator" in done.stderr
    assert "<em>dcgan</em> on data" in (tmp_path / "page.html").read_text("utf-8")
    done = cli("report", gallery / "plain", gallery / "told", "--out", "both.html", check=True)
    assert done.stdout == "both.html\n"
    assert "plain and told" in (tmp_path / "both.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nowhere", "--out", "page.html"], "nowhere is not a run directory"),
        (["{run}", "nowhere", "--out", "page.html"], "nowhere is not a run directory"),
        (["{run}", "--out", "."], "is a directory; name a file in it"),
        (["{run}", "--out", "page.pdf"], "must end in .html"),
    ],
)
def test_the_command_refuses_with_one_line(
    gallery: Path, cli: Cli, tmp_path: Path, words: list[str], complaint: str
) -> None:
    done = cli("report", *(word.format(run=gallery / "plain") for word in words))
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


# --- In a browser ---


@pytest.mark.browser
def test_hostile_class_names_are_text_and_the_phone_is_wide_enough(
    gallery: Path, tmp_path: Path, browser: Browser
) -> None:
    file = write_page(gallery / "told", tmp_path / "page.html")
    with visit(browser, file, PHONE) as seen:
        seen.page.on("dialog", lambda dialog: seen.complaints.append(dialog.message))
        seen.page.wait_for_selector(".chart .legend")
        assert seen.page.locator("#labels li span").all_inner_texts() == HOSTILE
        assert seen.page.locator("#ranking h3").all_inner_texts() == HOSTILE
        assert seen.overflow <= 0
        broken = "[...document.images].filter((image) => !image.complete || !image.naturalWidth).length"
        assert seen.page.evaluate(broken) == 0
    assert seen.requests == []
    assert seen.complaints == []


@pytest.mark.browser
def test_buttons_switch_between_the_kinds_of_interpolation(gallery: Path, tmp_path: Path, browser: Browser) -> None:
    with visit(browser, write_page(gallery / "plain", tmp_path / "page.html")) as seen:
        ways, buttons = seen.page.locator("#interpolations .way").all(), seen.page.locator("#interpolations button")
        assert [way.is_visible() for way in ways] == [True, False]
        buttons.nth(1).click()
        assert [way.is_visible() for way in ways] == [False, True]
        assert buttons.nth(1).get_attribute("aria-pressed") == "true"
        seen.page.emulate_media(media="print")
        assert [way.is_visible() for way in ways] == [True, True]
        assert [way.locator("h3").is_visible() for way in ways] == [True, True]
        seen.assert_sound()


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_losses_stand_side_by_side_or_below_each_other(
    gallery: Path, tmp_path: Path, browser: Browser, size: ViewportSize
) -> None:
    file = write_comparison([gallery / "scored", gallery / "plain"], tmp_path / "page.html")
    with visit(browser, file, size) as seen:
        seen.page.wait_for_selector("#chart-losses-1 .legend")
        boxes = [seen.page.locator(f"#chart-losses-{number}").bounding_box() for number in range(2)]
        first, second = (box for box in boxes if box is not None)
        assert (first["y"] == second["y"]) == (size == DESKTOP)
        seen.assert_sound()
