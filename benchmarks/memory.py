"""The peak memory of a process as the system counts it. Imports little, because imports would be counted too."""

import resource
import sys

MIB = 2**20


def peak_bytes(usage: resource.struct_rusage) -> int:
    """Peak resident memory of a process. The system reports bytes on macOS and KiB elsewhere."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
