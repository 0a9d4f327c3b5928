"""What a trick is: a change to how a recipe trains, made from options, without a branch in the training loop."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from torch import Tensor, nn

from ganvas.foundation.errors import ConfigError
from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks.critique import Critique
from ganvas.settings.options import Options

# The state of a trick for a resumed run, by names of its own.
State = dict[str, int | Tensor | None]

# A fixed classifier: pictures, float [B, 3, S, S] in [-1, 1], to the logits of its C classes, float [B, C].
Namer = Callable[[Tensor], Tensor]


class Trick(ABC):
    """Hooks into a recipe's training. A hook changes nothing unless a trick overrides it.

    Each training run makes its own tricks, which may keep state.

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
        recipe: the recipe that it changes; `recipe.options` hold its strength.
        classifier: the fixed classifier that the options name (`Options.style_classifier`); None without one, and where
            nothing is trained.
    """

    order: ClassVar[int]

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.classifier: Namer | None = None

    def critique(self, discriminator: nn.Module, images: Tensor, labels: Tensor | None) -> Critique:
        """The discriminator's critique of pictures, for a trick that needs one.

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
            f"ambiguity, r1, r2 and feature_matching: the discriminator of recipe {self.recipe.name()} returns a "
            f"{returned}, not a Critique with logits and features (ganvas.networks.critique)"
        )

    @classmethod
    @abstractmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether the options switch it on."""

    def spec(self, spec: Spec) -> Spec:
        """What the networks of the recipe must fit."""
        return spec

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:  # noqa: B027 (most tricks need none)
        """Change freshly built networks in place.

        Raises:
            ConfigError: the trick cannot be applied to these networks; the message says why.
        """

    def batch(self, batch: Batch) -> Batch:
        """A batch, before either network trains on it."""
        return batch

    def discriminator_batch(self, generator: nn.Module, batch: Batch) -> Batch:
        """The batch that the discriminator is about to be trained on."""
        return batch

    def opponent(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> nn.Module:
        """The discriminator that the generator is about to be trained against."""
        return discriminator

    def discriminator_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, loss: Loss
    ) -> dict[str, Tensor]:
        """Scalars to add to the discriminator's loss, by name; called once per update.

        `loss` is the loss so far: the recipe's, and the terms of earlier tricks.
        """
        return {}

    def generator_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, loss: Loss
    ) -> dict[str, Tensor]:
        """Scalars to add to the generator's loss, by name; called once per update. `loss` is the loss so far."""
        return {}

    def after_discriminator_step(self, discriminator: nn.Module) -> None:  # noqa: B027
        """Called after each update of the discriminator."""

    def state(self) -> State:
        """Its state for a resumed run."""
        return {}

    def load_state(self, state: State) -> None:  # noqa: B027
        """Take over what `state` returned; tensors arrive on the CPU."""
