"""Inspect the layers of a network."""

import torch
from torch import nn


def stages(network: nn.Module, *inputs: torch.Tensor) -> list[tuple[int, ...]]:
    """Shapes [C, H, W] after each convolution."""
    shapes: list[tuple[int, ...]] = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(lambda _m, _i, out: shapes.append(tuple(out.shape[1:])))
    network(*inputs)
    return shapes
