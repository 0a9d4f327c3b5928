"""A recipe combined with its tricks: what the training step minimises."""

import dataclasses
from collections.abc import Mapping

from torch import Tensor, nn

from ganvas.foundation.errors import ConfigError
from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks.phased import phases_of
from ganvas.tricks import in_order
from ganvas.tricks.trick import Namer, State


class Objective:
    """Builds networks and computes losses as a recipe does, with the tricks that its options name.

    Tricks keep state, so each training run makes an objective of its own.

    Args:
        recipe: whose networks and losses they are.
        classifier: the fixed classifier that the options name; G's loss needs it.
    """

    def __init__(self, recipe: Recipe, classifier: Namer | None = None) -> None:
        self._recipe = recipe
        self._tricks = [trick(recipe) for trick in in_order() if trick.is_enabled(recipe.options)]
        for trick in self._tricks:
            trick.classifier = classifier

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """The recipe's generator and discriminator, changed by the tricks.

        Raises:
            ConfigError: a trick cannot be applied to them.
        """
        for trick in self._tricks:
            spec = trick.spec(spec)
        generator, discriminator = self._recipe.build(spec)
        for trick in self._tricks:
            trick.adapt(generator, discriminator)
        return generator, discriminator

    def batch(self, batch: Batch) -> Batch:
        """A batch as both networks see it."""
        for trick in self._tricks:
            batch = trick.batch(batch)
        return batch

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """What the discriminator minimises."""
        for trick in self._tricks:
            batch = trick.discriminator_batch(generator, batch)
        loss = self._recipe.discriminator_loss(generator, discriminator, batch)
        for trick in self._tricks:
            loss = _extended(loss, trick.discriminator_terms(generator, discriminator, batch, loss))
        return loss

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """What the generator minimises; the discriminator's weights are frozen."""
        for trick in self._tricks:
            discriminator = trick.opponent(generator, discriminator, batch)
        loss = self._recipe.generator_loss(generator, discriminator, batch)
        for trick in self._tricks:
            loss = _extended(loss, trick.generator_terms(generator, discriminator, batch, loss))
        return loss

    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        """Called after each update of the discriminator."""
        phases_of(discriminator).count(self._recipe.options.batch_size)
        self._recipe.after_discriminator_step(discriminator)
        for trick in self._tricks:
            trick.after_discriminator_step(discriminator)

    def state(self) -> dict[str, State]:
        """What a resumed run needs of the tricks, by their names."""
        return {type(trick).__name__: trick.state() for trick in self._tricks}

    def load_state(self, state: Mapping[str, State]) -> None:
        """Take over what `state` returned."""
        for trick in self._tricks:
            trick.load_state(state[type(trick).__name__])


def _extended(loss: Loss, terms: dict[str, Tensor]) -> Loss:
    if taken := loss.terms.keys() & terms.keys():
        raise ConfigError(f"{taken.pop()}: the recipe's loss has a term of that name already")
    return dataclasses.replace(loss, terms=loss.terms | terms)
