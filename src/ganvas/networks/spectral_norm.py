"""Spectral normalisation (Miyato et al. 2018, equation 8 and algorithm 1) in few passes over the weights.

With a weight as a matrix W, a row for each output, and the singular vectors u and v of its largest singular value s:

    N = W / s,    s = u'Wv,        and for G = dL/dN:    dL/dW = (G - <G, N> uv') / s

torch's `spectral_norm` computes the same in twice the time, and copies weights whose channels are last in memory. The
names and the order of what is in a state dict are torch's.
"""

import contextlib
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrize import register_parametrization

from ganvas.networks.autocast import autocast_dtype

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
        outputs, inputs = (1, 0) if is_transposed else (0, 1)
        # The inputs last, which is how channels_last weights lie in memory; and the way back.
        self._order = (outputs, *range(2, weight.ndim), inputs)
        self._back = tuple(map(self._order.index, range(weight.ndim)))
        places = weight.detach().permute(self._order)
        for name, length in (("_u", len(places)), ("_v", places[0].numel())):
            self.register_buffer(name, F.normalize(places.new_empty(length).normal_(), dim=0, eps=_TINY))
        for _ in range(FIRST_STEPS):
            self._iterate(places.flatten(1), self._right(places.shape))

    def forward(self, weight: Tensor) -> Tensor:
        """The normalised weight, of the same shape."""
        places = weight.permute(self._order)
        matrix, right = places.flatten(1), self._right(places.shape)
        with _exact(weight.device):
            if self.training:
                u, v, sigma = self._iterate(matrix, right)
            else:
                u, v = self._u, right.flatten()
                sigma = torch.dot(u, torch.mv(matrix.detach(), v))
        divided: Tensor = _Divided.apply(matrix, u, v, sigma)
        return divided.view(places.shape).permute(self._back)

    def _right(self, shape: torch.Size) -> Tensor:
        """The right singular vector as [..., C]. The buffer begins with the channels, as torch's does."""
        return self._v.view(shape[-1], *shape[1:-1]).movedim(0, -1)

    @torch.no_grad()
    def _iterate(self, matrix: Tensor, right: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Take one step of power iteration. Returns u, v and sigma, which later steps do not change."""
        u, _ = _direction(torch.mv(matrix, right.flatten()))
        v, sigma = _direction(torch.mv(matrix.t(), u))
        self._u.copy_(u)
        right.copy_(v.view(right.shape))
        return u, v, sigma


def _exact(device: torch.device) -> contextlib.AbstractContextManager[None]:
    """Without autocast, which on a GPU, but not on a CPU, reduces the product of a matrix and a vector."""
    if autocast_dtype(device) is not None:
        return torch.autocast(device.type, enabled=False)
    return contextlib.nullcontext()  # nothing to enter in an exported network


def _direction(vector: Tensor) -> tuple[Tensor, Tensor]:
    """A vector divided by its norm, and the norm."""
    norm = torch.linalg.vector_norm(vector).clamp_min_(_TINY)
    return vector.div_(norm), norm


class _Divided(torch.autograd.Function):
    """A matrix W [K, F] divided by sigma = u'Wv, for constant u [K] and v [F]. It can be differentiated repeatedly."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, u: Tensor, v: Tensor, sigma: Tensor) -> Tensor:
        divided = matrix / sigma
        ctx.save_for_backward(matrix, u, v, sigma, divided)
        return divided

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,), (matrix, u, v, sigma, divided) = gradients, ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative depends on the matrix through sigma too
            sigma = torch.dot(u, torch.mv(matrix, v))
        along = torch.dot(gradient.flatten(), divided.flatten())
        return torch.addmm(gradient, (-along * u)[:, None], v[None]) / sigma, None, None, None
