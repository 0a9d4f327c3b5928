"""The speed of training steps when torch compiles both networks, alone and with CUDA graphs.

    python -m benchmarks.on_gpu.compiled cuda|cpu SECONDS

Prints a line of JSON for each recipe and way, with the img/s over SECONDS seconds and the time of the first steps, in
which torch compiles. ganvas itself compiles nothing: this says what that would bring, and what it would cost. On the
processor, where a test runs it, networks are tiny, and torch only traces them.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from benchmarks.on_gpu.speed import WARM_UP_STEPS, Steps, machine_of, recipe_of
from benchmarks.on_gpu.turn import TINY, WHOLE, Scale, Turn
from benchmarks.on_gpu.wheels import ROOT
from ganvas.machine.device import Machine
from ganvas.networks.vision_aided import Discriminator as VisionAided

# Arguments of `torch.compile` by what a reader calls them; None is without it.
WAYS: Mapping[str, Mapping[str, Mapping[str, Any] | None]] = {
    "cuda": {"as it is": None, "compiled, with CUDA graphs": {"mode": "reduce-overhead"}, "compiled": {}},
    "cpu": {"as it is": None, "traced": {"backend": "aot_eager"}},
}


def compiled(turn: Turn, reserve: float) -> list[dict[str, object]] | None:
    """What a process of its own reports until its time is up, because compiling may take any time or crash.

    Args:
        turn: on the machine.
        reserve: seconds that must be left.
    """
    return turn.attempt("compiled networks", turn.scale.seconds.compiled, lambda: _apart(turn), reserve)


def _apart(turn: Turn) -> list[dict[str, object]]:
    """Its records. If it did not come to its end, the turn notes that."""
    scale = turn.scale
    command = [sys.executable, "-m", "benchmarks.on_gpu.compiled", scale.device, str(scale.timed)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=turn.left if scale.seconds.compiled else None)
    except subprocess.TimeoutExpired as error:
        turn.left_out.append("the rest of the compiled networks")
        return _records(error.stdout or b"")
    if done.returncode:
        turn.failed.append(f"compiled networks: the process ended with {done.returncode}")
    return _records(done.stdout)


def _records(output: bytes) -> list[dict[str, object]]:
    """The lines that are whole."""
    return [json.loads(line) for line in output.splitlines(keepends=True) if line.endswith(b"\n")]


def measured(scale: Scale, seconds: float) -> Iterator[dict[str, object]]:
    """A record for each recipe and way, at the smallest of its sizes. A way that fails has an error instead."""
    machine = machine_of(scale)
    for name, sizes in reversed([*scale.sizes.items()]):  # the default recipe first, if time is short
        for way, options in WAYS[scale.device].items():
            record: dict[str, object] = {"recipe": name, "size": sizes[0], "way": way}
            try:
                yield record | _measure(name, sizes[0], machine, scale, options, seconds)
            except Exception as error:  # torch's compiler raises many kinds
                words = " ".join(str(error).replace(f"{ROOT}/", "").split())
                yield record | {"error": f"{type(error).__name__}: {words[:300]}"}
            torch.compiler.reset()


def _measure(
    name: str, size: int, machine: Machine, scale: Scale, options: Mapping[str, Any] | None, seconds: float
) -> dict[str, object]:
    steps = Steps(recipe_of(name, scale), size, machine)
    if options is not None:
        for part in [steps.step.generator, *_parts(steps.step.discriminator)]:
            part.compile(**options)
    started = time.perf_counter()
    steps.take(WARM_UP_STEPS)
    return {"first_s": time.perf_counter() - started, "img_per_s": steps.img_per_s(seconds)}


def _parts(discriminator: nn.Module) -> list[nn.Module]:
    """What is compiled by itself: torch 2.11 cannot trace what a second opinion does between its networks."""
    seconds = [module for module in discriminator.modules() if isinstance(module, VisionAided)]
    return [part for each in seconds for part in (each.pixels.get_submodule("body"), each.features)] or [discriminator]


if __name__ == "__main__":
    for each in measured(WHOLE if sys.argv[1] == "cuda" else TINY, float(sys.argv[2])):
        print(json.dumps(each), flush=True)
