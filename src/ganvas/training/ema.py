"""The exponential moving average of the generator's weights (Karras et al. 2018, "Progressive growing", section 4)."""

import copy

import torch
from torch import Tensor, nn

# The half-life is at most this share of what was seen so far, so that early averages forget the untrained start
# (Karras et al. 2020, "Training generative adversarial networks with limited data", their ema_rampup).
RAMP_UP = 0.05


class MovingAverage:
    """A copy of a network with averaged weights and BatchNorm statistics.

    Args:
        network: the network to follow.
        half_life_kimg: thousands of images after which a past weight counts half; 0 copies the network exactly.

    Attributes:
        module: the averaged network, in evaluation mode.
    """

    def __init__(self, network: nn.Module, half_life_kimg: float) -> None:
        self._half_life = half_life_kimg * 1000
        self.module = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: nn.Module, batch_size: int, images_seen: int) -> None:
        """Update the average after a training step.

        Args:
            network: the network to follow.
            batch_size: number of real pictures of the step.
            images_seen: number of real pictures of the run so far.
        """
        half_life = min(self._half_life, images_seen * RAMP_UP)
        share = 1 - 0.5 ** (batch_size / half_life) if half_life else 1.0
        averaged, current = _tensors(self.module), _tensors(network)
        floats = [(a, c) for a, c in zip(averaged, current, strict=True) if a.is_floating_point()]
        torch._foreach_lerp_([a for a, _ in floats], [c for _, c in floats], share)
        for a, c in zip(averaged, current, strict=True):
            if not a.is_floating_point():  # BatchNorm's count of batches
                a.copy_(c)


def _tensors(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]
