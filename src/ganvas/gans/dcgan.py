"""DCGAN: papers 1 and 3's tutorial network, at 64 px and with one more layer at 128 px.

Radford, Metz and Chintala 2016, "Unsupervised representation learning with deep convolutional generative
adversarial networks", as in the PyTorch tutorial. The objective is Goodfellow et al. 2014, equation 1, with the
non-saturating loss for G:

    D minimises  -E[log D(x)] - E[log(1 - D(G(z)))]
    G minimises  -E[log D(G(z))],                      z ~ N(0, I) of length 100
"""

from torch import nn

from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks import dcgan as networks
from ganvas.networks.objectives import judged_real
from ganvas.settings.options import Options


class DCGAN(Recipe):
    """The deep convolutional GAN, faithful to the tutorial that papers 1 and 3 follow."""

    paper = "Painting with GANs (paper 1); Radford et al. 2016"
    sizes = networks.SIZES
    has_targets = True
    defaults = Options(batch_size=128, width=64, latent_dim=100, g_lr=2e-4, d_lr=2e-4, beta1=0.5, beta2=0.999)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.dcgan` at the data's size."""
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
