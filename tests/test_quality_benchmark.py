"""The benchmark of quality over time: it goes on where it was, and its table says what was measured."""

import contextlib
import functools
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from benchmarks import frontier, marks, quality
from benchmarks.peers import OnProcessor
from benchmarks.quality import history, mean_scores, print_tables
from numpy.typing import NDArray
from torch import nn

from ganvas.cli import main as ganvas_command
from ganvas.foundation.files import append_record, read_records
from ganvas.metrics.evaluator import Evaluator
from ganvas.planning.run import train
from ganvas.runs.directory import DatasetRecord, Record
from support.datasets import write_dataset

OPTIONS = ("width=2", "batch_size=8", "eval_samples=0", "tensorboard=false", "device=cpu", "grid_size=2")
# What is set is a part of a method's name.
DCGAN = "+".join(["dcgan", *OPTIONS])


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Calls a benchmark's `main` with words of a command line; what it says."""

    def call(main: Callable[[], None], *words: str | Path) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["benchmark", *map(str, words)])
            main()
        return capfd.readouterr().out

    return call


@pytest.fixture
def commands_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of ganvas that a benchmark starts run here, where torch is loaded already."""

    def started(words: list[str], **options: Any) -> None:
        assert words[:3] == [sys.executable, "-m", "ganvas"]
        assert options == {"check": True, "stdout": sys.stderr}
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(sys.stderr):
            patch.setattr(sys, "argv", ["ganvas", *words[3:]])
            with pytest.raises(SystemExit) as ended:
                ganvas_command()
        assert not ended.value.code

    monkeypatch.setattr(quality, "subprocess", SimpleNamespace(run=started))


@pytest.mark.slow
@pytest.mark.usefixtures("commands_in_this_process")
def test_it_measures_once_at_every_mark(tmp_path: Path, run: Callable[..., str]) -> None:
    data, results = write_dataset(tmp_path / "data"), tmp_path / "results"
    methods = ("--methods", "tutorial", "dcgan", "--extractors", "pixels", "--samples", "64", "--set", *OPTIONS)
    measure = functools.partial(run, quality.main, data, results, "--seeds", "1", *methods)
    measure("--minutes", "0.01")
    first = read_records(results / "results.jsonl")
    assert [(each["method"], each["minutes"]) for each in first] == [("tutorial", 0.01), (DCGAN, 0.01)]
    # Stopped after training, before pictures were kept.
    (results / f"{DCGAN}-seed0" / "0.01m.npy").unlink()
    said = measure("--minutes", "0.01", "0.05")
    records = read_records(results / "results.jsonl")
    assert records[:2] == first
    assert {(each["method"], each["minutes"]) for each in records[2:]} == {("tutorial", 0.05), (DCGAN, 0.05)}
    assert all(each["extractor"] == "pixels" and each["pictures"] == 48 and each["generated"] == 64 for each in records)
    seen = [each["kimg"] for each in records if each["method"] == DCGAN]
    assert 0 < seen[0] <= seen[1]
    assert said == measure("--table")
    assert len([line for line in said.splitlines() if line.startswith(("| tutorial", "| dcgan"))]) == 4


def test_a_generator_whose_latents_are_all_zero_has_no_variety(tmp_path: Path, run: Callable[..., str]) -> None:
    data, trained = write_dataset(tmp_path / "data"), tmp_path / "run"
    train(
        data, trained, "dcgan", budget="2steps", width=2, batch_size=8, eval_samples=0, tensorboard=False, device="cpu"
    )
    said = run(frontier.main, data, trained, "--scales", "0", "1000", "--extractors", "pixels", "--samples", "64")
    alike, drawn = ([float(cell) for cell in line.split("|")[1:-1]] for line in said.splitlines()[-2:])
    assert (alike[0], drawn[0]) == (0, 1000)
    assert alike[3] == 0, "recall"
    assert drawn[1:] != alike[1:]


class Brightness(Evaluator):
    """Scores pictures by their first pixel; takes a thousand at most, and knows nothing of a set that has a class 1."""

    def __init__(self) -> None:
        """It needs no real pictures."""

    def score(
        self, images: Iterable[NDArray[np.uint8]], labels: NDArray[np.int64] | None = None, real: int | None = None
    ) -> Any:
        (pictures,) = images
        assert labels is not None
        assert len(pictures) == len(labels) <= 1000
        scores = {"kid": float(pictures[0, 0, 0, 0]), "generated": len(pictures), "extractor": "pixels"}
        return SimpleNamespace(record=lambda: scores | ({} if labels.any() else {"modes": 1.0}))


def test_scores_are_means_over_every_thousand_pictures() -> None:
    pictures = np.repeat(np.array([1, 3, 8], np.uint8), [1000, 1000, 500])[:, None, None, None]
    labels = np.repeat(np.array([0, 0, 1]), [1000, 1000, 500])
    assert mean_scores(Brightness(), pictures, labels) == {"sets": 3, "generated": 2500, "kid": 4.0}


def test_no_seed_hides_behind_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    common = {"method": "atelier", "minutes": 20.0, "extractor": "pixels", "coverage": 0.5}
    print_tables(
        [
            {**common, "kid": 0.1, "recall": 0.3, "kimg": 10, "verdicts": ["learning"], "most_copies": 0.0},
            {
                **common,
                "kid": 0.3,
                "sets": 4,
                "copies": 0.3,
                "recall": 0.0,
                "kimg": 30,
                "verdicts": ["collapsed", "learning"],
                "most_copies": 0.2,
            },
            {**common, "method": "tutorial", "kid": 0.4, "recall": 0.0},
        ],
        ["pixels"],
    )
    rows = capsys.readouterr().out.splitlines()
    assert rows[-2:] == [
        "| atelier | 20 | 2 | 1,000 or 4,000 | 20 | 0.2000 (0.1000 to 0.3000) | 0.50 | 0.150 (0.000 to 0.300) | 0.500 "
        "| collapsed, learning | 30.00% |",
        "| tutorial | 20 | 1 | 1,000 |  | 0.4000 (0.4000 to 0.4000) | 1.00 | 0.000 (0.000 to 0.000) | 0.500 |  |  |",
    ]


DATASET = DatasetRecord(fingerprint="x", count=1, size=16, label_column=None, class_names=[])


def test_what_a_run_found_by_a_mark(tmp_path: Path) -> None:
    logs = [{"seconds": 59.0, "kimg": 5.0}, {"seconds": 60.4, "kimg": 6.0}, {"seconds": 119.0, "kimg": 12.0}]
    evaluations = [
        {"kimg": 2.0, "verdict": "learning", "copies": 0.1},
        {"kimg": 6.0, "verdict": "stalled", "copies": 0.0},
        {"kimg": 11.0, "verdict": "collapsed", "copies": 0.3},
    ]
    record = Record(
        ganvas="1", recipe="dcgan", data="", dataset=DATASET, networks={}, machine={}, versions={}, settings={},
        options={}, command="",
    )  # fmt: skip
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(record.model_dump()))
    for name, records in (("stats.jsonl", logs), ("evals.jsonl", evaluations)):
        for line in records:
            append_record(tmp_path / name, line)
    assert history(tmp_path, 1.0) == {"kimg": 6.0, "verdicts": ["learning", "stalled"], "most_copies": 0.1}
    assert history(tmp_path, 2.0)["verdicts"] == ["collapsed", "learning", "stalled"]
    assert history(tmp_path / "tutorial", 1.0) == {}


def test_pictures_are_kept_at_every_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, steps = 0.0, 0

    def step() -> int:
        nonlocal now, steps
        now, steps = now + 70, steps + 1
        return 10

    monkeypatch.setattr(time, "perf_counter", lambda: now)
    pictures = torch.zeros(2400, 8, 8, 3, dtype=torch.uint8).numpy()
    marks.train_to_marks(tmp_path / "run", [0.5, 1, 2], step, lambda: [pictures + steps, pictures])
    kept = [np.load(marks.pictures_at(tmp_path / "run", mark)) for mark in (0.5, 1, 2)]
    assert [each.shape for each in kept] == [(4000, 8, 8, 3)] * 3
    assert [each[0, 0, 0, 0] for each in kept] == [1, 1, 2]


def test_nothing_leaves_the_processor() -> None:
    with OnProcessor():
        moved = nn.Linear(2, 2).cuda(0)(torch.ones(1, 2).cuda(0)) + torch.zeros([], device="cuda:0")
    assert moved.device.type == "cpu"
