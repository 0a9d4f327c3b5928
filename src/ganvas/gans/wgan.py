"""Wasserstein GAN: paper 1's second attempt, after its first had collapsed.

Arjovsky, Chintala and Bottou 2017, "Wasserstein generative adversarial networks", algorithm 1, on DCGAN's bodies. D is
a critic f without a sigmoid:

    D minimises  E[f(G(z))] - E[f(x)]        over f whose weights lie in [-c, c]
    G minimises  -E[f(G(z))],                z ~ N(0, I) of length 100

D's loss times -1 estimates, up to a factor, the Wasserstein distance between the two distributions. The sign of f(x)
has no meaning, so D has no accuracy.

Paper 1 says "gradient clipping", but what it cites clips the weights after every update of the critic, and so does
this. It tuned the learning rate, the clipping limit and the critic's steps, and gives no figures. The defaults are
those of Arjovsky et al.: c = 0.01, RMSprop at 5e-5, 5 critic steps, batch 64.
"""

from torch import nn

from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks import dcgan as networks
from ganvas.settings.options import Options


class WGAN(Recipe):
    """The Wasserstein GAN with weight clipping."""

    paper = "Painting with GANs (paper 1); Arjovsky et al. 2017"
    sizes = networks.SIZES
    # 0.99 is RMSprop's alpha in torch, which Arjovsky et al. leave as it is.
    defaults = Options(batch_size=64, optimizer="rmsprop", g_lr=5e-5, d_lr=5e-5, beta2=0.99, d_steps=5, clip=0.01)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.dcgan` at the data's size."""
        generator = networks.Generator(spec.size, self.options.latent_dim, self.options.width)
        return generator, networks.Discriminator(spec.size, self.options.width, self.head)

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The negative estimate of the Wasserstein distance; real and generated pictures pass f separately."""
        real = discriminator(batch.images).logits
        fake = discriminator(batch.fakes(generator)).logits
        return Loss({"real": -real.mean(), "fake": fake.mean()})

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The term of the distance that depends on G."""
        return Loss({"adversarial": -discriminator(batch.generated(generator)).logits.mean()})
