"""Differentiable augmentation, with which a GAN learns from few pictures.

Zhao, Liu, Lin, Zhu and Han 2020, "Differentiable augmentation for data-efficient GAN training", equations 3 and 4.
"""

from typing import Any

from torch import nn

from ganvas.networks.augment import Augmentation
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick


class DiffAugment(Trick):
    """D sees every picture, real or generated, through random changes T, and G learns through them.

        D minimises  E[f_D(-D(T(x)))] + E[f_D(D(T(G(z))))]     (equation 3)
        G minimises  E[f_G(-D(T(G(z))))]                       (equation 4)

    whatever the recipe's losses f are. Were only real pictures changed, G would learn to paint the changes. T is part
    of D while it trains, so that other tricks, gradient penalties too, see both as one.
    """

    order = 44

    @classmethod
    def is_wanted(cls, options: Options) -> bool:
        """Whether `augment` names any."""
        return bool(options.augment)

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Put T before D in training mode; D's weights and their names stay as they are."""
        options = self.recipe.options
        discriminator.register_forward_pre_hook(_Before(Augmentation(options.augment, options.augment_probability)))


class _Before:
    """Augments the pictures that a network in training mode is called with; a copy of the network has it too."""

    def __init__(self, augmentation: Augmentation) -> None:
        self._augmentation = augmentation

    def __call__(self, network: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        images, *others = inputs
        return (self._augmentation(images), *others) if network.training else inputs


def without_augmentation(discriminator: nn.Module) -> None:
    """Let a copy of D see pictures as they are, in training mode too."""
    hooks = discriminator._forward_pre_hooks
    for key in [key for key, hook in hooks.items() if isinstance(hook, _Before)]:
        del hooks[key]
