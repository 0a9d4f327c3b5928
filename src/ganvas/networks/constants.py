"""Networks whose weights are fixed but belong to a larger network's state."""

import torch
from torch import nn


@torch.no_grad()
def with_fixed_weights(network: nn.Module) -> nn.Module:
    """Turn the parameters of a network into buffers of the same names, in place, and put it into evaluation mode.

    Optimisers, penalties and counts of trainable weights pass over buffers. State dicts keep them.
    """
    for module in network.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            delattr(module, name)
            module.register_buffer(name, parameter.detach())
    return network.eval()
