"""The same random numbers on every device, so that a GPU can be compared with the processor."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

_MAKE = {torch.rand, torch.randn, torch.randint}
_FILL = {Tensor.uniform_, Tensor.normal_, Tensor.bernoulli_}


class SameDraws(TorchFunctionMode):
    """A context in which numbers are drawn from the processor's generator and then moved to their device.

    It knows the ways in which networks and losses draw: `rand`, `randn`, `randint`, filling in place, and dropout.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call a function of torch, or draw in its place."""
        given: Mapping[str, Any] = kwargs or {}
        if func in _MAKE and given.get("device") is not None:
            return func(*args, **{**given, "device": "cpu"}).to(given["device"])
        if func in _FILL:
            filled = args[0]
            drawn = func(torch.empty(filled.shape, dtype=filled.dtype), *args[1:], **given)
            return filled.copy_(drawn)
        if func is F.dropout:
            return _dropped(*args, **given)
        return func(*args, **given)


def _dropped(values: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """As `F.dropout`, but never in place."""
    if not training or p == 0:
        return values
    kept = torch.rand(values.shape) >= p
    return values * kept.to(values.device, values.dtype) / (1 - p)
