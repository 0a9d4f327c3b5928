"""What a recipe is: the networks, the objective and the defaults of one GAN.

The trainer knows no recipe by name. It builds the networks, freezes the one that is not being trained, steps the
optimisers and counts. The recipe says what the networks are and what each minimises.
"""

import dataclasses
import functools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from torch import Tensor, nn

from ganvas.foundation.errors import ConfigError
from ganvas.gans.choices import Choice
from ganvas.networks.critique import Critique, Head
from ganvas.networks.losses import Targets
from ganvas.networks.minibatch import minibatch_layer
from ganvas.settings.options import Options
from ganvas.settings.ranges import Values, Varied, around

if TYPE_CHECKING:
    from ganvas.data.dataset.dataset import Dataset


@dataclass(frozen=True)
class Spec:
    """What the networks must fit.

    Attributes:
        size: height and width of the pictures in pixels.
        classes: number of classes, 0 for pictures without labels.
    """

    size: int
    classes: int = 0

    @classmethod
    def of(cls, data: "Dataset") -> Self:
        """That of a dataset."""
        return cls(data.size, len(data.class_names))


class ClassUse(StrEnum):
    """What a recipe does with the classes of its pictures."""

    NONE = "none"
    """Neither network sees them."""
    CLASSIFIED = "classified"
    """D learns to name them; G is not conditioned. The pictures must have classes."""
    AUXILIARY = "auxiliary"
    """G is conditioned, and D learns to name them. The pictures must have classes."""
    CONDITIONAL = "conditional"
    """Both networks are conditioned. The pictures must have classes."""
    OPTIONAL = "optional"
    """Both networks are conditioned if the pictures have classes, and neither if not."""

    @property
    def is_required(self) -> bool:
        """Whether the pictures must have classes."""
        return self in (ClassUse.CLASSIFIED, ClassUse.AUXILIARY, ClassUse.CONDITIONAL)

    @property
    def conditions_generator(self) -> bool:
        """Whether G takes the class to paint, where the pictures have classes."""
        return self in (ClassUse.AUXILIARY, ClassUse.CONDITIONAL, ClassUse.OPTIONAL)

    @property
    def conditions_discriminator(self) -> bool:
        """Whether D takes the class of each picture, where the pictures have classes."""
        return self in (ClassUse.CONDITIONAL, ClassUse.OPTIONAL)


@dataclass(frozen=True)
class Batch:
    """One batch on the training device.

    Attributes:
        images: real pictures, float [B, 3, S, S] in [-1, 1].
        latents: float [B, latent_dim], as drawn by `Recipe.latents`.
        labels: int64 [B], the classes of `images`, or None if the recipe uses none.
        generated_labels: int64 [B], the classes that the generator paints, or None if it is not conditioned on them.
        detach: whether `fakes` detaches pictures from the generator's graph. Unrolled GANs need the graph in D's loss.
    """

    images: Tensor
    latents: Tensor
    labels: Tensor | None = None
    generated_labels: Tensor | None = None
    detach: bool = True
    _generated: dict[int, Tensor] = field(default_factory=dict, repr=False)

    def generated(self, generator: nn.Module) -> Tensor:
        """The pictures that G makes of this batch's latents and labels, float [B, 3, S, S].

        They are computed once. When both networks train on the same batch, as in the DCGAN tutorial, D's loss detaches
        what G's loss then differentiates, which saves a forward pass of G.
        """
        if id(generator) not in self._generated:
            self._generated[id(generator)] = self.painted(generator)
        return self._generated[id(generator)]

    def painted(self, generator: nn.Module) -> Tensor:
        """Call G for `generated`. A recipe whose G takes more than latents and labels has a batch of its own."""
        return generate(generator, self.latents, self.generated_labels)

    def fakes(self, generator: nn.Module) -> Tensor:
        """The same pictures for the discriminator's loss: without the generator's graph if `detach` is set."""
        pictures = self.generated(generator)
        return pictures.detach() if self.detach else pictures

    def rows(self, start: int, count: int) -> "Batch":
        """A batch of `count` of its pictures and latents, from `start` on."""
        rows = slice(start, start + count)
        return dataclasses.replace(
            self,
            images=self.images[rows],
            latents=self.latents[rows],
            labels=None if self.labels is None else self.labels[rows],
            generated_labels=None if self.generated_labels is None else self.generated_labels[rows],
            _generated={},
        )

    def forget_graph(self) -> None:
        """Keep the generated pictures, but not what is needed to differentiate them."""
        for key, pictures in self._generated.items():
            self._generated[key] = pictures.detach()

    def with_generated(self, generator: nn.Module, pictures: Tensor, labels: Tensor | None) -> "Batch":
        """The same real pictures with other generated ones, float [B, 3, S, S], of classes int64 [B]."""
        return dataclasses.replace(self, generated_labels=labels, _generated={id(generator): pictures})


@dataclass(frozen=True)
class Loss:
    """A loss by its named terms; what is minimised is their sum.

    Attributes:
        terms: scalars by name, each with its weight already applied.
        real_logits: D's raw outputs on real pictures [B], where the recipe has them; accuracy is read from them.
        fake_logits: the same on generated pictures.
        class_logits: D's class logits [B, C], where it has them: on real pictures in D's loss, on generated ones in
            G's.
    """

    terms: dict[str, Tensor]
    real_logits: Tensor | None = None
    fake_logits: Tensor | None = None
    class_logits: Tensor | None = None

    @functools.cached_property
    def total(self) -> Tensor:
        """The sum of the terms."""
        return torch.stack(list(self.terms.values())).sum()


class GeneratorRecipe(ABC):
    """How a generator is built and what its latents are: all that a snapshot needs.

    GANs and baselines both derive from it. Whether a generator is conditional is in the snapshot: its card then holds
    class names.

    Attributes:
        paper: where it is from, one line.
        sees_through: feature networks that its discriminator uses, by their names as extractors; scores use another.
    """

    paper: ClassVar[str]
    sees_through: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def build_generator(self, spec: Spec) -> nn.Module:
        """The generator on the CPU, for a snapshot's weights to be loaded into.

        It maps latents, and classes if it is conditional, to pictures in [-1, 1], float [B, 3, S, S]. Classes are
        labels, int64 [B], or weights that mix classes, float [B, C].
        """

    @abstractmethod
    def latents(self, count: int, random: torch.Generator) -> Tensor:
        """`count` latents, float [count, latent_dim] on the CPU."""


class Recipe(GeneratorRecipe):
    """One GAN: its networks, its objective and its defaults. Derive from it, or from a base in `gans.objectives`.

    Attributes:
        sizes: picture sizes in pixels that it supports.
        class_use: what it does with the classes of its pictures, unless its options change that
            (`effective_class_use`).
        has_first_stage: whether it enlarges the pictures of another run, which must be named.
        has_targets: whether D learns probabilities for real and for generated pictures, which label smoothing and
            swapping change; such a recipe takes its terms from `self.targets`.
        defaults: its training options; an `Options` or a subclass with further keys.
        choices: what its paper says, what it does and why, for docs/recipes.md; a recipe of your own needs none.
        ladder: widths that a quality chooses among, ascending; by default half to twice that of `defaults`.
        earlier: what options that were added later stood for before, where that differs from `defaults`.
        ranges: options that a sweep varies besides learning rates and batch size, or in another way, by key.
    """

    sizes: ClassVar[tuple[int, ...]]
    class_use: ClassVar[ClassUse] = ClassUse.NONE
    has_first_stage: ClassVar[bool] = False
    has_targets: ClassVar[bool] = False
    defaults: ClassVar[Options] = Options()
    choices: ClassVar[tuple[Choice, ...]] = ()
    ladder: ClassVar[tuple[int, ...]] = ()
    earlier: ClassVar[Mapping[str, object]] = {}
    ranges: ClassVar[Mapping[str, Varied]] = {}

    def __init__(self, options: Options) -> None:
        self.options = options
        self.targets = Targets(options.real_target, options.fake_target, options.label_swap)
        if not self.has_targets and self.targets != Targets():
            raise ConfigError(
                f"recipe {self.name()} tells its discriminator no probabilities: leave out the options real_target, "
                "fake_target and label_swap"
            )
        if options.ambiguity and self.class_use.is_required:
            reason = (
                "has ambiguity in its own loss; set its weight with ambiguity_weight"
                if self.class_use is ClassUse.CLASSIFIED
                else "cannot paint without being given a class; use a recipe whose generator can, such as atelier"
            )
            raise ConfigError(f"ambiguity: recipe {self.name()} {reason}")

    @property
    def effective_class_use(self) -> ClassUse:
        """What it does with classes under its options: with `ambiguity`, neither network is conditioned on them."""
        if not self.options.ambiguity:
            return self.class_use
        return ClassUse.CLASSIFIED if self.options.has_style_head else ClassUse.NONE

    @property
    def card_options(self) -> dict[str, object]:
        """The options that a snapshot needs and its readers may see; by default all."""
        return self.options.model_dump()

    @abstractmethod
    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """A new generator and discriminator on the CPU, initialised from torch's global random state.

        The generator maps latents [B, latent_dim] (and labels [B], if conditional) to pictures in [-1, 1]
        [B, 3, S, S]. What the discriminator returns is up to the recipe, whose losses alone depend on it; a `Critique`
        allows more. The losses call the networks and none of their other methods, because precision and devices are
        handled where a network is called.
        """

    def build_generator(self, spec: Spec) -> nn.Module:
        """The generator of `build`."""
        return self.build(spec)[0]

    @abstractmethod
    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """What the discriminator minimises, over `batch.images` and `batch.fakes(generator)`."""

    @abstractmethod
    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """What the generator minimises; the discriminator's weights are frozen."""

    def discriminate(self, discriminator: nn.Module, images: Tensor, labels: Tensor | None = None) -> Any:
        """What the discriminator returns about pictures; it gets their classes if it is conditioned on them.

        Args:
            discriminator: D.
            images: float [B, 3, S, S], real or generated.
            labels: int64 [B], their classes, or None.
        """
        if labels is None or not self.effective_class_use.conditions_discriminator:
            return discriminator(images)
        return discriminator(images, labels)

    def judge(self, discriminator: nn.Module, images: Tensor, labels: Tensor | None = None) -> Critique | None:
        """The same for callers other than the losses; None if this discriminator does not return a `Critique`."""
        judgement = self.discriminate(discriminator, images, labels)
        return judgement if isinstance(judgement, Critique) else None

    def scheduled(self, kimg: float) -> dict[str, float]:
        """Options whose best values follow the length of a run, and these values; by default none.

        Args:
            kimg: thousands of real pictures that D will see, about.
        """
        return {}

    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        """Called after each update of the discriminator, for constraints on its weights."""

    def latents(self, count: int, random: torch.Generator) -> Tensor:
        """`count` latents, float [count, latent_dim] on the CPU: N(0, I), or U(-1, 1) where the options say uniform."""
        shape = (count, self.options.latent_dim)
        if self.options.latent == "uniform":
            return torch.rand(shape, generator=random) * 2 - 1
        return torch.randn(shape, generator=random)

    def batch(self, images: Tensor, latents: Tensor, labels: Tensor | None = None) -> Batch:
        """A batch with the labels that this recipe uses; a conditional generator paints the classes of `images`."""
        use = self.effective_class_use
        known = None if use is ClassUse.NONE else labels
        generated = known if use.conditions_generator else None
        return Batch(images, latents, known, generated_labels=generated)

    def head(self, features: int, classes: int = 0, bias: bool = True) -> Head:
        """The last layers of a discriminator over features [B, `features`], with the options' minibatch layer."""
        return Head(features, classes, minibatch_layer(self.options.minibatch, features), bias)

    @classmethod
    def recorded(cls, options: Mapping[str, object]) -> dict[str, object]:
        """The options of a run or snapshot, from those in its file; an earlier version may have had fewer."""
        return {**cls.earlier, **options}

    @classmethod
    def name(cls) -> str:
        """Its name in messages: its file's name, as --recipe takes it."""
        return cls.__module__.rpartition(".")[2].replace("_", "-")

    @classmethod
    def widths(cls) -> tuple[int, ...]:
        """Channel counts that a quality chooses among, ascending."""
        own = cls.defaults.width
        return cls.ladder or (max(1, own // 2), own, own * 3 // 2, own * 2)

    @classmethod
    def space(cls) -> dict[str, Varied]:
        """What a sweep varies unless the user says otherwise: both learning rates, the batch size, and `ranges`."""
        own = cls.defaults
        batches = Values((max(2, own.batch_size // 2), own.batch_size, own.batch_size * 2))
        return {"g_lr": around(own.g_lr), "d_lr": around(own.d_lr), "batch_size": batches, **cls.ranges}

    @classmethod
    def check(cls, spec: Spec) -> None:
        """Refuse data that this recipe cannot learn.

        Raises:
            ConfigError: the size is not supported, or there are no classes and it needs some.
        """
        if spec.size not in cls.sizes:
            sizes = ", ".join(map(str, cls.sizes))
            raise ConfigError(
                f"recipe {cls.name()} works at {sizes} pixels, not {spec.size}: prepare the pictures with --size"
            )
        if cls.class_use.is_required and not spec.classes:
            raise ConfigError(
                f"recipe {cls.name()} needs classes: prepare a folder with a sub-folder for each class, "
                "or name a column of the dataset's index with --label-column"
            )


def generate(generator: nn.Module, latents: Tensor, labels: Tensor | None = None) -> Tensor:
    """Pictures from latents [B, latent_dim] and, for conditional generators, labels [B] or class weights [B, C]."""
    pictures: Tensor = generator(latents) if labels is None else generator(latents, labels)
    return pictures
