"""Dropout in the discriminator (Srivastava et al. 2014), which paper 3 tried for stabler training."""

from torch import nn

from ganvas.foundation.errors import ConfigError
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick

ACTIVATIONS = (nn.LeakyReLU, nn.ReLU, nn.PReLU, nn.ELU, nn.SELU, nn.SiLU, nn.GELU)
DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)


class DiscriminatorDropout(Trick):
    """Dropout after every activation of D.

    The names of parameters stay the same, so D's weights can be exchanged with those of a run without dropout.
    """

    order = 22

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `d_dropout` is above 0."""
        return options.d_dropout > 0

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Put dropout after each activation.

        Raises:
            ConfigError: D has dropout already, or no activation.
        """
        name, probability = self.recipe.name(), self.recipe.options.d_dropout
        if any(isinstance(module, DROPOUTS) and module.p > 0 for module in discriminator.modules()):
            raise ConfigError(f"d_dropout: the discriminator of recipe {name} has dropout of its own")
        places = [
            (parent, key, child)
            for parent in discriminator.modules()
            for key, child in parent.named_children()
            if isinstance(child, ACTIVATIONS)
        ]
        if not places:
            raise ConfigError(f"d_dropout: the discriminator of recipe {name} has no activation to put dropout after")
        for parent, key, activation in places:
            setattr(parent, key, nn.Sequential(activation, nn.Dropout(probability)))
