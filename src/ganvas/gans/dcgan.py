"""DCGAN: the network of papers 1 and 3, as in the PyTorch tutorial that they follow.

Radford, Metz and Chintala 2016, "Unsupervised representation learning with deep convolutional generative adversarial
networks". D minimises the cross-entropy and G the non-saturating loss (Goodfellow et al. 2014, equation 1 and section
3): see `objectives.non_saturating`. z ~ N(0, I) of length 100.
"""

from collections.abc import Mapping
from typing import ClassVar

from torch import nn

from ganvas.gans.choices import Choice, Ground
from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Spec
from ganvas.networks import dcgan as networks
from ganvas.settings.options import Options
from ganvas.settings.ranges import Range, Values, Varied


class DCGAN(NonSaturatingGAN):
    """The deep convolutional GAN, faithful to the tutorial that papers 1 and 3 follow."""

    paper = "Painting with GANs (paper 1); Radford et al. 2016"
    sizes = networks.SIZES
    defaults = Options(batch_size=128, width=64, latent_dim=100, g_lr=2e-4, d_lr=2e-4, beta1=0.5, beta2=0.999)
    ranges: ClassVar[Mapping[str, Varied]] = {"beta1": Values((0.0, 0.5, 0.9)), "d_dropout": Range(0.0, 0.5)}
    choices: ClassVar[tuple[Choice, ...]] = (
        Choice(
            "framework",
            "the PyTorch tutorial's DCGAN (papers 1 and 3)",
            does="transposed 4x4 convolutions, BatchNorm and ReLU up to tanh; strided 4x4 convolutions, BatchNorm and "
            "LeakyReLU 0.2 down to one logit",
        ),
        Choice("z", 'G takes "a random vector of size 1x100" (paper 1)', ("latent_dim",)),
        Choice(
            "distribution-of-z",
            '"a noise input"',
            ("latent",),
            ground=Ground.OPEN,
            why="the tutorial's",
        ),
        Choice(
            "channels",
            "no counts in the text of paper 1",
            ("width",),
            "512, 256, 128, 64 in G at 64 px, the reverse in D; doubled once more at 128 px",
            Ground.OPEN,
            "the tutorial's 64, and its pattern",
        ),
        Choice("loss", '"binary cross entropy"', does="cross-entropy in D, -log D(G(z)) in G, as in the tutorial"),
        Choice(
            "labels",
            '"0 represents that the image is fake and 1 represents that the image is real"',
            ("real_target", "fake_target"),
        ),
        Choice(
            "training",
            '"the code provided by the tutorial", Adam',
            ("optimizer", "g_lr", "d_lr", "beta1", "beta2", "batch_size"),
            "one update of each network a step",
            Ground.OPEN,
            "paper 1 gives none of these figures; they are the tutorial's",
        ),
        Choice(
            "weights",
            "nothing in paper 1",
            does="N(0, 0.02), gains of BatchNorm N(1, 0.02)",
            ground=Ground.OPEN,
            why="the tutorial's",
        ),
    )

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.dcgan` at the data's size."""
        generator = networks.Generator(spec.size, self.options.latent_dim, self.options.width)
        return generator, networks.Discriminator(spec.size, self.options.width, self.head)
