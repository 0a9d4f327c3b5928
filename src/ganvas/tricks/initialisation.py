"""Other initial weights than the recipe's own."""

from torch import nn

from ganvas.networks import dcgan, keras_dcgan
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick


def he(module: nn.Module) -> None:
    """He et al. 2015, equation 15: weights from N(0, 2 / ((1 + 0.2^2) n)) for n inputs, and biases of zero."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, 0.2)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


INITIALISERS = {"normal": dcgan.initialise, "glorot": keras_dcgan.initialise, "he": he}


class Initialisation(Trick):
    """Initial weights of convolutions and dense layers of both networks.

    `normal` is DCGAN's: weights from N(0, 0.02), and gains of BatchNorm from N(1, 0.02). `glorot` is Keras's, as in
    paper 2: uniform weights (Glorot and Bengio 2010, equation 16) and biases of zero; normalisation layers keep theirs.
    `he` keeps the scale of activations through layers of LeakyReLU 0.2 that no normalisation follows.
    """

    order = 10  # before spectral normalisation

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `init` is not `own`."""
        return options.init != "own"

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Draw the weights of both networks again."""
        for network in (generator, discriminator):
            network.apply(INITIALISERS[self.recipe.options.init])
