"""The "vanilla" GAN of paper 5: dropout-heavy convolutions, uniform z, RMSprop.

"Paint by GAN" (paper 5). The objective is Goodfellow et al. 2014, equation 1, with the non-saturating loss for G, which
is what training the stacked GAN with the label "real" amounts to:

    D minimises  -E[log D(x)] - E[log(1 - D(G(z)))]
    G minimises  -E[log D(G(z))],                      z ~ U(-1, 1) of length 100
"""

from pydantic import Field
from torch import nn

from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks import vanilla as networks
from ganvas.networks.objectives import judged_real
from ganvas.settings.options import Options


class VanillaOptions(Options):
    """Options of `vanilla`."""

    g_dropout: float = Field(0.4, ge=0, lt=1, description="Probability of dropout after G's activations.")


class Vanilla(Recipe):
    """Paper 5's GAN."""

    paper = "Paint by GAN (paper 5)"
    sizes = networks.SIZES
    has_targets = True
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

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """Cross-entropy over real and generated pictures."""
        real = discriminator(batch.images).logits
        fake = discriminator(batch.fakes(generator)).logits
        return Loss(self.targets.terms(real, fake), real_logits=real, fake_logits=fake)

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The non-saturating loss."""
        return Loss({"adversarial": judged_real(discriminator(batch.generated(generator)).logits)})
