"""What autocast does at present, for layers that it does not know."""

import torch

# Asking about another device, such as "meta", is an error. torch has a function for this, which its compiler of version
# 2.11 cannot trace.
_DEVICES = ("cpu", "cuda", "mps")


def autocast_dtype(device: torch.device) -> torch.dtype | None:
    """The dtype to which autocast reduces products on a device; None if it is off."""
    is_on = device.type in _DEVICES and torch.is_autocast_enabled(device.type)
    return torch.get_autocast_dtype(device.type) if is_on else None
