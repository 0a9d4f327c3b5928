"""Dropout in the discriminator, one of paper 3's tries at a stabler training."""

from torch import nn

from ganvas.foundation.errors import ConfigError
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick

ACTIVATIONS = (nn.LeakyReLU, nn.ReLU, nn.PReLU, nn.ELU, nn.SELU, nn.SiLU, nn.GELU)
DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)


class DiscriminatorDropout(Trick):
    """Values are dropped after every activation of D (Srivastava et al. 2014).

    No names of parameters change by it, so D's weights can be exchanged with those of a run without it.
    """

    order = 22

    @classmethod
    def is_wanted(cls, options: Options) -> bool:
        """Whether `d_dropout` is above 0."""
        return options.d_dropout > 0

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Put a dropout behind each activation.

        Raises:
            ConfigError: D drops values already, or has no activation to drop values of.
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
