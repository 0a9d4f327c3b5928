"""The check that a recipe has added the minibatch layer of its options."""

from torch import nn

from ganvas.foundation.errors import ConfigError
from ganvas.networks.minibatch import MinibatchLayer
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick


class Minibatch(Trick):
    """A layer with which D compares pictures (`networks.minibatch`); a recipe adds it by ending D in `Recipe.head`."""

    order = 20

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `minibatch` names a layer."""
        return options.minibatch != "none"

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Check that it is there.

        Raises:
            ConfigError: D was built without it.
        """
        if not any(isinstance(module, MinibatchLayer) for module in discriminator.modules()):
            raise ConfigError(f"minibatch: the discriminator of recipe {self.recipe.name()} does not end in its head")
