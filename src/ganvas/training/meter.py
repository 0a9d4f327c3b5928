"""Averages of what each step reports, over one logging interval."""

import time
from collections import defaultdict


class Meter:
    """Collects losses and accuracies between two lines of `stats.jsonl`.

    Throughput counts the time spent in training steps of this interval only: neither the run's past nor
    evaluations dilute it.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._steps = self._images = 0
        self._seconds = 0.0

    def start(self) -> float:
        """The moment a step begins, to be handed to `add`."""
        return time.perf_counter()

    def add(self, started: float, images: int, values: dict[str, float]) -> None:
        """Count one step: when it started, the real pictures it used, and its values."""
        self._seconds += time.perf_counter() - started
        self._images += images
        self._steps += 1
        for name, value in values.items():
            self._sums[name] += value

    def flush(self) -> dict[str, float]:
        """The interval's img_per_s and mean values; a new interval begins. Empty if no step was counted."""
        if not self._steps:
            return {}
        means = {name: total / self._steps for name, total in self._sums.items()}
        record = {"img_per_s": self._images / self._seconds} | means
        self._reset()
        return record
