"""Training a classifier: which pictures are trained on, that numbers stay with their names, and what is kept."""

import base64
import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganvas.classify.classifier import Classifier
from ganvas.classify.model import Epoch, Silent
from ganvas.classify.models import resolve
from ganvas.classify.partition import partition
from ganvas.classify.train import overfit, train
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import INDEX, INFO
from ganvas.foundation.errors import ConfigError, DataError, GanvasError, RunError
from ganvas.foundation.files import read_records
from ganvas.foundation.locks import InUse, exclusive
from support.command_line import Cli
from support.datasets import write_dataset
from support.narrowing import not_none

TINY: dict[str, Any] = {"size": 16, "device": "cpu", "threads": 1}


def change_index(data: Path, **columns: Any) -> Path:
    pd.read_parquet(data / INDEX).assign(**columns).to_parquet(data / INDEX)
    return data


def change_info(data: Path, **values: Any) -> Path:
    info = json.loads((data / INFO).read_text("utf-8"))
    (data / INFO).write_text(json.dumps({**info, **values}))
    return data


def index_of(data: Path) -> pd.DataFrame:
    return pd.read_parquet(data / INDEX)


def said(classifier: Classifier, data: Path) -> list[str]:
    """The name that a classifier gives to each picture of a dataset."""
    numbers = classifier.probabilities(np.asarray(Dataset.open(data).images)).argmax(axis=1)
    return [classifier.class_names[number] for number in numbers]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """A forest of three classes, and beside it its dataset `data`; not to be changed."""
    folder = tmp_path_factory.mktemp("forest")
    write_dataset(folder / "data", classes=3)
    return train(folder / "data", folder / "forest", model="forest", size=16, seed=3, trees=20)


# ---- numbers and names ------------------------------------------------------------------------------------------


def test_class_names_are_sorted_and_every_picture_gets_its_own(trained: Classifier) -> None:
    assert trained.class_names == ["class0", "class1", "class2"]
    data = Path(trained.card.data)
    assert said(trained, data) == index_of(data)["class"].tolist()


@pytest.mark.parametrize("model", ["forest", "cnn"])
def test_the_order_of_class_numbers_in_a_dataset_swaps_no_label(model: str, tmp_path: Path) -> None:
    """Paper 5's trap: folders were numbered in another order, and Cezanne was read as van Gogh."""
    one, other = write_dataset(tmp_path / "one"), write_dataset(tmp_path / "other")
    change_info(other, class_names=["class1", "class0"])
    options: dict[str, Any] = {"size": 16, **({"epochs": 20, "learning_rate": 0.01, **TINY} if model == "cnn" else {})}
    first = train(one, tmp_path / "first", model=model, **options)
    second = train(other, tmp_path / "second", model=model, **options)
    truth = index_of(one)["class"].tolist()
    for classifier in (first, second):
        assert classifier.class_names == ["class0", "class1"]
        for data in (one, other):
            assert said(classifier, data) == truth
    images = np.asarray(Dataset.open(one).images)
    assert np.array_equal(first.probabilities(images), second.probabilities(images))


def test_renamed_classes_take_their_labels_with_them(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    renamed = {"class0": "van Gogh", "class1": "Cézanne"}
    change_index(data, **{"class": index_of(data)["class"].map(renamed)})
    change_info(data, class_names=["van Gogh", "Cézanne"])
    classifier = train(data, tmp_path / "out", model="forest", size=16)
    assert classifier.class_names == ["Cézanne", "van Gogh"]
    assert said(Classifier.open(tmp_path / "out"), data) == index_of(data)["class"].tolist()


def test_a_classifier_gives_numbers_for_the_names_it_knows_only(trained: Classifier) -> None:
    assert trained.numbers(["class2", "class0", "class2"]).tolist() == [2, 0, 2]
    assert trained.numbers([]).tolist() == []
    with pytest.raises(DataError, match=r"unknown class 'clas2' \(did you mean 'class2'\?\); choose from: class0, cl"):
        trained.numbers(["class0", "clas2"])


def test_any_column_can_hold_the_classes(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", classes=3)
    year = np.where(index_of(data)["class"] == "class1", 1888, 1907)
    change_index(data, year=year)
    classifier = train(data, tmp_path / "out", model="forest", size=16, label="year")
    assert (classifier.class_names, classifier.card.label_column) == (["1888", "1907"], "year")
    assert said(classifier, data) == [str(each) for each in year]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("artist", None, "unknown column 'artist'; choose from: class, mood, source"),
        ("mood", ["calm"] * 48, "the column 'mood' has a single class, 'calm'; the columns are: source, class, mood"),
        ("mood", ["calm", None] * 24, "the column 'mood' is empty for 24 of 48 pictures; the columns are"),
        ("mood", ["calm", ""] * 24, "the column 'mood' is empty for 24 of 48 pictures"),
        ("mood", ["calm"] * 47 + ["wild"], "has a class of one picture, 'wild'; two or more are needed"),
        ("source", None, "the column 'source' has a class of one picture"),
    ],
)
def test_a_column_that_holds_no_classes_is_refused(
    column: str, values: list[Any] | None, message: str, tmp_path: Path
) -> None:
    data = change_index(write_dataset(tmp_path / "data"), mood=values or "calm")
    with pytest.raises(DataError) as caught:
        train(data, tmp_path / "out", label=column, model="forest")
    assert message in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_more_than_a_thousand_values_are_no_classes(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", count=2002, size=1)
    change_index(data, day=np.arange(2002) // 2)
    with pytest.raises(DataError, match=r"has 1,001 different values; at most 1,000 are allowed; the columns are"):
        train(data, tmp_path / "out", label="day", model="forest")


def test_a_dataset_without_classes_says_which_columns_there_are(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", classes=0)
    with pytest.raises(DataError, match="has no classes; name a column with --label: source"):
        train(data, tmp_path / "out")


# ---- what is trained on -----------------------------------------------------------------------------------------


def test_held_back_pictures_are_never_learnt_from(tmp_path: Path) -> None:
    """Labels of the test pictures are all wrong, those of the others right: only who saw them could agree."""
    data = write_dataset(tmp_path / "data", count=60)
    split = np.array(["train", "train", "train", "validation", "test"]).repeat(12)
    names = index_of(data)["class"].to_numpy(object)
    wrong = np.where(names == "class0", "class1", "class0")
    change_index(data, split=split, **{"class": np.where(split == "test", wrong, names)})
    classifier = train(data, tmp_path / "out", model="forest", size=16)
    assert (classifier.card.validation_accuracy, classifier.card.test_accuracy) == (1.0, 0.0)
    table = classifier.split()
    assert table["row"].tolist() == list(range(60))
    assert table["split"].tolist() == split.tolist()


@pytest.mark.parametrize("model", ["cnn", "forest"])
def test_what_is_no_training_picture_has_no_part_in_the_weights(model: str, tmp_path: Path) -> None:
    """Other pixels in rows that are held back change nothing; in a training row they do."""
    probabilities = []
    probe = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), np.uint8)
    options: dict[str, Any] = {"size": 16, **({"epochs": 2, "patience": 0, **TINY} if model == "cnn" else {})}
    for number, spoilt in enumerate([None, "test", "train"]):
        data = write_dataset(tmp_path / f"data{number}", count=40)
        split = np.where(np.arange(40) < 30, "train", "test")
        change_index(data, split=split)
        images = np.load(data / "images.npy")
        images[split == spoilt] = 255 - images[split == spoilt]
        np.save(data / "images.npy", images)
        out = tmp_path / f"out{number}"
        probabilities.append(train(data, out, model=model, validation_share=0, **options).probabilities(probe))
    assert np.array_equal(probabilities[0], probabilities[1])
    assert not np.array_equal(probabilities[0], probabilities[2])


def test_without_a_split_whole_groups_of_every_class_are_held_back(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", count=200)
    change_index(data, group=[f"{number % 2}-{number // 8}" for number in range(200)])
    dataset = Dataset.open(data)
    options = resolve("forest", {"seed": 5})
    parts = partition(dataset, not_none(dataset.labels), options)
    groups = [set(dataset.index["group"][rows]) for rows in parts.splits().values()]
    assert not groups[0] & groups[1]
    assert not (groups[0] | groups[1]) & groups[2]
    assert parts.leaky == []
    assert np.sort(np.concatenate([*parts.splits().values()])).tolist() == list(range(200))
    shares = [len(rows) / 200 for rows in parts.splits().values()]
    assert shares == pytest.approx([0.8 * 0.85, 0.8 * 0.15, 0.2], abs=0.04)
    again, other = (partition(dataset, not_none(dataset.labels), resolve("forest", {"seed": seed})) for seed in (5, 6))
    assert np.array_equal(parts.test, again.test)
    assert not np.array_equal(parts.test, other.test)


def test_a_split_of_its_own_without_validation_has_some_taken_from_training(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", count=100)
    change_index(data, split=np.where(np.arange(100) % 10 < 2, "test", "train"))
    dataset = Dataset.open(data)
    parts = partition(dataset, not_none(dataset.labels), resolve("forest", {"validation_share": "0.25"}))
    assert parts.test.tolist() == [row for row in range(100) if row % 10 < 2]
    assert (len(parts.train), len(parts.validation)) == (60, 20)


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ({}, 0.0),
        ({"fine_tune_epochs": "0"}, 0.0),
        ({"head": "mlp"}, 0.15),
        ({"fine_tune_epochs": "3"}, 0.15),
        ({"head": "mlp", "validation_share": "0"}, 0.0),
        ({"validation_share": 0.3}, 0.3),
    ],
)
def test_transfer_holds_back_for_validation_where_it_has_an_epoch_to_choose(
    changes: dict[str, object], share: float
) -> None:
    assert resolve("transfer", changes).validation_share == share


def test_down_sampling_leaves_every_class_as_rare_as_the_rarest(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", count=90, classes=3)
    change_index(data, **{"class": np.where(np.arange(90) < 12, "rare", np.where(np.arange(90) < 40, "some", "many"))})
    change_info(data, class_names=["many", "rare", "some"])
    classifier = train(data, tmp_path / "out", model="forest", size=16, balance="down")
    counts = classifier.card.counts
    assert len(set(counts["train"].values())) == 1
    assert counts["test"]["many"] > counts["test"]["rare"]
    assert (classifier.split()["split"] == "train").sum() == sum(counts["train"].values())


def test_a_class_of_a_single_group_is_named_as_leaky(cli: Cli, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    one = index_of(data)["class"] == "class1"
    change_index(data, group=np.where(one, "the same", [f"{number}" for number in range(48)]))
    done = cli("classify", "train", data, "--out", "out", "--model", "forest", "--set", "size=16", check=True)
    assert Classifier.open(tmp_path / "out").card.leaky == ["class1"]
    notes = [line for line in done.stderr.splitlines() if line.startswith("note:")]
    assert len(notes) == 1
    assert "'class1' are one group" in notes[0]


def test_a_class_without_training_pictures_is_refused(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    change_index(data, split=np.where(index_of(data)["class"] == "class1", "test", "train"))
    with pytest.raises(DataError, match="no picture of class 'class1' is left to train on"):
        train(data, tmp_path / "out", model="forest")


# ---- what is kept -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["forest", "cnn", "transfer"])
def test_a_classifier_opens_as_it_was_trained(model: str, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", classes=3, size=20)
    options: dict[str, Any] = {"size": 32} | ({} if model == "forest" else {"epochs": 3, "device": "cpu", "threads": 1})
    if model == "transfer":
        options["validation_share"] = 0.2
    classifier = train(data, tmp_path / "out", model=model, seed=2, **options)
    opened = Classifier.open(str(tmp_path / "out"))
    images = np.asarray(Dataset.open(data).images)
    assert np.array_equal(opened.probabilities(images), classifier.probabilities(images))
    assert opened.card == classifier.card
    card = opened.card
    assert (card.model, card.seed, card.options["seed"], card.options["size"]) == (model, 2, 2, 32)
    assert (card.data, card.fingerprint) == (str(data), Dataset.open(data).fingerprint)
    truth, table = index_of(data)["class"], opened.split()
    for split, counts in card.counts.items():
        rows = table["row"][table["split"] == split]
        assert counts == truth[rows].value_counts().to_dict()
        right = np.mean([name == truth[row] for row, name in zip(rows, said_rows(opened, images, rows), strict=True)])
        assert split == "train" or right == getattr(card, f"{split}_accuracy")
    history = read_records(tmp_path / "out" / "history.jsonl")
    assert len(history) == {"forest": 0, "cnn": 3, "transfer": 1}[model]
    if history:
        fields = ["epoch", "seconds", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"]
        assert all(list(line) == fields for line in history)
        best = min(history, key=lambda line: line["validation_loss"])
        assert card.best_epoch == best["epoch"]
        assert card.validation_accuracy == pytest.approx(best["validation_accuracy"])
    kept = {"forest.skops"} if model == "forest" else {"weights.safetensors", "history.jsonl"}
    assert {file.name for file in (tmp_path / "out").iterdir()} == kept | {"classifier.json", "split.parquet"}


def said_rows(classifier: Classifier, images: np.ndarray[Any, Any], rows: pd.Series) -> list[str]:
    return [classifier.class_names[number] for number in classifier.probabilities(images[rows]).argmax(axis=1)]


class _Interrupts(Silent):
    def epoch(self, epoch: Epoch, seconds_left: float) -> None:
        raise KeyboardInterrupt


def test_an_interruption_leaves_nothing_behind(tiny_data: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tiny_data, tmp_path / "out", model="cnn", progress=_Interrupts(), **TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_two_processes_do_not_train_one_classifier(tiny_data: Path, tmp_path: Path) -> None:
    with exclusive(tmp_path / "out", "trained"), pytest.raises(InUse, match="out is being trained by process"):
        train(tiny_data, tmp_path / "out", model="forest")
    assert not (tmp_path / "out").exists()


def test_nothing_that_exists_is_overwritten(tiny_data: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "diary.txt").write_text("mine")
    with pytest.raises(GanvasError, match="out exists already; choose another name"):
        train(tiny_data, tmp_path / "out", model="forest")
    assert (tmp_path / "out" / "diary.txt").read_text("utf-8") == "mine"


@pytest.fixture
def kept(trained: Classifier, tmp_path: Path) -> Path:
    """A copy of the classifier directory that a test may spoil."""
    assert trained.path is not None
    return Path(shutil.copytree(trained.path, tmp_path / "kept"))


def set_card(path: Path, **values: Any) -> None:
    card = json.loads((path / "classifier.json").read_text("utf-8"))
    (path / "classifier.json").write_text(json.dumps({**card, **values}))


def rename_in_metadata(file: Path) -> None:
    """Let pandas call the column `row` something else; the column itself stays."""
    row, other = (base64.b64encode(name) for name in (b' "row"', b' "ro/"'))
    content = file.read_bytes()
    assert row in content
    file.write_bytes(content.replace(row, other, 1))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(shutil.rmtree, "does not exist (no classifier.json); make one with: ganvas classify", id="gone"),
        pytest.param(lambda path: (path / "classifier.json").unlink(), "is not a classifier", id="no card"),
        pytest.param(lambda path: (path / "classifier.json").write_text("{"), "cannot be read", id="cut card"),
        pytest.param(lambda path: (path / "classifier.json").write_text("[]"), "schema version None", id="a list"),
        pytest.param(lambda path: (path / "classifier.json").write_bytes(b"\xff"), "cannot be read", id="not UTF-8"),
        pytest.param(lambda path: set_card(path, schema_version=9), "this ganvas reads version 1", id="version"),
        pytest.param(lambda path: set_card(path, model="oracle"), "unknown model 'oracle'", id="model"),
        pytest.param(lambda path: set_card(path, options={"size": 2}), "option size=2", id="option"),
        pytest.param(lambda path: set_card(path, options={"spoon": 2}), "unknown option of forest", id="key"),
        pytest.param(lambda path: set_card(path, spoon=1), "cannot be read", id="unknown field"),
        pytest.param(lambda path: set_card(path, class_names=["a"]), "cannot be read", id="one class"),
        pytest.param(lambda path: set_card(path, class_names=["a", "b", "a"]), "names a class twice", id="twice"),
        pytest.param(lambda path: set_card(path, class_names=["a", "b"]), "does not hold the forest", id="classes"),
        pytest.param(lambda path: set_card(path, options={"size": 99}), "does not hold the forest", id="other size"),
        pytest.param(lambda path: set_card(path, model="cnn", options={}), "weights.safetensors", id="other model"),
        pytest.param(lambda path: (path / "forest.skops").unlink(), "forest.skops cannot be read", id="no forest"),
        pytest.param(lambda path: (path / "forest.skops").write_bytes(b""), "cannot be read", id="empty forest"),
        pytest.param(lambda path: (path / "split.parquet").unlink(), "split.parquet cannot be read", id="no split"),
        pytest.param(
            lambda path: pd.DataFrame({"row": [1], "split": ["tent"]}).to_parquet(path / "split.parquet"),
            "is not a table of rows",
            id="strange split",
        ),
        pytest.param(
            lambda path: rename_in_metadata(path / "split.parquet"), "is not a table of rows", id="other name"
        ),
    ],
)
def test_a_classifier_that_is_not_whole_is_refused(kept: Path, spoil: Callable[[Path], object], message: str) -> None:
    spoil(kept)
    with pytest.raises(RunError) as caught:
        Classifier.open(kept).split()
    assert message in str(caught.value)
    assert str(kept) in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    name=st.sampled_from(["classifier.json", "forest.skops", "split.parquet"]),
    where=st.integers(0, 1_000_000),
    byte=st.integers(0, 255),
)
def test_one_wrong_byte_opens_or_is_refused(trained: Classifier, kept: Path, name: str, where: int, byte: int) -> None:
    assert trained.path is not None
    content = bytearray((trained.path / name).read_bytes())
    content[where % len(content)] = byte
    (kept / name).write_bytes(content)
    with contextlib.suppress(RunError):
        opened = Classifier.open(kept)
        opened.split()
        opened.probabilities(np.zeros((2, 16, 16, 3), np.uint8))
    shutil.copy(trained.path / name, kept / name)


# ---- memorising -------------------------------------------------------------------------------------------------


def test_a_few_pictures_are_memorised_and_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", classes=3)
    words = ["classify", "train", data, "--model", "cnn", "--overfit", "6", "--set", "size=16", "--set", "device=cpu"]
    done = cli(*words, "--set", "learning_rate=0.01", check=True)
    assert done.stdout == "cnn memorised 6 pictures: training accuracy 1.000\n"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_failing_to_memorise_is_a_failure(cli: Cli, tmp_path: Path) -> None:
    """Pictures that are all the same, under two names, cannot be told apart by anyone."""
    data = write_dataset(tmp_path / "data")
    images = np.load(data / "images.npy")
    np.save(data / "images.npy", np.tile(images[:1], (len(images), 1, 1, 1)))
    done = cli("classify", "train", data, "--model", "cnn", "--overfit", "6", "--set", "size=16", "--set", "epochs=2")
    assert done.returncode == 1
    assert done.stdout == "cnn could not memorise 6 pictures: training accuracy 0.500\n"


class _Counts(Silent):
    """Remembers how many epochs there were."""

    def __init__(self) -> None:
        self.epochs = 0

    def epoch(self, epoch: Epoch, seconds_left: float) -> None:
        self.epochs += 1


def test_memorising_is_balanced_and_not_stopped_early(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", count=60, classes=2)
    change_index(data, **{"class": np.where(np.arange(60) < 6, "rare", "common")})
    change_info(data, class_names=["rare", "common"])
    watcher = _Counts()
    check = overfit(data, 8, model="cnn", epochs=12, patience=1, progress=watcher, **TINY)
    assert watcher.epochs == 12
    assert (check.pictures, check.counts) == (8, {"common": 4, "rare": 4})
    most = overfit(data, 20, model="forest", size=16, balance="none", validation_share=0)
    assert most.counts["rare"] == 5  # all that are not held back for testing
    assert most.counts["common"] == 15


@pytest.mark.parametrize("count", [2, 99])
def test_counts_that_cannot_be_had_are_refused(count: int, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", classes=3)
    with pytest.raises(ConfigError, match=rf"--overfit {count} is out of range; choose 3 \(a picture of every class\)"):
        overfit(data, count, model="forest")


# ---- the command ------------------------------------------------------------------------------------------------


def test_the_command_trains_and_says_how_good_the_classifier_is(cli: Cli, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", classes=3)
    words = [f"--set={key}={value}" for key, value in (TINY | {"epochs": 2}).items()]
    done = cli("classify", "train", data, "--model", "cnn", "--out", "out", "--seed", "4", *words, check=True)
    card = Classifier.open(tmp_path / "out").card
    assert done.stdout.startswith(f"out: test accuracy {card.test_accuracy:.3f} on 9 pictures (always answering 'cl")
    lines = done.stderr.splitlines()
    assert lines[0] == "training cnn on 33 pictures of 3 classes by 'class'; 6 to validate, 9 to test"
    assert lines[1].startswith("epoch 1: loss ")
    assert card.seed == 4


def test_ctrl_c_ends_the_command_without_a_trace(
    cli: Cli, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ganvas.cli.terminal.ClassifierDisplay.epoch", interrupt)
    words = [f"--set={key}={value}" for key, value in TINY.items()]
    done = cli("classify", "train", tiny_data, "--model", "cnn", "--out", "out", *words)
    assert done.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data"], "name the classifier directory to make with --out"),
        (
            ["data", "--out", "x", "--overfit", "6"],
            "--overfit writes nothing, so it cannot be used with --out",
        ),
        (["nowhere", "--out", "x"], "nowhere does not exist (no dataset.json)"),
        (["data", "--out", "data"], "data exists already"),
        (["data", "--out", "x", "--model", "cnm"], "unknown model 'cnm' (did you mean 'cnn'?)"),
        (["data", "--out", "x", "--label", "clas"], "unknown column 'clas' (did you mean 'class'?)"),
        (["data", "--out", "x", "--set", "epochs"], "--set 'epochs': write key=value"),
        (["data", "--out", "x", "--set", "epochs=few"], "option epochs='few': Input should be a valid integer"),
        (["data", "--out", "x", "--model", "forest", "--set", "epochs=3"], "unknown option of forest 'epochs'"),
        (["data", "--out", "x", "--set", "device=cuda", "--set", "size=46"], "device=cuda: this machine has none"),
        (["data", "--overfit", "1"], "--overfit 1 is out of range; choose 2"),
    ],
)
def test_bad_input_gets_one_clear_line(words: list[str], message: str, cli: Cli, tiny_data: Path) -> None:
    if "device=cuda" in words:
        torch = pytest.importorskip("torch")
        if torch.cuda.is_available():
            pytest.skip("this machine has one")
    done = cli("classify", "train", *words)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ganvas: ")
    assert message in last
    assert not Path("x").exists()
