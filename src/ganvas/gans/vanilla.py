"""The "vanilla" GAN of paper 5: convolutions with much dropout, uniform z, RMSprop.

"Paint by GAN" (paper 5). D minimises the cross-entropy and G the non-saturating loss (Goodfellow et al. 2014, equation
1 and section 3): see `objectives.non_saturating`. Training the stacked GAN with the label "real", as the paper does,
amounts to that. z ~ U(-1, 1) of length 100.
"""

from pydantic import Field
from torch import nn

from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Spec
from ganvas.networks import vanilla as networks
from ganvas.settings.options import Options


class VanillaOptions(Options):
    """Options of `vanilla`."""

    g_dropout: float = Field(0.4, ge=0, lt=1, description="Probability of dropout after G's activations.")


class Vanilla(NonSaturatingGAN):
    """Paper 5's GAN."""

    paper = "Paint by GAN (paper 5)"
    sizes = networks.SIZES
    defaults = VanillaOptions(
        batch_size=64,
        width=32,
        latent_dim=100,
        latent="uniform",
        optimizer="rmsprop",
        g_lr=1e-4,
        d_lr=2e-4,
        beta2=0.9,
        d_dropout=0.4,
    )
    options: VanillaOptions

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.vanilla` at the data's size."""
        options = self.options
        generator = networks.Generator(spec.size, options.latent_dim, options.width, options.g_dropout)
        return generator, networks.Discriminator(spec.size, options.width, self.head)
