"""Other programs beside a run: threads that follow their load, and what is said when training becomes slow."""

import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from ganvas.distributed.load import Load, SharedLoad
from ganvas.distributed.world import World
from ganvas.machine.device import Machine, follows_load
from ganvas.machine.load import OtherLoad, threads_beside
from ganvas.planning import forecast
from ganvas.planning.costs import Costs
from ganvas.planning.run import dry_run
from ganvas.settings.config import Settings
from ganvas.training import contention
from ganvas.training.contention import Contention
from support.datasets import write_dataset
from support.ranks import in_ranks


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_the_processor_time_of_others_is_measured_and_the_own_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = psutil.cpu_times()._asdict()
    now = iter([0.0, 10.0])
    everyone = iter([(0, 0, 0), (24.0, 3.0, 99.0)])
    own = iter([(1.0, 0.0), (12.0, 1.0)])

    def cpu_times() -> SimpleNamespace:
        used = dict(zip(("user", "system", "idle"), next(everyone), strict=True))
        return SimpleNamespace(_asdict=lambda: dict.fromkeys(kinds, 0.0) | used)

    def own_times(_process: psutil.Process) -> SimpleNamespace:
        user, system = next(own)
        return SimpleNamespace(user=user, system=system)

    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    monkeypatch.setattr(psutil, "cpu_times", cpu_times)
    monkeypatch.setattr(psutil.Process, "cpu_times", own_times)
    assert OtherLoad().cores() == pytest.approx((27 - 12) / 10)


def test_a_busy_process_is_noticed() -> None:
    load = OtherLoad()
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        while psutil.Process(busy.pid).cpu_times().user < 0.3:
            time.sleep(0.02)
        busy.kill()
    assert load.cores() > 0


@pytest.mark.parametrize(
    ("others", "threads"), [(0.0, 2), (0.4, 2), (0.6, 1), (1.0, 1), (2.0, 1), (9.0, 1)], ids=lambda value: str(value)
)
def test_a_thread_needs_half_a_free_core(others: float, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "cpu_count", lambda *_, **__: 2)
    assert threads_beside(others, 2) == threads
    assert threads_beside(others, 1) == 1


def watched(monkeypatch: pytest.MonkeyPatch, follows: bool) -> Contention:
    monkeypatch.setattr(psutil, "cpu_count", lambda *_, **__: 2)
    torch.set_num_threads(2)
    return Contention(2, follows)


def test_threads_follow_the_load_down_and_up_again_and_it_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    here = watched(monkeypatch, follows=True)
    (said,) = here.observe(100, 5, 0, Load(1.2, 2))
    assert "other programs use 1.2 cores: going on with 1 of 2 threads" in said
    assert torch.get_num_threads() == 1
    assert not here.observe(100, 10, 0, Load(0.1, 2))
    assert torch.get_num_threads() == 2


def test_fixed_threads_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not watched(monkeypatch, follows=False).observe(100, 5, 0, Load(2.0, 2))
    assert torch.get_num_threads() == 2


CPU, GPU = Machine("cpu", "", "float32", 2), Machine("cuda", "", "float32", 2)
FOLLOWS = {
    "a time": (Settings.model_validate({"budget": "20m"}), CPU, True),
    "pictures": (Settings.model_validate({"budget": "20kimg"}), CPU, False),
    "threads set": (Settings.model_validate({"budget": "20m", "threads": 2}), CPU, False),
    "a GPU": (Settings.model_validate({"budget": "20m"}), GPU, False),
}


@pytest.mark.parametrize("name", FOLLOWS)
def test_threads_are_fixed_where_a_run_repeats(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    settings, machine, expected = FOLLOWS[name]
    assert follows_load(settings, machine) is expected
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert not follows_load(settings, machine)


def test_a_minute_of_half_speed_is_reported_once_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    here, speeds = watched(monkeypatch, follows=False), [200] * 10 + [90] * 20 + [200] + [90] * 13
    said = [here.observe(speed, 5.0 * line, 0, Load(1.3, 2)) for line, speed in enumerate(speeds)]
    (first,), (second,) = (messages for messages in said if messages)
    assert first == second
    assert first == ("training has been slow for a minute: 90 img/s, usually 200; other programs use 1.3 of 2 cores")
    assert said.index([first]) == 10 + 12


def test_a_new_phase_has_a_speed_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    here, idle = watched(monkeypatch, follows=False), Load(0.0, 2)
    # The first line of a phase has pictures of the phase before too.
    speeds = [(200, 0)] * 5 + [(190, 1)] + [(80, 1)] * 40
    assert not any(here.observe(speed, 5.0 * line, phase, idle) for line, (speed, phase) in enumerate(speeds))


def test_the_reason_is_the_first_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = SimpleNamespace(available=2**20, total=2**30)
    clock = SimpleNamespace(current=1200.0, max=3000.0)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert contention.reason(Load(0.1, 2)) == "only 1 MiB of memory are free"
    memory.available = 2**30
    monkeypatch.setattr(psutil, "cpu_freq", lambda: clock, raising=False)
    assert contention.reason(Load(0.1, 2)) == "the processor runs at 1.2 of 3.0 GHz"
    clock.current = 3000.0
    assert contention.reason(Load(0.1, 2)) == "no other program is busy, and the reason is not known"


def test_the_processes_of_a_run_are_not_others_to_each_other(tmp_path: Path) -> None:
    def own(world: World) -> dict[str, torch.Tensor]:
        shared = SharedLoad(world)
        began = time.process_time()
        while time.process_time() < began + 0.2:
            pass
        world.sum_(torch.zeros(1))  # both have used their processor time
        seconds = [each._read()[1] for each in (shared._load, OtherLoad())]
        return dict(zip(("together", "apart"), torch.tensor(seconds, dtype=torch.float64), strict=True))

    for each in in_ranks(2, tmp_path / "ranks", own):
        assert each["together"] < each["apart"] - 0.15


def test_the_machine_with_the_highest_load_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def own(world: World) -> dict[str, torch.Tensor]:
        monkeypatch.setattr(platform, "node", lambda: f"node{world.rank}")
        monkeypatch.setattr(psutil, "cpu_count", lambda: 4 + world.rank)
        monkeypatch.setattr(OtherLoad, "cores", lambda _: 0.5 + world.rank)
        assert str(SharedLoad(world).highest()) == "other programs use 1.5 of 5 cores on node1"
        return {}

    in_ranks(2, tmp_path / "ranks", own)


def test_the_plan_says_that_others_were_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_dataset(tmp_path / "data")
    for others, said in (
        (1.3, ["load       other programs kept 1.3 cores busy while the speed was measured"]),
        (0.2, []),
    ):
        monkeypatch.setattr(forecast, "measure", lambda *_, others=others: Costs(1, 1, 32, 60, other_load=others))
        plan = dry_run(data, tmp_path / "run", "dcgan", budget="5steps", threads=1, device="cpu")
        assert [line for line in plan.splitlines() if line.startswith("load")] == said
