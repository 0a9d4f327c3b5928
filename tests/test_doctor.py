"""What the machine is, what is chosen on it, and the measurement that decides."""

import json
from pathlib import Path

import pytest
import torch

from ganvas.machine import device, doctor
from ganvas.machine import precision as calibrations
from ganvas.machine.precision import Calibration, calibration, measure
from support.command_line import Cli


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


@pytest.mark.parametrize("content", ["", "[]", '{"float32": 1}', "nonsense"])
def test_a_damaged_measurement_is_made_again(
    own_cache_directory: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(calibrations, "measure", lambda: Calibration(2.0, 1.0, 3.0))
    calibration("a")
    (file,) = (own_cache_directory / "calibration").iterdir()
    file.write_text(content)
    assert calibration("a") == Calibration(2.0, 1.0, 3.0)
    assert json.loads(file.read_text())["bfloat16"] == 1.0


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(calibrations, "measure", lambda: Calibration(2.0, 1.0, 3.0))
    assert calibration("a").fastest == "bfloat16"


@pytest.mark.parametrize(("bfloat16", "says"), [(5.0, "bfloat16: bfloat16 runs at 2.00"), (20.0, "float32: bfloat16")])
def test_the_doctor_says_why(monkeypatch: pytest.MonkeyPatch, bfloat16: float, says: str) -> None:
    found = Calibration(10.0, bfloat16, 40.0)
    monkeypatch.setattr(device, "_processor_features", lambda: {"amx_bf16": True, "cpu_name": "a processor"})
    monkeypatch.setattr(device, "calibration", lambda _: found)
    monkeypatch.setattr(doctor, "calibration", lambda _: found)
    monkeypatch.setattr(doctor, "matrix_product_gflops", lambda *_: 100.0)
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
