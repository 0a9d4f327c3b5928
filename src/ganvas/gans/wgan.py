"""Wasserstein GAN: paper 1's second attempt, after its first had collapsed.

Arjovsky, Chintala and Bottou 2017, "Wasserstein generative adversarial networks", algorithm 1, on DCGAN's bodies. D is
a critic f without a sigmoid:

    D minimises  E[f(G(z))] - E[f(x)]        over f whose weights lie in [-c, c]
    G minimises  -E[f(G(z))],                z ~ N(0, I) of length 100

D's loss times -1 estimates, up to a factor, the Wasserstein distance between the two distributions. The sign of f(x)
has no meaning, so D has no accuracy.
"""

from collections.abc import Mapping
from typing import ClassVar

from torch import nn

from ganvas.gans.choices import Choice, Ground
from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks import dcgan as networks
from ganvas.settings.options import Options
from ganvas.settings.ranges import Range, Varied


class WGAN(Recipe):
    """The Wasserstein GAN with weight clipping."""

    paper = "Painting with GANs (paper 1); Arjovsky et al. 2017"
    sizes = networks.SIZES
    # 0.99 is RMSprop's alpha in torch, which Arjovsky et al. leave as it is.
    defaults = Options(batch_size=64, optimizer="rmsprop", g_lr=5e-5, d_lr=5e-5, beta2=0.99, d_steps=5, clip=0.01)
    ranges: ClassVar[Mapping[str, Varied]] = {"clip": Range(0.001, 0.1, log=True), "d_steps": Range(1, 8)}
    choices: ClassVar[tuple[Choice, ...]] = (
        Choice("loss", '"D(x) and D(g(z)) values directly as the loss function"', does="E[f(G(z))] - E[f(x)]"),
        Choice("sigmoid", '"remove any sigmoid activation functions"', does="D's raw output"),
        Choice("optimizer", '"from Adam optimizer to RMSprop"', ("optimizer",)),
        Choice(
            "alpha-of-rmsprop",
            "nothing",
            ("beta2",),
            ground=Ground.OPEN,
            why="torch's default, which Arjovsky et al. leave as it is",
        ),
        Choice(
            "updates-of-d",
            'D "certain number of steps more before training G", tuned',
            ("d_steps",),
            ground=Ground.OPEN,
            why="Arjovsky et al.'s; the paper does not give the number",
        ),
        Choice(
            "clipping",
            '"gradient clipping at the end of each back-propagation pass"; its limit was tuned',
            ("clip",),
            "D's weights are clipped to [-c, c] after each update",
            Ground.CONTRADICTION,
            "the work that it follows clips the weights (algorithm 1, line 7), and only that bounds the slope of f; "
            "the limit is Arjovsky et al.'s",
        ),
        Choice(
            "learning-rates",
            "tuned, no figure",
            ("g_lr", "d_lr"),
            ground=Ground.OPEN,
            why="Arjovsky et al.'s",
        ),
        Choice("batch", "nothing", ("batch_size",), ground=Ground.OPEN, why="Arjovsky et al.'s"),
        Choice(
            "networks",
            "those of its GAN at 128 px",
            ("width", "latent_dim"),
            "`dcgan`'s at any of its sizes; 128 px are the paper's",
        ),
    )

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
