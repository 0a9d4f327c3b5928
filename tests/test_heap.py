"""What a process keeps of the memory that tensors give back."""

import ctypes
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from ganvas.machine import memory

on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc returns freed memory so eagerly")

MEBIBYTE = 2**20


def grown(*lines: str) -> float:
    """By how many MiB a process has grown after those lines, which may make and drop tensors."""
    script = "\n".join(
        [
            "from concurrent.futures import ThreadPoolExecutor",
            "from ganvas.machine.memory import keep_freed_memory, prefer_huge_pages, return_freed_memory, share_heap",
            "share_heap()",
            "import psutil, torch",
            "keep_freed_memory()",
            "def rss(): return psutil.Process().memory_info().rss",
            "def make(mebibytes=64):",
            "    tensor = torch.ones(mebibytes << 18)",
            "    return rss()",
            "before = rss()",
            *lines,
        ]
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return int(done.stdout) / MEBIBYTE


@on_glibc
def test_freed_memory_stays_with_the_process_until_it_is_returned() -> None:
    assert grown("make()", "print(rss() - before)") > 60
    assert grown("make()", "return_freed_memory()", "print(rss() - before)") < 10


@on_glibc
def test_other_threads_use_what_was_given_back() -> None:
    assert grown("make()", "print(ThreadPoolExecutor(1).submit(make, 60).result() - before)") < 80


@on_glibc
@pytest.mark.skipif(not Path("/sys/kernel/mm/transparent_hugepage").exists(), reason="this kernel has no huge pages")
def test_the_heap_is_advised_to_lie_in_huge_pages_and_takes_no_memory_for_that() -> None:
    advised = "any(line.startswith('VmFlags') and ' hg' in line for line in open('/proc/self/smaps'))"
    assert grown("prefer_huge_pages()", f"assert {advised}", "print(rss() - before)") < 10
    assert grown("prefer_huge_pages()", "make()", "print(rss() - before)") > 60


def test_elsewhere_than_on_glibc_memory_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: pytest.fail("no C library to speak to"))
    memory.keep_freed_memory()
    memory.share_heap()
    memory.prefer_huge_pages()
    memory.return_freed_memory()
