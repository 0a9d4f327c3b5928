"""cDCGAN: the conditional DCGAN of paper 3, whose G and D are both conditioned on the class.

Mirza and Osindero 2014, "Conditional generative adversarial nets", equation 2, over the DCGAN's body, with the
non-saturating loss for G (`objectives.non_saturating`). For pictures x of class c, and z ~ N(0, I) of length 100:

    D minimises  -E[log D(x, c)] - E[log(1 - D(G(z, c), c))]
    G minimises  -E[log D(G(z, c), c)]

In training, G paints the classes of the real pictures in the same batch, so each comes as often as in the data.

The paper gives a range of learning rates, 1e-4 to 5e-4; the default is DCGAN's, which lies within it. Its text has a
BatchNorm after every layer but describes the first ones of D as convolution and LeakyReLU only; we follow the latter.
"""

from torch import nn

from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import ClassUse, Spec
from ganvas.networks import conditional as networks
from ganvas.settings.options import Options


class CDCGAN(NonSaturatingGAN):
    """The conditional DCGAN: is this picture real, and of that class?"""

    paper = "Conditional Generative Model for Art Generation (paper 3); Mirza and Osindero 2014"
    sizes = networks.SIZES
    class_use = ClassUse.CONDITIONAL
    defaults = Options(batch_size=100, width=64, latent_dim=100, g_lr=2e-4, d_lr=2e-4, beta1=0.5, beta2=0.999)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.conditional` at the data's size and number of classes."""
        options = self.options
        generator = networks.Generator(spec.size, spec.classes, options.latent_dim, options.width)
        return generator, networks.Discriminator(spec.size, spec.classes, options.width, self.head)
