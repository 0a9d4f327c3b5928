"""DCGAN: the network of papers 1 and 3, as in the PyTorch tutorial that they follow.

Radford, Metz and Chintala 2016, "Unsupervised representation learning with deep convolutional generative adversarial
networks". D minimises the cross-entropy and G the non-saturating loss (Goodfellow et al. 2014, equation 1 and section
3): see `objectives.non_saturating`. z ~ N(0, I) of length 100.
"""

from torch import nn

from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Spec
from ganvas.networks import dcgan as networks
from ganvas.settings.options import Options


class DCGAN(NonSaturatingGAN):
    """The deep convolutional GAN, faithful to the tutorial that papers 1 and 3 follow."""

    paper = "Painting with GANs (paper 1); Radford et al. 2016"
    sizes = networks.SIZES
    defaults = Options(batch_size=128, width=64, latent_dim=100, g_lr=2e-4, d_lr=2e-4, beta1=0.5, beta2=0.999)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.dcgan` at the data's size."""
        generator = networks.Generator(spec.size, self.options.latent_dim, self.options.width)
        return generator, networks.Discriminator(spec.size, self.options.width, self.head)
