"""What this processor does fastest, found by a short measurement that is kept for a month.

A processor may be able to multiply bfloat16 numbers and still be slower with them; only trying tells. A busy or hot
machine can mislead a measurement, so one is kept only if its rounds agree with each other.
"""

import contextlib
import hashlib
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from ganvas.foundation.cache import cache_path, note_unwritable
from ganvas.foundation.errors import WriteError
from ganvas.foundation.files import whole_file

# A block of a GAN in the middle of its pyramid: pictures, channels, and the side of the map.
BATCH, CHANNELS, SIDE = 16, 64, 32
ROUNDS = 5
# Whatever is not clearly faster is not worth other digits.
CLEARLY = 1.1
# Rounds that differ by more than this share are not trusted; then they are measured again, this often at most.
STEADY, ATTEMPTS = 0.1, 3
# A kept measurement counts for this long, in seconds: what disturbed it may have done so all the while.
VALID = 30 * 24 * 3600
# To be raised whenever what is measured, or how, changes.
METHOD = 2


@dataclass(frozen=True)
class Calibration:
    """Milliseconds of one core that the block takes, forwards and backwards, with channels innermost.

    Attributes:
        float32: in float32.
        bfloat16: under bfloat16 autocast.
        float32_contiguous: in float32 with channels outermost, torch's usual layout.
        spread: how far the ratio of the first two differed between rounds: the interquartile range over the median.
    """

    float32: float
    bfloat16: float
    float32_contiguous: float
    spread: float = 0.0

    @classmethod
    def of(cls, rounds: Sequence[Sequence[float]]) -> "Calibration":
        """The medians of some rounds, each of which measured the three one after the other, in milliseconds."""
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
        """The precision to train in: "bfloat16" if it is clearly faster whatever the spread, else "float32"."""
        return "bfloat16" if self.bfloat16 * CLEARLY * (1 + self.spread) < self.float32 else "float32"


def calibration(processor: str) -> Calibration:
    """The measurement on this processor: the one kept from before, or one made now.

    One whose rounds disagree is used but not kept, so that the next process measures again.

    Args:
        processor: what it calls itself; a cache that moves to another machine is not believed.
    """
    key = json.dumps([processor, torch.__version__, METHOD])
    file = cache_path(f"calibration/{hashlib.sha256(key.encode()).hexdigest()[:16]}.json")
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        content = dict(json.loads(file.read_text(encoding="utf-8")))
        if 0 <= time.time() - content.pop("measured_at") < VALID:
            return Calibration(**{name: float(value) for name, value in content.items()})
    measured = measure()
    if measured.is_steady:
        try:
            with whole_file(file) as partial:
                partial.write_text(json.dumps(asdict(measured) | {"measured_at": time.time()}), encoding="utf-8")
        except WriteError as error:
            note_unwritable(file.parent, error)
    return measured


def measure() -> Calibration:
    """Measure now; takes about two seconds, or three times that while the machine is not steady.

    One thread's own time is what counts, so that waiting for a busy processor does not. The three take turns, so that a
    slow moment meets all of them.
    """
    with _threads(1), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        steps = (_Step(torch.float32), _Step(torch.bfloat16), _Step(torch.float32, torch.contiguous_format))
        return steadiest(lambda: [max(1000 * step(), 1e-3) for step in steps])


def steadiest(measure_round: Callable[[], Sequence[float]]) -> Calibration:
    """The first measurement whose rounds agree, or the one whose rounds agree best.

    Args:
        measure_round: times in float32, in bfloat16 and in the other layout, in milliseconds; the first time warms up.
    """
    measure_round()
    attempts: list[Calibration] = []
    while len(attempts) < ATTEMPTS:
        attempts.append(Calibration.of([measure_round() for _ in range(ROUNDS)]))
        if attempts[-1].is_steady:
            break
    return min(attempts, key=lambda each: each.spread)


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """Within, an operation has so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Step:
    """The block in one arithmetic and layout; calling it runs it forwards and backwards and returns the seconds."""

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


def matrix_product_gflops(precision: torch.dtype, threads: int, side: int = 2048) -> float:
    """Billions of operations a second of a square matrix product: the practical ceiling. The best of several."""
    # Constant matrices draw no random numbers, and no processor is faster for them.
    left, times = torch.full((side, side), 0.5, dtype=precision), []
    with _threads(threads):
        for _ in range(ROUNDS):
            started = time.perf_counter()
            left @ left
            times.append(time.perf_counter() - started)
    return 2 * side**3 / min(times) / 1e9
