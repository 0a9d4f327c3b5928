"""Gradients that all processes average before a network descends, with the scalars that are logged.

One exchange after the backward pass does that. On GPUs, parts of it begin while the pass still computes the rest, since
a GPU sends and computes at once. A processor computes less while it sends, so there all of it comes afterwards.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ganvas.distributed.world import World

# Bytes of gradients from which on they are worth an exchange of their own.
BUCKET = 4 << 20


class _Begun(NamedTuple):
    """An exchange that has begun: the gradients of these weights, flattened, and what waits for its end."""

    weights: Sequence[nn.Parameter]
    flat: Tensor
    wait: Callable[[], None]


class Gradients:
    """The gradients of a network.

    The weights are divided into buckets, the last layers first, because theirs are computed first. All processes begin
    the exchanges of buckets in the same order, whatever the order in which gradients are computed.

    Args:
        network: whose gradients are averaged.
        world: the processes.
    """

    def __init__(self, network: nn.Module, world: World) -> None:
        self._network, self._world = network, world
        weights = [weight for weight in network.parameters() if weight.requires_grad]
        self._buckets = list(_buckets(weights)) if world.size > 1 and pays(weights) else []
        self._bucket_of = {weight: number for number, bucket in enumerate(self._buckets) for weight in bucket}
        self._missing: list[set[nn.Parameter]] = []
        self._begun: list[_Begun] = []
        for weight in self._bucket_of:
            weight.register_post_accumulate_grad_hook(self._computed)  # type: ignore[no-untyped-call]  # of torch

    def expect(self) -> None:
        """Let exchanges begin during the next backward pass. It must be the last before `average`."""
        self._missing = [set(bucket) for bucket in self._buckets]

    def average(self, scalars: Tensor) -> Tensor:
        """Replace the gradients by their averages over all processes.

        Args:
            scalars: float32 [N], such as losses.

        Returns:
            The averaged scalars, float32 [N].
        """
        if self._world.size == 1:
            return scalars
        self._missing = []
        begun = {weight for each in self._begun for weight in each.weights}
        rest = [weight for weight in self._network.parameters() if weight.grad is not None and weight not in begun]
        flat = self._world.sum_(torch.cat([*map(_flat, rest), scalars]))
        for each in self._begun:
            each.wait()
            self._take(each.weights, each.flat)
        self._begun = []
        return self._take(rest, flat)

    def _computed(self, weight: nn.Parameter) -> None:
        """Take note of a gradient, and begin the exchanges of the buckets that are complete."""
        if not self._missing:
            return
        self._missing[self._bucket_of[weight]].discard(weight)
        while len(self._begun) < len(self._buckets) and not self._missing[len(self._begun)]:
            bucket = self._buckets[len(self._begun)]
            flat = torch.cat([*map(_flat, bucket)])
            self._begun.append(_Begun(bucket, flat, self._world.begin_sum_(flat)))

    def _take(self, weights: Sequence[nn.Parameter], flat: Tensor) -> Tensor:
        """Give weights their averaged gradients from sums over all processes. Returns the averages that follow them."""
        start = 0
        flat = flat.div_(self._world.size)
        for weight in weights:
            gradient = _gradient(weight)
            gradient.copy_(flat[start : start + gradient.numel()].view(gradient.shape))
            start += gradient.numel()
        return flat[start:]


def pays(weights: Sequence[Tensor]) -> bool:
    """Whether it pays to exchange the gradients of these weights during the backward pass."""
    return any(weight.is_cuda for weight in weights)


def _buckets(weights: Sequence[nn.Parameter]) -> Iterator[list[nn.Parameter]]:
    """The weights in reversed order, in parts of `BUCKET` bytes or more; what is left in the end is in none."""
    bucket: list[nn.Parameter] = []
    for weight in reversed(weights):
        bucket.append(weight)
        if sum(each.numel() * each.element_size() for each in bucket) >= BUCKET:
            yield bucket
            bucket = []


def _gradient(weight: nn.Parameter) -> Tensor:
    assert weight.grad is not None
    return weight.grad


def _flat(weight: nn.Parameter) -> Tensor:
    return _gradient(weight).flatten()
