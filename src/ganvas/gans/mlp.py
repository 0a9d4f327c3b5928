"""Paper 4's first try: a GAN with two fully connected layers in G and two in D.

"Implementing Creative Adversarial Networks" (paper 4), section 3. D minimises the cross-entropy and G the
non-saturating loss (Goodfellow et al. 2014, equation 1 and section 3): see `objectives.non_saturating`. z ~ N(0, I) of
length 100.

The paper reports that it failed, and gives no figures. The batch of 200 is that of its later system. Adam at 2e-4 with
betas (0.5, 0.999) is DCGAN's. One update of each network a step is what came before the ratio was tuned.
"""

from torch import nn

from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Spec
from ganvas.networks import mlp as networks
from ganvas.settings.options import Options


class MLP(NonSaturatingGAN):
    """Paper 4's two-layer GAN."""

    paper = "Implementing Creative Adversarial Networks (paper 4), its first try"
    sizes = networks.SIZES
    defaults = Options(batch_size=200)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.mlp` at the data's size."""
        generator = networks.Generator(spec.size, self.options.latent_dim, self.options.width)
        return generator, networks.Discriminator(spec.size, self.options.width, self.head)
