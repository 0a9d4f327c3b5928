"""The interface of a baseline: a generator that is fitted to the pictures of each class, without gradients."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor, nn

from ganvas.baselines.pictures import Pictures
from ganvas.foundation.errors import ConfigError, unknown
from ganvas.gans.recipe import GeneratorRecipe, Spec
from ganvas.settings.config import first_problem


class BaselineOptions(BaseModel):
    """Options common to all baselines."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    seed: int = Field(
        0,
        ge=0,
        lt=2**31,
        description="Seed of the fit, and of the sample of pictures if a class has too many for memory.",
    )


class Composites(nn.Module, ABC):
    """A generator made of stored pictures: buffers [C, ...] for C classes, with C = 1 without classes."""

    @abstractmethod
    def fit(self, label: int, pictures: Pictures, seed: int) -> int:
        """Fill the buffers of one class.

        Returns:
            The number of pictures it was fitted to.
        """

    @abstractmethod
    def compose(self, latents: Tensor, label: int) -> Tensor:
        """Generate pictures of one class, float [B, 3, S, S] in [-1, 1], from latents [B, latent_dim]."""

    @abstractmethod
    def __str__(self) -> str:
        """A short description of the fitted generator."""

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Generate pictures; see `compose`.

        Args:
            latents: float [B, latent_dim].
            labels: int64 [B], or the weight of each class, float [B, C], by which pictures are averaged. Without
                labels, all pictures are of class 0.
        """
        if labels is None:
            return self.compose(latents, 0)
        if labels.is_floating_point():
            weighted = [
                labels[:, label, None, None, None] * self.compose(latents, label) for label in range(labels.shape[1])
            ]
            return torch.stack(weighted).sum(0)
        classes, places = torch.unique(labels, return_inverse=True)
        composed = [self.compose(latents[places == place], label) for place, label in enumerate(classes.tolist())]
        # The pictures lie class by class, and go back to their places.
        return torch.cat(composed)[torch.argsort(torch.argsort(places, stable=True))]


class Baseline(GeneratorRecipe):
    """A baseline: its options and its generator, which is conditional if there are classes.

    Attributes:
        options_class: the class of its options, with defaults, ranges and descriptions.
    """

    options_class: ClassVar[type[BaselineOptions]] = BaselineOptions

    def __init__(self, options: BaselineOptions) -> None:
        self.options = options

    @classmethod
    def of(cls, changes: Mapping[str, object]) -> Self:
        """The baseline with changes to the default options; strings are converted.

        Raises:
            ConfigError: an unknown option (the message names the nearest), or a value out of its range.
        """
        for key in changes:
            if key not in cls.options_class.model_fields:
                raise ConfigError(unknown(f"option of {cls.__name__}", key, cls.options_class.model_fields))
        try:
            return cls(cls.options_class.model_validate(dict(changes)))
        except ValidationError as error:
            raise ConfigError(first_problem(error)) from error

    def limited(self, pictures: int, spec: Spec) -> Self:
        """This baseline with its size limited to what `pictures` pictures of a class can determine."""
        return self

    @property
    def latent_dim(self) -> int:
        """Length of the latent vector z."""
        return 1

    @abstractmethod
    def build_generator(self, spec: Spec) -> Composites:
        """The generator, before it is fitted."""

    def latents(self, count: int, random: torch.Generator) -> Tensor:
        """Draw standard normal latents, float [count, latent_dim], on the CPU."""
        return torch.randn(count, self.latent_dim, generator=random)
