"""Differentiable augmentation, with which a GAN learns from few pictures.

Zhao, Liu, Lin, Zhu and Han 2020, "Differentiable augmentation for data-efficient GAN training", equations 3 and 4.
"""

from torch import Tensor, nn

from ganvas.networks.augment import Augmentation
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick


class DiffAugment(Trick):
    """D sees every picture, real or generated, through random changes T, and G learns through them.

        D minimises  E[f_D(-D(T(x)))] + E[f_D(D(T(G(z))))]     (equation 3)
        G minimises  E[f_G(-D(T(G(z))))]                       (equation 4)

    for the recipe's losses f. If only real pictures were changed, G would learn to paint the changes. T is part of D
    in training, so other tricks such as gradient penalties act on both together.
    """

    order = 44

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `augment` names any."""
        return bool(options.augment)

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Put T before D in training mode; D's weights and their names stay as they are."""
        options = self.recipe.options
        discriminator.register_forward_pre_hook(_Before(Augmentation(options.augment, options.augment_probability)))


class _Before:
    """A hook that augments the input pictures of a network in training mode; copies of the network keep it."""

    def __init__(self, augmentation: Augmentation) -> None:
        self._augmentation = augmentation

    def __call__(self, network: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        images, *others = inputs
        return (self._augmentation(images), *others) if network.training else inputs


def without_augmentation(discriminator: nn.Module) -> None:
    """Remove the augmentation from a copy of D, so that it sees pictures as they are in training mode too."""
    hooks = discriminator._forward_pre_hooks
    for key in [key for key, hook in hooks.items() if isinstance(hook, _Before)]:
        del hooks[key]
