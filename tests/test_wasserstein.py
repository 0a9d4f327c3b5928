"""The Wasserstein recipes: D's raw output is the loss, and the gradient penalty is what its paper says."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganvas import gans
from ganvas.gans.recipe import Batch, Recipe
from ganvas.gans.wgan_gp import WGANGP, gradient_penalty
from ganvas.networks import dcgan, stride_two
from ganvas.networks.critique import Critique
from ganvas.settings.config import resolve

WASSERSTEIN = ["wgan", "wgan-gp"]


class LinearCritic(nn.Module):
    """f(x) = a . x + b, whose gradient is a everywhere."""

    def __init__(self, slope: Tensor) -> None:
        super().__init__()
        self.slope, self.offset = nn.Parameter(slope), nn.Parameter(torch.tensor(0.5))
        self.seen: list[Tensor] = []

    def forward(self, images: Tensor) -> Critique:
        self.seen.append(images.detach())
        features = images.flatten(1)
        return Critique(features @ self.slope + self.offset, features)


class Repeat(nn.Module):
    """A generator of pictures of one colour, the latent's first number."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(1.0))

    def forward(self, latents: Tensor) -> Tensor:
        return (self.gain * latents[:, 0])[:, None, None, None].expand(-1, 3, 2, 2)


def recipe_of(name: str, **changes: Any) -> Recipe:
    recipe = gans.find(name)
    return recipe(resolve(name, recipe.defaults, changes).options)


@pytest.mark.parametrize("name", WASSERSTEIN)
def test_the_raw_outputs_of_the_critic_are_the_losses(name: str) -> None:
    recipe = recipe_of(name, **({"gradient_penalty": 0} if name == "wgan-gp" else {}))
    critic, generator = LinearCritic(torch.ones(12)), Repeat()
    batch = Batch(torch.full((4, 3, 2, 2), 0.25), torch.full((4, 6), -0.5))
    critics = recipe.discriminator_loss(generator, critic, batch)
    # f is 12 * 0.25 + 0.5 on real pictures and 12 * -0.5 + 0.5 on generated ones.
    assert critics.total.item() == pytest.approx(-5.5 - 3.5)
    assert {term: value.item() for term, value in critics.terms.items() if term != "penalty"} == {
        "real": -3.5,
        "fake": -5.5,
    }
    assert recipe.generator_loss(generator, critic, batch).total.item() == pytest.approx(5.5)
    # A critic's zero is arbitrary: no accuracy may be read from its scores.
    assert critics.real_logits is None
    assert critics.fake_logits is None


def test_the_penalty_of_a_linear_critic_is_exact_and_reaches_its_weights() -> None:
    slope = torch.arange(1.0, 13.0)
    critic = LinearCritic(slope)
    penalty = gradient_penalty(critic, torch.rand(5, 3, 2, 2), torch.rand(5, 3, 2, 2))
    length = slope.norm()
    assert penalty.item() == pytest.approx((length.item() - 1) ** 2)
    torch.autograd.backward(penalty)
    # d (||a|| - 1)^2 / da = 2 (||a|| - 1) a / ||a||
    assert critic.slope.grad is not None
    assert torch.allclose(critic.slope.grad, 2 * (length - 1) * slope / length)


def test_the_penalty_is_taken_between_each_real_and_its_generated_picture() -> None:
    critic = LinearCritic(torch.ones(12))
    gradient_penalty(critic, torch.ones(200, 3, 2, 2), -torch.ones(200, 3, 2, 2))
    (places,) = critic.seen
    assert torch.equal(places, places[:, :1, :1, :1].expand_as(places))  # one share a picture
    shares = places[:, 0, 0, 0]
    assert shares.min() > -1
    assert shares.max() < 1
    assert shares.std().item() == pytest.approx(2 / 12**0.5, rel=0.1)  # U(-1, 1)


def test_a_flat_critic_has_a_penalty_and_no_nan() -> None:
    critic = LinearCritic(torch.zeros(12))
    penalty = gradient_penalty(critic, torch.rand(3, 3, 2, 2), torch.rand(3, 3, 2, 2))
    assert penalty.item() == 1
    torch.autograd.backward(penalty)
    assert critic.slope.grad is not None
    assert critic.slope.grad.isfinite().all()


def test_the_penalty_is_a_weighted_term_of_the_loss() -> None:
    slope = torch.full((12,), 2.0)
    batch = Batch(torch.rand(4, 3, 2, 2), torch.rand(4, 6))
    terms = recipe_of("wgan-gp").discriminator_loss(Repeat(), LinearCritic(slope), batch).terms
    assert terms["penalty"].item() == pytest.approx(10 * (slope.norm().item() - 1) ** 2)


def test_second_derivatives_through_tiled_convolutions_are_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    critic = dcgan.Discriminator(16, width=4, norm=dcgan.layer_norm)
    real, fake = torch.rand(2, 4, 3, 16, 16) * 2 - 1

    def run() -> list[Tensor]:
        torch.manual_seed(1)
        critic.zero_grad()
        # A slope of N(0, 0.02) weights is so small that its own scale must be judged.
        torch.autograd.backward(1e3 * gradient_penalty(critic, real, fake))
        return [weight.grad.clone() for weight in critic.parameters() if weight.grad is not None]

    tiled = run()
    monkeypatch.setattr(stride_two, "LARGEST", 0)
    plain = run()
    assert any(gradient.any() for gradient in plain)
    for ours, torchs in zip(tiled, plain, strict=True):
        assert torch.allclose(ours, torchs, rtol=1e-3, atol=1e-4 * torchs.abs().max().item())


def test_the_penalty_can_be_differentiated_with_respect_to_the_generator() -> None:
    """As an unrolled GAN differentiates D's loss."""
    generator, critic = Repeat(), LinearCritic(torch.ones(12))
    batch = Batch(torch.rand(4, 3, 2, 2), torch.rand(4, 6), detach=False)
    torch.autograd.backward(WGANGP(WGANGP.defaults).discriminator_loss(generator, critic, batch).total)
    assert generator.gain.grad is not None
    assert generator.gain.grad.any()
