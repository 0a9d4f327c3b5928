"""Labels of a column that is not the prepared class change, and the fingerprint of the dataset does not."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from ganvas.classify import evaluate as evaluation
from ganvas.classify.judge import trained_judge
from ganvas.classify.train import train as train_classifier
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import labels_digest
from ganvas.data.dataset.layout import INDEX
from ganvas.experiments import compare as comparisons
from ganvas.experiments import per_class
from ganvas.experiments.compare import compare
from ganvas.foundation.errors import ConfigError, RunError
from ganvas.planning.run import resume, train
from support.datasets import write_dataset
from support.runs import TINY

BRIEF = {**TINY, "budget": "2steps"}


def relabel(data: Path, shift: int) -> None:
    index = pd.read_parquet(data / INDEX)
    index["artist"] = [f"artist{(number + shift) % 2}" for number in range(len(index))]
    index.to_parquet(data / INDEX)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = write_dataset(tmp_path / "data", count=64)
    relabel(path, 0)
    return path


def test_the_digest_tells_labels_apart(data: Path) -> None:
    before = Dataset.open(data)
    assert labels_digest(before, None) is None
    by_artist, by_class = labels_digest(before, "artist"), labels_digest(before, "class")
    assert labels_digest(Dataset.open(data), "artist") == by_artist != by_class
    relabel(data, 1)
    after = Dataset.open(data)
    assert after.fingerprint == before.fingerprint
    assert labels_digest(after, "artist") != by_artist
    assert labels_digest(after, "class") == by_class


def test_a_run_does_not_go_on_with_other_labels(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "run", "cdcgan", label_column="artist", **BRIEF)
    train(data, tmp_path / "other", "cdcgan", **BRIEF)
    relabel(data, 1)
    with pytest.raises(RunError, match=r"the classes of .*data have changed since .*run was trained on it"):
        resume(tmp_path / "run", budget="2steps")
    assert resume(tmp_path / "other", budget="2steps").finished, "it learns the prepared class"
    relabel(data, 0)
    assert resume(tmp_path / "run", budget="2steps").finished


def test_a_run_from_before_goes_on(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "run", "cdcgan", label_column="artist", **BRIEF)
    config = tmp_path / "run" / "config.yaml"
    record = yaml.safe_load(config.read_text("utf-8"))
    del record["dataset"]["labels"]
    config.write_text(yaml.safe_dump(record))
    relabel(data, 1)
    assert resume(tmp_path / "run", budget="2steps").finished


def test_the_judge_of_other_labels_is_another(data: Path, tmp_path: Path) -> None:
    def directory(label: str) -> Path | None:
        return trained_judge(Dataset.open(data), label=label, model="forest", cache=tmp_path / "cache").path

    artist, prepared = directory("artist"), directory("class")
    assert directory("artist") == artist
    relabel(data, 1)
    assert directory("artist") != artist
    assert directory("class") == prepared


def test_a_classifier_of_other_labels_says_so(data: Path, tmp_path: Path) -> None:
    train_classifier(data, tmp_path / "known", label="artist", model="forest")
    assert not any("have changed" in note for note in evaluation.evaluate(tmp_path / "known").notes)
    relabel(data, 1)
    notes = evaluation.evaluate(tmp_path / "known").notes
    assert any("the classes of 'artist' have changed since the classifier was trained" in note for note in notes)


def test_a_comparison_does_not_go_on_with_other_labels(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganvas.baselines.names", lambda: [])
    asked = {"budget": "1steps", "seeds": 0, "label_column": "artist", **TINY}
    compare(data, tmp_path / "both", ["cdcgan"], **asked)
    compare(data, tmp_path / "both", ["cdcgan"], **asked)
    relabel(data, 1)
    with pytest.raises(ConfigError, match=r"the classes of the dataset have changed since .*both was begun"):
        compare(data, tmp_path / "both", ["cdcgan"], **asked)
    plan = tmp_path / "both" / comparisons.PLAN
    content = json.loads(plan.read_text("utf-8"))
    del content["labels"]
    plan.write_text(json.dumps(content))
    compare(data, tmp_path / "both", ["cdcgan"], **asked)


def test_a_gan_for_each_class_does_not_go_on_with_other_labels(data: Path, tmp_path: Path) -> None:
    asked = {"label_column": "artist", **BRIEF}
    per_class.train_per_class(data, tmp_path / "each", "dcgan", **asked)
    relabel(data, 1)
    with pytest.raises(ConfigError, match=r"the classes of the dataset have changed since .*each was begun"):
        per_class.train_per_class(data, tmp_path / "each", "dcgan", **asked)
