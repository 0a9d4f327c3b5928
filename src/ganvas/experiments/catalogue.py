"""The list of recipes: where each is from, how large its networks are, and what training on a picture costs."""

import functools
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ganvas import gans
from ganvas.gans.recipe import Batch, ClassUse, Recipe, Spec
from ganvas.networks.parameters import trainable_parameters
from ganvas.networks.phased import phases_of
from ganvas.tricks.objective import Objective

# The size at which recipes are described, where they support it: the default of `prepare`.
USUAL_SIZE = 64
# The number of classes with which networks are counted, for recipes that need classes.
CLASSES = 10
YARDSTICK = "dcgan"


@dataclass(frozen=True)
class Entry:
    """One recipe with its default options.

    Attributes:
        name: as in `train --recipe`.
        paper: where it is from.
        class_use: what it does with the classes of its pictures.
        conditional: whether it needs pictures with classes, and you can ask its generator for a class.
        needs_classes: whether it needs pictures with classes; its networks are counted with 10.
        welcomes_classes: whether classes are optional: you can ask for one if the pictures had classes; its networks
            are counted without.
        sizes: picture sizes in pixels that it supports.
        size: the size of the figures below: 64, or else the nearest.
        generator_parameters: trainable weights of G.
        discriminator_parameters: trainable weights of D.
        gflops_per_image: billions of floating-point operations of one training step, per real picture.
        relative_cost: the same as a multiple of `dcgan`'s at this size; None if `dcgan` does not support it.
    """

    name: str
    paper: str
    class_use: ClassUse
    conditional: bool
    needs_classes: bool
    welcomes_classes: bool
    sizes: tuple[int, ...]
    size: int
    generator_parameters: int
    discriminator_parameters: int
    gflops_per_image: float
    relative_cost: float | None


def catalogue() -> list[Entry]:
    """Every recipe of the package, by name. It takes seconds: no weight is drawn and nothing is computed."""
    return [_describe(name) for name in gans.names()]


def _describe(name: str) -> Entry:
    recipe = _with_defaults(name)
    size = min(recipe.sizes, key=lambda size: abs(size - USUAL_SIZE))
    generator, discriminator = _networks(Objective(recipe), _spec(recipe, size))
    operations = operations_per_image(recipe, size)
    use = recipe.class_use
    is_comparable = size in gans.find(YARDSTICK).sizes
    return Entry(
        name=name,
        paper=recipe.paper,
        class_use=use,
        conditional=use.is_required and use.conditions_generator,
        needs_classes=use.is_required,
        welcomes_classes=use is ClassUse.OPTIONAL,
        sizes=recipe.sizes,
        size=size,
        generator_parameters=trainable_parameters(generator),
        discriminator_parameters=trainable_parameters(discriminator),
        gflops_per_image=operations / 1e9,
        relative_cost=operations / _yardstick(size) if is_comparable else None,
    )


@functools.cache
def _yardstick(size: int) -> float:
    return operations_per_image(_with_defaults(YARDSTICK), size)


def operations_per_image(recipe: Recipe, size: int) -> float:
    """Floating-point operations of one training step of a recipe, divided by the real pictures it takes.

    Convolutions and matrix products are counted, forward and backward, by their textbook definitions; a machine may
    have cheaper algorithms. The operations of optimisers and the moving average are left out, since they are few.
    """
    objective, options = Objective(recipe), recipe.options
    generator, discriminator = _networks(objective, _spec(recipe, size))
    phases_of(discriminator).enter_last()
    batches = [objective.batch(_batch(recipe, size)) for _ in range(options.d_steps + options.g_steps - 1)]
    with FlopCounterMode(display=False) as counter:
        for batch in batches[: options.d_steps]:
            torch.autograd.backward(objective.discriminator_loss(generator, discriminator, batch).total)
        discriminator.requires_grad_(False)
        for batch in batches[options.d_steps - 1 :]:
            torch.autograd.backward(objective.generator_loss(generator, discriminator, batch).total)
    operations: int = counter.get_total_flops()
    return operations / (options.d_steps * options.batch_size)


def _with_defaults(name: str) -> Recipe:
    recipe = gans.find(name)
    return recipe(recipe.defaults)


def _spec(recipe: Recipe, size: int) -> Spec:
    return Spec(size, CLASSES if recipe.class_use.is_required else 0)


def _networks(objective: Objective, spec: Spec) -> tuple[nn.Module, nn.Module]:
    """G and D on the "meta" device: shapes without values."""
    with torch.device("meta"):
        generator, discriminator = objective.build(spec)
    # Weights from files have values all the same.
    return generator.to("meta"), discriminator.to("meta")


def _batch(recipe: Recipe, size: int) -> Batch:
    count = recipe.options.batch_size
    images = torch.empty(count, 3, size, size, device="meta")
    labels = torch.empty(count, dtype=torch.int64, device="meta") if recipe.class_use.is_required else None
    return recipe.batch(images, recipe.latents(count, torch.Generator()).to("meta"), labels)
