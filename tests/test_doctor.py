"""What the machine is, what is chosen on it, and the measurement that decides."""

import itertools
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

from ganvas.machine import device, doctor
from ganvas.machine import precision as calibrations
from ganvas.machine.precision import Calibration, calibration, measure, steadiest
from ganvas.planning.run import resume, train
from ganvas.training.display import Silent
from support.command_line import Cli
from support.runs import TINY


@pytest.fixture
def own_cache_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_bfloat16_is_chosen_only_where_it_is_clearly_faster() -> None:
    assert Calibration(float32=10, bfloat16=5, float32_contiguous=20).fastest == "bfloat16"
    assert Calibration(float32=10, bfloat16=9.5, float32_contiguous=20).fastest == "float32"
    assert Calibration(float32=10, bfloat16=40, float32_contiguous=20).fastest == "float32"


def test_the_measurement_is_of_work_that_was_done_and_changes_nothing() -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    found = measure()
    assert min(found.float32, found.bfloat16, found.float32_contiguous) > 0
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


def test_it_is_measured_once_a_processor(own_cache_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Calibration] = []

    def measured() -> Calibration:
        made.append(Calibration(2.0, 1.0, len(made)))
        return made[-1]

    monkeypatch.setattr(calibrations, "measure", measured)
    assert calibration("a") == calibration("a") == made[0]
    assert len(made) == 1
    assert calibration("b") == made[1]


NULLS = '{"float32": null, "bfloat16": null, "float32_contiguous": null, "measured_at": NOW}'


@pytest.mark.parametrize("content", ["", "[]", "5", "null", '{"float32": 1}', NULLS, "nonsense"])
def test_a_damaged_measurement_is_made_again(
    own_cache_directory: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(calibrations, "measure", lambda: Calibration(2.0, 1.0, 3.0))
    calibration("a")
    (file,) = (own_cache_directory / "calibration").iterdir()
    file.write_text(content.replace("NOW", str(time.time())))
    assert calibration("a") == Calibration(2.0, 1.0, 3.0)
    assert json.loads(file.read_text("utf-8"))["bfloat16"] == 1.0


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(calibrations, "measure", lambda: Calibration(2.0, 1.0, 3.0))
    assert calibration("a").fastest == "bfloat16"


def clock(*speeds: float) -> Callable[[], Sequence[float]]:
    """Rounds in which bfloat16 is this many times as fast as float32, over and over."""
    each = itertools.cycle(speeds)
    return lambda: (10.0, 10.0 / next(each), 20.0)


def test_one_busy_moment_decides_nothing() -> None:
    found = steadiest(clock(2.0, 2.0, 2.0, 0.3, 2.0, 2.0))
    assert (found.fastest, found.bfloat16, found.is_steady) == ("bfloat16", 5.0, True)
    assert steadiest(clock(0.7, 0.7, 0.7, 9.0, 0.7, 0.7)).fastest == "float32"


def test_a_restless_machine_is_measured_again() -> None:
    restless, calm = [1.0, 4.0, 0.5, 3.0, 1.5], [2.0] * 5
    found = steadiest(clock(2.0, *restless, *calm))
    assert (found.spread, found.bfloat16) == (0.0, 5.0)


def test_a_machine_that_stays_restless_computes_as_usual() -> None:
    found = steadiest(clock(1.0, 1.2, 0.7, 1.6, 1.2, 1.4))
    assert (found.is_steady, found.fastest) == (False, "float32")


@pytest.mark.parametrize(("spread", "fastest"), [(0.0, "bfloat16"), (0.05, "bfloat16"), (0.1, "float32")])
def test_close_to_the_threshold_the_usual_arithmetic_is_preferred(spread: float, fastest: str) -> None:
    assert Calibration(float32=10, bfloat16=10 / 1.17, float32_contiguous=20, spread=spread).fastest == fastest


def test_a_restless_measurement_is_used_but_not_kept(
    own_cache_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter([Calibration(2.0, 1.0, 3.0, spread=0.5), Calibration(2.0, 1.9, 3.0), Calibration(9.0, 9.0, 9.0)])
    monkeypatch.setattr(calibrations, "measure", lambda: next(found))
    assert [calibration("a").bfloat16 for _ in range(3)] == [1.0, 1.9, 1.9]


@pytest.mark.parametrize("days", [31, -1])
def test_a_measurement_that_is_old_or_from_the_future_is_made_again(
    own_cache_directory: Path, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    found = iter([Calibration(2.0, 1.0, 3.0), Calibration(2.0, 1.5, 3.0)])
    monkeypatch.setattr(calibrations, "measure", lambda: next(found))
    assert calibration("a").bfloat16 == calibration("a").bfloat16 == 1.0
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + days * 24 * 3600)
    assert calibration("a").bfloat16 == 1.5


@pytest.mark.parametrize(("bfloat16", "says"), [(5.0, "bfloat16: bfloat16 runs at 2.00"), (20.0, "float32: bfloat16")])
def test_the_doctor_says_why(monkeypatch: pytest.MonkeyPatch, bfloat16: float, says: str) -> None:
    found = Calibration(10.0, bfloat16, 40.0)
    monkeypatch.setattr(device, "_processor_features", lambda: {"amx_bf16": True, "cpu_name": "a processor"})
    monkeypatch.setattr(device, "calibration", lambda _: found)
    monkeypatch.setattr(doctor, "calibration", lambda _: found)
    monkeypatch.setattr(doctor, "matrix_product_flops", lambda *_, **__: 100e9)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    findings = {finding.topic: finding for finding in doctor.examine()}
    assert findings["processor"].text.startswith("a processor: ")
    assert findings["threads"].text.startswith("3: what OMP_NUM_THREADS says, on ")
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert "what OMP_NUM_THREADS says" not in {each.topic: each for each in doctor.examine()}["threads"].text
    assert findings["precision"].text.startswith(says)
    assert "channels innermost takes 0.25 of the time" in findings["precision"].text
    assert findings["ceiling"].figures == {"float32_gflops": 100.0, "bfloat16_gflops": 100.0}


def test_the_doctor_speaks_to_people_and_to_scripts(cli: Cli) -> None:
    said, told = cli("doctor"), cli("doctor", "--json")
    assert said.returncode == told.returncode == 0, said.stderr + told.stderr
    findings = json.loads(told.stdout)
    topics = [finding["topic"] for finding in findings]
    assert {"processor", "memory", "disk", "device", "precision", "threads", "versions", "cache"} <= set(topics)
    assert len(said.stdout.splitlines()) == len(findings)
    assert all(topic in said.stdout for topic in topics)


class Listener(Silent):
    """A display that remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def test_a_resumed_run_keeps_its_precision_though_another_measurement_chose_another(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "_best_precision", lambda _: "bfloat16")
    train(tiny_data, tmp_path / "run", "dcgan", **TINY, device="cpu", budget="1steps")
    monkeypatch.setattr(device, "_best_precision", lambda _: "float32")
    here, elsewhere = Listener(), Listener()
    resume(tmp_path / "run", budget="1steps", display=here)
    assert "bfloat16" in here.lines[0]
    monkeypatch.setattr(device, "_device_name", lambda _: "another processor")
    resume(tmp_path / "run", budget="1steps", display=elsewhere)
    assert "note: precision was bfloat16 and is float32 here; results may differ in the last bits" in elsewhere.lines
