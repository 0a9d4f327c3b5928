"""The default recipe: its discriminator, what that sees through, its generator, and classes where there are any."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.data.painter import paint
from ganvas.foundation.pixels import to_float
from ganvas.gans.atelier import Atelier
from ganvas.gans.recipe import Spec
from ganvas.networks import projection, skip_layer, vision_aided
from ganvas.networks.efficientnet import efficientnet_lite
from ganvas.networks.frozen import MAPS, NETWORK, FrozenFeatures
from ganvas.networks.losses import hinge_fake, hinge_real
from ganvas.networks.phased import phases_of
from ganvas.runs.snapshot import read_card
from ganvas.settings.config import resolve
from ganvas.tricks.objective import Objective
from support.command_line import Cli
from support.datasets import write_dataset
from support.narrowing import not_none

# The side of a picture by that of each frozen map.
SCALES = (4, 8, 16, 32)


def pictures(count: int = 2, size: int = 64) -> Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def recipe(**changes: object) -> Atelier:
    small = {"width": 2, "d_width": 2, "batch_size": 4, "vision_from": 0, "vision_over": 0}
    return Atelier(resolve("atelier", Atelier.defaults, small | changes).options)


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
    discriminator = Objective(recipe(d_width=16, vision=0)).build(Spec(32))[1]
    with torch.no_grad():
        for _ in range(20):  # the power iteration settles
            logits = discriminator(pictures(8, 32)).logits
    assert 0.1 < logits.abs().max() < 100


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("minibatch", ["none", "stddev"])
@pytest.mark.parametrize("vision", [0.0, 0.5])
def test_real_and_generated_pictures_in_one_batch_are_judged_as_in_two(
    classes: int, minibatch: str, vision: float
) -> None:
    torch.manual_seed(0)
    here = recipe(augment="none", minibatch=minibatch, vision=vision)
    generator, discriminator = here.build(Spec(32, classes))
    labels = torch.arange(16) % classes if classes else None
    batch = here.batch(pictures(16, 32), torch.randn(16, 100), labels)
    loss = here.discriminator_loss(generator, discriminator, batch)
    real, fake = (here.discriminate(discriminator, images, labels) for images in (batch.images, batch.fakes(generator)))
    assert loss.real_logits is not None
    assert loss.fake_logits is not None
    torch.testing.assert_close(loss.real_logits, real.logits)
    torch.testing.assert_close(loss.fake_logits, fake.logits)
    assert len(real.patches) == len(fake.patches) == (len(MAPS) if vision else 0)
    expected = [hinge_real(logits) for logits in (real.logits, *real.patches)]
    expected += [hinge_fake(logits) for logits in (fake.logits, *fake.patches)]
    torch.testing.assert_close(loss.total, torch.stack(expected).sum(), rtol=1e-4, atol=1e-4)


def test_the_hinge_is_flat_beyond_its_margin() -> None:
    logits = torch.tensor([-2.0, 0.0, 3.0])
    assert hinge_real(logits).item() == pytest.approx((3 + 1 + 0) / 3)
    assert hinge_fake(logits).item() == pytest.approx((0 + 1 + 4) / 3)


# ---- what it sees through ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frozen() -> FrozenFeatures:
    return FrozenFeatures()


@pytest.mark.parametrize("size", [32, 64, 96])
def test_frozen_features_are_those_of_the_network(frozen: FrozenFeatures, size: int) -> None:
    network = efficientnet_lite(NETWORK)
    stem, norm, stages = map(network.get_submodule, ("conv_stem", "bn1", "blocks"))
    maps, expected = norm(stem(pictures(size=size))), []
    for number, stage in enumerate(stages.children()):
        maps = stage(maps)
        if number in MAPS:
            expected.append(maps / MAPS[number].deviation)
    for seen, wanted, look, scale in zip(frozen(pictures(size=size)), expected, MAPS.values(), SCALES, strict=True):
        assert seen.shape == (2, look.channels, size // scale, size // scale)
        torch.testing.assert_close(seen, wanted, rtol=1e-4, atol=1e-4)


def test_frozen_features_of_paintings_deviate_by_about_one(frozen: FrozenFeatures) -> None:
    paintings = torch.stack([torch.from_numpy(paint(number)) for number in range(16)])
    for seen in frozen(F.interpolate(to_float(paintings), (128, 128), mode="bilinear")):
        assert 0.7 < seen.std() < 1.4


def test_frozen_features_are_no_weights_to_train_or_to_keep(frozen: FrozenFeatures) -> None:
    assert not list(frozen.parameters())
    assert not frozen.state_dict()
    assert sum(constant.numel() for constant in frozen.buffers()) > 0.5e6


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
    assert F.cosine_similarity(other.flatten(), slope.flatten(), 0) > 0.94


@pytest.mark.parametrize(("size", "vision_size"), [(16, 128), (64, 128), (128, 128), (256, 128), (16, 32), (64, 96)])
def test_small_pictures_are_enlarged_for_the_frozen_network(size: int, vision_size: int) -> None:
    discriminator = recipe(vision_size=vision_size).build(Spec(size))[1]
    assert isinstance(discriminator, vision_aided.Discriminator)
    shown: list[torch.Size] = []
    discriminator.features.register_forward_hook(lambda _, inputs, _maps: shown.append(inputs[0].shape))
    critique, seen_at = discriminator(pictures(1, size)), max(size, vision_size)
    assert shown == [(1, 3, seen_at, seen_at)]
    assert [logits.shape for logits in critique.patches] == [(1, (seen_at // scale) ** 2) for scale in SCALES]


@pytest.mark.parametrize(
    ("count", "vision_every", "seen"),
    [
        (64, 8, range(0, 64, 8)),
        (32, 8, range(0, 32, 8)),
        (16, 8, (0, 8)),
        (12, 8, (0, 6)),
        (40, 8, (0, 8, 16, 20, 28, 36)),
        (64, 10, (0, 10, 20, 30, 32, 42, 52, 62)),
        (64, 1000, (0, 32)),
        (2, 8, (0, 1)),
        (1, 8, (0,)),
        (5, 2, (0, 2, 3)),
        (12, 3, range(0, 12, 3)),
        (8, 1, range(8)),
    ],
)
def test_some_pictures_are_shown_to_it_and_as_many_of_each_half_of_a_batch(
    count: int, vision_every: int, seen: Sequence[int]
) -> None:
    # A batch may be real pictures and generated ones: both are to be shown, whatever its size.
    discriminator = recipe(vision_every=vision_every).build(Spec(16))[1]
    assert isinstance(discriminator, vision_aided.Discriminator)
    shown: list[float] = []
    discriminator.features.register_forward_pre_hook(lambda _, inputs: shown.extend(inputs[0].mean((1, 2, 3)).tolist()))
    numbers = torch.arange(count) / count
    discriminator(numbers[:, None, None, None].expand(count, 3, 16, 16))
    assert shown == pytest.approx(numbers[list(seen)].tolist())


def test_a_critique_of_two_batches_is_one_of_each() -> None:
    discriminator = recipe().build(Spec(32))[1]
    images = pictures(16, 32)
    whole = discriminator(images)
    first, second = vision_aided.halves(whole)
    assert torch.equal(torch.cat([first.logits, second.logits]), whole.logits)
    assert torch.equal(torch.cat([first.features, second.features]), whole.features)
    for logits, mine, other in zip(whole.patches, first.patches, second.patches, strict=True):
        assert len(mine) == len(other) == 1
        assert torch.equal(torch.cat([mine, other]), logits)


def test_frozen_features_are_looked_at_after_the_pictures_that_the_options_say() -> None:
    here = recipe(vision_from=0.008)
    discriminator = here.build(Spec(32))[1]
    for left in (8, 4):
        phases = phases_of(discriminator)
        assert (phases.phase, phases.starts[0] - phases.images_seen) == (0, left)
        assert not discriminator(pictures(2, 32)).patches
        phases_of(discriminator).count(4)
    assert phases_of(discriminator).phase == 1
    assert discriminator(pictures(2, 32)).patches
    other = here.build(Spec(32))[1]
    other.load_state_dict(discriminator.state_dict())
    assert other(pictures(2, 32)).patches, "how far it is belongs to its state"
    fresh = here.build(Spec(32))[1]
    phases_of(fresh).enter_last()
    assert fresh(pictures(2, 32)).patches


def test_they_are_trusted_little_by_little() -> None:
    here = recipe(vision_from=0.004, vision_over=0.008, augment="none")
    generator, discriminator = here.build(Spec(32))
    batch = here.batch(pictures(4, 32), torch.randn(4, 100))
    heard = []
    for _ in range(4):
        phases_of(discriminator).count(4)
        critique, terms = discriminator(pictures(4, 32)), here.generator_loss(generator, discriminator, batch).terms
        assert len(critique.patches) == len(MAPS), "the heads learn all the while"
        said = torch.stack([logits.mean() for logits in discriminator(batch.generated(generator)).patches]).sum()
        torch.testing.assert_close(terms["seen"], -critique.patch_weight * said)
        heard.append(critique.patch_weight)
    assert heard == [0, 0.5, 1, 1]


def test_the_heads_begin_anew_again_and_again_alike_everywhere() -> None:
    heads: list[dict[str, nn.Parameter]] = []
    for _ in range(2):
        torch.manual_seed(len(heads))  # what has been drawn so far is no part of it
        here = recipe(vision_from=0.004, vision_renewed=0.008)
        discriminator = Objective(here).build(Spec(32, 3))[1]
        with torch.no_grad():
            for parameter in discriminator.get_submodule("heads").parameters():
                parameter.fill_(9)
        kept = []
        for _ in range(3):
            phases_of(discriminator).count(4)
            kept.append(all((parameter == 9).all() for parameter in discriminator.get_submodule("heads").parameters()))
        assert kept == [True, True, False], "after 4 + 8 pictures, in batches of 4"
        heads.append(dict(discriminator.get_submodule("heads").named_parameters()))
    first, second = heads
    for name, parameter in first.items():
        assert torch.equal(parameter, second[name])
        if "classes" in name or parameter.ndim == 1:
            assert not parameter.any()
        else:
            assert parameter.detach().std() == pytest.approx((3 * parameter[0].numel()) ** -0.5, rel=0.2)


def test_without_vision_there_is_no_second_opinion() -> None:
    here = recipe(vision=0, vision_from=40)
    discriminator = here.build(Spec(32))[1]
    assert not phases_of(discriminator).starts
    assert isinstance(discriminator, projection.Discriminator)


def test_g_learns_from_the_second_opinion_as_much_as_the_options_say() -> None:
    slopes = []
    for vision in (1.0, 3.0):
        torch.manual_seed(0)
        here = recipe(vision=vision, augment="none")
        generator, discriminator = here.build(Spec(32))
        batch = here.batch(pictures(4, 32), torch.randn(4, 100))
        torch.autograd.backward(here.generator_loss(generator, discriminator, batch).terms["seen"])
        slopes.append(not_none(generator.get_parameter("first.weight").grad).clone())
    assert slopes[0].abs().max() > 0
    torch.testing.assert_close(slopes[1], 3 * slopes[0], rtol=1e-3, atol=1e-6)


def test_its_heads_are_bounded_and_its_frozen_features_left_alone() -> None:
    discriminator = Objective(recipe(spectral_norm=True)).build(Spec(32))[1]
    names = {name.split(".parametrizations")[0] for name in discriminator.state_dict() if "original" in name}
    assert {f"heads.{number}.{layer}" for number in range(4) for layer in ("look", "score")} < names
    assert not any(name.startswith("features.") for name in names)


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
    assert batch.generated_labels is None
    assert Atelier.class_use.conditions_generator
    assert not Atelier.class_use.is_required
    generator, discriminator = recipe().build(Spec(32))
    loss = recipe().generator_loss(generator, discriminator, recipe().batch(pictures(4, 32), torch.randn(4, 100)))
    assert loss.total.isfinite()
