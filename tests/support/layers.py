"""Inspect the layers of a network."""

import torch
from torch import nn

Row = tuple[str, tuple[int, ...], int]


def stages(network: nn.Module, *inputs: torch.Tensor) -> list[tuple[int, ...]]:
    """Shapes [C, H, W] after each convolution."""
    shapes: list[tuple[int, ...]] = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(lambda _m, _i, out: shapes.append(tuple(out.shape[1:])))
    network(*inputs)
    return shapes


def keras_summary(network: nn.Module, *given: torch.Tensor) -> list[Row]:
    """Each layer's kind, output shape (height, width, channels) and parameters, as Keras counts them.

    Keras counts BatchNorm's two moving statistics too.
    """
    rows: list[Row] = []

    def record(layer: nn.Module, _: object, out: torch.Tensor) -> None:
        count = sum(tensor.numel() for tensor in layer.state_dict().values() if tensor.is_floating_point())
        shape = tuple(out[0].permute(1, 2, 0).shape if out.dim() == 4 else out[0].shape)
        rows.append((type(layer).__name__, shape, count))

    for layer in network.modules():
        if not list(layer.children()):
            layer.register_forward_hook(record)
    network(*given)
    return rows
