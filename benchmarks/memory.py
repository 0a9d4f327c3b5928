"""The memory that a process held at most, as the system counted it. Imports nothing that would be counted with it."""

import resource
import sys

MIB = 2**20


def peak_bytes(usage: resource.struct_rusage) -> int:
    """The peak of a process's resident memory: the system says it in bytes on macOS, elsewhere in KiB."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
