"""Layers that work on a part of a batch as they would on the whole."""

import torch
from torch import Tensor, nn

from ganvas.distributed.part import Division, current, drawn


class PartialDropout(nn.Dropout):
    """Dropout whose random numbers are those that the whole batch would get."""

    def forward(self, values: Tensor) -> Tensor:
        """float [B, ...] -> float [B, ...]."""
        if not self.training or current() is None or self.p == 0:
            return super().forward(values)
        kept = drawn(len(values), lambda rows: self._kept(values, rows))
        return values * kept.to(values.dtype).div_(1 - self.p)

    def _kept(self, values: Tensor, rows: int) -> Tensor:
        """1 where a value is kept, [rows, ...] in the memory format of `values`, in whose order torch draws too."""
        shape, strides = (rows, *values.shape[1:]), values.stride()
        is_dense = values.numel() == len(values) * strides[0]
        whole = values.new_empty_strided(shape, strides) if is_dense else values.new_empty(shape)
        return whole.bernoulli_(1 - self.p)


class SynchronisedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm over the micro-batches of all processes (Ioffe and Szegedy 2015, algorithm 1).

    `torch.nn.SyncBatchNorm` runs on GPUs alone and has no second derivative, which gradient penalties need. Here the
    means and variances of all processes are gathered by a sum that can be differentiated, and combined:

        mean = E_r[mean_r],    variance = E_r[variance_r + (mean_r - mean)^2]    over processes r
    """

    def forward(self, maps: Tensor) -> Tensor:
        """float [B, C, H, W] -> float [B, C, H, W]."""
        part = current()
        if not self.training or part is None or part.world.size == 1:
            return super().forward(maps)
        values = maps.to(torch.promote_types(maps.dtype, torch.float32))
        own = torch.stack([values.mean((0, 2, 3)), values.var((0, 2, 3), unbiased=False)])
        means, variances = part.world.gathered(own).unbind(1)
        mean = means.mean(0)
        variance = (variances + (means - mean).square()).mean(0)
        self._follow(mean.detach(), variance.detach(), part.world.size * values.numel() // values.shape[1])
        scale = torch.rsqrt(variance + self.eps)
        if self.affine:
            scale = scale * self.weight
        shift = -mean * scale + self.bias if self.affine else -mean * scale
        normalised = torch.addcmul(shift[:, None, None], values, scale[:, None, None])
        return normalised.to(maps.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Move the running statistics towards those of `count` values for each channel."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance * (count / max(count - 1, 1)), share)


def fit_parts(network: nn.Module, division: Division) -> None:
    """Let the layers of a network work on parts of a batch. Weights, their names and hooks stay."""
    if division.is_whole:
        return
    for module in network.modules():
        # Only `forward` differs, so the layers themselves can stay where they are.
        if type(module) is nn.Dropout:
            module.__class__ = PartialDropout
        elif type(module) is nn.BatchNorm2d and division.synchronised:
            module.__class__ = SynchronisedBatchNorm2d
