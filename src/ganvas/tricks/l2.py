"""An L2 penalty on convolution kernels, which paper 2 found to diversify its paintings."""

import torch
from torch import Tensor, nn

from ganvas.foundation.errors import ConfigError
from ganvas.gans.recipe import Batch, Loss
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick


class L2(Trick):
    """l2 * sum of w^2 over the convolution kernels of a network is added to its loss, as Keras regularises kernels.

    Biases, dense layers and normalisation are left out. Unlike `weight_decay` it is a term of the loss, so Adam divides
    its gradient by the same moments as the rest. With `spectral_norm`, w are the normalised kernels.
    """

    order = 60

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `l2` is above 0."""
        return options.l2 > 0

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Check that there is something to penalise.

        Raises:
            ConfigError: neither network has a convolution.
        """
        if not (_kernels(generator) or _kernels(discriminator)):
            raise ConfigError(f"l2: the networks of recipe {self.recipe.name()} have no convolution kernels")

    def discriminator_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, loss: Loss
    ) -> dict[str, Tensor]:
        """The penalty on D's kernels."""
        return self._terms(discriminator)

    def generator_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, loss: Loss
    ) -> dict[str, Tensor]:
        """The penalty on G's kernels."""
        return self._terms(generator)

    def _terms(self, network: nn.Module) -> dict[str, Tensor]:
        squares = [kernel.square().sum() for kernel in _kernels(network)]
        return {"l2": self.recipe.options.l2 * torch.stack(squares).sum()} if squares else {}


def _kernels(network: nn.Module) -> list[Tensor]:
    return [module.weight for module in network.modules() if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)]
