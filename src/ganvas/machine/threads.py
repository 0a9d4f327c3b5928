"""Limits on the number of threads, for the length of a block."""

import contextlib
from collections.abc import Iterator

import torch
from threadpoolctl import threadpool_limits


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit the factorisations of NumPy and SciPy to one thread, as a context or a decorator. torch is not affected.

    The threads of OpenBLAS wait for each other in busy loops. On two cores shared with one other process, the
    eigenvalues of a matrix of 1,280 rows took 13 s with two threads and 1.3 s with one. On idle cores they took 0.9 s
    and 1.3 s.
    """
    with threadpool_limits(1, user_api="blas"):
        yield


@contextlib.contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let each operation of torch use `count` threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
