"""What this processor does fastest, found by a short measurement that is made once and kept.

A processor may be able to multiply bfloat16 numbers and still be slower with them; only trying tells.
"""

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from ganvas.foundation.cache import cache_path, note_unwritable
from ganvas.foundation.errors import WriteError
from ganvas.foundation.files import whole_file

# A block of a GAN in the middle of its pyramid: pictures, channels, and the side of the map.
BATCH, CHANNELS, SIDE = 16, 64, 32
ROUNDS = 3
# Whatever is not clearly faster is not worth other digits.
CLEARLY = 1.1


@dataclass(frozen=True)
class Calibration:
    """Milliseconds of one core that the block takes, forwards and backwards, with channels innermost.

    Attributes:
        float32: in float32.
        bfloat16: under bfloat16 autocast.
        float32_contiguous: in float32 with channels outermost, torch's usual layout.
    """

    float32: float
    bfloat16: float
    float32_contiguous: float

    @property
    def fastest(self) -> str:
        """The precision to train in: "bfloat16" if it is clearly faster, else "float32"."""
        return "bfloat16" if self.bfloat16 * CLEARLY < self.float32 else "float32"


def calibration(processor: str) -> Calibration:
    """The measurement on this processor: the one kept from before, or one made now.

    Args:
        processor: what it calls itself; a cache that moves to another machine is not believed.
    """
    key = json.dumps([processor, torch.__version__])
    file = cache_path(f"calibration/{hashlib.sha256(key.encode()).hexdigest()[:16]}.json")
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Calibration(**json.loads(file.read_text(encoding="utf-8")))
    measured = measure()
    try:
        with whole_file(file) as partial:
            partial.write_text(json.dumps(asdict(measured)), encoding="utf-8")
    except WriteError as error:
        note_unwritable(file.parent, error)
    return measured


def measure() -> Calibration:
    """Measure now; takes about a second.

    One thread's own time is what counts, so that a busy machine, or a busy moment of it, decides nothing.
    """
    with _threads(1), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        float32, bfloat16 = _Step(torch.float32), _Step(torch.bfloat16)
        contiguous = _Step(torch.float32, torch.contiguous_format)
        rounds = [[1000 * step() for step in (float32, bfloat16, contiguous)] for _ in range(ROUNDS + 1)]
    return Calibration(*(min(times) for times in zip(*rounds[1:], strict=True)))


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
