"""A GPU's autocast on the processor, which by itself leaves some operations in float32 that a GPU reduces."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

# Of torch's list of operations that CUDA autocasts to a lower precision, those that the CPU's list lacks.
REDUCED = {getattr(where, name) for where in (torch, Tensor) for name in ("mv", "addmv", "addr", "prelu")} | {
    torch.chain_matmul
}


class GpuAutocast(TorchFunctionMode):
    """Reduces the arguments of `REDUCED` while the CPU's autocast is on."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func in REDUCED and torch.is_autocast_enabled("cpu"):
            args = [each.to(torch.get_autocast_dtype("cpu")) if isinstance(each, Tensor) else each for each in args]
        return func(*args, **(kwargs or {}))
