"""The list of recipes: the paper of each, the size of its networks, and the cost of training."""

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

# Picture size at which recipes are described, if they support it. It is the default of `prepare`.
USUAL_SIZE = 64
# Number of classes for counting parameters of recipes that need classes.
CLASSES = 10
# The recipe that others are compared with.
YARDSTICK = "dcgan"


@dataclass(frozen=True)
class Entry:
    """One recipe with its default options.

    Attributes:
        name: the name for `train --recipe`.
        paper: the paper that describes it.
        class_use: what it does with the classes of its pictures.
        conditional: whether it needs classes and its generator takes a class.
        needs_classes: whether it needs classes. Its parameters are counted with 10 classes.
        welcomes_classes: whether classes are optional. Its parameters are counted without classes.
        sizes: supported picture sizes in pixels.
        size: the picture size of the figures below: 64, or else the nearest supported size.
        generator_parameters: number of trainable weights of G.
        discriminator_parameters: number of trainable weights of D.
        gflops_per_image: billions of floating-point operations of one training step, per real picture.
        relative_cost: `gflops_per_image` as a multiple of that of `dcgan`; None if `dcgan` does not support this size.
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
    """Describe every recipe of the package, in the order of their names.

    This takes seconds, because the networks are built without values.
    """
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
    """Floating-point operations of one training step of a recipe, per real picture.

    Convolutions and matrix products are counted, forward and backward, by their textbook definitions. A machine may
    have cheaper algorithms. The few operations of the optimisers and of the moving average are not counted.
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
    """G and D on the "meta" device, which stores shapes without values."""
    with torch.device("meta"):
        generator, discriminator = objective.build(spec)
    # Weights that were read from files have values, which this drops.
    return generator.to("meta"), discriminator.to("meta")


def _batch(recipe: Recipe, size: int) -> Batch:
    count = recipe.options.batch_size
    images = torch.empty(count, 3, size, size, device="meta")
    labels = torch.empty(count, dtype=torch.int64, device="meta") if recipe.class_use.is_required else None
    return recipe.batch(images, recipe.latents(count, torch.Generator()).to("meta"), labels)
