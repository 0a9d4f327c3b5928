"""The second stage of large pictures: it paints the pictures of a first stage again, at the size of the dataset.

A first stage G_1 has learnt to compose small pictures. A brush B learns, from parts of the real pictures at their full
size, how such pictures are painted. For parts x of real pictures, their reductions x' with added faults d, and parts of
the first stage's pictures G_1(z), for which no original exists:

    D minimises the hinge loss over x against B(G_1(z)) and B(d(x'))    (`objectives.hinge`)
    B minimises its counterpart, + pixels E|B(d(x')) - x|

D judges single places, the whole part, and maps of a frozen network (see `networks.patches`, `networks.vision_aided`).
B is that of `networks.brushwork`. The weights of G_1 stay as they are.
"""

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from ganvas import gans
from ganvas.distributed.part import drawn
from ganvas.foundation.pixels import resize_floats
from ganvas.gans.objectives.hinge import HingeGAN
from ganvas.gans.recipe import Batch, ClassUse, GeneratorRecipe, Loss, Spec
from ganvas.networks import patches, vision_aided
from ganvas.networks.brushwork import Brush, Generator, cut
from ganvas.networks.critique import Critique
from ganvas.networks.degradation import degraded
from ganvas.networks.frozen import NETWORK
from ganvas.settings.config import resolve
from ganvas.settings.options import Options, Typed
from ganvas.settings.ranges import Range, Varied

# Side in pixels to which smaller parts are enlarged for the frozen network.
SMALLEST = 32
# The large picture as a multiple of the small one, where no first stage is given.
USUAL_FACTOR = 4


class FirstStage(Typed):
    """What the first stage is, so that a snapshot of the second is complete.

    Attributes:
        recipe: its recipe.
        options: all of its options.
        size: height and width of its pictures in pixels; 0 for a quarter of the large ones.
        class_names: the classes that it paints; empty without, None for those of the dataset.
        digest: of its snapshot, see `runs.snapshot.generator_digest`.
    """

    recipe: str = "atelier"
    options: dict[str, object] = Field(default_factory=dict)
    size: int = 0
    class_names: list[str] | None = None
    digest: str = ""


class BrushworkOptions(Options):
    """Options of `brushwork` alone."""

    first: str = Field("", description="The run or snapshot whose pictures it enlarges; train --enlarge sets it.")
    first_stage: FirstStage = Field(
        FirstStage(), description="The recipe, options, size, classes and digest of that snapshot, which `first` sets."
    )
    crop: int = Field(
        128, ge=64, le=1024, multiple_of=64, description="Side in pixels of the parts of pictures that it learns from."
    )
    pairs: float = Field(
        0.25,
        gt=0,
        lt=1,
        description="Share of each batch that is painted from reduced real pictures, with faults added; at least one.",
    )
    pixels: float = Field(
        10.0, ge=0, le=1000, description="Weight of the mean difference of those from the real pictures in G's loss."
    )
    d_width: int = Field(32, ge=1, le=1024, description="Base channel count of the discriminator.")
    vision: float = Field(
        1.0, ge=0, le=100, description="Weight of the heads over frozen features in G's loss; 0 for no such heads."
    )
    # Heads alone are satisfied by patterns, so D's own map leads at first.
    vision_over: float = Field(
        4.0, ge=0, le=1e6, description="Thousands of real parts over which the weight of the heads grows from 0."
    )
    vision_every: int = Field(2, ge=1, le=1024, description="The frozen network sees one part in this many.")
    vision_renewed: float = Field(
        0.0, ge=0, le=1e6, description="Thousands of real parts after which the heads are reset; 0 for never."
    )


@dataclass(frozen=True)
class Parts(Batch):
    """A batch of parts of pictures.

    Attributes:
        windows: rows and columns of the upper left corners of the parts in the first stage's pictures, int64 [B, 2].
        factor: a large picture as a multiple of a small one.
        pairs: number of pictures, the last of the batch, that are painted from real ones.
    """

    windows: Tensor | None = None
    factor: int = USUAL_FACTOR
    pairs: int = 1

    @functools.cached_property
    def faulty(self) -> Tensor:
        """The last real parts, reduced and with faults, float [pairs, 3, s, s]."""
        real = self.images[len(self.images) - self.pairs :]
        return degraded(resize_floats(real, real.shape[2] // self.factor))

    def rows(self, start: int, count: int) -> Batch:
        """A batch of `count` of its parts, of which the last are painted from real ones, as many as in all of it."""
        assert self.windows is not None
        pairs, windows = _pairs(self.pairs / len(self.images), count), self.windows[start : start + count]
        return dataclasses.replace(super().rows(start, count), windows=windows, pairs=pairs)  # type: ignore[call-arg]  # it is of this class

    def painted(self, generator: nn.Module) -> Tensor:
        """Parts of the first stage's pictures, and then real ones, all as the brush paints them."""
        assert self.windows is not None
        count = len(self.images) - self.pairs
        pictures: Tensor = generator(self.latents[:count], self.generated_labels, self.windows[:count], self.faulty)
        return pictures


class Brushwork(HingeGAN):
    """A second stage that paints the pictures of a trained generator two to eight times as large."""

    paper = "ganvas's own, after Isola et al. 2017, Wang et al. 2021 and Kumari et al. 2022"
    sizes = (32, 64, 128, 256, 512)
    class_use = ClassUse.OPTIONAL
    has_first_stage = True
    sees_through = (NETWORK,)
    ranges: ClassVar[Mapping[str, Varied]] = {
        "pixels": Range(1.0, 100.0, log=True),
        "pairs": Range(0.125, 0.5),
        "vision_over": Range(1.0, 16.0, log=True),
    }
    defaults = BrushworkOptions(
        batch_size=8,
        width=48,
        latent_dim=100,
        beta1=0.0,
        beta2=0.99,
        g_lr=4e-4,
        d_lr=2e-4,
        ema_kimg=2.0,
        flip=True,
        spectral_norm=True,
    )
    options: BrushworkOptions

    @property
    def effective_class_use(self) -> ClassUse:
        """Both networks are conditioned if the first stage is."""
        return ClassUse.NONE if self.options.first_stage.class_names == [] else super().effective_class_use

    @property
    def card_options(self) -> dict[str, object]:
        """All but the place of the first stage, which the snapshot holds."""
        return super().card_options | {"first": ""}

    @functools.cached_property
    def first(self) -> GeneratorRecipe:
        """The recipe of the first stage."""
        stage, own = self.options.first_stage, self.options
        recipe = gans.find(stage.recipe)
        latents = {"latent_dim": own.latent_dim, "latent": own.latent}
        return recipe(resolve(stage.recipe, recipe.defaults, recipe.recorded(latents | stage.options)).options)

    def first_size(self, size: int) -> int:
        """Height and width of the first stage's pictures, for large ones of `size` pixels."""
        return self.options.first_stage.size or size // USUAL_FACTOR

    def build_generator(self, spec: Spec) -> nn.Module:
        """The first stage and the brush."""
        classes = 0 if self.effective_class_use is ClassUse.NONE else spec.classes
        small = self.first_size(spec.size)
        first = self.first.build_generator(Spec(small, classes))
        doublings = (spec.size // small).bit_length() - 1
        latent_dim = self.latents(1, torch.Generator()).shape[1]
        return Generator(first, Brush(doublings, classes, self.options.width), latent_dim)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """The G of `networks.brushwork`, and the D of `networks.patches` with the heads of `vision_aided`."""
        own = self.options
        classes = 0 if self.effective_class_use is ClassUse.NONE else spec.classes
        discriminator: nn.Module = patches.Discriminator(classes, own.d_width, self.head)
        if own.vision:
            discriminator = vision_aided.Discriminator(
                discriminator,
                classes,
                wait_kimg=0,
                ramp_kimg=own.vision_over,
                renew_kimg=own.vision_renewed,
                every=own.vision_every,
                size=SMALLEST,
            )
        return self.build_generator(spec), discriminator

    def latents(self, count: int, random: torch.Generator) -> Tensor:
        """Those of the first stage, so picture k of a seed is its picture k of that seed, enlarged."""
        return self.first.latents(count, random)

    def batch(self, images: Tensor, latents: Tensor, labels: Tensor | None = None) -> Batch:
        """A batch of parts at random places, drawn on the CPU, whose random state every checkpoint holds."""
        batch, size = super().batch(images, latents, labels), images.shape[2]
        side, factor, count = min(self.options.crop, size), size // self.first_size(size), len(images)
        places = drawn(count, lambda rows: torch.randint(size - side + 1, (rows, 2)))
        return Parts(
            cut(images, places, side),
            latents,
            batch.labels,
            generated_labels=batch.generated_labels,
            windows=drawn(count, lambda rows: torch.randint((size - side) // factor + 1, (rows, 2))),
            factor=factor,
            pairs=_pairs(self.options.pairs, count),
        )

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The hinge loss's counterpart, and the distance of repainted real pictures from the originals."""
        loss = super().generator_loss(generator, discriminator, batch)
        if isinstance(batch, Parts) and self.options.pixels:
            painted, real = (each[-batch.pairs :] for each in (batch.generated(generator), batch.images))
            pixels = self.options.pixels * (painted - real).abs().mean()
            loss = dataclasses.replace(loss, terms=loss.terms | {"pixels": pixels})
        return loss

    def patch_score(self, critique: Critique) -> Tensor:
        """The places of D's own map, and the heads over frozen features by their weight."""
        own, *seen = (logits.mean() for logits in critique.patches)
        return own + self.options.vision * critique.patch_weight * torch.stack(seen).sum() if seen else own


def _pairs(share: float, count: int) -> int:
    """How many of `count` pictures are painted from real ones: at least one of each kind, or one of one."""
    return max(1, min(round(share * count), count - 1))
