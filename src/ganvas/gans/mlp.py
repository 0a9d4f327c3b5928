"""Paper 4's first try: a GAN of two fully connected layers against two.

"Implementing Creative Adversarial Networks" (paper 4), section 3. The objective is Goodfellow et al. 2014, equation 1,
with the non-saturating loss for G:

    D minimises  -E[log D(x)] - E[log(1 - D(G(z)))]
    G minimises  -E[log D(G(z))],                      z ~ N(0, I) of length 100

The paper reports that it failed, and no figures: its batch of 200 is that of the later system, Adam at 2e-4 with betas
(0.5, 0.999) is DCGAN's, one update of each network a step is what came before the ratio was tuned.
"""

from torch import nn

from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks import mlp as networks
from ganvas.networks.objectives import judged_real
from ganvas.settings.options import Options


class MLP(Recipe):
    """Paper 4's two-layer GAN."""

    paper = "Implementing Creative Adversarial Networks (paper 4), its first try"
    sizes = networks.SIZES
    has_targets = True
    defaults = Options(batch_size=200)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.mlp` at the data's size."""
        generator = networks.Generator(spec.size, self.options.latent_dim, self.options.width)
        return generator, networks.Discriminator(spec.size, self.options.width, self.head)

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """Cross-entropy over real and generated pictures."""
        real = discriminator(batch.images).logits
        fake = discriminator(batch.fakes(generator)).logits
        return Loss(self.targets.terms(real, fake), real_logits=real, fake_logits=fake)

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The non-saturating loss."""
        return Loss({"adversarial": judged_real(discriminator(batch.generated(generator)).logits)})
