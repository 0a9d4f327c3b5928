"""Run a function in several processes that exchange tensors as those of one run do."""

import multiprocessing
import os
import traceback
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch import distributed as dist

from ganvas.distributed.world import World

Work = Callable[[World], dict[str, Tensor]]


def in_ranks(count: int, folder: Path, work: Work) -> list[dict[str, Tensor]]:
    """What `work` returns in each of `count` processes. They are forked, so `work` may be any function."""
    folder.mkdir(parents=True)
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_rank, args=(rank, count, folder, work)) for rank in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    problems = [file.read_text("utf-8") for file in sorted(folder.glob("*.error"))]
    assert not problems, "\n".join(problems)
    return [load_file(folder / f"{rank}.safetensors") for rank in range(count)]


def _rank(rank: int, count: int, folder: Path, work: Work) -> None:
    try:
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"
        torch.set_num_threads(1)
        store = dist.FileStore(str(folder / "store"), count)  # type: ignore[attr-defined]
        dist.init_process_group("gloo", store=store, rank=rank, world_size=count)
        result = {name: value.detach().clone().contiguous() for name, value in work(World(rank, count)).items()}
        save_file(result, folder / f"{rank}.safetensors")
        dist.barrier()
    except BaseException:
        (folder / f"{rank}.error").write_text(traceback.format_exc())
    finally:
        os._exit(0)  # pytest's own clean-up is for its own process
