"""Every recipe, found by itself, keeps the contract of `gans/recipe.py`."""

import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

from ganvas import gans
from ganvas.foundation.errors import ConfigError
from ganvas.gans.choices import Choice, Ground
from ganvas.gans.recipe import Batch, Recipe, Spec, generate
from ganvas.networks.phased import phases_of
from ganvas.settings.config import resolve
from ganvas.settings.options import Options
from ganvas.tricks.objective import Objective
from support.command_line import Cli
from support.gpu_autocast import GpuAutocast
from support.narrowing import not_none
from support.runs import tiny_recipe

RECIPES = gans.names()


def small(name: str, **changes: Any) -> tuple[Recipe, Spec]:
    """The recipe with narrow networks, and what data of its smallest size asks of it."""
    recipe = tiny_recipe(name, **changes)
    return recipe, Spec(min(recipe.sizes), classes=3)


def batch_of(recipe: Recipe, spec: Spec, count: int = 4) -> Batch:
    images = torch.rand(count, 3, spec.size, spec.size) * 2 - 1
    latents = recipe.latents(count, torch.Generator().manual_seed(0))
    return recipe.batch(images, latents, torch.arange(count) % spec.classes)


def test_the_file_names_are_the_recipes() -> None:
    assert "dcgan" in RECIPES
    assert "recipe" not in RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_it_states_its_paper_and_objective(name: str) -> None:
    recipe = gans.find(name)
    assert recipe.paper
    assert "minimises" in (sys.modules[recipe.__module__].__doc__ or "")


@pytest.mark.parametrize("name", [name for name in RECIPES if gans.find(name).choices])
def test_its_choices_name_its_options_and_the_other_readings(name: str) -> None:
    recipe = gans.find(name)
    keys = [choice.key for choice in recipe.choices]
    assert len(set(keys)) == len(keys)
    for choice in recipe.choices:
        assert set(choice.options) <= set(recipe.defaults.model_dump())
        other = resolve(name, recipe.defaults, choice.instead).options
        recipe(other)
        assert (other != recipe.defaults) == bool(choice.instead)


def test_every_recipe_of_a_paper_says_what_it_makes_of_it() -> None:
    of_papers = [name for name in RECIPES if re.search(r"paper \d", gans.find(name).paper)]
    assert len(of_papers) >= 10
    assert [name for name in of_papers if not gans.find(name).choices] == []


def test_a_choice_gives_a_reason_unless_it_is_the_papers() -> None:
    row = Choice("rate", "0.002", ("d_lr", "flip"), "so", Ground.OURS, "it is quicker", {"d_lr": "0.002"}).row(
        Options()
    )
    assert row == (
        "rate",
        "0.002",
        "`d_lr=0.0002`, `flip=false`, so",
        "ours: it is quicker; otherwise `--set d_lr=0.002`",
    )
    with pytest.raises(ValueError, match="rate: give a reason"):
        Choice("rate", "0.002", ("d_lr",), ground=Ground.OPEN)
    with pytest.raises(ValueError, match="rate: give a reason"):
        Choice("rate", "0.002", ("d_lr",), why="it is quicker")
    with pytest.raises(ValueError, match="rate: name an option"):
        Choice("rate", "0.002")


@pytest.mark.parametrize("name", RECIPES)
def test_its_generator_paints_pictures_in_range(name: str) -> None:
    recipe, spec = small(name)
    batch = batch_of(recipe, spec)
    images = generate(recipe.build(spec)[0], batch.latents, batch.generated_labels)
    assert images.shape == batch.images.shape
    assert images.abs().max() <= 1


@pytest.mark.parametrize("name", RECIPES)
def test_gradients_reach_the_network_that_is_trained_and_no_other(name: str) -> None:
    torch.manual_seed(0)
    recipe, spec = small(name)
    generator, discriminator = recipe.build(spec)
    phases_of(discriminator).enter_last()
    torch.autograd.backward(recipe.discriminator_loss(generator, discriminator, batch_of(recipe, spec)).total)
    assert all(weight.grad is not None for weight in discriminator.parameters())
    # Within a hinge's margin, real and generated pictures pull a last bias with the same force.
    still = [name for name, weight in discriminator.named_parameters() if not not_none(weight.grad).any()]
    assert all(name.endswith("score.bias") for name in still)
    assert all(weight.grad is None for weight in generator.parameters())
    discriminator.requires_grad_(False)
    torch.autograd.backward(recipe.generator_loss(generator, discriminator, batch_of(recipe, spec)).total)
    assert all(weight.grad is not None and weight.grad.any() for weight in generator.parameters())


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize(
    ("precision", "rules"),
    [(torch.float32, nullcontext), (torch.bfloat16, nullcontext), (torch.bfloat16, GpuAutocast)],
    ids=["float32", "bfloat16", "bfloat16 as on a GPU"],
)
def test_both_losses_are_finite_in_every_precision_and_from_two_pictures_on(
    name: str, count: int, precision: torch.dtype, rules: Callable[[], AbstractContextManager[object]]
) -> None:
    torch.manual_seed(0)
    recipe, spec = small(name)
    objective = Objective(recipe, None)
    networks = objective.build(spec)
    phases_of(networks[1]).enter_last()
    with rules():
        with torch.autocast("cpu", precision, enabled=precision is not torch.float32):
            batch = batch_of(recipe, spec, count)
            losses = objective.discriminator_loss(*networks, batch), objective.generator_loss(*networks, batch)
        for loss in losses:
            assert all(term.shape == () and term.isfinite() for term in loss.terms.values())
            assert all(logits is None or logits.shape == (count,) for logits in (loss.real_logits, loss.fake_logits))
            torch.autograd.backward(loss.total)
    gradients = [weight.grad for network in networks for weight in network.parameters() if weight.grad is not None]
    assert all(gradient.isfinite().all() and gradient.dtype == torch.float32 for gradient in gradients)


@pytest.mark.parametrize("name", RECIPES)
def test_targets_change_the_loss_of_recipes_that_have_them_and_are_refused_by_others(name: str) -> None:
    if not gans.find(name).has_targets:
        with pytest.raises(ConfigError, match=f"{name} tells its discriminator no probabilities"):
            small(name, real_target="0.5")
        return
    totals = []
    for real_target in ("1", "0.5"):
        torch.manual_seed(0)
        recipe, spec = small(name, real_target=real_target, fake_target="0")
        networks = recipe.build(spec)
        loss = recipe.discriminator_loss(*networks, batch_of(recipe, spec))
        assert loss.real_logits is not None
        assert loss.fake_logits is not None
        totals.append(loss.total.item())
    assert totals[0] != totals[1]


@pytest.mark.parametrize("name", RECIPES)
def test_a_minibatch_layer_leaves_the_first_logits_within_a_few_units(name: str) -> None:
    batch_size = gans.find(name).defaults.batch_size
    for seed in range(3):
        torch.manual_seed(seed)
        recipe, spec = small(name, width=16, latent_dim=100, minibatch="discrimination")
        generator, discriminator = recipe.build(spec)
        batch = batch_of(recipe, spec, batch_size)
        pictures = {"real": (batch.images, batch.labels), "fake": (batch.fakes(generator), batch.generated_labels)}
        for images, labels in pictures.values():
            logits = not_none(recipe.judge(discriminator, images, labels)).logits
            assert logits.abs().max() < 6


@pytest.mark.parametrize("name", RECIPES)
def test_its_latents_are_what_the_options_say(name: str) -> None:
    for latent, spread in (("normal", 1.0), ("uniform", 3**-0.5)):
        latents = small(name, latent=latent, latent_dim=50)[0].latents(200, torch.Generator().manual_seed(0))
        assert latents.shape == (200, 50)
        assert latents.std().item() == pytest.approx(spread, rel=0.02)
        assert (latents.abs().max().item() <= 1) == (latent == "uniform")


@pytest.mark.parametrize("name", RECIPES)
def test_a_shared_batch_is_generated_once(name: str) -> None:
    recipe, spec = small(name)
    generator, discriminator = recipe.build(spec)
    calls: list[None] = []
    generator.register_forward_hook(lambda *_: calls.append(None))
    batch = batch_of(recipe, spec)
    recipe.discriminator_loss(generator, discriminator, batch)
    recipe.generator_loss(generator, discriminator, batch)
    assert len(calls) == 1


@pytest.mark.parametrize("name", RECIPES)
def test_a_size_it_does_not_support_is_refused_with_the_ones_it_does(name: str) -> None:
    recipe = gans.find(name)
    with pytest.raises(ConfigError, match=str(recipe.sizes[0])):
        recipe.check(Spec(size=17))


def test_an_unknown_name_gets_the_nearest_and_all() -> None:
    with pytest.raises(ConfigError, match=r"unknown recipe 'dcgen' \(did you mean 'dcgan'\?\); choose from: .*dcgan"):
        gans.find("dcgen")


@pytest.mark.parametrize(
    "name",
    ["no_such_module:Thing", "ganvas.gans.dcgan:Missing", "ganvas.settings.options:Options", "json:dumps", ":", "a:"],
)
def test_what_is_no_recipe_class_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=name.split(":", maxsplit=1)[0] or "recipe"):
        gans.find(name)


NEW_RECIPE = '''"""A least-squares GAN of two matrices.

    D minimises E[(D(x) - 1)^2] + E[D(G(z))^2],   G minimises E[(D(G(z)) - 1)^2]
"""

from torch import nn

from ganvas.settings.options import Options
from ganvas.gans.recipe import Batch, Loss, Recipe, Spec


class Tiny(Recipe):
    paper = "Mao et al. 2017"
    sizes = (16,)
    defaults = Options(batch_size=8, latent_dim=6)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        pixels = 3 * spec.size**2
        picture = nn.Unflatten(1, (3, spec.size, spec.size))
        generator = nn.Sequential(nn.Linear(self.options.latent_dim, pixels), nn.Tanh(), picture)
        return generator, nn.Sequential(nn.Flatten(), nn.Linear(pixels, 1), nn.Flatten(0))

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        real, fake = discriminator(batch.images), discriminator(batch.generated(generator).detach())
        return Loss({"real": ((real - 1) ** 2).mean(), "fake": (fake**2).mean()})

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        return Loss({"fake": ((discriminator(batch.generated(generator)) - 1) ** 2).mean()})
'''


def test_a_new_file_in_the_package_is_a_new_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "least_squares.py").write_text(NEW_RECIPE)
    monkeypatch.setattr(gans, "__path__", [*gans.__path__, str(tmp_path)])
    assert "least-squares" in gans.names()
    assert gans.find("least-squares").paper == "Mao et al. 2017"


def test_a_class_of_ones_own_trains_resumes_and_paints_by_module_and_name(
    cli: Cli, tmp_path: Path, tiny_data: Path
) -> None:
    (tmp_path / "my_gan.py").write_text(NEW_RECIPE)
    steps = ["--set", "eval_samples=0"]
    cli("train", tiny_data, "--recipe", "my_gan:Tiny", "--out", "run", "--budget", "3steps", *steps, check=True)
    cli("resume", "run", "--budget", "2steps", check=True)
    cli("sample", "run", "--out", "grid.png", "-n", "4", check=True)
    assert (tmp_path / "grid.png").is_file()


def test_a_file_with_two_recipes_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "double.py").write_text(NEW_RECIPE + "\n\nclass Other(Tiny):\n    pass\n")
    monkeypatch.setattr(gans, "__path__", [*gans.__path__, str(tmp_path)])
    with pytest.raises(ConfigError, match=r"double\.py must define exactly one Recipe, found 2"):
        gans.find("double")
