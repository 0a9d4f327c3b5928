"""The benchmark of style ambiguity: an independent judge, a run for each weight and kind, and a table."""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import ambiguity

from ganvas.classify.classifier import Classifier
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.files import read_records
from support.datasets import write_dataset

OPTIONS = ("width=2", "d_width=2", "batch_size=8", "eval_samples=0", "tensorboard=false", "grid_size=2")


@pytest.mark.slow
def test_it_judges_each_kind_and_weight_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, results = write_dataset(tmp_path / "data", count=64, classes=2), tmp_path / "results"
    words = ["ambiguity", data, results, "--weights", "0", "2", "--budget", "0.3s", "--seeds", "1"]
    words += ["--samples", "64", "--set", *OPTIONS]
    monkeypatch.setattr(sys, "argv", list(map(str, words)))
    ambiguity.main()
    table = capsys.readouterr().out
    records = read_records(results / "results.jsonl")
    assert [(each["by"], each["weight"]) for each in records] == [("none", 0), ("head", 2), ("fixed", 2)]
    for record in records:
        assert 0 <= record["entropy"] <= math.log(2) + 1e-6
        assert sum(record["styles"]) == 64
        assert record["real_accuracy"] > 0.9  # the classes are colours
        assert 0 < record["real_entropy"] < 0.5 * math.log(2)
        assert record["kid"] is not None
    assert len(list(results.glob("*.png"))) == 3
    assert table.count("\n| atelier") == 3
    assert f"{records[1]['entropy'] / records[0]['entropy']:.2f}" in table
    # No picture taught both.
    taught = Classifier.open(results / "teacher").split()
    taught_rows = set(taught.loc[taught["split"] == TRAIN, "row"])
    judged_by = Dataset.open(results / "second-half").rows(TRAIN)
    assert not taught_rows & set(judged_by)
    assert len(taught_rows) + len(judged_by) == 64

    def train_again(*words: Any, **options: Any) -> bool:
        raise AssertionError("a finished run is trained again")

    monkeypatch.setattr(ambiguity, "complete", train_again)
    ambiguity.main()
    assert capsys.readouterr().out == table


def test_the_judge_is_sure_of_what_it_knows_and_unsure_of_what_lies_between(tmp_path: Path) -> None:
    directory = write_dataset(tmp_path / "data", count=40, classes=2)
    data = Dataset.open(directory)
    ambiguity.write_divided(data, np.arange(40) % 4 > 1, tmp_path / "half")
    half = Dataset.open(tmp_path / "half")
    assert half.fingerprint != data.fingerprint
    judge = ambiguity.Judge.of(half)
    between = (data.images[::2].astype(int) + data.images[1::2]) // 2
    assert judge.figures(between.astype(np.uint8))["entropy"] > 2 * judge.figures(np.array(data.images))["entropy"]
