"""Paper 4's creative adversarial network: its shapes, its output map, and the style ambiguity that reaches G."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import ganvas
from ganvas import gans
from ganvas.gans.can import CAN
from ganvas.gans.recipe import Batch, Spec
from ganvas.networks import can
from ganvas.networks.losses import one_vs_rest, style_ambiguity
from ganvas.planning.run import train
from ganvas.settings.config import resolve
from support.datasets import write_dataset
from support.runs import TINY

SPEC = Spec(16, classes=3)


def tiny(**changes: Any) -> CAN:
    changes = {"width": 2, "batch_size": 4, "latent_dim": 6} | changes
    return CAN(resolve("can", CAN.defaults, changes).options)


def batch_of(recipe: CAN) -> Batch:
    return recipe.batch(torch.rand(4, 3, 16, 16) * 2 - 1, torch.randn(4, 6), torch.tensor([0, 1, 2, 0]))


def shapes(network: nn.Module, kinds: tuple[type[nn.Module], ...], given: torch.Tensor) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = []
    for module in network.modules():
        if isinstance(module, kinds):
            module.register_forward_hook(lambda _m, _i, out: found.append(tuple(out.shape[1:])))
    network(given)
    return found


# ---- networks ---------------------------------------------------------------------------------------------------


def test_the_discriminator_has_the_papers_stages() -> None:
    network = CAN(CAN.defaults).build(Spec(64, classes=7))[1]
    found = shapes(network, (nn.AvgPool2d, nn.Linear), torch.randn(2, 3, 64, 64))
    assert found == [(32, 32, 32), (64, 16, 16), (128, 8, 8), (1024,), (1,), (1024,), (7,)]
    assert all(network.get_submodule(f"{stack}.0").in_features == 8192 for stack in ("origin", "classes"))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_the_generator_has_the_papers_stages() -> None:
    found = shapes(can.Generator(64), (nn.Linear, nn.Unflatten, nn.ConvTranspose2d), torch.randn(2, 100))
    assert found == [(1024,), (8192,), (8, 8, 128), (64, 16, 16), (32, 32, 32), (3, 64, 64)]


@pytest.mark.parametrize("size", can.SIZES)
def test_every_size_fits_together(size: int) -> None:
    generator, discriminator = tiny(width=1).build(Spec(size, classes=3))
    critique = discriminator(generator(torch.randn(2, 6)))
    assert (critique.logits.shape, critique.class_logits.shape) == ((2,), (2, 3))


def test_each_picture_is_mapped_onto_the_range_of_the_sigmoid() -> None:
    torch.manual_seed(0)
    values = torch.randn(3, 3, 8, 8) * torch.tensor([0.01, 1, 100])[:, None, None, None] + 5
    mapped = can.MapPictures()(values)
    assert torch.allclose(mapped.amin((1, 2, 3)), torch.full((3,), -4.0))
    assert torch.allclose(mapped.amax((1, 2, 3)), torch.full((3,), 4.0), atol=1e-4)
    # Linear: what lies halfway stays halfway.
    middle = (values.amin((1, 2, 3)) + values.amax((1, 2, 3))) / 2
    values[:, 0, 0, 0] = middle
    assert torch.allclose(can.MapPictures()(values)[:, 0, 0, 0], torch.zeros(3), atol=1e-3)
    assert can.MapPictures()(torch.ones(1, 3, 8, 8)).isfinite().all()


def test_pictures_reach_from_one_end_of_the_rescaled_sigmoid_to_the_other() -> None:
    pictures = can.Generator(16, 6, 2)(torch.randn(5, 6))
    edge = 2 / (1 + math.exp(-4)) - 1
    assert torch.allclose(pictures.amin((1, 2, 3)), torch.full((5,), -edge), atol=1e-4)
    assert torch.allclose(pictures.amax((1, 2, 3)), torch.full((5,), edge), atol=1e-4)


# ---- objectives -------------------------------------------------------------------------------------------------


def test_the_ambiguity_is_the_formula() -> None:
    # Probabilities 0.5 and 0.2 of picture 1, and 0.9 and 0.5 of picture 2; C = 2.
    logits = torch.tensor([[0.5, 0.2], [0.9, 0.5]]).logit()
    first = 0.5 * math.log(0.5) + 0.5 * math.log(0.5) + 0.5 * math.log(0.2) + 0.5 * math.log(0.8)
    second = 0.5 * math.log(0.9) + 0.5 * math.log(0.1) + 0.5 * math.log(0.5) + 0.5 * math.log(0.5)
    assert style_ambiguity(logits).item() == pytest.approx(-(first + second) / 2)


@pytest.mark.parametrize("classes", [2, 5])
def test_the_ambiguity_is_least_where_every_style_has_its_share(classes: int) -> None:
    torch.manual_seed(0)
    share = torch.full((1, classes), 1 / classes)
    least = style_ambiguity(share.logit())
    assert all(style_ambiguity(share.logit() + 0.3 * torch.randn(1, classes)) > least for _ in range(20))
    logits = share.logit().requires_grad_()
    (gradient,) = torch.autograd.grad(style_ambiguity(logits), logits)
    assert gradient.abs().max() < 1e-6


def test_the_ambiguity_alone_moves_every_weight_of_the_generator() -> None:
    torch.manual_seed(0)
    recipe = tiny()
    generator, discriminator = recipe.build(SPEC)
    discriminator.requires_grad_(False)
    torch.autograd.backward(recipe.generator_loss(generator, discriminator, batch_of(recipe)).terms["ambiguity"])
    assert all(weight.grad is not None and weight.grad.any() for weight in generator.parameters())


def test_ds_style_loss_is_over_the_true_style_or_over_all() -> None:
    torch.manual_seed(0)
    recipe = tiny()
    generator, discriminator = recipe.build(SPEC)
    batch = batch_of(recipe)
    probabilities = discriminator(batch.images).class_logits.sigmoid()
    true = probabilities[torch.arange(4), batch.labels]
    expected = -true.log().mean().item()
    loss = recipe.discriminator_loss(generator, discriminator, batch)
    assert loss.terms["class"].item() == pytest.approx(expected, rel=1e-4)
    others = (1 - probabilities).log().sum(1) - (1 - true).log()
    every = tiny(class_loss="one-vs-rest").discriminator_loss(generator, discriminator, batch)
    assert every.terms["class"].item() == pytest.approx(expected - others.mean().item(), rel=1e-4)


def test_the_style_loss_over_all_asks_for_a_no_as_well() -> None:
    labels = torch.tensor([1])
    everything, right = torch.tensor([[9.0, 9.0, 9.0]]), torch.tensor([[-9.0, 9.0, -9.0]])
    assert one_vs_rest(everything, labels) > 10
    assert one_vs_rest(right, labels) < 0.01


@pytest.mark.parametrize("form", ["saturating", "non-saturating"])
def test_both_forms_of_gs_loss(form: str) -> None:
    torch.manual_seed(0)
    recipe = tiny(g_loss=form)
    generator, discriminator = recipe.build(SPEC)
    batch = batch_of(recipe)
    probability = discriminator(batch.generated(generator)).logits.sigmoid()
    expected = (1 - probability).log().mean() if form == "saturating" else -probability.log().mean()
    loss = recipe.generator_loss(generator, discriminator, batch)
    assert loss.terms["adversarial"].item() == pytest.approx(expected.item(), rel=1e-4)


# ---- the recipe -------------------------------------------------------------------------------------------------


def test_the_papers_figures_are_the_defaults() -> None:
    options = gans.find("can").defaults
    assert (options.batch_size, options.g_lr, options.d_lr, options.d_steps, options.g_steps) == (200, 1e-3, 1e-4, 1, 2)


def test_it_learns_from_classes_but_is_told_none(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", classes=3)
    train(data, tmp_path / "run", "can", **(TINY | {"budget": "3steps"}))
    artist = ganvas.load(tmp_path / "run")
    assert artist.class_names == []
    assert np.ptp(artist.sample(3)) > 100
