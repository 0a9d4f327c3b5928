"""Wasserstein GAN with gradient penalty: what paper 2 names as a way to improve its model.

Gulrajani et al. 2017, "Improved training of Wasserstein GANs", equation 3 and algorithm 1, on DCGAN's bodies. Instead
of clipped weights, a penalty on the gradient between real and generated pictures keeps the critic f 1-Lipschitz:

    D minimises  E[f(G(z))] - E[f(x)] + w E[(||grad f(y)||_2 - 1)^2],    y = e x + (1 - e) G(z),  e ~ U(0, 1)
    G minimises  -E[f(G(z))],                                            z ~ N(0, I) of length 100

The penalty concerns each picture by itself, so the critic must not have BatchNorm (their section 4). It has layer
normalisation instead, as they recommend: without any, DCGAN's weights from N(0, 0.02) hardly pass a signal through five
layers.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from ganvas.distributed.part import drawn
from ganvas.gans.choices import Choice, Ground
from ganvas.gans.recipe import Batch, Loss, Spec
from ganvas.gans.wgan import WGAN
from ganvas.networks import dcgan as networks
from ganvas.settings.options import Options
from ganvas.settings.ranges import Range, Varied


class WGANGPOptions(Options):
    """Options of `wgan-gp`."""

    gradient_penalty: float = Field(10.0, ge=0, description="Weight of the gradient penalty.")


class WGANGP(WGAN):
    """The Wasserstein GAN with gradient penalty."""

    paper = "named as a remedy in Coding Art with DCGANs (paper 2); Gulrajani et al. 2017"
    defaults = WGANGPOptions(batch_size=64, g_lr=1e-4, d_lr=1e-4, beta1=0.0, beta2=0.9, d_steps=5)
    ranges: ClassVar[Mapping[str, Varied]] = {"gradient_penalty": Range(1.0, 100.0, log=True), "d_steps": Range(1, 8)}
    choices: ClassVar[tuple[Choice, ...]] = (
        Choice(
            "penalty",
            '"Wasserstein Generative Adversarial Network with a gradient penalty": named, not tried',
            ("gradient_penalty",),
            ground=Ground.OPEN,
            why="Gulrajani et al.'s",
        ),
        Choice(
            "normalisation",
            "nothing",
            does="layer normalisation in D wherever `dcgan` has BatchNorm, with as many parameters",
            ground=Ground.OPEN,
            why="Gulrajani et al. use no BatchNorm in the critic, since the penalty concerns each picture by itself, "
            "and recommend layer normalisation",
        ),
        Choice(
            "training",
            "nothing",
            ("optimizer", "g_lr", "d_lr", "beta1", "beta2", "d_steps", "batch_size"),
            ground=Ground.OPEN,
            why="Gulrajani et al.'s",
        ),
        Choice("networks", "nothing", ("width", "latent_dim"), "`dcgan`'s", Ground.OPEN, "as for `wgan`"),
    )
    options: WGANGPOptions

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.dcgan` at the data's size, D with layer normalisation."""
        generator = networks.Generator(spec.size, self.options.latent_dim, self.options.width)
        return generator, networks.Discriminator(spec.size, self.options.width, self.head, networks.layer_norm)

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The negative estimate of the Wasserstein distance, and the penalty."""
        loss = super().discriminator_loss(generator, discriminator, batch)
        penalty = gradient_penalty(discriminator, batch.images, batch.fakes(generator))
        return Loss(loss.terms | {"penalty": self.options.gradient_penalty * penalty})


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """E[(||grad f(y)||_2 - 1)^2] at one random point y between each real and generated picture, differentiable.

    Args:
        critic: f, returning a `Critique`.
        real: float [B, 3, S, S].
        fake: float [B, 3, S, S].

    Returns:
        A scalar.
    """
    share = drawn(len(real), lambda count: torch.rand(count, 1, 1, 1, device=real.device))
    # y depends on x, which is the leaf: torch's FlopCounterMode cannot handle a y that is a leaf.
    between = fake + share * (real.detach().requires_grad_() - fake)
    scores = critic(between).logits
    (slopes,) = torch.autograd.grad(scores.sum(), between, create_graph=True)
    penalty: Tensor = ((slopes.flatten(1).norm(dim=1) - 1) ** 2).mean()
    return penalty
