"""Linear maps with their transposes, which autograd can differentiate any number of times."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

LinearMap = Callable[[Tensor], Tensor]


def linear_map(source: Tensor, function: LinearMap, transpose: LinearMap) -> Tensor:
    """`function(source)`, whose derivative is `transpose`.

    Args:
        source: of any shape.
        function: a linear map of tensors.
        transpose: the transpose of that map, with `function` as its own transpose.
    """
    result: Tensor = _Linear.apply(source, function, transpose)
    return result


class _Linear(torch.autograd.Function):
    """The derivative of a linear map is its transpose."""

    @staticmethod
    def forward(ctx: Any, source: Tensor, function: LinearMap, transpose: LinearMap) -> Tensor:
        ctx.function, ctx.transpose = function, transpose
        return function(source)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return linear_map(gradients[0], ctx.transpose, ctx.function), None, None
