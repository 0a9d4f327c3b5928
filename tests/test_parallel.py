"""Worker processes, started from scripts of every kind."""

import subprocess
import sys
from pathlib import Path

import pytest

from ganvas.data.prepare.parallel import WorkerDied, ordered_map
from support.pictures import write_pictures

# No guard: what imported it would run it again.
SCRIPT = """
import ganvas
print("script")
print(ganvas.prepare("in", "data", size=8, workers=2).count)
"""


@pytest.mark.parametrize("kind", ["file", "stdin", "command", "module"])
def test_a_script_needs_no_guard(tmp_path: Path, kind: str) -> None:
    write_pictures(tmp_path / "in", 9)
    (tmp_path / "script.py").write_text(SCRIPT)
    words = {"file": ["script.py"], "stdin": ["-"], "command": ["-c", SCRIPT], "module": ["-m", "script"]}[kind]
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, input=SCRIPT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout == "script\n9\n"


def test_other_processes_still_find_the_main_module(tmp_path: Path) -> None:
    write_pictures(tmp_path / "in", 9)
    script = """
import multiprocessing, ganvas
def double(number):
    return 2 * number
if __name__ == "__main__":
    ganvas.prepare("in", "data", size=8, workers=2)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(double, [1, 2]))
"""
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[2, 4]\n", "")


def test_a_worker_that_dies_is_one_clear_line() -> None:
    import os

    with pytest.raises(WorkerDied, match="a worker process died, perhaps for lack of memory; try again with workers=1"):
        list(ordered_map(os._exit, [1, 1], 2))
