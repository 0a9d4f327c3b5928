"""Common parts of the benchmarks of training: a dataset and a training process."""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.memory import MIB, peak_bytes
from ganvas.data.dataset.layout import IMAGES, INDEX, INFO, Info
from ganvas.runs.directory import RunDirectory
from ganvas.runs.logs import RunLogs

# The first steps are slower: kernels are chosen and the heap grows.
WARM_UP_STEPS = 2


@dataclass(frozen=True)
class Trained:
    """The figures of a training process.

    Attributes:
        img_per_s: real pictures per second, the median over its steps without the warm-up.
        peak: peak memory in MiB.
        precision: of its networks.
        threads: per operation.
    """

    img_per_s: float
    peak: float
    precision: str
    threads: int


def noise_dataset(path: Path, size: int, count: int = 1024, classes: int = 0) -> Path:
    """A dataset directory of random pictures; speed does not depend on what they show."""
    path.mkdir()
    images = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    np.save(path / IMAGES, images)
    names = [f"class{number}" for number in range(classes)]
    table = pd.DataFrame({"source": [str(number) for number in range(count)]})
    if classes:
        table["class"] = [names[number % classes] for number in range(count)]
    table.to_parquet(path / INDEX)
    column = "class" if classes else None
    info = Info(size=size, count=count, label_column=column, class_names=names, fingerprint="noise")
    (path / INFO).write_text(info.model_dump_json())
    return path


# A process that keeps a core busy.
BUSY = "while True: pass"


@contextlib.contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Keep some processes busy meanwhile."""
    running = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def option_words(options: Mapping[str, object]) -> list[str]:
    """Options by key as arguments of `ganvas train`."""
    return [word for key, value in options.items() for word in ("--set", f"{key}={value}")]


def train(
    data: Path, out: Path, recipe: str, steps: int, options: Sequence[str] = (), devices: int | None = None
) -> Trained:
    """Run `ganvas train` in a process of its own for `steps` steps after the warm-up, without evaluations.

    With `devices`, that process starts as many others, which train together. The peak memory is then that of the first.
    """
    quiet = ["device=cpu", "eval_samples=0", "tensorboard=false", "log_every=1steps", "sample_every=1h"]
    command = [sys.executable, "-m", "ganvas", "train", str(data), "--out", str(out), "--recipe", recipe]
    command += ["--budget", f"{steps + WARM_UP_STEPS}steps"]
    command += [word for option in (*quiet, *options) for word in ("--set", option)]
    command += ["--devices", str(devices)] if devices else []
    peak = peak_of(command)
    run = RunDirectory.open(out)
    img_per_s = statistics.median(line.number("img_per_s") for line in RunLogs.of(run).stats[WARM_UP_STEPS:])
    return Trained(img_per_s, peak, run.record.machine["precision"], run.record.machine["threads"])


def peak_of(command: list[str]) -> float:
    """Run a command and return the peak memory of its process in MiB.

    Raises:
        SystemExit: it failed; its stderr is shown.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{errors.read().decode(errors='replace')}")
    return peak_bytes(usage) / MIB
