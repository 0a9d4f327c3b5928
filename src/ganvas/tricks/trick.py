"""What a trick is: a change to how a recipe trains, made from options, that no loop has to know of."""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

from ganvas.foundation.errors import ConfigError
from ganvas.gans.recipe import Batch, Recipe
from ganvas.networks.critique import Critique
from ganvas.settings.options import Options


class Trick(ABC):
    """Hooks into a recipe's training, each of which changes nothing unless a trick overrides it.

    A trick belongs to one training run, whose state it may keep; each run makes its own.

    Attributes:
        recipe: what it is added to; `recipe.options` say how strongly.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def critique(self, discriminator: nn.Module, images: Tensor, labels: Tensor | None) -> Critique:
        """What the recipe's discriminator says about pictures, for a trick that cannot do without.

        Args:
            discriminator: D.
            images: float [B, 3, S, S], real or generated.
            labels: int64 [B], their classes, or None.

        Raises:
            ConfigError: D does not return a `Critique`.
        """
        if (critique := self.recipe.judge(discriminator, images, labels)) is not None:
            return critique
        returned = type(self.recipe.discriminate(discriminator, images, labels)).__name__
        raise ConfigError(
            f"r1, r2 and feature_matching: the discriminator of recipe {self.recipe.name()} returns a {returned}, "
            "not a Critique with logits and features (ganvas.networks.critique)"
        )

    @classmethod
    @abstractmethod
    def is_wanted(cls, options: Options) -> bool:
        """Whether the options ask for it."""

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:  # noqa: B027 (most tricks need none)
        """Change freshly built networks in place.

        Raises:
            ConfigError: these are networks that the trick has no meaning for, and why.
        """

    def batch(self, batch: Batch) -> Batch:
        """Each batch before anything trains on it."""
        return batch

    def shown(self, generator: nn.Module, batch: Batch) -> Batch:
        """The batch that the discriminator is about to be trained on."""
        return batch

    def opponent(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> nn.Module:
        """The discriminator that the generator is about to be trained against."""
        return discriminator

    def discriminator_terms(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Scalars to add to the discriminator's loss, by name; asked for once an update."""
        return {}

    def generator_terms(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Scalars to add to the generator's loss, by name; asked for once an update."""
        return {}

    def after_discriminator_step(self, discriminator: nn.Module) -> None:  # noqa: B027
        """Called after each update of the discriminator."""

    def state(self) -> dict[str, Any]:
        """What a resumed run needs of it: tensors, numbers, and lists and dicts of them."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:  # noqa: B027
        """Take over what `state` returned; tensors arrive on the CPU."""
