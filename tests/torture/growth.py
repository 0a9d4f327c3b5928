"""Memory that grows: a long run, and many evaluations."""

import time
from random import Random

from ganvas.foundation.files import read_records
from torture import acts
from torture.warm import Started
from torture.workshop import Fault, Trial, Workshop

# Growth that is still taken for none, in MiB, from a quarter of a run to its end.
_MOST = 16.0
_PAGE = 4096 / 2**20
_SHAPES = {
    "10,000 steps": ("10000steps", "eval_every=1000000steps", "log_every=100steps"),
    "200 evaluations": ("200steps", "eval_every=1steps", "log_every=1steps"),
}


def attempt(workshop: Workshop, number: int, random: Random) -> Trial:
    """Train for long, and compare the memory in its second quarter with that at the end."""
    case, (budget, *often) = list(_SHAPES.items())[number % len(_SHAPES)]
    with workshop.folder(acts.act("train")) as folder:
        words = [word if word != "12steps" else budget for word in acts.TRAIN]
        for change in [*often, "sample_every=1000000steps", "checkpoint_every=1h"]:
            words += ["--set", change]
        running = workshop.warm.start(folder, words)
        sizes = _sizes(running)
        ended = running.wait()
        trial = Trial(case, faults=len(read_records(folder / "run" / "stats.jsonl")))
        if ended.code:
            trial.problems.append(f"exit code {ended.code}: {ended.error[-300:]}")
        quarter = len(sizes) // 4
        grown = max(sizes[-quarter:]) - max(sizes[quarter : 2 * quarter]) if quarter else 0.0
        if grown > _MOST:
            trial.problems.append(f"memory grew by {grown:.0f} MiB, to {sizes[-1]:.0f} MiB")
        trial.notes = {"MiB of growth": round(max(grown, 0.0))}
        trial.problems += ended.kept
    return trial


def _sizes(running: Started) -> list[float]:
    """The memory of a process of its own, in MiB, every tenth of a second of its processor time."""
    sizes: list[float] = []
    last = 0.0
    while (seconds := running.seconds) < float("inf"):
        if seconds >= last + 0.1:
            last = seconds
            sizes.append(running.resident * _PAGE)
        time.sleep(0.02)
    return [size for size in sizes if size]


FAULT = Fault("growth", "memory", "10,000 steps, and 200 evaluations, of one run", 2, attempt)
