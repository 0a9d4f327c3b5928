"""Differentiable augmentation: what each does to hand-made pictures, that gradients pass, and where D meets it."""

import copy
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from ganvas.foundation.errors import ConfigError
from ganvas.gans.dcgan import DCGAN
from ganvas.gans.recipe import Batch, Recipe, Spec
from ganvas.machine import device
from ganvas.networks.augment import AUGMENTATIONS, Augmentation, colour, cutout, translation
from ganvas.settings import options
from ganvas.settings.config import Settings, resolve
from ganvas.settings.options import Options
from ganvas.training.step import AdversarialStep
from ganvas.tricks.objective import Objective

ALL = ("colour", "translation", "cutout")
EACH = pytest.mark.parametrize("augment", AUGMENTATIONS.values(), ids=AUGMENTATIONS)
SIZES = pytest.mark.parametrize("size", [16, 28, 72])

Function = Callable[[Tensor], Tensor]


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def pictures(count: int = 4, size: int = 16) -> Tensor:
    return (torch.rand(count, 3, size, size) * 2 - 1).contiguous(memory_format=torch.channels_last)


# What each does.


def test_colour_changes_a_grey_picture_by_a_constant_within_half() -> None:
    changes = colour(torch.zeros(1000, 3, 4, 4)).flatten(1)
    assert (changes.amax(1) - changes.amin(1)).max() < 1e-6
    assert changes.abs().max() <= 0.5
    assert changes.mean(1).std().item() == pytest.approx(1 / 12**0.5, rel=0.1)


def test_colour_scales_what_sets_channels_apart_by_up_to_three() -> None:
    """Saturation up to 2 times contrast up to 1.5."""
    red = torch.tensor([1.0, 0.0, 0.0])[None, :, None, None].expand(1000, 3, 4, 4)
    changed = colour(red)
    apart = changed[:, 0] - changed[:, 1]
    assert torch.allclose(changed[:, 1], changed[:, 2], atol=1e-6)
    assert -1e-6 <= apart.min() < 0.1
    assert 2.5 < apart.max() <= 3
    assert apart.mean().item() == pytest.approx(1, abs=0.1)


def test_colour_scales_what_sets_pixels_apart_by_a_half_to_one_and_a_half() -> None:
    grey = pictures(1000)[:, :1].expand(-1, 3, -1, -1)
    scales = colour(grey).flatten(1).std(1) / grey.flatten(1).std(1)
    assert 0.5 <= scales.min() < 0.55
    assert 1.45 < scales.max() <= 1.5
    pairs = torch.stack([colour(grey)[:, 0].flatten(1), grey[:, 0].flatten(1)], dim=1)
    assert all(torch.corrcoef(pair)[0, 1] > 0.999 for pair in pairs[:9])


@SIZES
def test_translation_moves_a_picture_by_whole_pixels_and_leaves_grey(size: int) -> None:
    images, farthest = pictures(200, size), int(size / 8 + 0.5)
    shifts = set()
    for image, moved in zip(images, translation(images), strict=True):
        seen = (moved != 0).any(0).nonzero()
        top, left = seen.amin(0).tolist()
        bottom, right = (size - 1 - seen.amax(0)).tolist()
        assert min(top, bottom) == min(left, right) == 0
        down, across = top - bottom, left - right
        kept = image[:, max(0, -down) : size - max(0, down), max(0, -across) : size - max(0, across)]
        assert torch.equal(moved[:, top : size - bottom, left : size - right], kept)
        shifts |= {down, across}
    assert shifts == set(range(-farthest, farthest + 1))


@SIZES
def test_cutout_hides_a_square_wherever_its_centre_falls(size: int) -> None:
    images = pictures(200, size)
    changed = cutout(images)
    hidden = (changed == 0).all(1)
    assert torch.equal(changed, images * ~hidden[:, None])
    sides = []
    for each in hidden:
        places = each.nonzero()
        height, width = (places.amax(0) - places.amin(0) + 1).tolist()
        assert height * width == len(places)
        sides += [height, width]
    assert max(sides) == size // 2
    assert min(sides) >= size // 4
    assert hidden.any(0).all()
    assert (~hidden).any(0).all()


@EACH
def test_each_picture_is_changed_its_own_way(augment: Function) -> None:
    changed = augment(pictures(1).expand(50, 3, 16, 16))
    assert len(torch.unique(changed.flatten(1), dim=0)) > 20


@EACH
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_shape_type_and_order_in_memory_stay(augment: Function, dtype: torch.dtype) -> None:
    images = pictures().to(dtype)
    before = images.clone()
    changed = augment(images)
    assert (changed.shape, changed.dtype) == (images.shape, dtype)
    assert changed.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(images, before)
    torch.manual_seed(1)
    changed = augment(images)
    torch.manual_seed(1)
    assert torch.allclose(augment(images.contiguous()), changed, atol=1e-2 if dtype == torch.bfloat16 else 1e-6)


@EACH
def test_everything_is_drawn_where_the_pictures_are(augment: Function) -> None:
    assert augment(torch.empty(2, 3, 16, 16, device="meta")).is_meta


@EACH
def test_first_and_second_derivatives_are_right(augment: Function) -> None:
    def drawn_alike(images: Tensor) -> Tensor:
        torch.manual_seed(0)
        return augment(images).square()

    images = torch.rand(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(drawn_alike, images)
    assert torch.autograd.gradgradcheck(drawn_alike, images)


@pytest.mark.parametrize("names", [ALL, ALL[::-1], ("cutout",), ()])
def test_names_act_in_their_order(names: tuple[str, ...]) -> None:
    images = expected = pictures()
    torch.manual_seed(1)
    for name in names:
        expected = AUGMENTATIONS[name](expected)
    torch.manual_seed(1)
    assert torch.equal(Augmentation(names)(images), expected)


@EACH
@pytest.mark.parametrize("probability", [0.0, 0.3, 0.7])
def test_a_picture_is_changed_with_the_probability_that_is_asked_for(augment: Function, probability: float) -> None:
    images = pictures(2000)
    changed = Augmentation(("it",), probability)
    with mock.patch.dict(AUGMENTATIONS, it=augment):
        apart = (changed(images) - images).abs().amax((1, 2, 3))
    # A translation may be by nothing: one of five places along each axis at 16 pixels.
    by_chance = 1 / 25 if augment is translation else 0
    assert (apart > 1e-5).float().mean().item() == pytest.approx(probability * (1 - by_chance), abs=0.04)


@EACH
def test_to_change_every_picture_takes_no_further_draw(augment: Function) -> None:
    images = pictures()
    torch.manual_seed(1)
    expected = augment(images)
    torch.manual_seed(1)
    with mock.patch.dict(AUGMENTATIONS, it=augment):
        assert torch.equal(Augmentation(("it",), 1.0)(images), expected)


# The trick.


class Seeing(nn.Module):
    """Remembers what it is shown, and has no opinion."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.seen: list[tuple[Tensor, ...]] = []

    def forward(self, *inputs: Tensor) -> Tensor:
        self.seen.append(inputs)
        return self.weight * inputs[0].mean((1, 2, 3))


def dcgan(**changes: Any) -> Recipe:
    return DCGAN(Options(**{"batch_size": 4, "latent_dim": 3, "width": 2} | changes))


def batch_of(recipe: Recipe) -> Batch:
    return recipe.batch(pictures(), recipe.latents(4, torch.Generator().manual_seed(1)))


def test_both_losses_show_only_changed_pictures() -> None:
    recipe = dcgan(augment="cutout")
    objective, batch = Objective(recipe), batch_of(dcgan())
    generator, discriminator = objective.build(Spec(16))
    shown: list[Tensor] = []
    # Runs after the trick's own hook.
    discriminator.register_forward_pre_hook(lambda _module, inputs: shown.append(inputs[0]))
    objective.discriminator_loss(generator, discriminator, batch)
    loss = objective.generator_loss(generator, discriminator, batch)
    fake = batch.generated(generator)
    for images, original in zip(shown, (batch.images, fake, fake), strict=True):
        is_hidden = images == 0
        assert 1 / 16 <= is_hidden.float().mean() <= 1 / 4
        assert torch.equal(images, original.masked_fill(is_hidden, 0.0))
    assert not torch.equal(shown[1], shown[2])
    slopes = torch.autograd.grad(loss.total, list(generator.parameters()))
    assert any(bool(slope.any()) for slope in slopes)


def test_the_probability_reaches_what_d_sees() -> None:
    objective = Objective(dcgan(augment="cutout", augment_probability=0.5, batch_size=64))
    discriminator = Seeing()
    for trick in objective._tricks:
        trick.adapt(nn.Identity(), discriminator)
    discriminator(pictures(400).abs() + 1)
    (images,) = discriminator.seen[0]
    assert (images == 0).flatten(1).any(1).float().mean().item() == pytest.approx(0.5, abs=0.1)


def augmented(discriminator: nn.Module) -> None:
    (trick,) = Objective(dcgan(augment=ALL))._tricks
    trick.adapt(nn.Identity(), discriminator)


def test_in_evaluation_mode_and_beyond_the_pictures_nothing_changes() -> None:
    discriminator, images, labels = Seeing(), pictures(), torch.arange(4)
    before = discriminator.state_dict()
    augmented(discriminator)
    assert discriminator.state_dict() == before
    discriminator(images, labels)
    discriminator.eval()(images, labels)
    (trained, told), (evaluated, _) = discriminator.seen
    assert not torch.equal(trained, images)
    assert evaluated is images
    assert told is labels


def test_a_copy_of_the_discriminator_heeds_its_own_mode() -> None:
    discriminator = Seeing()
    augmented(discriminator)
    other = copy.deepcopy(discriminator).eval()
    images = pictures()
    for network in (discriminator, other):
        network(images)
    assert other.seen[0][0] is images
    assert discriminator.seen[0][0] is not images


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_it_trains_under_penalties_and_unrolled(precision: str) -> None:
    machine = device.choose(Settings(device="cpu", precision=precision, threads=1))
    recipe = dcgan(augment=ALL, r1=1.0, r2=1.0, unrolled=1, feature_matching=0.1)
    step = AdversarialStep(recipe, Spec(16), machine, device.launch(machine))
    before = copy.deepcopy(step.generator.state_dict())
    values = step([batch_of(recipe)], images_seen=4)
    assert values["d_loss/r1"] > 0
    assert all(
        weight.isfinite().all() for network in (step.generator, step.discriminator) for weight in network.parameters()
    )
    assert any(not torch.equal(value, before[key]) for key, value in step.generator.state_dict().items())


# The option.


def test_the_option_names_what_there_is() -> None:
    assert tuple(AUGMENTATIONS) == options.AUGMENTATIONS


def augment_of(value: Any) -> tuple[str, ...]:
    return resolve("dcgan", Options(), {"augment": value}).options.augment


@given(names=st.lists(st.sampled_from(ALL), unique=True))
def test_names_are_written_as_they_are_read(names: list[str]) -> None:
    text = Options(augment=names).model_dump()["augment"]
    assert text == (",".join(names) or "none")
    written = yaml.safe_load(yaml.safe_dump({"augment": text}))["augment"]
    assert augment_of(written) == augment_of(names) == augment_of(f" {text.replace(',', ' , ')} ") == tuple(names)


@settings(deadline=None)
@given(text=st.one_of(st.text(), st.lists(st.sampled_from([*ALL, "none", ""])).map(",".join)))
def test_what_is_no_list_of_them_is_refused_with_the_choices(text: str) -> None:
    names = [name.strip() for name in text.split(",")]
    if names == ["none"] or (set(names) <= set(ALL) and len(set(names)) == len(names)):
        assert augment_of(text) == tuple(name for name in names if name != "none")
        return
    with pytest.raises(ConfigError, match="option augment=") as refused:
        augment_of(text)
    assert all(name in str(refused.value) for name in (*ALL, "or none"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("color", "unknown augmentation 'color' .did you mean 'colour'"),
        ("none,colour", "unknown augmentation 'none'"),
        (
            ["cutout", "cutout"],
            "cutout is listed twice; write each of colour, translation, cutout at most once, or none",
        ),
        (3, "option augment=3"),
    ],
)
def test_a_mistake_is_named(value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        augment_of(value)
