"""The tricks: what each adds to a recipe by its equation, that it trains and resumes, and where it is refused."""

import copy
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas import gans
from ganvas.foundation.errors import ConfigError
from ganvas.foundation.files import read_records
from ganvas.gans.dcgan import DCGAN
from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.machine import device
from ganvas.metrics.scores import Scores
from ganvas.networks import stride_two, windows
from ganvas.networks.critique import Critique
from ganvas.planning.run import dry_run, resume, train
from ganvas.settings import schedules
from ganvas.settings.budget import Amount, Progress
from ganvas.settings.config import Settings, resolve
from ganvas.settings.options import Options
from ganvas.training import evaluation
from ganvas.training.learning_rates import LearningRates
from ganvas.training.step import AdversarialStep
from ganvas.tricks import in_order
from ganvas.tricks.objective import Objective
from ganvas.tricks.replay import ExperienceReplay
from support.datasets import write_dataset
from support.narrowing import not_none
from support.runs import TINY, Interrupter, newest, tensors, tiny_recipe
from support.scores import scores

SIDE = 4
PIXELS = 3 * SIDE**2


class LinearDiscriminator(nn.Module):
    """D(x) = <w, x>, with the pixels themselves as features."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(PIXELS))

    def forward(self, images: Tensor) -> Critique:
        features = images.flatten(1)
        return Critique(features @ self.weight, features)


class Linear(DCGAN):
    """DCGAN's losses over networks whose derivatives one can write down."""

    sizes = (SIDE,)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        generator = nn.Sequential(nn.Linear(self.options.latent_dim, PIXELS), nn.Unflatten(1, (3, SIDE, SIDE)))
        return generator, LinearDiscriminator()


class Detached(Linear):
    """A recipe that hides G from its discriminator's loss by itself."""

    sizes = (16,)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        pixels = 3 * spec.size**2
        generator = nn.Sequential(
            nn.Linear(self.options.latent_dim, pixels), nn.Unflatten(1, (3, spec.size, spec.size))
        )
        return generator, nn.Sequential(nn.Flatten(), nn.Linear(pixels, 1), nn.Flatten(0))

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        real, fake = discriminator(batch.images), discriminator(batch.generated(generator).detach())
        return Loss({"real": F.softplus(-real).mean(), "fake": F.softplus(fake).mean()})

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        return Loss({"fake": F.softplus(-discriminator(batch.generated(generator))).mean()})


class Dropping(Linear):
    """A recipe whose discriminator has dropout of its own."""

    sizes = (16,)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        return nn.Identity(), nn.Sequential(nn.LeakyReLU(), nn.Dropout(0.5))


def linear(**options: Any) -> Recipe:
    return Linear(Options(batch_size=4, latent_dim=2, **options))


def dcgan(**options: Any) -> Recipe:
    return DCGAN(Options(**{"batch_size": 4, "latent_dim": 3, "width": 2} | options))


def batch_of(recipe: Recipe, size: int = SIDE, count: int = 4) -> Batch:
    images = torch.rand(count, 3, size, size).contiguous(memory_format=torch.channels_last) * 2 - 1
    return recipe.batch(images, recipe.latents(count, torch.Generator().manual_seed(1)))


def step_of(recipe: Recipe, size: int = 16) -> AdversarialStep:
    machine = device.choose(Settings(device="cpu", precision="float32", threads=1))
    return AdversarialStep(recipe, Spec(size), machine, device.launch(machine))


def test_without_options_there_is_no_trick() -> None:
    assert [trick.__name__ for trick in in_order() if trick.is_enabled(Options())] == []


def test_tricks_act_in_their_order() -> None:
    assert [trick.__name__ for trick in in_order()] == [
        "Initialisation",
        "Minibatch",
        "DiscriminatorDropout",
        "SpectralNorm",
        "Flip",
        "ExperienceReplay",
        "DiffAugment",
        "Unrolled",
        "L2",
        "GradientPenalties",
        "FeatureMatching",
        "Ambiguity",
        "Clip",
    ]


# What each adds.


def test_r1_and_r2_of_a_linear_discriminator_are_its_squared_weights() -> None:
    recipe = linear(r1=3.0, r2=5.0)
    objective = Objective(recipe)
    generator, discriminator = objective.build(Spec(SIDE))
    terms = objective.discriminator_loss(generator, discriminator, batch_of(recipe)).terms
    squared = discriminator.get_parameter("weight").square().sum()
    assert torch.allclose(terms["r1"], 1.5 * squared)
    assert torch.allclose(terms["r2"], 2.5 * squared)
    torch.autograd.backward(terms["r1"] + terms["r2"])
    weight = discriminator.get_parameter("weight")
    assert torch.allclose(not_none(weight.grad), 8 * weight)
    assert all(weight.grad is None for weight in generator.parameters())


def test_lazy_penalties_come_at_every_kth_update_k_times_as_strong() -> None:
    recipe = linear(r1=1.0, penalty_every=3)
    objective = Objective(recipe)
    networks, batch = objective.build(Spec(SIDE)), batch_of(recipe)
    losses = []
    for _ in range(5):
        losses.append(objective.discriminator_loss(*networks, batch))
        objective.after_discriminator_step(networks[1])
    assert ["r1" in loss.terms for loss in losses] == [True, False, False, True, False]
    assert torch.allclose(losses[0].terms["r1"], 1.5 * networks[1].get_parameter("weight").square().sum())


def test_r1_has_second_derivatives_through_every_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """On maps that are computed by tiles the same as on those that torch computes, channels last."""
    recipe = dcgan(r1=2.0)
    discriminator = recipe.build(Spec(16))[1].to(memory_format=torch.channels_last)
    batch = batch_of(recipe, 16)
    slopes = []
    for largest in (windows.LARGEST, 0):
        monkeypatch.setattr(stride_two, "LARGEST", largest)
        (trick,) = Objective(recipe)._tricks
        term = trick.discriminator_terms(nn.Identity(), discriminator, batch, Loss({}))["r1"]
        slopes.append(torch.autograd.grad(term, list(discriminator.parameters()), allow_unused=True))
    assert all(torch.allclose(a, b, rtol=1e-3, atol=1e-7) for a, b in zip(*slopes, strict=True) if a is not None)
    assert sum(a is not None and bool(a.any()) for a in slopes[0]) >= 3


def test_l2_is_the_sum_of_squares_of_each_networks_kernels() -> None:
    recipe = dcgan(l2=0.5)
    objective = Objective(recipe)
    generator, discriminator = objective.build(Spec(16))
    batch = batch_of(recipe, 16)
    losses = objective.discriminator_loss, objective.generator_loss
    for network, loss in zip((discriminator, generator), losses, strict=True):
        kernels = [weight for weight in network.parameters() if weight.dim() == 4]
        assert len(kernels) >= 2
        expected = 0.5 * sum((kernel**2).sum() for kernel in kernels)
        assert torch.allclose(loss(generator, discriminator, batch).terms["l2"], torch.as_tensor(expected))


def test_feature_matching_is_the_distance_of_mean_features() -> None:
    recipe = linear(feature_matching=0.25)
    objective = Objective(recipe)
    generator, discriminator = objective.build(Spec(SIDE))
    batch = batch_of(recipe)
    term = objective.generator_loss(generator, discriminator, batch).terms["feature_matching"]
    difference = batch.images.mean(0) - generator(batch.latents).mean(0)
    assert torch.allclose(term, 0.25 * difference.square().sum())


def test_a_conditional_discriminator_is_told_the_classes_of_what_it_judges() -> None:
    recipe_class = gans.find("cdcgan")
    recipe = recipe_class(Options(batch_size=4, width=2, latent_dim=3, r1=1.0, feature_matching=1.0))
    objective = Objective(recipe)
    generator, discriminator = objective.build(Spec(16, classes=2))
    told: list[list[int]] = []
    discriminator.register_forward_hook(lambda _module, inputs, _output: told.append(inputs[1].tolist()))
    images = torch.rand(4, 3, 16, 16)
    latents = recipe.latents(4, torch.Generator())
    batch = Batch(images, latents, torch.tensor([0, 1, 0, 1]), generated_labels=torch.tensor([1, 1, 0, 0]))
    objective.discriminator_loss(generator, discriminator, batch)
    assert told == [[0, 1, 0, 1], [1, 1, 0, 0], [0, 1, 0, 1]]
    told.clear()
    objective.generator_loss(generator, discriminator, batch)
    assert told == [[1, 1, 0, 0], [0, 1, 0, 1], [1, 1, 0, 0]]


def generator_slopes(recipe: Recipe, networks: tuple[nn.Module, nn.Module], batch: Batch) -> list[Tensor]:
    loss = Objective(recipe).generator_loss(*networks, batch).total
    return list(torch.autograd.grad(loss, list(networks[0].parameters())))


@pytest.mark.parametrize("steps", [1, 3])
def test_unrolled_is_the_loss_against_a_discriminator_k_steps_ahead(steps: int) -> None:
    """Against gradients of D written out by hand, through which torch differentiates with respect to G."""
    recipe, rate = linear(unrolled=steps, unrolled_lr=0.5), 0.5
    generator, discriminator = networks = recipe.build(Spec(SIDE))
    batch = batch_of(recipe)
    real, fake = batch.images.flatten(1), generator(batch.latents).flatten(1)
    weight = discriminator.get_parameter("weight").detach()
    for _ in range(steps):
        on_real = -(torch.sigmoid(-(real @ weight))[:, None] * real).mean(0)
        on_fake = (torch.sigmoid(fake @ weight)[:, None] * fake).mean(0)
        weight = weight - rate * (on_real + on_fake)
    expected = torch.autograd.grad(F.softplus(-(fake @ weight)).mean(), list(generator.parameters()))
    found = generator_slopes(recipe, networks, batch)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(found, expected, strict=True))
    plain = generator_slopes(linear(), networks, Batch(batch.images, batch.latents))
    assert not torch.allclose(found[0], plain[0], atol=1e-3)


def test_unrolling_leaves_the_discriminator_and_its_statistics_as_they_are() -> None:
    recipe = dcgan(unrolled=2, unrolled_lr=0.1, spectral_norm=True)
    objective = Objective(recipe)
    generator, discriminator = objective.build(Spec(16))
    before = copy.deepcopy(discriminator.state_dict())
    discriminator.requires_grad_(False)
    torch.autograd.backward(objective.generator_loss(generator, discriminator, batch_of(recipe, 16)).total)
    assert all(torch.equal(value, before[key]) for key, value in discriminator.state_dict().items())
    assert all(weight.grad is None for weight in discriminator.parameters())
    assert all(weight.grad is not None for weight in generator.parameters())


def test_replay_shows_pictures_of_earlier_batches_at_every_nth_update() -> None:
    recipe = linear(replay=3, replay_every=3, replay_keep=2)
    trick, generator = ExperienceReplay(recipe), nn.Identity()
    shown = []
    for number in range(1, 7):
        batch = batch_of(recipe).with_generated(generator, torch.full((4, 3, SIDE, SIDE), number / 10), None)
        shown.append(trick.discriminator_batch(generator, batch).fakes(generator))
        trick.after_discriminator_step(nn.Identity())
    values = [{round(float(value), 1) for value in torch.unique(pictures)} for pictures in shown]
    assert [len(each) for each in values] == [1, 1, len(values[2]), 1, 1, len(values[5])]
    assert [each for number, each in enumerate(values) if number not in (2, 5)] == [{0.1}, {0.2}, {0.4}, {0.5}]
    assert values[2] <= {0.1, 0.2}
    assert values[5] <= {0.4, 0.5}  # a ring of three: the oldest have gone
    assert shown[2].shape == (4, 3, SIDE, SIDE)


def test_replay_keeps_the_classes_that_were_asked_for() -> None:
    recipe = linear(replay=4, replay_every=2, replay_keep=4)
    trick, generator = ExperienceReplay(recipe), nn.Identity()
    wanted = torch.arange(4)
    pictures = wanted[:, None, None, None].expand(4, 3, SIDE, SIDE) / 4
    batch = batch_of(recipe)
    trick.discriminator_batch(generator, batch.with_generated(generator, pictures, wanted))
    trick.after_discriminator_step(nn.Identity())
    replayed = trick.discriminator_batch(generator, batch.with_generated(generator, pictures, 3 - wanted))
    assert replayed.generated_labels is not None
    assert (replayed.fakes(generator)[:, 0, 0, 0] * 4).round().tolist() == replayed.generated_labels.tolist()


def test_clipped_weights_stay_within_the_limit_after_each_step() -> None:
    recipe = dcgan(clip=0.01, d_lr=0.1)
    step = step_of(recipe)
    for _ in range(2):
        step([batch_of(recipe, 16)], images_seen=4)
        assert all(weight.abs().max() <= 0.01 for weight in step.discriminator.parameters())
    assert max(weight.abs().max() for weight in step.generator.parameters()) > 0.01


def test_flip_mirrors_about_half_of_the_pictures_and_nothing_else() -> None:
    recipe = linear(flip=True)
    batch = batch_of(recipe, count=200)
    torch.manual_seed(0)
    flipped = Objective(recipe).batch(batch).images
    is_mirrored = (flipped == batch.images.flip(3)).flatten(1).all(1)
    is_same = (flipped == batch.images).flatten(1).all(1)
    assert (is_mirrored ^ is_same).all()
    assert 70 < is_mirrored.sum() < 130
    assert flipped.is_contiguous(memory_format=torch.channels_last)


def test_spectral_norm_holds_the_largest_singular_value_at_one() -> None:
    objective = Objective(dcgan(spectral_norm=True))
    generator, discriminator = objective.build(Spec(16))
    for _ in range(20):
        discriminator(torch.rand(2, 3, 16, 16))
    discriminator.eval()  # no further steps of power iteration
    layers = [module for module in discriminator.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    tops = [torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() for layer in layers]
    assert tops == pytest.approx([1.0] * len(tops), rel=0.02)
    assert not any("parametrizations" in name for name, _ in generator.named_parameters())


def layers_of(networks: tuple[nn.Module, nn.Module]) -> list[Any]:
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    return [module for network in networks for module in network.modules() if isinstance(module, kinds)]


def test_normal_weights_have_the_deviation_of_dcgan() -> None:
    recipe = gans.find("keras-dcgan")(Options(width=8, latent_dim=8, init="normal"))
    for layer in layers_of(Objective(recipe).build(Spec(16))):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.2)


def test_glorot_weights_fill_their_bounds_and_biases_are_zero() -> None:
    for name in ("dcgan", "can"):
        recipe = tiny_recipe(name, init="glorot")
        for layer in layers_of(Objective(recipe).build(Spec(16, classes=2))):
            places = layer.weight[0, 0].numel()
            bound = (6 / ((layer.weight.shape[0] + layer.weight.shape[1]) * places)) ** 0.5
            assert 0.9 * bound < layer.weight.abs().max() <= bound
            assert layer.bias is None or not layer.bias.any()


def test_dropout_follows_every_activation_and_renames_nothing() -> None:
    torch.manual_seed(0)
    plain = dcgan().build(Spec(16))[1]
    torch.manual_seed(0)
    dropped = Objective(dcgan(d_dropout=0.5)).build(Spec(16))[1]
    count = sum(isinstance(module, nn.LeakyReLU) for module in plain.modules())
    assert sum(isinstance(module, nn.Dropout) for module in dropped.modules()) == count >= 2
    assert plain.state_dict().keys() == dropped.state_dict().keys()
    images = torch.rand(2, 3, 16, 16)
    assert torch.equal(dropped.eval()(images).logits, plain.eval()(images).logits)
    assert not torch.equal(dropped.train()(images).logits, dropped(images).logits)


def test_a_term_that_the_recipe_has_already_is_not_overwritten() -> None:
    class Regularised(Linear):
        def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
            return Loss({"r1": discriminator(batch.images).logits.mean()})

    recipe = Regularised(Options(batch_size=4, latent_dim=2, r1=1.0))
    with pytest.raises(ConfigError, match="r1: the recipe's loss has a term of that name"):
        Objective(recipe).discriminator_loss(*recipe.build(Spec(SIDE)), batch_of(recipe))


# That each trains, and goes on as if it had never stopped.

OPTIONS: dict[str, dict[str, Any]] = {
    "Initialisation": {"init": "glorot"},
    "Minibatch": {"minibatch": "stddev"},
    "DiscriminatorDropout": {"d_dropout": 0.3},
    "SpectralNorm": {"spectral_norm": True},
    "Flip": {"flip": True},
    "ExperienceReplay": {"replay": 6, "replay_every": 3, "replay_keep": 2, "d_steps": 2},
    "DiffAugment": {"augment": "colour,translation,cutout"},
    "Unrolled": {"unrolled": 1, "g_steps": 2},
    "L2": {"l2": 1e-4},
    "GradientPenalties": {"r1": 1.0, "r2": 0.5, "penalty_every": 3},
    "FeatureMatching": {"feature_matching": 0.1},
    "Ambiguity": {"ambiguity": 1.0, "ambiguity_over": 0.01},
    "Clip": {"clip": 0.05},
    "step": {"g_schedule": "step:1steps:0.5", "d_schedule": "step:2steps:0.5"},
    "cosine": {"g_schedule": "cosine", "d_schedule": "cosine"},
}


def test_every_trick_is_trained_here() -> None:
    assert {trick.__name__ for trick in in_order()} <= OPTIONS.keys()


@pytest.mark.parametrize("trick", OPTIONS)
def test_it_trains_and_a_resumed_run_equals_one_never_stopped(tmp_path: Path, trick: str) -> None:
    data = write_dataset(tmp_path / "data")
    changes = TINY | {"width": 2, "batch_size": 4, "budget": "4steps", "log_every": "2steps", "grid_size": 2}
    train(data, tmp_path / "whole", "dcgan", **changes, **OPTIONS[trick])
    stopped = train(data, tmp_path / "halves", "dcgan", display=Interrupter(), **changes, **OPTIONS[trick])
    assert not stopped.finished
    torch.rand(3)  # what happens between must not matter
    assert resume(tmp_path / "halves").finished
    whole, halves = newest(tmp_path / "whole"), newest(tmp_path / "halves")
    assert whole["tricks"].keys() == {trick} & {each.__name__ for each in in_order()}
    expected, found = tensors(whole), tensors(halves)
    assert expected.keys() == found.keys()
    assert [key for key in expected if not torch.equal(expected[key], found[key])] == []
    del whole["progress"], halves["progress"]
    assert str(whole["tricks"]) == str(halves["tricks"])
    stats = [read_records(tmp_path / run / "stats.jsonl")[-1] for run in ("whole", "halves")]
    whole_stats, halves_stats = ({key: each[key] for key in each if "loss" in key or "lr" in key} for each in stats)
    assert whole_stats == halves_stats


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_derivatives_of_derivatives_exist_in_every_precision(precision: str) -> None:
    machine = device.choose(Settings(device="cpu", precision=precision, threads=1))
    recipe = dcgan(r1=1.0, r2=1.0, unrolled=1, spectral_norm=True, feature_matching=0.1)
    step = AdversarialStep(recipe, Spec(16), machine, device.launch(machine))
    values = step([batch_of(recipe, 16)], images_seen=4)
    assert values.keys() >= {"d_loss/r1", "d_loss/r2", "g_loss/feature_matching"}
    assert all(weight.isfinite().all() for weight in step.generator.parameters())


EVERY_TRICK: dict[str, Any] = {
    "flip": True,
    "d_dropout": 0.2,
    "l2": 1e-4,
    "r1": 1.0,
    "r2": 1.0,
    "feature_matching": 0.1,
    "replay": 4,
    "spectral_norm": True,
    "unrolled": 1,
    "minibatch": "stddev",
    "init": "normal",
    "augment": "colour,translation,cutout",
}
DOCUMENTED = (Path(__file__).parents[1] / "docs" / "recipes.md").read_text("utf-8")


def both_losses(name: str, changes: dict[str, Any]) -> tuple[Loss, Loss, nn.Module, nn.Module]:
    """The losses of D, its second, and of G with some tricks, and both networks."""
    recipe_class = gans.find(name)
    small = {"width": 2, "batch_size": 4, "latent_dim": 3, "replay_every": 2, "clip": 0}
    recipe = recipe_class(resolve(name, recipe_class.defaults, small | changes).options)
    size = min(recipe.sizes)
    objective = Objective(recipe)
    generator, discriminator = objective.build(Spec(size, classes=2))
    latents = recipe.latents(4, torch.Generator())
    batch = objective.batch(recipe.batch(torch.rand(4, 3, size, size), latents, torch.tensor([0, 1, 0, 1])))
    for _ in range(2):
        d_loss = objective.discriminator_loss(generator, discriminator, batch)
    return d_loss, objective.generator_loss(generator, discriminator, batch), generator, discriminator


def refused_by(name: str) -> set[str]:
    """The tricks that a recipe refuses with one line: those that docs/recipes.md names, or else found by trying."""
    if f"`{name}`" in DOCUMENTED:
        return {"mlp": {"l2"}, "atelier": {"minibatch"}}.get(name, set())
    refused = set()
    for key, value in EVERY_TRICK.items():
        try:
            both_losses(name, {key: value})
        except ConfigError:
            refused.add(key)
    return refused


@pytest.mark.parametrize("name", gans.names())
def test_every_recipe_takes_every_trick_but_those_the_documentation_names(name: str) -> None:
    refused = refused_by(name)
    taken = {key: value for key, value in EVERY_TRICK.items() if key not in refused}
    d_loss, g_loss, generator, discriminator = both_losses(name, taken | {"penalty_every": 1})
    assert d_loss.terms.keys() >= {"r1", "r2"} - refused
    assert g_loss.terms.keys() >= {"feature_matching"} - refused
    slopes = torch.autograd.grad(d_loss.total, list(discriminator.parameters()), allow_unused=True)
    slopes += torch.autograd.grad(g_loss.total, list(generator.parameters()))
    assert all(slope.isfinite().all() for slope in slopes if slope is not None)


# Where they are refused.


@pytest.mark.parametrize(
    ("recipe", "changes", "message"),
    [
        ("wgan", {"label_swap": 0.1}, "recipe wgan tells its discriminator no probabilities.*label_swap"),
        ("wgan-gp", {"real_target": "0.9"}, "recipe wgan-gp tells its discriminator no probabilities.*real_target"),
        ("test_tricks:Dropping", {"d_dropout": 0.3}, "d_dropout: .* has dropout of its own"),
        ("mlp", {"l2": 1e-3}, "l2: the networks of recipe mlp have no convolution kernels"),
        (
            "test_tricks:Detached",
            {"r1": 1.0},
            "r1, r2 and feature_matching: .* returns a Tensor, not a Critique",
        ),
        ("test_tricks:Detached", {"feature_matching": 1.0}, "feature_matching: .* returns a Tensor, not a Critique"),
        ("test_tricks:Detached", {"unrolled": 1}, "unrolled: .* test-tricks detaches .* batch.fakes"),
        ("test_tricks:Detached", {"minibatch": "stddev"}, "minibatch: .* does not end in its head"),
        ("test_tricks:Detached", {"ambiguity": 1.0}, "ambiguity: .* does not end in its head; name a classifier"),
        ("can", {"ambiguity": 1.0}, "ambiguity: recipe can has ambiguity in its own loss; .* ambiguity_weight"),
        ("cdcgan", {"ambiguity": 1.0}, "ambiguity: recipe cdcgan cannot paint without .* such as atelier"),
        ("acgan", {"ambiguity": 1.0}, "ambiguity: recipe acgan cannot paint without .* such as atelier"),
        ("test_tricks:Detached", {"d_dropout": 0.3}, "d_dropout: .* no activation"),
        ("test_tricks:Linear", {"spectral_norm": True}, "works at 4 pixels"),
        ("dcgan", {"clip": 0.1, "spectral_norm": True}, "clip and spectral_norm"),
        ("dcgan", {"clip": 0.1, "unrolled": 1}, "clip and unrolled"),
        ("dcgan", {"augment": "colour,blur"}, "augment='colour,blur': unknown augmentation 'blur'"),
        ("dcgan", {"replay": 4, "replay_keep": 5}, "replay_keep=5: replay and batch_size allow at most 4"),
        ("dcgan", {"g_schedule": "plateau:3:0.5"}, "g_schedule=plateau:3:0.5: a plateau needs evaluations"),
    ],
)
def test_a_trick_that_does_not_fit_is_refused_by_name_before_anything_is_written(
    tmp_path: Path, recipe: str, changes: dict[str, Any], message: str
) -> None:
    data = write_dataset(tmp_path / "data")
    for start in (train, dry_run):
        with pytest.raises(ConfigError, match=message):
            start(data, tmp_path / "run", recipe, **TINY, **changes)
    assert not (tmp_path / "run").exists()


def problem(key: str, value: Any) -> str | None:
    try:
        resolve("dcgan", Options(), {key: value})
    except ConfigError as error:
        return str(error)
    return None


NUMBERS = {
    "d_dropout": (0, math.nextafter(1, 0)),
    "l2": (0, math.inf),
    "clip": (0, math.inf),
    "r1": (0, math.inf),
    "r2": (0, math.inf),
    "feature_matching": (0, math.inf),
    "ambiguity": (0, math.inf),
    "ambiguity_over": (0, 1e6),
    "ambiguity_every": (1, 1024),
    "unrolled_lr": (math.ulp(0.0), 1),
    "unrolled": (0, 100),
    "penalty_every": (1, 1000),
    "replay": (0, 1_000_000),
    "replay_every": (2, 100_000),
    "replay_keep": (1, 4096),
}


@settings(deadline=None)
@given(key=st.sampled_from(sorted(NUMBERS)), value=st.one_of(st.floats(), st.integers()))
def test_a_number_out_of_range_is_refused_by_its_key(key: str, value: float) -> None:
    low, high = NUMBERS[key]
    is_right = math.isfinite(value) and low <= value <= high
    if isinstance(Options.model_fields[key].default, int):
        is_right = is_right and value == int(value)
    message = problem(key, value)
    assert message is None if is_right else key in (message or "")


@settings(deadline=None)
@given(key=st.sampled_from(sorted(NUMBERS)), value=st.text(alphabet="abcxyz,;/ ", max_size=4))
def test_a_word_for_a_number_is_refused_by_its_key(key: str, value: str) -> None:
    assert key in (problem(key, value) or "")


@pytest.mark.parametrize(("key", "value"), [("init", "zeros"), ("flip", "maybe"), ("spectral_norm", "2")])
def test_a_choice_that_does_not_exist_is_refused(key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=key):
        resolve("dcgan", Options(), {key: value})


# Schedules.


def at(steps: int = 0, images: int = 0, seconds: float = 0.0) -> Progress:
    return Progress(100, steps, images, seconds)


def rates(g_schedule: str, budget: str = "100steps", **moment: Any) -> float:
    options = Options(g_lr=0.5, d_lr=0.25, g_schedule=g_schedule)
    g_lr, d_lr = LearningRates(options, Amount.parse(budget)).rates(at(**moment))
    assert d_lr == 0.25
    return g_lr


def test_each_schedule_over_time() -> None:
    assert rates("constant", steps=90) == 0.5
    assert [rates("step:50epochs:0.5", images=images) for images in (0, 4999, 5000, 10000)] == [0.5, 0.5, 0.25, 0.125]
    cosine = [rates("cosine", steps=steps) for steps in (0, 25, 50, 100, 120)]
    assert cosine == pytest.approx([0.5, 0.25 * (1 + 0.5**0.5), 0.25, 0.0, 0.0])
    assert rates("cosine", budget="1m", seconds=30, steps=7) == pytest.approx(0.25)


def test_a_plateau_lowers_the_rate_when_evaluations_stop_getting_better() -> None:
    learning = LearningRates(Options(g_lr=0.8, d_schedule="plateau:2:0.5", d_lr=0.8), Amount(9, "m"))
    lowered = []
    for is_best in (True, False, True, False, False, False, False, True, False):
        learning.evaluated(is_best)
        g_lr, d_lr = learning.rates(at())
        assert g_lr == 0.8
        lowered.append(d_lr)
    assert lowered == [0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.2]
    again = LearningRates(Options(d_schedule="plateau:2:0.5", d_lr=0.8), Amount(9, "m"))
    again.load_state(learning.state())
    assert again.rates(at()).d_lr == 0.2
    again.evaluated(False)
    assert again.rates(at()).d_lr == 0.1


class Judge:
    """Stands for an evaluator: the second of four evaluations is the best."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self._kids = iter([0.5, 0.1, 0.3, 0.2])

    def score(self, images: Any, labels: Any = None, real: Any = None) -> Scores:
        return scores(kid=next(self._kids))


def test_evaluations_reach_the_plateau_and_the_checkpoint(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "Evaluator", Judge)
    changes = TINY | {"eval_samples": 16, "extractor": "pixels", "eval_every": "1steps", "log_every": "1steps"}
    train(tiny_data, tmp_path / "run", "dcgan", **changes, budget="4steps", g_schedule="plateau:1:0.5", d_lr=1e-3)
    assert newest(tmp_path / "run")["learning_rates"]["evaluations"] == [True, True, False, False]
    stats = read_records(tmp_path / "run" / "stats.jsonl")
    # A line is written before the step's evaluation.
    assert [record["g_lr"] for record in stats] == [2e-4, 2e-4, 2e-4, 1e-4]
    assert [record["d_lr"] for record in stats] == [1e-3] * 4


SCHEDULES = st.one_of(
    st.just("constant"),
    st.just("cosine"),
    st.builds(
        "step:{}{}:{}".format,
        st.integers(1, 10**6),
        st.sampled_from(["s", "m", "h", "kimg", "epochs", "steps"]),
        st.floats(1e-6, 1, exclude_max=True),
    ),
    st.builds("plateau:{}:{}".format, st.integers(1, 1000), st.floats(1e-6, 1, exclude_max=True)),
)


@settings(deadline=None)
@given(text=SCHEDULES)
def test_a_schedule_is_written_as_it_is_read(text: str) -> None:
    schedule = schedules.parse(text)
    assert schedules.parse(str(schedule)) == schedule
    assert 0 <= schedule.factor(at(steps=3, images=500, seconds=9), Amount(7, "steps"), [False] * 3) <= 1


NEARLY = st.from_regex(r"(constant|cosine|step|plateau)(:[0-9a-z.-]{0,6}){0,3}", fullmatch=True)


@settings(deadline=None)
@given(text=st.one_of(st.text(), NEARLY))
def test_what_is_no_schedule_is_refused_by_its_key(text: str) -> None:
    message = problem("d_schedule", text)
    if message is None:
        assert text.strip().lower().startswith(("constant", "cosine", "step:", "plateau:"))
    else:
        assert "d_schedule" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("linear", "cannot read 'linear' as a schedule; write constant, cosine"),
        ("step:50:0.5", "cannot read '50' as an amount"),
        ("step:50epochs", "as a schedule"),
        ("step:50epochs:1.5", "factor '1.5' of a schedule is out of range; write a number between 0 and 1"),
        ("plateau:0:0.5", "as a schedule"),
        ("plateau:2:half", "factor 'half'"),
    ],
)
def test_a_schedule_that_cannot_be_read_says_what_can(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        schedules.parse(text)
