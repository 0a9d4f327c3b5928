"""How large a network is."""

from torch import nn


def trainable_parameters(network: nn.Module) -> int:
    """The number of its trainable weights."""
    return sum(weight.numel() for weight in network.parameters() if weight.requires_grad)
