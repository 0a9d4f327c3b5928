"""Atelier: ganvas's own recipe, which learns a few hundred paintings on a laptop.

The loss is the hinge loss of Lim and Ye 2017 ("Geometric GAN"). D is bounded by spectral normalisation (Miyato et al.
2018) and sees every picture through differentiable augmentation T (Zhao et al. 2020, equations 3 and 4). z ~ N(0, I),
and c is the class, where the pictures have classes. D looks at pixels. Further heads D_k look at the maps F_k that a
frozen network makes of some of the pictures (Kumari et al. 2022, equation 2); each gives a logit for every place of its
map. The heads join after some training, with a weight v that grows from 0, and are reset at intervals:

    D minimises  E[max(0, 1 - D(T(x), c))] + E[max(0, 1 + D(T(G(z, c)), c))]
                 + sum over k of E[max(0, 1 - D_k(F_k(T(x)), c))] + E[max(0, 1 + D_k(F_k(T(G(z, c))), c))]
    G minimises  -E[D(T(G(z, c)), c)] - v * sum over k of E[D_k(F_k(T(G(z, c))), c)]

Networks are narrow and batches small, because a recipe for a laptop must learn much in a minute. docs/recipe-notes.md
says what was tried, what each choice brings and what it costs.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from ganvas.gans.objectives.hinge import HingeGAN
from ganvas.gans.recipe import ClassUse, Spec
from ganvas.networks import projection, skip_layer, vision_aided
from ganvas.networks.critique import Critique
from ganvas.networks.frozen import NETWORK
from ganvas.settings.options import Options
from ganvas.settings.ranges import Range, Values, Varied

# The heads join after this share of a run, and their weight grows over the same share again. So they have their full
# weight in the last third. Both take no longer than the options say.
SHARE = 1 / 3
# A run of fewer thousand pictures has no schedule: G does not paint different pictures by then, and heads do harm.
SHORTEST = 6.0


class AtelierOptions(Options):
    """Options of `atelier` alone."""

    d_width: int = Field(32, ge=1, le=1024, description="Base channel count of the discriminator.")
    vision: float = Field(
        1.0,
        ge=0,
        le=100,
        description="Weight of the heads over frozen features in G's loss; 0 for no such heads.",
    )
    vision_from: float = Field(
        100.0,
        ge=0,
        le=1e6,
        description="Thousands of real pictures that D sees before the heads over frozen features join. A run of less "
        "than three times as many has a third of its own, unless you set this.",
    )
    vision_over: float = Field(
        100.0,
        ge=0,
        le=1e6,
        description="Thousands of real pictures from then on over which their weight grows from 0; in a shorter run as "
        "for vision_from.",
    )
    vision_renewed: float = Field(
        30.0,
        ge=0,
        le=1e6,
        description="Thousands of real pictures after which the heads are reset, repeatedly; 0 for never.",
    )
    # One picture at a good size teaches more than four at half that size, which cost the same.
    vision_every: int = Field(
        8,
        ge=1,
        le=1024,
        description="The frozen network sees one picture in this many, and at least one in each half of a batch.",
    )
    vision_size: int = Field(
        128,
        ge=32,
        le=512,
        multiple_of=32,
        description="Side in pixels to which smaller pictures are enlarged for the frozen network; a multiple of 32.",
    )


class Atelier(HingeGAN):
    """The default recipe: light networks, a bounded discriminator with heads over frozen features, optional classes."""

    paper = "ganvas's own, after Miyato et al. 2018, Zhao et al. 2020, Liu et al. 2021 and Kumari et al. 2022"
    sizes = (16, 32, 64, 128, 256)
    class_use = ClassUse.OPTIONAL
    sees_through = (NETWORK,)
    defaults = AtelierOptions(
        batch_size=32,
        width=32,
        latent_dim=100,
        beta1=0.0,
        beta2=0.99,
        g_lr=4e-4,
        d_lr=4e-4,
        flip=True,
        spectral_norm=True,
        augment=("colour", "translation"),
    )
    ranges: ClassVar[Mapping[str, Varied]] = {
        "d_width": Values((16, 32, 64)),
        "ema_kimg": Range(2.0, 40.0, log=True),
        "augment_probability": Range(0.4, 1.0),
        "vision": Range(0.25, 4.0, log=True),
    }
    options: AtelierOptions

    def build_generator(self, spec: Spec) -> nn.Module:
        """The G of `networks.skip_layer`."""
        return skip_layer.Generator(spec.size, spec.classes, self.options.latent_dim, self.options.width)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """The G of `networks.skip_layer`, and the D of `networks.projection` with the heads of `vision_aided`."""
        own = self.options
        discriminator: nn.Module = projection.Discriminator(spec.size, spec.classes, own.d_width, self.head)
        if own.vision:
            discriminator = vision_aided.Discriminator(
                discriminator,
                spec.classes,
                wait_kimg=own.vision_from,
                ramp_kimg=own.vision_over,
                renew_kimg=own.vision_renewed,
                every=own.vision_every,
                size=own.vision_size,
            )
        return self.build_generator(spec), discriminator

    def scheduled(self, kimg: float) -> dict[str, float]:
        """When the heads join, and over how many pictures their weight grows."""
        if not self.options.vision or kimg < SHORTEST:
            return {}
        longest = {"vision_from": self.options.vision_from, "vision_over": self.options.vision_over}
        return {key: min(most, float(f"{SHARE * kimg:.3g}")) for key, most in longest.items()}

    def patch_score(self, critique: Critique) -> Tensor:
        """The heads over frozen features, as far as they have joined."""
        seen = torch.stack([logits.mean() for logits in critique.patches]).sum()
        return self.options.vision * critique.patch_weight * seen
