"""The benchmark of quality over time: it goes on where it was, and its table says what was measured."""

import subprocess
import sys
from pathlib import Path

from conftest import write_dataset
from ganvas.files import read_records

OPTIONS = ("width=2", "batch_size=8", "eval_samples=0", "tensorboard=false", "device=cpu", "grid_size=2")


def quality(data: Path, results: Path, *words: str) -> str:
    command = [sys.executable, "-m", "benchmarks.quality", str(data), str(results), "--seeds", "1", *words]
    command += ["--methods", "tutorial", "dcgan", "--extractors", "pixels", "--set", *OPTIONS]
    run = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_it_measures_once_at_every_mark(tmp_path: Path) -> None:
    data, results = write_dataset(tmp_path / "data"), tmp_path / "results"
    quality(data, results, "--minutes", "0.01")
    first = read_records(results / "results.jsonl")
    assert [(each["method"], each["minutes"]) for each in first] == [("tutorial", 0.01), ("dcgan", 0.01)]
    said = quality(data, results, "--minutes", "0.01", "0.03")
    records = read_records(results / "results.jsonl")
    assert records[:2] == first
    assert {(each["method"], each["minutes"]) for each in records[2:]} == {("tutorial", 0.03), ("dcgan", 0.03)}
    assert all(each["extractor"] == "pixels" and each["pictures"] == 48 for each in records)
    assert said == quality(data, results, "--table")
    assert len([line for line in said.splitlines() if line.startswith(("| tutorial", "| dcgan"))]) == 4
