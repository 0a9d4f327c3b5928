"""A description of this machine, and of what ganvas chooses on it and why, for `ganvas doctor`."""

import importlib.metadata
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import torch

from ganvas.foundation.cache import cache_directory
from ganvas.foundation.version import VERSION
from ganvas.machine import device
from ganvas.machine.ceiling import SIDE, matrix_product_flops
from ganvas.machine.cores import threads_asked_for, usable_cores
from ganvas.machine.memory import GIB
from ganvas.machine.precision import calibration
from ganvas.settings.config import Settings

# Libraries whose versions affect the results of a run.
LIBRARIES = ("torch", "torchvision", "lightning-fabric", "timm", "numpy", "pillow")


@dataclass(frozen=True)
class Finding:
    """A fact about this machine.

    Attributes:
        topic: one or two words.
        is_well: False if it limits ganvas.
        text: one sentence: the fact, or the choice and its reason.
        figures: the numbers in the text; their names end with the unit.
    """

    topic: str
    is_well: bool
    text: str
    figures: dict[str, object]


def examine() -> list[Finding]:
    """Examine this machine. Takes a few seconds, less once the calibration of the processor is cached."""
    machine = device.choose(Settings())
    return [
        _processor(),
        _memory(),
        _disk(),
        _device(machine),
        _precision(machine),
        _threads(machine),
        *([_ceiling(machine)] if machine.device in SIDE else []),
        _versions(),
        _cache(),
    ]


def _processor() -> Finding:
    cores, logical = psutil.cpu_count(logical=False), psutil.cpu_count()
    text = f"{device.processor_name()}: {cores or '?'} cores, {logical} hardware threads"
    return Finding("processor", True, text, {"cores": cores, "hardware_threads": logical})


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    total, free = memory.total / GIB, memory.available / GIB
    is_well = free >= 2
    text = f"{free:.1f} of {total:.1f} GiB free" + ("" if is_well else "; a run at 64 px takes 1 to 2 GiB")
    return Finding("memory", is_well, text, {"total_gib": round(total, 1), "free_gib": round(free, 1)})


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / GIB
    is_well = free >= 1
    text = f"{free:.1f} GiB free here" + ("" if is_well else "; runs keep checkpoints of 20 to 200 MB each")
    return Finding("disk", is_well, text, {"free_gib": round(free, 1)})


def _device(machine: device.Machine) -> Finding:
    if machine.device == "cuda":
        memory = torch.cuda.get_device_properties(0).total_memory / GIB
        text = f"cuda, {machine.device_name} with {memory:.0f} GiB: TF32, channels_last, autocast, pinned copies"
        return Finding("device", True, text, {"device": "cuda", "memory_gib": round(memory, 1)})
    if machine.device == "mps":
        return Finding("device", True, "mps, Apple's GPU, in float32", {"device": "mps"})
    text = f"cpu: torch {torch.__version__} finds no CUDA device and no Apple GPU here"
    return Finding("device", True, text, {"device": "cpu"})


def _precision(machine: device.Machine) -> Finding:
    if machine.device != "cpu":
        autocast = "" if machine.precision == "float32" else " under autocast"
        return Finding("precision", True, f"{machine.precision}{autocast}", {"precision": machine.precision})
    times = calibration(machine.device_name)
    layout = f"channels innermost takes {times.float32 / times.float32_contiguous:.2f} of the time of torch's layout"
    milliseconds = {f"{name}_ms": value for name, value in asdict(times).items() if name != "spread"}
    figures = {"precision": machine.precision, **milliseconds, "spread": times.spread}
    if not device.multiplies_bfloat16():
        return Finding("precision", True, f"float32: this processor has no bfloat16 products; {layout}", figures)
    ratio = times.float32 / times.bfloat16
    text = f"{machine.precision}: bfloat16 runs at {ratio:.2f} times float32's speed, measured; {layout}"
    return Finding("precision", True, text, figures)


def _threads(machine: device.Machine) -> Finding:
    reason = "one for each core that this process may use; a second thread on a core would slow down the first"
    if threads_asked_for():
        reason = f"what OMP_NUM_THREADS says, on {usable_cores()} cores that this process may use"
    text = f"{machine.threads}: {reason}"
    return Finding("threads", True, text, {"threads": machine.threads, "usable_cores": usable_cores()})


def _ceiling(machine: device.Machine) -> Finding:
    reduced = machine.precision
    if machine.device == "cpu":
        reduced = "bfloat16" if device.multiplies_bfloat16() else "float32"
    speeds = {
        name: matrix_product_flops(name, machine.threads, device=machine.device) / 1e9
        for name in dict.fromkeys(("float32", reduced))
    }
    text = ", ".join(f"{speed:.0f} in {name}" for name, speed in speeds.items())
    figures: dict[str, object] = {f"{name}_gflops": speed for name, speed in speeds.items()}
    return Finding("ceiling", True, f"GFLOP/s of a matrix product: {text}", figures)


def _versions() -> Finding:
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    text = f"ganvas {VERSION}, Python {platform.python_version()} on {sys.platform}; {listed}"
    return Finding("versions", True, text, {"ganvas": VERSION, "python": platform.python_version(), **versions})


def _cache() -> Finding:
    folder = cache_directory()
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else 0
    text = f"{folder}, {size / 2**20:.0f} MiB; it can be deleted at any time (GANVAS_CACHE moves it)"
    return Finding("cache", True, text, {"path": str(folder), "mib": round(size / 2**20, 1)})
