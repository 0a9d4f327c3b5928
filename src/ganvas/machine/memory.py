"""How glibc manages the memory of this process. With any other C library, the functions here do nothing.

Each training step allocates and frees the same large tensors. The defaults of glibc are made for other programs.
"""

import ctypes
import platform
import sys

# Bytes in a gibibyte.
GIB = 2**30

# Parameters of mallopt (malloc.h) and madvise (sys/mman.h).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
MADV_HUGEPAGE = 14
# Larger blocks have pages of their own, smaller ones lie in the heap.
LARGEST_IN_HEAP = GIB
# The size of a huge page on x86, and on most ARM machines.
HUGE_PAGE = 2**21


def keep_freed_memory() -> None:
    """Keep the memory of freed tensors in this process.

    By default, glibc returns each large tensor to the system, and takes zeroed pages for the next one. That is a large
    part of the time of any operation that only moves memory.
    """
    if library := _glibc():
        library.mallopt(M_MMAP_THRESHOLD, LARGEST_IN_HEAP)
        library.mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)


def share_heap() -> None:
    """Let all future threads share one heap. Call it before any library starts threads.

    With heaps of their own, the threads that extract features could not reuse memory that training freed, and each
    evaluation would leave more memory behind.
    """
    if library := _glibc():
        library.mallopt(M_ARENA_MAX, 1)


def prefer_huge_pages() -> None:
    """Let the next GiB of the heap lie in huge pages, where Linux has them. Call it after `keep_freed_memory`.

    A tensor of a training step spans hundreds of pages of 4 KiB, and the processor looks up each of them. The advice
    holds for addresses that the heap already has. So it grows here, by addresses that take no memory until they are
    used.
    """
    if not (library := _glibc()) or sys.platform != "linux":
        return
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    library.free.argtypes = [ctypes.c_void_p]
    library.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    size = LARGEST_IN_HEAP - HUGE_PAGE
    if block := library.malloc(size):
        library.free(block)
        first = -(-block // HUGE_PAGE) * HUGE_PAGE
        library.madvise(first, block + size - first, MADV_HUGEPAGE)


def return_freed_memory() -> None:
    """Return the kept memory to the system once, because what comes next has other sizes and would not fit into it."""
    if library := _glibc():
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
