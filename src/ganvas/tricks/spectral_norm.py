"""Spectral normalisation of the discriminator (Miyato et al. 2018, equation 8)."""

from torch import nn

from ganvas.foundation.errors import ConfigError
from ganvas.networks.spectral_norm import normalise
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick

NORMALISED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)


class SpectralNorm(Trick):
    """Each weight W of D is divided by its largest singular value, so that its layer is 1-Lipschitz.

    One step of power iteration per forward pass estimates the singular value (their algorithm 1). BatchNorm rescales
    maps, so with BatchNorm in D the bound holds for these layers but not for D as a whole.
    """

    order = 30  # after the initial weights are drawn

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `spectral_norm` is set."""
        return options.spectral_norm

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Normalise D's convolutions and dense layers.

        Raises:
            ConfigError: D has none.
        """
        layers = [module for module in discriminator.modules() if isinstance(module, NORMALISED)]
        if not layers:
            name = self.recipe.name()
            raise ConfigError(f"spectral_norm: the discriminator of recipe {name} has no layer to normalise")
        for layer in layers:
            normalise(layer)
