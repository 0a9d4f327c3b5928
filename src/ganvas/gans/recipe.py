"""What a recipe is: one GAN, stated whole in one file.

The trainer knows no GAN's name. It builds the networks, freezes the one that is not being trained, steps the
optimisers and counts; what is minimised, and by which networks, is the recipe's to say.
"""

import functools
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

import torch
from torch import Tensor, nn

from ganvas.config import Options
from ganvas.errors import ConfigError

if TYPE_CHECKING:
    from ganvas.data.dataset import Dataset


@dataclass(frozen=True)
class Spec:
    """What the data asks of the networks.

    Attributes:
        size: height and width of the pictures in pixels.
        classes: number of classes, 0 for pictures without labels.
    """

    size: int
    classes: int = 0

    @classmethod
    def of(cls, data: "Dataset") -> Self:
        """What this dataset asks."""
        return cls(data.size, len(data.class_names))


@dataclass(frozen=True)
class Batch:
    """One batch on the training device.

    Attributes:
        images: real pictures, float [B, 3, S, S] in [-1, 1].
        latents: float [B, latent_dim], as drawn by `Recipe.latents`.
        labels: int64 [B] for conditional recipes, else None.
    """

    images: Tensor
    latents: Tensor
    labels: Tensor | None = None
    _generated: dict[int, Tensor] = field(default_factory=dict, repr=False)

    def generated(self, generator: nn.Module) -> Tensor:
        """The pictures G makes of this batch's latents, float [B, 3, S, S].

        Made once: when both networks train on the same batch, as in the DCGAN tutorial, the discriminator's loss
        detaches what the generator's loss then differentiates, which saves a forward pass of G.
        """
        if id(generator) not in self._generated:
            self._generated[id(generator)] = generate(generator, self.latents, self.labels)
        return self._generated[id(generator)]


@dataclass(frozen=True)
class Loss:
    """A loss by its named terms; what is minimised is their sum.

    Attributes:
        terms: scalars by name, each with its weight already applied.
        real_logits: D's raw outputs on real pictures [B], where the recipe has them; accuracy is read from them.
        fake_logits: the same on generated pictures.
    """

    terms: dict[str, Tensor]
    real_logits: Tensor | None = None
    fake_logits: Tensor | None = None

    @functools.cached_property
    def total(self) -> Tensor:
        """The sum of the terms."""
        return torch.stack(list(self.terms.values())).sum()


class Recipe(ABC):
    """One GAN: its networks, its objective and its defaults.

    Attributes:
        paper: where it is from, one line.
        sizes: picture sizes in pixels that it supports.
        conditional: whether it needs classes.
        defaults: its training options; an `Options` or a subclass with further keys.
    """

    paper: ClassVar[str]
    sizes: ClassVar[tuple[int, ...]]
    conditional: ClassVar[bool] = False
    defaults: ClassVar[Options] = Options()

    def __init__(self, options: Options) -> None:
        self.options = options

    @abstractmethod
    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """Fresh generator and discriminator, initialised from torch's global random state, on the CPU.

        The generator maps latents [B, latent_dim] (and labels [B], if conditional) to pictures in [-1, 1]
        [B, 3, S, S]; what the discriminator returns is between it and the losses below, which call both networks
        and no other method of theirs: precision and devices are handled where a network is called.
        """

    @abstractmethod
    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """What the discriminator minimises; generated pictures must be detached."""

    @abstractmethod
    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """What the generator minimises; the discriminator's weights are frozen."""

    def after_discriminator_step(self, discriminator: nn.Module) -> None:  # noqa: B027 (most recipes need none)
        """Called after each update of the discriminator: the place for weight clipping."""

    def latents(self, count: int, random: torch.Generator) -> Tensor:
        """`count` latents, float [count, latent_dim] on the CPU; standard normal unless the paper says otherwise."""
        return torch.randn(count, self.options.latent_dim, generator=random)

    @classmethod
    def check(cls, spec: Spec) -> None:
        """Refuse data that this recipe cannot learn.

        Raises:
            ConfigError: a size it does not support, or no classes where it needs them.
        """
        name = cls.__module__.rpartition(".")[2].replace("_", "-")
        if spec.size not in cls.sizes:
            sizes = ", ".join(map(str, cls.sizes))
            raise ConfigError(
                f"recipe {name} works at {sizes} pixels, not {spec.size}: prepare the pictures with --size"
            )
        if cls.conditional and not spec.classes:
            raise ConfigError(f"recipe {name} needs classes: prepare a folder with a sub-folder for each class")


def generate(generator: nn.Module, latents: Tensor, labels: Tensor | None = None) -> Tensor:
    """Pictures from latents [B, latent_dim] and, for conditional generators, labels [B]."""
    pictures: Tensor = generator(latents) if labels is None else generator(latents, labels)
    return pictures
