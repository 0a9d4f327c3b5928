"""Joining the other processes of a run, and leaving them."""

import contextlib
import platform
from collections.abc import Iterator
from datetime import timedelta

import torch
from torch import distributed as dist
from torch.distributed.distributed_c10d import PrefixStore, Store

from ganvas.distributed import environment
from ganvas.distributed.environment import Address
from ganvas.distributed.watch import ARRIVAL, Watch
from ganvas.distributed.world import ALONE, World
from ganvas.foundation.errors import GanvasError, LostProcess

# An exchange may wait while the first process plans or evaluates. `Watch` finds those that never answer.
PATIENCE = timedelta(days=7)
_NO_GPU = "none"


@contextlib.contextmanager
def joined() -> Iterator[World]:
    """A context in which this process belongs to the run that its environment names. Without one, it is alone.

    An error in the context ends the run on all processes.

    Raises:
        LostProcess: another process does not answer.
        ConfigError: the environment is incomplete.
    """
    address = environment.find()
    if address is None or address.size == 1:
        yield ALONE
        return
    watch = Watch(_store(address, "watch"), address.rank, address.size)
    watch.start()
    try:
        try:
            exchange = _store(address, "exchange", is_client=True)
            dist.init_process_group(
                _backend(address, exchange),
                store=exchange,
                rank=address.rank,
                world_size=address.size,
                timeout=PATIENCE,
            )
        except RuntimeError as error:
            raise watch.explain(error) from error
        world = World(address.rank, address.size, watch.explain)
        yield world
        world.sum_(torch.zeros(1))  # none leaves before all have finished
    except LostProcess:
        watch.linger()
        raise
    except GanvasError as error:
        if not watch.announce(error):
            raise LostProcess(str(error), is_told=False) from error
        if address.rank == 0:
            raise
        raise GanvasError(f"rank {address.rank} on {platform.node()}: {error}") from error
    except BaseException as error:
        watch.announce(error)
        raise
    watch.stop()
    dist.destroy_process_group()


def _store(address: Address, name: str, is_client: bool = False) -> Store:
    """A connection to the store of the run, and within it the keys that begin with `name`."""
    has_server = address.has_store or address.rank > 0 or is_client
    try:
        store = dist.TCPStore(  # type: ignore[attr-defined]  # torch exports it, but not to type checkers
            address.host,
            address.port,
            address.size,
            is_master=not has_server,
            timeout=timedelta(seconds=ARRIVAL),
            wait_for_workers=False,
        )
    except RuntimeError as error:
        doing = "cannot reach" if has_server else "cannot listen for the other processes at"
        line = str(error).partition("\n")[0]
        raise LostProcess(f"rank {address.rank} {doing} {address.host} port {address.port}: {line}") from error
    return PrefixStore(f"ganvas/{name}", store)


def _backend(address: Address, store: Store) -> str:
    """NCCL for what lies on GPUs, if each process has one of its own; gloo for everything else."""
    if torch.cuda.is_available():
        torch.cuda.set_device(address.local_rank % torch.cuda.device_count())
        uuid = torch.cuda.get_device_properties(torch.cuda.current_device()).uuid
        used = f"{platform.node()} {uuid}"
    else:
        used = _NO_GPU
    # A job scheduler may show each process a single GPU, so their numbers do not tell them apart.
    store.set(f"device/{address.rank}", used)
    devices = store.multi_get([f"device/{rank}" for rank in range(address.size)])
    has_own = _NO_GPU.encode() not in devices and len(set(devices)) == address.size
    return "cpu:gloo,cuda:nccl" if has_own else "gloo"
