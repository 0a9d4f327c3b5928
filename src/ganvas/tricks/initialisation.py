"""Weights to begin with, in place of the recipe's own."""

from torch import nn

from ganvas.networks import dcgan, keras_dcgan
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick

INITIALISERS = {"normal": dcgan.initialise, "glorot": keras_dcgan.initialise}


class Initialisation(Trick):
    """Convolutions and dense layers of both networks begin as the options say.

    `normal` is DCGAN's: N(0, 0.02), and gains of BatchNorm from N(1, 0.02). `glorot` is Keras's, which paper 2 has:
    Glorot and Bengio 2010's uniform weights, equation 16, and biases of zero; normalisation layers stay as they are.
    """

    order = 10  # before weights are normalised

    @classmethod
    def is_wanted(cls, options: Options) -> bool:
        """Whether `init` is another than the recipe's own."""
        return options.init != "own"

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Draw the weights again."""
        for network in (generator, discriminator):
            network.apply(INITIALISERS[self.recipe.options.init])
