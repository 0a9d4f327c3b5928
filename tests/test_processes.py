"""How many processes `--devices auto` starts."""

import os
import sys
from pathlib import Path

import pytest
import torch

from ganvas.cli import processes as flag
from ganvas.distributed import environment
from ganvas.machine import cores
from ganvas.planning import processes
from ganvas.planning.processes import clearly_fastest, fastest_count
from support.command_line import Cli
from support.runs import TINY_WORDS


@pytest.mark.parametrize(
    ("rounds", "count"),
    [
        ([{1: 1.0, 2: 0.7, 4: 0.6}] * 3, 4),
        ([{1: 1.0, 2: 0.7, 4: 0.8}] * 3, 2),
        ([{1: 1.0, 2: 0.9}] * 3, 1),
        ([{1: 1.0, 2: 0.7}, {1: 1.0, 2: 0.7}, {1: 1.0, 2: 1.1}], 1),  # other programs were busy
        ([{1: 1.0, 2: 1.5}] * 3, 1),
    ],
)
def test_more_processes_than_one_must_be_clearly_faster(rounds: list[dict[int, float]], count: int) -> None:
    assert clearly_fastest(rounds) == count


@pytest.mark.parametrize("devices", [0, 3])
def test_auto_is_one_for_each_gpu_or_what_is_measured(monkeypatch: pytest.MonkeyPatch, devices: int) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: devices)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(cores, "usable_cores", lambda: 6)
    monkeypatch.setattr(processes, "fastest_count", lambda count: count - 2)
    assert flag.asked("auto") == (devices or 4)
    assert flag.asked("2") == 2
    assert flag.asked(None) == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # whoever sets that has divided the cores already
    assert flag.asked("auto") == (devices or 1)


def test_one_core_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_workers", lambda _: pytest.fail("nothing is to be measured"))
    assert fastest_count(1) == 1


@pytest.mark.parametrize(("code", "ends_at_once"), [(2, True), (0, False)])
def test_one_of_several_processes_fails_at_once(monkeypatch: pytest.MonkeyPatch, code: int, ends_at_once: bool) -> None:
    ended: list[int] = []
    monkeypatch.setattr("atexit._run_exitfuncs", lambda: None)
    monkeypatch.setattr(os, "_exit", ended.append)
    with pytest.raises(SystemExit):
        flag.failing_at_once(lambda: sys.exit(code))()
    assert not ended
    monkeypatch.setenv(environment.LAUNCHER, "1")
    with pytest.raises(SystemExit):
        flag.failing_at_once(lambda: sys.exit(code))()
    assert ended == ([code] if ends_at_once else [])


@pytest.mark.slow
def test_the_steps_of_one_process_and_of_two_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[int, float]] = []

    def keep(rounds: list[dict[int, float]]) -> int:
        seen.extend(rounds)
        return 2

    monkeypatch.setattr(processes, "clearly_fastest", keep)
    assert fastest_count(3, batch=4, size=16) == 2
    assert [set(each) for each in seen] == [{1, 2}] * processes.ROUNDS
    assert all(seconds > 0 for each in seen for seconds in each.values())


@pytest.mark.slow
def test_a_run_on_processors_trains_with_auto(tmp_path: Path, tiny_data: Path, cli: Cli) -> None:
    os.environ.pop("OMP_NUM_THREADS", None)
    words = ["--out", tmp_path / "run", "--recipe", "mlp", "--budget", "2steps", "--devices", "auto", *TINY_WORDS]
    done = cli("train", tiny_data, *words, check=True)
    assert torch.cuda.is_available() or "fastest on the" in done.stderr or cores.usable_cores() == 1
