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
    def compose(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Generate pictures, float [B, 3, S, S] in [-1, 1], from latents [B, latent_dim] and labels int64 [B]."""

    @abstractmethod
    def __str__(self) -> str:
        """A short description of the fitted generator."""

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Generate pictures; see `compose`. Without labels, all pictures are of class 0.

        With class weights, float [B, C], in place of labels, a picture is the weighted sum of one of each class.
        """
        first = torch.zeros(len(latents), dtype=torch.int64, device=latents.device)
        if labels is None or not labels.is_floating_point():
            return self.compose(latents, first if labels is None else labels)
        parts = (weight[:, None, None, None] * self.compose(latents, first + c) for c, weight in enumerate(labels.T))
        return torch.stack(list(parts)).sum(0)


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
