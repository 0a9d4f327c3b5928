"""What a trick is: a change to how a recipe trains, made from options, that no loop has to know of."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from torch import Tensor, nn

from ganvas.gans.recipe import Batch, Recipe
from ganvas.settings.options import Options


class Trick(ABC):
    """Hooks into a recipe's training, each of which changes nothing unless a trick overrides it.

    A trick belongs to one training run, whose state it may keep; each run makes its own.

    Tricks act in ascending `order`, those of equal order by the names of their files:

    | order | |
    |---|---|
    | 10 to 19 | draw weights: what is normalised must have been drawn before |
    | 20 to 29 | add layers, or check that they are there |
    | 30 to 39 | normalise weights |
    | 40 to 49 | change pictures |
    | 50 to 59 | change the discriminator that the generator meets |
    | 60 to 89 | add terms to a loss: terms are added up and logged in this order |
    | 90 to 99 | limit weights after an update |

    Attributes:
        order: when it acts.
        recipe: what it is added to; `recipe.options` say how strongly.
    """

    order: ClassVar[int]

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

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
