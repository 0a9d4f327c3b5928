"""The DCGAN of paper 2, with what its final system trains by.

"Coding Art with DCGANs" (paper 2). The objective is Goodfellow et al. 2014, equation 1, with the non-saturating loss
for G; t(x) and t(G(z)) are D's targets, 1 and 0 with noise:

    D minimises  -E[t(x) log D(x) + (1 - t(x)) log(1 - D(x))]  and the same over G(z) with t(G(z))
    G minimises  -E[log D(G(z))],                      z ~ N(0, I) of length 100

The paper says of its noise that the labels "were continuous numbers between 0 and 1" and no more. D must still learn
which end is which, so real ones are drawn from U(0.8, 1) and generated ones from U(0, 0.2), as in the code that it
names as its base. D's accuracy is counted against the true origin at a probability of 0.5: against noisy targets it
read 0% until its author did the same.
"""

from torch import nn

from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks import keras_dcgan as networks
from ganvas.networks.objectives import judged_real
from ganvas.settings.options import Options


class KerasDCGAN(Recipe):
    """Paper 2's DCGAN."""

    paper = "Coding Art with DCGANs (paper 2)"
    sizes = networks.SIZES
    has_targets = True
    defaults = Options(
        batch_size=64,
        width=64,
        latent_dim=100,
        g_lr=1.5e-4,
        d_lr=2e-3,
        beta1=0.5,
        beta2=0.999,
        real_target=(0.8, 1.0),
        fake_target=(0.0, 0.2),
        flip=True,
        l2=1e-7,
    )

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.keras_dcgan` at the data's size."""
        generator = networks.Generator(spec.size, self.options.latent_dim, self.options.width)
        return generator, networks.Discriminator(spec.size, self.options.width, self.head)

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """Real and generated pictures in batches of their own: their BatchNorm statistics must not mix."""
        real = discriminator(batch.images).logits
        fake = discriminator(batch.fakes(generator)).logits
        return Loss(self.targets.terms(real, fake), real_logits=real, fake_logits=fake)

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The non-saturating loss."""
        return Loss({"adversarial": judged_real(discriminator(batch.generated(generator)).logits)})
