"""How glibc manages the memory of this process. With any other C library, the functions here do nothing.

Each training step allocates and frees the same large tensors. The defaults of glibc are made for other programs.
"""

import ctypes
import platform

# Bytes in a gibibyte.
GIB = 2**30

# Parameters of mallopt (malloc.h).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8


def keep_freed_memory() -> None:
    """Keep the memory of freed tensors in this process.

    By default, glibc returns each large tensor to the system, and takes zeroed pages for the next one. That is a large
    part of the time of any operation that only moves memory.
    """
    if library := _glibc():
        library.mallopt(M_MMAP_THRESHOLD, 1 << 30)
        library.mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)


def share_heap() -> None:
    """Let all future threads share one heap. Call it before any library starts threads.

    With heaps of their own, the threads that extract features could not reuse memory that training freed, and each
    evaluation would leave more memory behind.
    """
    if library := _glibc():
        library.mallopt(M_ARENA_MAX, 1)


def return_freed_memory() -> None:
    """Return the kept memory to the system once, because what comes next has other sizes and would not fit into it."""
    if library := _glibc():
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
