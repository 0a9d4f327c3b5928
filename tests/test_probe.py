"""The probe: what it finds, and that asking changes nothing."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import INDEX
from ganvas.gans.cdcgan import CDCGAN
from ganvas.gans.dcgan import DCGAN
from ganvas.gans.recipe import Recipe, Spec
from ganvas.machine import device
from ganvas.settings.config import Settings, resolve
from ganvas.training.probe import Probe
from ganvas.training.step import AdversarialStep
from support.datasets import write_dataset

SMALL = {"width": 4, "latent_dim": 8, "batch_size": 16}


def networks(data: Dataset, recipe: type[Recipe] = DCGAN, **changes: Any) -> tuple[AdversarialStep, Probe]:
    torch.manual_seed(0)
    made = recipe(resolve(recipe.name(), recipe.defaults, SMALL | changes).options)
    machine = device.choose(Settings(device="cpu", precision="float32", threads=1))
    return AdversarialStep(made, Spec.of(data), machine, device.launch(machine)), Probe(data, made, machine, seed=3)


@pytest.fixture
def data(tiny_data: Path) -> Dataset:
    return Dataset.open(tiny_data)


def test_asking_changes_nothing(data: Dataset) -> None:
    """Neither BatchNorm's statistics, nor the power iterations of spectral norm, nor what is drawn next."""
    step, probe = networks(data, spectral_norm=True, d_dropout=0.5)
    before = {name: tensor.clone() for name, tensor in step.discriminator.state_dict().items()}
    averages = {name: tensor.clone() for name, tensor in step.generator.state_dict().items()}
    random = torch.get_rng_state()
    first = probe.measure(step)
    assert all(torch.equal(tensor, before[name]) for name, tensor in step.discriminator.state_dict().items())
    assert all(torch.equal(tensor, averages[name]) for name, tensor in step.generator.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert step.discriminator.training
    again = probe.measure(step)
    assert first.moved is None
    assert again.moved == 0
    assert again.record() == first.record() | {"moved": 0.0}


def test_a_discriminator_that_knows_is_found_out(data: Dataset) -> None:
    """The average's pictures move when its weights do, and D believes anything here."""
    step, probe = networks(data)
    step.discriminator.register_forward_hook(
        lambda network, inputs, critique: critique._replace(logits=critique.logits + 100)
    )
    sure = probe.measure(step)
    assert (sure.d_right_train, sure.d_right_generated) == (1, 0)
    assert sure.d_logit_train is not None
    assert sure.d_logit_train > 50
    assert sure.d_tells is not None
    assert 0 <= sure.d_tells <= 1
    assert sure.d_right_held_back is None, "nothing is held back"
    with torch.no_grad():
        for parameter in step.average.module.parameters():
            parameter.mul_(3)
    moved = probe.measure(step)
    assert moved.moved is not None
    assert moved.moved > 0
    assert moved.raw_apart != sure.raw_apart, "the average alone has moved"
    assert moved.raw_diversity == sure.raw_diversity
    assert moved.d_logit_train == sure.d_logit_train


def test_held_back_pictures_are_asked_about(tmp_path: Path) -> None:
    path = write_dataset(tmp_path / "data", 60)
    index = pd.read_parquet(path / INDEX)
    index.assign(split=["test" if row % 3 == 0 else "train" for row in range(60)]).to_parquet(path / INDEX)
    data = Dataset.open(path)
    step, probe = networks(data)
    answers = probe.measure(step)
    assert answers.d_right_held_back is not None
    assert answers.d_tells_held_back is not None
    assert answers.d_logit_held_back != answers.d_logit_train


def test_what_it_compares_with_survives_a_checkpoint(data: Dataset) -> None:
    step, probe = networks(data)
    probe.measure(step)
    _, other = networks(data)
    other.load_state(probe.state())
    with torch.no_grad():
        next(step.average.module.parameters()).add_(0.1)
    assert other.measure(step).moved == probe.measure(step).moved


def test_one_picture_for_every_latent_has_no_diversity(data: Dataset) -> None:
    step, probe = networks(data)
    varied = probe.measure(step)
    with torch.no_grad():
        for parameter in step.generator.parameters():
            parameter.zero_()
    assert varied.raw_diversity > 0
    assert probe.measure(step).raw_diversity == pytest.approx(0, abs=1e-6)


def test_conditional_networks_are_told_the_classes(tmp_path: Path) -> None:
    step, probe = networks(Dataset.open(write_dataset(tmp_path / "data", classes=3)), CDCGAN)
    assert probe.measure(step).d_tells is not None


def test_augmentation_is_left_out(data: Dataset) -> None:
    """What D says of the pictures themselves is the same with it."""
    (plain, _), (augmented, probe) = networks(data), networks(data, augment="colour,translation,cutout")
    assert probe.measure(augmented).d_logit_train == networks(data)[1].measure(plain).d_logit_train


class Mean(torch.nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean()


class Wordless(DCGAN):
    """Its discriminator returns no `Critique`."""

    def judge(self, discriminator: Any, images: Any, labels: Any = None) -> Any:
        return Recipe.judge(self, Mean(), images, labels)


def test_a_discriminator_of_another_kind_is_not_asked(data: Dataset) -> None:
    step, probe = networks(data, Wordless)
    answers = probe.measure(step)
    assert answers.d_tells is None
    assert answers.raw_diversity > 0
    assert "d_tells" not in answers.record()
