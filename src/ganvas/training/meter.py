"""Averages of the values that training steps report."""

import time
from collections import defaultdict


class Meter:
    """Averages losses and accuracies between two lines of `stats.jsonl`.

    The throughput counts only the time of the training steps in this interval, without evaluations.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._steps = self._images = 0
        self._seconds = 0.0

    def start(self) -> float:
        """The time at which a step starts, for `add`."""
        return time.perf_counter()

    def add(self, started: float, images: int, values: dict[str, float]) -> None:
        """Count one step.

        Args:
            started: what `start` returned.
            images: number of real pictures of the step.
            values: losses and accuracies by name.
        """
        self._seconds += time.perf_counter() - started
        self._images += images
        self._steps += 1
        for name, value in values.items():
            self._sums[name] += value

    def flush(self) -> dict[str, float]:
        """Return the throughput `img_per_s` and the mean values, and start a new interval. Empty without a step."""
        if not self._steps:
            return {}
        means = {name: total / self._steps for name, total in self._sums.items()}
        record = {"img_per_s": self._images / self._seconds} | means
        self._reset()
        return record
