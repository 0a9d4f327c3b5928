"""The DCGAN of paper 2, with the noisy labels and the options of its final system.

"Coding Art with DCGANs" (paper 2). D minimises the cross-entropy with noisy targets and G the non-saturating loss
(Goodfellow et al. 2014, equation 1 and section 3): see `objectives.non_saturating`. z ~ N(0, I) of length 100.

The paper says only that the labels "were continuous numbers between 0 and 1". D must still learn which end is which, so
targets of real pictures are drawn from U(0.8, 1) and targets of generated ones from U(0, 0.2), as in the code that it
names as its base. D's accuracy is counted against the true origin at a probability of 0.5: against noisy targets it
read 0% until its author did the same.
"""

from torch import nn

from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Spec
from ganvas.networks import keras_dcgan as networks
from ganvas.settings.options import Options


class KerasDCGAN(NonSaturatingGAN):
    """Paper 2's DCGAN."""

    paper = "Coding Art with DCGANs (paper 2)"
    sizes = networks.SIZES
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
