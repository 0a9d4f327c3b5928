"""Spectral normalisation of the discriminator (Miyato et al. 2018)."""

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ganvas.foundation.errors import ConfigError
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick

NORMALISED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)


class SpectralNorm(Trick):
    """Each weight W of D is divided by its largest singular value, so that its layer is 1-Lipschitz.

    The singular value is estimated by one step of power iteration a forward pass (their algorithm 1). BatchNorm in D
    multiplies its maps by a gain over a deviation again, so there the bound holds layer by layer but not for D.
    """

    order = 30  # what it normalises has been drawn

    @classmethod
    def is_wanted(cls, options: Options) -> bool:
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
            spectral_norm(layer)
