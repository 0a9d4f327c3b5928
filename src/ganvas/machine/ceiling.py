"""The highest speed that this processor or GPU reaches in practice: that of a large matrix product."""

import time
from collections.abc import Callable

import torch

from ganvas.machine.threads import torch_threads

# Rows and columns of the matrices, and how often they are multiplied, by device. A GPU's clock needs some time to rise.
SIDE, REPEATS = {"cpu": 2048, "cuda": 8192}, {"cpu": 5, "cuda": 30}


def matrix_product_flops(
    precision: str,
    threads: int,
    side: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
    device: str = "cpu",
) -> float:
    """Floating-point operations per second of a square matrix product, the best of `REPEATS`.

    Args:
        precision: of both matrices: "float32", "bfloat16" or, on a GPU, "float16". On a GPU, "float32" means TF32 where
            it has that, as in training.
        threads: the number of threads that torch uses on the CPU.
        side: rows and columns of the matrices; by default `SIDE`.
        clock: returns the time in seconds.
        device: "cpu" or "cuda".
    """
    side, times = side or SIDE[device], []
    # A GPU is faster on constant matrices, because fewer bits change.
    random = torch.Generator(device).manual_seed(0)
    matrix = torch.randn(side, side, generator=random, device=device).to(getattr(torch, precision))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        with torch_threads(threads):
            for _ in range(REPEATS[device]):
                started = clock()
                matrix @ matrix
                if device == "cuda":
                    torch.cuda.synchronize()
                times.append(clock() - started)
    finally:
        torch.set_float32_matmul_precision(before)
    return float(2 * side**3 / min(times))
