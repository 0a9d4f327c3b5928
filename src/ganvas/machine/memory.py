"""How this process keeps its memory, where the C library is glibc; elsewhere nothing here does anything.

Training takes and gives back the same large tensors at every step, and glibc is made for other programs.
"""

import ctypes
import platform

# Parameters of mallopt (malloc.h).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8


def keep_freed_memory() -> None:
    """Let this process keep the memory that tensors give back.

    It would otherwise return every large tensor to the system and take it again a moment later, page by zeroed page:
    a good part of the time of any operation that only moves memory.
    """
    if library := _glibc():
        library.mallopt(M_MMAP_THRESHOLD, 1 << 30)
        library.mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)


def share_heap() -> None:
    """Let all threads that are yet to come share one heap; best before any library starts threads of its own.

    In heaps of their own, those that describe pictures could not use what training gave back, and left more behind at
    every evaluation.
    """
    if library := _glibc():
        library.mallopt(M_ARENA_MAX, 1)


def return_freed_memory() -> None:
    """Return what was kept to the system, once: whatever comes next is of other sizes, and would not fit into it."""
    if library := _glibc():
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
