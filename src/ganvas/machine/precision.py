"""The precision in which this processor trains fastest. It is measured once and kept for a month.

Some processors have bfloat16 instructions and are still slower with them, so it has to be measured. A busy or hot
machine can distort a measurement. A measurement is kept only if its rounds agree.
"""

import contextlib
import hashlib
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from ganvas.foundation.cache import cache_path, note_unwritable
from ganvas.foundation.errors import WriteError
from ganvas.foundation.files import whole_file
from ganvas.machine.threads import torch_threads

# The input of the measured block, which is typical of the middle of a GAN: pictures, channels, height and width.
BATCH, CHANNELS, SIDE = 16, 64, 32
ROUNDS = 5
# bfloat16 must be faster by this factor, because it rounds more coarsely.
CLEARLY = 1.1
# A measurement is steady if its spread is at most the first number. Otherwise it is repeated, up to `ATTEMPTS` in all.
STEADY, ATTEMPTS = 0.1, 3
# Seconds after which a measurement is made again, in case the first one was distorted throughout.
VALID = 30 * 24 * 3600
# Increase it with each change of what is measured, or how.
METHOD = 2


@dataclass(frozen=True)
class Calibration:
    """Times of a forward and a backward pass of a small block, in milliseconds on one core.

    Attributes:
        float32: in float32, channels_last.
        bfloat16: under bfloat16 autocast, channels_last.
        float32_contiguous: in float32 in torch's default memory format.
        spread: the interquartile range, over the rounds, of `float32 / bfloat16`, divided by its median.
    """

    float32: float
    bfloat16: float
    float32_contiguous: float
    spread: float = 0.0

    @classmethod
    def of(cls, rounds: Sequence[Sequence[float]]) -> "Calibration":
        """The medians of several rounds. Each round has the three times in the order of the attributes."""
        ratios = [float32 / bfloat16 for float32, bfloat16, _ in rounds]
        first, middle, third = statistics.quantiles(ratios, n=4, method="inclusive")
        float32, bfloat16, contiguous = map(statistics.median, zip(*rounds, strict=True))
        return cls(float32, bfloat16, contiguous, (third - first) / middle)

    @property
    def is_steady(self) -> bool:
        """Whether the rounds agree."""
        return self.spread <= STEADY

    @property
    def fastest(self) -> str:
        """The precision to train in: "bfloat16" if it is clearly faster in spite of the spread, else "float32"."""
        return "bfloat16" if self.bfloat16 * CLEARLY * (1 + self.spread) < self.float32 else "float32"


def calibration(processor: str) -> Calibration:
    """The measurement of this processor, from the cache or made now.

    A measurement that is not steady is returned but not kept, so that the next process measures again.

    Args:
        processor: its name, a part of the cache key. A cache may be moved to another machine.
    """
    key = json.dumps([processor, torch.__version__, METHOD])
    file = cache_path(f"calibration/{hashlib.sha256(key.encode()).hexdigest()[:16]}.json")
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        content = dict(json.loads(file.read_text(encoding="utf-8")))
        checksum = content.pop("sha256", None)  # earlier versions wrote none
        if checksum not in (None, _checksum(content)):
            raise ValueError
        if 0 <= time.time() - content.pop("measured_at") < VALID:
            return Calibration(**{name: float(value) for name, value in content.items()})
    measured = measure()
    if measured.is_steady:
        try:
            with whole_file(file) as partial:
                content = asdict(measured) | {"measured_at": time.time()}
                partial.write_text(json.dumps(content | {"sha256": _checksum(content)}), encoding="utf-8")
        except WriteError as error:
            note_unwritable(file.parent, error)
    return measured


def _checksum(content: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def measure() -> Calibration:
    """Measure now. Takes about two seconds, or three times as long if the rounds disagree.

    Times are the CPU time of one thread, which leaves out waiting for a busy processor. The three variants take turns,
    so a slow moment affects all of them.
    """
    with torch_threads(1), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        steps = (_Step(torch.float32), _Step(torch.bfloat16), _Step(torch.float32, torch.contiguous_format))
        return steadiest(lambda: [max(1000 * step(), 1e-3) for step in steps])


def steadiest(measure_round: Callable[[], Sequence[float]]) -> Calibration:
    """The first steady measurement of `ATTEMPTS`, or else the one with the smallest spread.

    Args:
        measure_round: returns the three times of a round in milliseconds. The first round is a warm-up and not used.
    """
    measure_round()
    attempts: list[Calibration] = []
    while len(attempts) < ATTEMPTS:
        attempts.append(Calibration.of([measure_round() for _ in range(ROUNDS)]))
        if attempts[-1].is_steady:
            break
    return min(attempts, key=lambda each: each.spread)


class _Step:
    """The block in a precision and a memory format. A call runs it forwards and backwards, and returns the seconds."""

    def __init__(self, precision: torch.dtype, layout: torch.memory_format = torch.channels_last) -> None:
        self._precision = precision
        block = nn.Sequential(
            nn.Conv2d(CHANNELS, 2 * CHANNELS, 4, 2, 1, bias=False),
            nn.BatchNorm2d(2 * CHANNELS),
            nn.LeakyReLU(0.2, inplace=True),
            nn.ConvTranspose2d(2 * CHANNELS, CHANNELS, 4, 2, 1, bias=False),
        )
        self._block: nn.Module = block.to(memory_format=layout)
        self._maps: Tensor = torch.randn(BATCH, CHANNELS, SIDE, SIDE).contiguous(memory_format=layout)

    def __call__(self) -> float:
        started = time.thread_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=self._precision is torch.bfloat16):
            loss = self._block(self._maps).float().square().mean()
        loss.backward()
        return time.thread_time() - started
