"""What the processes of a run average and compare: running statistics and weights; `gradients` has theirs."""

import hashlib
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from ganvas.distributed.world import World
from ganvas.foundation.errors import UnlikeProcesses


@torch.no_grad()
def average_statistics(networks: Iterable[nn.Module], world: World, also: Tensor) -> Tensor:
    """Average the buffers of networks over all processes, such as BatchNorm's running statistics, in one exchange.

    Sums are of doubles, so what is the same on all processes stays as it is to the last bit.

    Args:
        networks: their buffers are replaced by the averages.
        world: the processes.
        also: float64, averaged in the same exchange.

    Returns:
        The average of `also`.
    """
    buffers = [each for network in networks for each in kept_buffers(network) if each.is_floating_point()]
    parts = [*buffers, also]
    flat = world.sum_(torch.cat([part.flatten().double() for part in parts])).div_(world.size)
    *averages, also_averaged = torch.split(flat, [part.numel() for part in parts])
    for buffer, average in zip(buffers, averages, strict=True):
        buffer.copy_(average.view(buffer.shape))
    return also_averaged.view(also.shape)


def kept_buffers(network: nn.Module) -> list[Tensor]:
    """The buffers that are part of a network's state. Those of frozen networks are not."""
    return [
        buffer
        for module in network.modules()
        for name, buffer in module.named_buffers(recurse=False)
        if name not in module._non_persistent_buffers_set
    ]


@torch.no_grad()
def broadcast_weights(networks: Iterable[nn.Module], world: World) -> None:
    """Give all processes the weights and buffers of the first."""
    if world.size == 1:
        return
    for network in networks:
        for tensor in (*network.parameters(), *kept_buffers(network)):
            tensor.copy_(world.broadcast_(tensor.clone(memory_format=torch.contiguous_format)))


def require_alike(tensors: Mapping[str, Tensor], world: World) -> None:
    """Check that all processes hold the same tensors, by a hash of each.

    Raises:
        UnlikeProcesses: they do not. The message names the first tensor that differs, and a process that holds another.
    """
    if world.size == 1:
        return
    hashes = torch.zeros(world.size, len(tensors), dtype=torch.int64)
    hashes[world.rank] = torch.tensor([_hash(tensor) for tensor in tensors.values()])
    world.sum_(hashes)
    differing = (hashes != hashes[0]).nonzero()
    if len(differing):
        rank, place = min(((rank, place) for rank, place in differing.tolist()), key=lambda found: found[::-1])
        raise UnlikeProcesses(
            f"the processes of this run no longer hold the same state: {list(tensors)[place]} of rank {rank} differs "
            "from that of rank 0; nothing was saved since, so resume from the last checkpoint"
        )


def _hash(tensor: Tensor) -> int:
    content = tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "little", signed=True)
