"""What the processes of a run average and compare: gradients, scalars, running statistics and weights."""

import hashlib
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from ganvas.distributed.world import World
from ganvas.foundation.errors import UnlikeProcesses


def average_gradients(network: nn.Module, scalars: Tensor, world: World) -> Tensor:
    """Average the gradients of a network over all processes, and scalars with them, in one exchange.

    Args:
        network: its gradients are replaced by the averages.
        scalars: float32 [N], such as losses.
        world: the processes.

    Returns:
        The averaged scalars, float32 [N].
    """
    if world.size == 1:
        return scalars
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
    flat = world.sum_(torch.cat([*(gradient.flatten() for gradient in gradients), scalars])).div_(world.size)
    *averages, scalars = torch.split(flat, [*(gradient.numel() for gradient in gradients), len(scalars)])
    for gradient, average in zip(gradients, averages, strict=True):
        gradient.copy_(average.view(gradient.shape))
    return scalars


@torch.no_grad()
def average_statistics(networks: Iterable[nn.Module], world: World) -> None:
    """Average the buffers of networks over all processes, such as BatchNorm's running statistics.

    Sums are of doubles, so what is the same on all processes stays as it is to the last bit.
    """
    buffers = [each for network in networks for each in kept_buffers(network) if each.is_floating_point()]
    if world.size == 1 or not buffers:
        return
    flat = world.sum_(torch.cat([buffer.flatten().double() for buffer in buffers])).div_(world.size)
    for buffer, average in zip(buffers, torch.split(flat, [buffer.numel() for buffer in buffers]), strict=True):
        buffer.copy_(average.view(buffer.shape))


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
