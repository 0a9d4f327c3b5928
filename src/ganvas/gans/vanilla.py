"""The "vanilla" GAN of paper 5: convolutions with much dropout, uniform z, RMSprop.

"Paint by GAN" (paper 5). D minimises the cross-entropy and G the non-saturating loss (Goodfellow et al. 2014, equation
1 and section 3): see `objectives.non_saturating`. Training the stacked GAN with the label "real", as the paper does,
amounts to that. z ~ U(-1, 1) of length 100.
"""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field
from torch import nn

from ganvas.gans.choices import Choice, Ground
from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Spec
from ganvas.networks import vanilla as networks
from ganvas.settings.options import Options
from ganvas.settings.ranges import Range, Varied


class VanillaOptions(Options):
    """Options of `vanilla`."""

    g_dropout: float = Field(0.4, ge=0, lt=1, description="Probability of dropout after G's activations.")


class Vanilla(NonSaturatingGAN):
    """Paper 5's GAN."""

    paper = "Paint by GAN (paper 5)"
    sizes = networks.SIZES
    defaults = VanillaOptions(
        batch_size=64,
        width=32,
        latent_dim=100,
        latent="uniform",
        optimizer="rmsprop",
        g_lr=1e-4,
        d_lr=2e-4,
        beta2=0.9,
        d_dropout=0.4,
    )
    ranges: ClassVar[Mapping[str, Varied]] = {"d_dropout": Range(0.0, 0.6), "g_dropout": Range(0.0, 0.6)}
    choices: ClassVar[tuple[Choice, ...]] = (
        Choice(
            "discriminator",
            "four convolutions, each with leaky ReLU and dropout, a dense layer, sigmoid",
            does="the same; the sigmoid is part of the loss",
        ),
        Choice(
            "generator",
            "upsampling, transposed convolutions, BatchNorm, leaky ReLU, dropout",
            does="a dense layer, two doublings by upsampling with a transposed convolution after each, and one more; "
            "BatchNorm, LeakyReLU and dropout after every hidden map",
        ),
        Choice(
            "end-of-g",
            'G "ends with a flatten and dense layer again with sigmoid activation"',
            does="a transposed convolution with a sigmoid, stretched from [0, 1] to [-1, 1]",
            ground=Ground.CONTRADICTION,
            why="its reference 3, whose network it describes, ends so; the sentence repeats the end of D",
        ),
        Choice("z", '"a uniformly distributed noise vector"', ("latent",)),
        Choice("length-of-z", "nothing", ("latent_dim",), ground=Ground.OPEN, why="its reference 3's"),
        Choice(
            "dropout",
            '"generous dropout"',
            ("d_dropout", "g_dropout"),
            ground=Ground.OPEN,
            why="no figure; these are its reference 3's",
        ),
        Choice("optimizer", '"RMSprop as the optimizer"', ("optimizer",)),
        Choice(
            "learning-rates",
            "nothing",
            ("g_lr", "d_lr", "beta2"),
            ground=Ground.OPEN,
            why="its reference 3's, whose RMSprop is Keras's",
        ),
        Choice(
            "loss",
            '"binary cross-entropy as the loss"',
            does="cross-entropy; G learns from the label for real pictures",
        ),
        Choice(
            "kernels",
            "nothing",
            does="5x5 in D, 3x3 in G; slopes of 0.2; BatchNorm's momentum 0.9",
            ground=Ground.OPEN,
            why="its reference 3's, which has 5x5 in G too; 3x3 let a processor train it",
        ),
        Choice(
            "width",
            "nothing",
            ("width", "batch_size"),
            "channels from `width` to 8 * `width` in D, from 4 * `width` to `width` in G",
            Ground.OPEN,
            "half the width and a quarter of the batch of its reference 3, so that a processor can train it",
            instead={"width": "64", "batch_size": "256"},
        ),
        Choice("size", "MNIST's digits, and paintings of 72 by 72 pixels", does="28 and 72 px, among other sizes"),
    )
    options: VanillaOptions

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.vanilla` at the data's size."""
        options = self.options
        generator = networks.Generator(spec.size, options.latent_dim, options.width, options.g_dropout)
        return generator, networks.Discriminator(spec.size, options.width, self.head)
