"""What a baseline is: a generator that is fitted to the pictures of each class, without a gradient."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

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
        description="Seed of the fit, and of which pictures it sees where a class has more than memory should hold.",
    )


class Composites(nn.Module, ABC):
    """A generator made of pictures, which are its buffers, [C, ...] for C classes; C is 1 without classes."""

    @abstractmethod
    def fit(self, label: int, pictures: Pictures, seed: int) -> int:
        """Fill the buffers of one class.

        Returns:
            How many pictures it was fitted to.
        """

    @abstractmethod
    def compose(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Pictures in [-1, 1], float [B, 3, S, S], from latents [B, latent_dim] and labels int64 [B]."""

    @abstractmethod
    def __str__(self) -> str:
        """What it holds, in a few words."""

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Pictures from latents and, where there are classes, labels; see `compose`."""
        if labels is None:
            labels = torch.zeros(len(latents), dtype=torch.int64, device=latents.device)
        return self.compose(latents, labels)


class Baseline(GeneratorRecipe):
    """One baseline: its options and its generator. With classes it is conditional, without it is not.

    Attributes:
        options_class: its options, with their defaults, ranges and descriptions.
    """

    options_class: ClassVar[type[BaselineOptions]] = BaselineOptions

    def __init__(self, options: BaselineOptions) -> None:
        self.options = options

    @classmethod
    def of(cls, changes: dict[str, Any]) -> Self:
        """The baseline with some options changed; strings are converted.

        Raises:
            ConfigError: an option that it does not have (the nearest is named), or a value out of its range.
        """
        for key in changes:
            if key not in cls.options_class.model_fields:
                raise ConfigError(unknown(f"option of {cls.__name__}", key, cls.options_class.model_fields))
        try:
            return cls(cls.options_class(**changes))
        except ValidationError as error:
            raise ConfigError(first_problem(error)) from error

    def limited(self, pictures: int, spec: Spec) -> Self:
        """This baseline with no more of anything than `pictures` pictures of one class can fill."""
        return self

    @property
    def latent_dim(self) -> int:
        """Length of the latent vector z."""
        return 1

    @abstractmethod
    def build_generator(self, spec: Spec) -> Composites:
        """Its generator, not yet fitted."""

    def latents(self, count: int, random: torch.Generator) -> Tensor:
        """`count` latents, float [count, latent_dim] on the CPU, standard normal."""
        return torch.randn(count, self.latent_dim, generator=random)
