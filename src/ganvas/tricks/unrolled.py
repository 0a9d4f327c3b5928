"""Unrolled GANs (Metz et al. 2017), which papers 1 and 4 suggest against their collapses."""

import dataclasses
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ganvas.distributed.part import current_world
from ganvas.foundation.errors import ConfigError
from ganvas.gans.recipe import Batch, Recipe
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick


class Unrolled(Trick):
    """G is trained against D as it would be after k further steps, and is differentiated through those steps.

    With the recipe's loss L of D on this batch (the paper's f is -L):

        w_0 = D's weights,    w_(i+1) = w_i - lr grad L(G, w_i)      (equations 7 and 8)
        G minimises its loss against the D of w_k                    (equation 10)

    The w_i depend on G. D itself does not change, nor do its BatchNorm statistics. The steps are plain gradient
    descent, as in the equations. They have a learning rate of their own, since rates of Adam and of gradient descent do
    not compare; docs/recipes.md says how the default was found. Random draws of D's loss (noisy targets, dropout) are
    new in each step. Other tricks' terms are not part of L.
    """

    order = 50

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self._is_checked = False

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `unrolled` is above 0."""
        return options.unrolled > 0

    def opponent(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> nn.Module:
        """D as it would be after `unrolled` steps, differentiable with respect to G.

        Raises:
            ConfigError: the recipe's loss of D detaches G.
        """
        batch = dataclasses.replace(batch, detach=False)
        if not self._is_checked:
            self._check(generator, discriminator, batch)
        ahead = _Ahead(discriminator)
        for _ in range(self.recipe.options.unrolled):
            loss = self.recipe.discriminator_loss(generator, ahead, batch)
            ahead.descend(loss.total, self.recipe.options.unrolled_lr)
        return ahead

    def _check(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> None:
        """Refuse a recipe whose discriminator's loss, with D's weights fixed, depends on no weight at all."""
        fixed = _Ahead(discriminator, is_fixed=True)
        if not self.recipe.discriminator_loss(generator, fixed, batch).total.requires_grad:
            raise ConfigError(
                f"unrolled: the discriminator's loss of recipe {self.recipe.name()} detaches the generator's pictures "
                "itself; it must take them from batch.fakes(generator)"
            )
        self._is_checked = True


class _Ahead(nn.Module):
    """A discriminator with weights and buffers of its own, which begin as copies of the network's."""

    def __init__(self, network: nn.Module, is_fixed: bool = False) -> None:
        super().__init__()
        self.network = network
        self.weights = {
            name: weight.detach().requires_grad_(not is_fixed) for name, weight in network.named_parameters()
        }
        # Forward passes write to buffers in place.
        self.statistics = {name: buffer.clone() for name, buffer in network.named_buffers()}

    def forward(self, *inputs: Tensor) -> object:
        """What the network would return with these weights."""
        return functional_call(self.network, self.weights | self.statistics, inputs)

    def descend(self, loss: Tensor, lr: float) -> None:
        """One step of gradient descent, differentiable."""
        weights = list(self.weights.values())
        slopes = torch.autograd.grad(loss, weights, create_graph=True, materialize_grads=True)
        moved = [weight - lr * slope for weight, slope in zip(weights, _averaged(slopes), strict=True)]
        self.weights = dict(zip(self.weights, moved, strict=True))


def _averaged(slopes: Sequence[Tensor]) -> Sequence[Tensor]:
    """The means of gradients over the processes that share the batch, differentiable, in one exchange."""
    world = current_world()
    if world.size == 1:
        return slopes
    flat = world.mean(torch.cat([slope.flatten() for slope in slopes]))
    parts = torch.split(flat, [slope.numel() for slope in slopes])
    return [part.view(slope.shape) for part, slope in zip(parts, slopes, strict=True)]
