"""The default recipe: its frozen features, its discriminator, its generator, and classes where there are any."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from conftest import Cli, write_dataset
from ganvas.config import resolve
from ganvas.gans.atelier import Atelier
from ganvas.gans.recipe import Spec
from ganvas.networks import projected, skip_layer
from ganvas.networks.efficientnet import efficientnet_lite
from ganvas.networks.frozen import CHANNELS, NETWORK, SEEN_AFTER, FrozenFeatures
from ganvas.objectives import hinge_fake, hinge_real
from ganvas.snapshot import read_card


@pytest.fixture(scope="module")
def frozen() -> FrozenFeatures:
    return FrozenFeatures()


def pictures(count: int = 2, size: int = 64) -> Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def recipe(**changes: object) -> Atelier:
    return Atelier(resolve("atelier", Atelier.defaults, {"width": 2, "d_width": 2, "batch_size": 4} | changes).options)


# ---- what it sees through ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [32, 64, 96])
def test_frozen_features_are_those_of_the_network(frozen: FrozenFeatures, size: int) -> None:
    network = efficientnet_lite(NETWORK)
    maps, expected = network.bn1(network.conv_stem(pictures(size=size))), []
    for number, stage in enumerate(network.blocks):
        maps = stage(maps)
        if number in SEEN_AFTER:
            expected.append(maps)
    for seen, wanted, channels, scale in zip(
        frozen(pictures(size=size)), expected, CHANNELS, (4, 8, 16, 32), strict=True
    ):
        assert seen.shape == (2, channels, size // scale, size // scale)
        torch.testing.assert_close(seen, wanted, rtol=1e-4, atol=1e-4)


def test_frozen_features_are_no_weights_to_train_or_to_keep(frozen: FrozenFeatures) -> None:
    assert not list(frozen.parameters())
    assert not frozen.state_dict()
    assert sum(constant.numel() for constant in frozen.buffers()) > 2.9e6


def test_bfloat16_sees_the_same_and_differentiates_alike(frozen: FrozenFeatures) -> None:
    slopes = []
    for is_reduced in (False, True):
        images = pictures().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=is_reduced):
            maps = frozen(images)
        (slope,) = torch.autograd.grad(sum(seen.float().square().mean() for seen in maps), images)
        slopes.append((maps, slope))
    (exact, slope), (reduced, other) = slopes
    for seen, wanted in zip(reduced, exact, strict=True):
        assert seen.dtype == torch.bfloat16
        assert F.cosine_similarity(seen.float().flatten(), wanted.flatten(), 0) > 0.995
    assert F.cosine_similarity(other.flatten(), slope.flatten(), 0) > 0.97


# ---- the discriminator ------------------------------------------------------------------------------------------


def test_the_logit_is_the_mean_over_scales_of_the_mean_over_places() -> None:
    critique = projected.Discriminator(64, 0, width=2, seen_at=64)(pictures())
    assert [logits.shape[1] for logits in critique.patches] == [16, 16, 16, 1]
    means = torch.stack([logits.mean(1) for logits in critique.patches])
    torch.testing.assert_close(critique.logits, means.mean(0))


@pytest.mark.parametrize(("size", "seen_at"), [(32, 64), (64, 64), (64, 128), (128, 64)])
def test_pictures_are_shown_at_the_size_asked_for(size: int, seen_at: int) -> None:
    discriminator = projected.Discriminator(size, 0, width=2, seen_at=seen_at)
    shown: list[torch.Size] = []
    discriminator.features.register_forward_hook(lambda _, inputs, _maps: shown.append(inputs[0].shape))
    assert discriminator(pictures(size=size)).logits.shape == (2,)
    assert shown == [(2, 3, seen_at, seen_at)]


def test_the_class_changes_what_the_discriminator_says_of_a_picture() -> None:
    torch.manual_seed(0)
    discriminator = projected.Discriminator(32, 3, width=2, seen_at=32).eval()
    said = [discriminator(pictures(size=32), torch.full((2,), label)).logits for label in range(3)]
    assert not torch.allclose(said[0], said[1])
    assert not torch.allclose(said[1], said[2])


def test_the_projections_are_fixed_and_kept() -> None:
    discriminator = projected.Discriminator(32, 0, width=2, seen_at=32)
    kept = [name for name in discriminator.state_dict() if name.startswith("mix.")]
    assert len(kept) == 7  # four across channels, three across scales
    assert not any(name.startswith(("mix.", "features.")) for name, _ in discriminator.named_parameters())


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


def test_the_class_changes_the_picture() -> None:
    torch.manual_seed(0)
    generator = skip_layer.Generator(32, 2, latent_dim=4, width=2).eval()
    latents = torch.randn(1, 4)
    assert not torch.allclose(generator(latents, torch.tensor([0])), generator(latents, torch.tensor([1])))


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
    batch = recipe().batch(pictures(), torch.randn(2, 64))
    assert batch.labels is None
    assert batch.wanted is None
    assert Atelier.is_told_classes(2)
    assert not Atelier.is_told_classes(0)
    generator, discriminator = recipe().build(Spec(32))
    loss = recipe().generator_loss(generator, discriminator, recipe().batch(pictures(4, 32), torch.randn(4, 64)))
    assert loss.total.isfinite()
