"""A process group of one process: NCCL on a GPU, gloo on the processor. It exchanges the gradients of a real step.

    python -m benchmarks.on_gpu.group cuda|cpu

Prints a JSON object. With one process, every exchange must return exactly what went in.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import distributed

from benchmarks.on_gpu.turn import LONGEST, Turn
from ganvas import gans
from ganvas.gans.recipe import Spec
from ganvas.machine.device import choose, launch
from ganvas.planning.costs import noise_batches
from ganvas.settings.config import Settings, resolve
from ganvas.training.step import AdversarialStep

RECIPE, SIZE, BATCH = "dcgan", 16, 16
EXCHANGES = 20


def group(turn: Turn, reserve: float) -> dict[str, object] | None:
    """What a process of its own reports, so that a group that hangs can be ended."""
    seconds = turn.scale.seconds.group
    return turn.attempt(
        "a process group of one process", seconds, lambda: _apart(turn.scale.device, LONGEST * seconds or None), reserve
    )


def _apart(device: str, timeout: float | None) -> dict[str, object]:
    command = [sys.executable, "-m", "benchmarks.on_gpu.group", device]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    report: dict[str, object] = json.loads(done.stdout)
    return report


def exchange(device: str) -> dict[str, object]:
    """Join a group, and exchange the gradients of a step.

    Returns:
        The backend, the number of values, whether they came back as they were, and the median time in milliseconds.
    """
    backend = "nccl" if device == "cuda" else "gloo"
    gradients = _gradients(device)
    with tempfile.TemporaryDirectory() as folder:
        distributed.init_process_group(backend, init_method=(Path(folder) / "meeting").as_uri(), rank=0, world_size=1)
        try:
            exchanged = gradients.clone()
            distributed.all_reduce(exchanged)
            distributed.broadcast(exchanged, 0)
            is_same = torch.equal(exchanged, gradients)
            times = [_timed(exchanged) for _ in range(EXCHANGES)]
        finally:
            distributed.destroy_process_group()
    return {"backend": backend, "values": len(gradients), "is_same": is_same, "ms": statistics.median(times)}


def _gradients(device: str) -> torch.Tensor:
    """The gradients of both networks after a step, in one row."""
    recipe = gans.find(RECIPE)
    options = resolve(RECIPE, recipe.defaults, {"batch_size": BATCH}).options
    machine, spec = choose(Settings(device=device, precision="float32")), Spec(SIZE)
    torch.manual_seed(0)
    step = AdversarialStep(recipe(options), spec, machine, launch(machine))
    step(noise_batches(step.recipe, spec, machine, torch.Generator().manual_seed(0)), images_seen=BATCH)
    parameters = [*step.generator.parameters(), *step.discriminator.parameters()]
    return torch.cat([parameter.grad.flatten() for parameter in parameters if parameter.grad is not None])


def _timed(values: torch.Tensor) -> float:
    """Milliseconds of an exchange."""
    started = time.perf_counter()
    distributed.all_reduce(values)
    if values.is_cuda:
        torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    print(json.dumps(exchange(sys.argv[1])))
