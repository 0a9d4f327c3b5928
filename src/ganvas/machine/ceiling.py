"""The highest speed that this processor reaches in practice: that of a large matrix product."""

import time
from collections.abc import Callable

import torch

from ganvas.machine.threads import torch_threads

REPEATS = 5


def matrix_product_flops(
    precision: str, threads: int, side: int = 2048, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Floating-point operations per second of a square matrix product on the CPU, the best of `REPEATS`.

    Args:
        precision: of both matrices, "float32" or "bfloat16".
        threads: the number of threads that torch uses.
        side: rows and columns of the matrices.
        clock: returns the time in seconds.
    """
    # Constant matrices draw no random numbers, and no processor multiplies them faster.
    matrix, times = torch.full((side, side), 0.5, dtype=getattr(torch, precision)), []
    with torch_threads(threads):
        for _ in range(REPEATS):
            started = clock()
            matrix @ matrix
            times.append(clock() - started)
    return float(2 * side**3 / min(times))
