"""The default recipe: its discriminator, its generator, and classes where there are any."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from conftest import Cli, write_dataset
from ganvas.config import resolve
from ganvas.gans.atelier import Atelier
from ganvas.gans.recipe import Spec
from ganvas.networks import projection, skip_layer
from ganvas.objectives import hinge_fake, hinge_real
from ganvas.snapshot import read_card
from ganvas.tricks.objective import Objective


def pictures(count: int = 2, size: int = 64) -> Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def recipe(**changes: object) -> Atelier:
    return Atelier(resolve("atelier", Atelier.defaults, {"width": 2, "d_width": 2, "batch_size": 4} | changes).options)


# ---- the discriminator ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "parameters"), [(32, 167_425), (64, 693_761), (256, 2_790_913)])
def test_the_discriminator_judges_every_size(size: int, parameters: int) -> None:
    discriminator = projection.Discriminator(size, 0, width=32)
    critique = discriminator(pictures(size=size))
    assert critique.logits.shape == (2,)
    assert critique.features.shape == (2, discriminator.head.score.in_features)
    assert sum(weight.numel() for weight in discriminator.parameters()) == parameters


def test_what_is_said_of_a_picture_does_not_depend_on_its_class_at_first_and_then_does() -> None:
    torch.manual_seed(0)
    discriminator = projection.Discriminator(32, 3, width=2)
    labels = torch.tensor([0, 1])
    first = discriminator(pictures(1, 32).expand(2, -1, -1, -1), labels).logits
    torch.testing.assert_close(first[0], first[1])
    (first[0] - first[1]).backward()
    assert discriminator.classes is not None
    slope = discriminator.classes.weight.grad
    assert slope is not None
    assert (slope[:2] != 0).any(1).all()
    assert (slope[2] == 0).all()


def test_it_can_tell_more_than_the_margin_though_no_layer_lengthens_anything() -> None:
    # The first layer's bound is that of its kernel as a matrix; a picture of ones is lengthened by less.
    torch.manual_seed(0)
    discriminator = Objective(recipe(d_width=16)).build(Spec(32))[1]
    with torch.no_grad():
        for _ in range(20):  # the power iteration settles
            logits = discriminator(pictures(8, 32)).logits
    assert 0.1 < logits.abs().max() < 100


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("minibatch", ["none", "stddev"])
def test_real_and_generated_pictures_in_one_batch_are_judged_as_in_two(classes: int, minibatch: str) -> None:
    torch.manual_seed(0)
    here = recipe(augment="none", minibatch=minibatch)
    generator, discriminator = here.build(Spec(32, classes))
    labels = torch.arange(4) % classes if classes else None
    batch = here.batch(pictures(4, 32), torch.randn(4, 100), labels)
    loss = here.discriminator_loss(generator, discriminator, batch)
    real, fake = (here.judge(discriminator, images, labels).logits for images in (batch.images, batch.fakes(generator)))
    assert loss.real_logits is not None
    assert loss.fake_logits is not None
    torch.testing.assert_close(loss.real_logits, real)
    torch.testing.assert_close(loss.fake_logits, fake)
    torch.testing.assert_close(loss.total, hinge_real(real) + hinge_fake(fake))


def test_the_hinge_is_flat_beyond_its_margin() -> None:
    logits = torch.tensor([-2.0, 0.0, 3.0])
    assert hinge_real(logits).item() == pytest.approx((3 + 1 + 0) / 3)
    assert hinge_fake(logits).item() == pytest.approx((0 + 1 + 4) / 3)


# ---- the generator ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [32, 64, 128, 256])
@pytest.mark.parametrize("classes", [0, 3])
def test_the_generator_paints_every_size(size: int, classes: int) -> None:
    generator = skip_layer.Generator(size, classes, latent_dim=4, width=1)
    labels = torch.tensor([0, 1]) if classes else None
    images = generator(torch.randn(2, 4), labels)
    assert images.shape == (2, 3, size, size)
    assert images.abs().max() <= 1
    assert len(generator.gates) == {32: 0, 64: 1, 128: 2, 256: 3}[size]


def test_the_class_makes_no_difference_at_first_and_then_does() -> None:
    torch.manual_seed(0)
    generator = skip_layer.Generator(32, 2, latent_dim=4, width=2).eval()
    latents = torch.randn(1, 4).expand(2, 4)
    images = generator(latents, torch.tensor([0, 1]))
    torch.testing.assert_close(images[0], images[1])
    assert generator.classes is not None
    with torch.no_grad():
        generator.classes.weight[1] = 1
    assert not torch.allclose(*generator(latents, torch.tensor([0, 1])))


# ---- classes where there are any --------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [0, 2])
def test_it_is_told_classes_if_there_are_any(tmp_path: Path, cli: Cli, classes: int) -> None:
    data = write_dataset(tmp_path / "data", size=32, classes=classes)
    options = ["width=2", "d_width=2", "batch_size=8", "eval_samples=0", "tensorboard=false", "grid_size=2"]
    settings = [word for option in options for word in ("--set", option)]
    run = cli("train", data, "--out", tmp_path / "run", "--recipe", "atelier", "--budget", "2steps", *settings)
    assert run.returncode == 0, run.stderr
    card = read_card(tmp_path / "run" / "snapshots" / "last.safetensors")
    assert card.class_names == [f"class{number}" for number in range(classes)]
    painted = cli("sample", tmp_path / "run", "--out", tmp_path / "grid.png", "--label", "class1")
    assert (painted.returncode == 0) == bool(classes)


def test_a_batch_without_classes_has_none() -> None:
    batch = recipe().batch(pictures(), torch.randn(2, 100))
    assert batch.labels is None
    assert batch.wanted is None
    assert Atelier.is_told_classes(2)
    assert not Atelier.is_told_classes(0)
    generator, discriminator = recipe().build(Spec(32))
    loss = recipe().generator_loss(generator, discriminator, recipe().batch(pictures(4, 32), torch.randn(4, 100)))
    assert loss.total.isfinite()
