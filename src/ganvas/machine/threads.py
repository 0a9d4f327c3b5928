"""Linear algebra on one thread, which on a busy machine is the fast way."""

import contextlib
from collections.abc import Iterator

from threadpoolctl import threadpool_limits


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let NumPy's and SciPy's factorisations use one thread, as a context or a decorator; torch keeps its own.

    The threads of OpenBLAS wait for each other in busy loops. On two cores shared with one other process, the
    eigenvalues of a matrix of 1,280 rows took 13 s with two threads and 1.3 s with one; alone, 0.9 s and 1.3 s.
    """
    with threadpool_limits(1, user_api="blas"):
        yield
