"""Spectral normalisation (Miyato et al. 2018, equation 8 and algorithm 1) in few passes over the weights.

With a weight as a matrix W, a row for each output, and the singular vectors u and v of its largest singular value s:

    N = W / s,    s = u'Wv,        and for G = dL/dN:    dL/dW = (G - <G, N> uv') / s

torch's `spectral_norm` computes the same in twice the time, and copies weights whose channels are last in memory. The
names and the order of what is in a state dict are torch's.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrize import register_parametrization

# Steps of power iteration for new weights.
FIRST_STEPS = 15
_TINY = 1e-12


def normalise(layer: nn.Module) -> None:
    """Divide the weight of a convolution or dense layer by its spectral norm from now on."""
    assert isinstance(layer.weight, Tensor)
    register_parametrization(layer, "weight", SpectralNorm(layer.weight, isinstance(layer, nn.ConvTranspose2d)))


class SpectralNorm(nn.Module):
    """A weight to the weight divided by its largest singular value.

    A forward pass in training mode takes one step of power iteration, which estimates the singular vectors.

    Args:
        weight: [K, C, ...] for K outputs and C inputs, or [C, K, ...] if `is_transposed`.
        is_transposed: whether the outputs are the second dimension, as in a transposed convolution.
    """

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, is_transposed: bool = False) -> None:
        super().__init__()
        self._outputs = int(is_transposed)
        places = self._places(weight.detach())
        for name, length in (("_u", len(places)), ("_v", places[0].numel())):
            self.register_buffer(name, F.normalize(places.new_empty(length).normal_(), dim=0, eps=_TINY))
        for _ in range(FIRST_STEPS):
            self._iterate(places)

    def forward(self, weight: Tensor) -> Tensor:
        """The normalised weight, of the same shape."""
        places = self._places(weight)
        if self.training:
            self._iterate(places.detach())
        # Copies, because the next forward pass changes the buffers, and backward passes may follow it.
        u, v = self._u.clone(), self._right(places.shape).flatten().clone()
        divided: Tensor = _Divided.apply(places.flatten(1), u, v)
        return divided.view(places.shape).movedim(-1, 1).movedim(0, self._outputs)

    def _places(self, weight: Tensor) -> Tensor:
        """[K, ..., C], which is the order of channels_last weights in memory."""
        return weight.movedim(self._outputs, 0).movedim(1, -1)

    def _right(self, shape: torch.Size) -> Tensor:
        """The right singular vector as [..., C]. The buffer begins with the channels, as torch's does."""
        return self._v.view(shape[-1], *shape[1:-1]).movedim(0, -1)

    @torch.no_grad()
    def _iterate(self, places: Tensor) -> None:
        """One step of power iteration."""
        matrix, right = places.flatten(1), self._right(places.shape)
        self._u.copy_(F.normalize(torch.mv(matrix, right.flatten()), dim=0, eps=_TINY))
        right.copy_(F.normalize(torch.mv(matrix.t(), self._u), dim=0, eps=_TINY).view(right.shape))


class _Divided(torch.autograd.Function):
    """A matrix [K, F] divided by u'Wv, for constant vectors u [K] and v [F]. It can be differentiated repeatedly."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, u: Tensor, v: Tensor) -> Tensor:
        ctx.sigma = torch.dot(u, torch.mv(matrix, v))
        divided = matrix / ctx.sigma
        ctx.save_for_backward(matrix, u, v, divided)
        return divided

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,), (matrix, u, v, divided) = gradients, ctx.saved_tensors
        # A second derivative depends on the matrix through sigma too.
        sigma = torch.dot(u, torch.mv(matrix, v)) if torch.is_grad_enabled() else ctx.sigma
        along = torch.dot(gradient.flatten(), divided.flatten())
        return torch.addmm(gradient, (-along * u)[:, None], v[None]) / sigma, None, None
