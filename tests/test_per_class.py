"""A GAN for each class: every one from the pictures of its class alone, and all of them in one place."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganvas.artist.artist import load
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import INDEX, TEST, TRAIN
from ganvas.data.dataset.subset import of_classes
from ganvas.experiments.class_groups import grouped, name_of
from ganvas.experiments.per_class import PerClass, _folders, train_per_class
from ganvas.foundation.errors import ConfigError, DataError, DivergedError, GanvasError
from ganvas.planning import run as runs
from ganvas.planning.run import Outcome
from support.command_line import Cli
from support.datasets import write_dataset
from support.runs import TINY, TINY_WORDS

TINY_RUN = TINY | {"eval_samples": 16, "extractor": "pixels", "grid_size": 1, "budget": "2steps"}
NAMES = ["class0", "class1"]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_a_class_becomes_a_dataset_of_its_pictures_in_order_with_their_split(tmp_path: Path) -> None:
    source = write_dataset(tmp_path / "data")
    index = pd.read_parquet(source / INDEX)
    index["split"] = np.where(np.arange(len(index)) % 8 < 6, TRAIN, TEST)
    index.to_parquet(source / INDEX)
    data = Dataset.open(source)
    own = of_classes(data, ["class1"], tmp_path / "own")
    rows = np.flatnonzero(data.labels == 1)
    assert np.array_equal(own.images, data.images[rows])
    assert own.index["source"].tolist() == data.index["source"][rows].tolist()
    assert np.array_equal(rows[own.rows(TEST)], np.intersect1d(rows, data.rows(TEST)))
    assert own.class_names == []
    assert own.fingerprint not in {data.fingerprint, of_classes(data, ["class0"], tmp_path / "other").fingerprint}
    assert own.fingerprint == of_classes(data, ["class1"], tmp_path / "again").fingerprint
    with pytest.raises(DataError, match="class1"):
        of_classes(data, ["klass1"], tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_every_class_has_a_run_of_its_own_beside_the_others_and_is_done_once(
    tiny_data: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = train_per_class(tiny_data, out, "dcgan", **TINY_RUN)
    assert done.finished
    assert list(done.plan.folders) == NAMES
    for name in NAMES:
        assert Dataset.open(out / "data" / name).index["class"].unique().tolist() == [name]
        assert runs.is_spent(done.run(name))
    assert (out / "table.md").read_text("utf-8") == f"{done}\n"
    assert [line.split(" | ")[:2] for line in str(done).splitlines()[2:]] == [[f"| {name}", "24"] for name in NAMES]
    with Image.open(out / "grid.png") as grid:
        assert grid.height == 2 * 16 + 2
    assert "dcgan on each class of data" in (out / "page.html").read_text("utf-8")

    monkeypatch.setattr(runs, "train", lambda *_given, **_changes: pytest.fail("all of it is done"))
    assert str(train_per_class(tiny_data, out, "dcgan", **TINY_RUN)) == str(done)


def test_an_interrupted_one_goes_on_where_it_was(tiny_data: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = runs.train

    def interrupted(*given: Any, **changes: Any) -> Outcome:
        outcome = real(*given, **changes | {"budget": "1steps"})
        record = outcome.run / "config.yaml"
        record.write_text(record.read_text("utf-8").replace("1steps", "2steps"))
        return Outcome(outcome.run, finished=False, kimg=outcome.kimg, best_kid=None)

    monkeypatch.setattr(runs, "train", interrupted)
    assert not train_per_class(tiny_data, out, "dcgan", **TINY_RUN).finished
    assert not (out / "table.md").exists()
    monkeypatch.setattr(runs, "train", real)
    done = train_per_class(tiny_data, out, "dcgan", **TINY_RUN)
    assert done.finished
    assert all(runs.is_spent(done.run(name)) for name in NAMES)


def test_a_class_that_diverges_is_named_and_the_others_go_on(
    tiny_data: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = runs.train

    def train(given: Path, run: Path, recipe: str, **changes: Any) -> Outcome:
        outcome = real(given, run, recipe, **changes | {"eval_samples": 0 if run.name == "class0" else 16})
        if run.name == "class0":
            raise DivergedError("a loss is infinite")
        return outcome

    monkeypatch.setattr(runs, "train", train)
    done = train_per_class(tiny_data, out, "dcgan", **TINY_RUN)
    assert done.diverged == {"class0": "a loss is infinite"}
    assert "class0 (diverged)" in (out / "table.md").read_text("utf-8")
    assert runs.is_spent(done.run("class1"))


def test_classes_whose_names_make_one_folder_are_kept_apart(tmp_path: Path, out: Path) -> None:
    source = write_dataset(tmp_path / "data")
    index = pd.read_parquet(source / INDEX)
    index["style"] = np.resize(["a/b", "A?b", ".."], len(index))
    index.to_parquet(source / INDEX)
    done = train_per_class(source, out, "dcgan", label_column="style", **TINY_RUN | {"eval_samples": 0})
    assert len({folder.casefold() for folder in done.plan.folders.values()}) == 3
    assert {run.name for run in (out / "runs").iterdir()} == set(done.plan.folders.values())
    assert [run.name for run in out.parent.iterdir() if run.name not in {"data", "out"}] == []


def test_folders_are_ones_that_every_system_accepts() -> None:
    names = ["Art", "art", "con", "NUL.x", "COM1", "console", "St.", "..", "a/b", "a:b", "Émile", ""]
    folders = list(_folders(names).values())
    assert folders[:8] == ["Art", "art-2", "con-3", "NUL.x-4", "COM1-5", "console", "St.-7", "..-8"]
    assert folders[8:] == ["a_b", "a_b-10", "Émile", "-12"]


def test_each_may_begin_with_the_weights_of_one_run(tiny_data: Path, tmp_path: Path, out: Path) -> None:
    runs.train(tiny_data, tmp_path / "shared", "dcgan", **TINY_RUN)
    done: PerClass = train_per_class(tiny_data, out, "dcgan", start=tmp_path / "shared", **TINY_RUN)
    assert done.finished
    assert done.plan.start == str(tmp_path / "shared")


@pytest.mark.parametrize(
    ("recipe", "more", "named"),
    [
        ("cdcgan", {}, "leave out --per-class"),
        ("dcgan", {"ambiguity": 1}, "dcgan with ambiguity learns all classes in one network"),
        ("dcgen", {}, "dcgan"),
        ("dcgan", {"budget": "soon"}, "soon"),
        ("dcgan", {"widht": 3}, "width"),
        ("dcgan", {"label_column": "artist"}, "artist"),
        ("dcgan", {"label_column": "source"}, "one picture"),
        ("dcgan", {"label_column": "rare", "eval_samples": 16}, "'few' has 3 training pictures"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(
    recipe: str, more: dict[str, Any], named: str, tmp_path: Path, out: Path
) -> None:
    source = write_dataset(tmp_path / "data", size=32)
    index = pd.read_parquet(source / INDEX)
    index["rare"] = np.where(np.arange(len(index)) < 3, "few", "many")
    index.to_parquet(source / INDEX)
    with pytest.raises(GanvasError, match=named):
        train_per_class(source, out, recipe, **more)
    assert not out.exists()


def test_data_without_classes_and_another_plan_are_refused(tiny_data: Path, tmp_path: Path, out: Path) -> None:
    with pytest.raises(DataError, match="has no classes; name a column with --label-column: source"):
        train_per_class(write_dataset(tmp_path / "plain", classes=0), out, "dcgan")
    train_per_class(tiny_data, out, "dcgan", **TINY_RUN)
    with pytest.raises(ConfigError, match="begun with recipe"):
        train_per_class(tiny_data, out, "mlp", **TINY_RUN)


def test_the_command_prints_the_table_and_rehearses(tiny_data: Path, cli: Cli) -> None:
    words = ["train", tiny_data, "--out", "out", "--per-class", "--budget", "1steps", *TINY_WORDS]
    plan = cli(*words, "--dry-run", check=True).stdout.splitlines()
    assert plan == [
        "atelier for each of 2 classes, one after the other",
        *(f"{n}: 24 pictures, 1steps each" for n in NAMES),
    ]
    assert not Path("out").exists()
    done = cli(*words, check=True)
    assert done.stdout.splitlines()[0].startswith("| class | pictures |")
    assert "out/page.html" in done.stderr


# ---- groups of classes ------------------------------------------------------------------------------------------


@pytest.fixture
def four(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "four", count=96, classes=4)


@pytest.mark.parametrize(
    ("count", "size", "sizes"),
    [(100, 10, [10] * 10), (11, 10, [6, 5]), (4, 2, [2, 2]), (4, 3, [2, 2]), (5, 2, [3, 2]), (7, 2, [3, 2, 2])],
)
def test_a_size_divides_the_classes_evenly_and_leaves_none_alone(count: int, size: int, sizes: list[int]) -> None:
    names = [f"{number:03}" for number in range(count)]
    groups = grouped(names, size)
    assert [len(group) for group in groups] == sizes
    assert [name for group in groups for name in group] == names


def test_a_group_is_named_by_its_classes() -> None:
    assert grouped(["a", "b", "c", "d"], [["d", "b"]]) == [["b", "d"]]
    assert name_of(["b", "d"]) == "b, d"
    assert name_of(list("abcdefghij")) == "a, b and 8 more"


def test_some_classes_become_a_dataset_with_these_classes(four: Path, tmp_path: Path) -> None:
    data = Dataset.open(four)
    own = of_classes(data, ["class3", "class1"], tmp_path / "own")
    rows = np.flatnonzero(data.index["class"].isin(["class1", "class3"]))
    assert np.array_equal(own.images, data.images[rows])
    assert own.class_names == ["class1", "class3"]
    assert own.labels is not None
    assert [own.class_names[number] for number in own.labels] == data.index["class"][rows].tolist()
    assert own.fingerprint != of_classes(data, ["class0", "class1"], tmp_path / "other").fingerprint


def test_a_conditional_recipe_is_trained_for_each_group(four: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = TINY_RUN | {"width": 8}
    done = train_per_class(four, out, "acgan", groups=2, **options)
    assert done.finished
    assert list(done.plan.folders) == ["class0, class1", "class2, class3"]
    for name in done.plan.folders:
        assert runs.is_spent(done.run(name))
        assert load(done.run(name)).class_names == done.plan.groups[name]
    heads, _, *rows = str(done).splitlines()
    assert heads.startswith("| group of classes | pictures |")
    assert [row.split(" | ")[:2] for row in rows] == [["| class0, class1", "48"], ["| class2, class3", "48"]]
    with Image.open(out / "grid.png") as grid:
        assert grid.height == 4 * 16 + 3 * 2, "a row for each class"
    assert "acgan on each group of classes of four" in (out / "page.html").read_text("utf-8")

    monkeypatch.setattr(runs, "train", lambda *_given, **_changes: pytest.fail("all of it is done"))
    assert str(train_per_class(four, out, "acgan", groups=2, **options)) == str(done)
    with pytest.raises(ConfigError, match="was begun with folders"):
        train_per_class(four, out, "acgan", groups=[["class0", "class3"]], **options)


def test_a_recipe_without_classes_and_another_column_take_groups_too(four: Path, out: Path) -> None:
    index = pd.read_parquet(four / INDEX)
    index["style"] = np.resize(["x", "y", "z"], len(index))
    index.to_parquet(four / INDEX)
    plain = TINY_RUN | {"eval_samples": 0}
    done = train_per_class(four, out / "a", "dcgan", groups=[["z", "x"]], label_column="style", **plain)
    assert list(done.plan.folders) == ["x, z"]
    assert load(done.run("x, z")).class_names == []
    other = train_per_class(
        four, out / "b", "cdcgan", groups=[["z", "y"]], label_column="style", **plain | {"width": 8}
    )
    assert load(other.run("y, z")).class_names == ["y", "z"]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (1, "--per-group 1 is out of range for 4 classes; choose 2 to 3"),
        (4, "--per-group 4 is out of range"),
        ([["class0", "klass1"]], r"--class-group class0,klass1: unknown class 'klass1' \(did you mean 'class1'"),
        ([["class0"]], "a group has two classes or more; --per-class trains for single ones"),
        ([["class0", "class1"], ["class1", "class2"]], "class 'class1' is named twice"),
    ],
)
def test_groups_that_make_no_sense_are_refused(groups: Any, message: str, four: Path, out: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        train_per_class(four, out, "acgan", groups=groups, **TINY_RUN)
    assert not out.exists()


def test_three_classes_are_too_few_for_groups_of_a_size(tmp_path: Path, out: Path) -> None:
    with pytest.raises(ConfigError, match="groups need four classes or more, and there are 3"):
        train_per_class(write_dataset(tmp_path / "three", classes=3), out, "acgan", groups=2, **TINY_RUN)


def test_the_command_takes_groups_by_size_and_by_name(four: Path, cli: Cli) -> None:
    words = ["train", four, "--out", "out", "--recipe", "acgan", "--budget", "1steps", *TINY_WORDS]
    plan = cli(*words, "--per-group", "2", "--dry-run", check=True).stdout.splitlines()
    assert plan == [
        "acgan for each of 2 groups of classes, one after the other",
        "class0, class1: 48 pictures, 1steps each",
        "class2, class3: 48 pictures, 1steps each",
    ]
    named = ["--class-group", "class3,class0", "--class-group", "class1, class2"]
    plan = cli(*words, *named, "--dry-run", check=True).stdout.splitlines()
    assert [line.split(":")[0] for line in plan[1:]] == ["class0, class3", "class1, class2"]
    both = cli(*words, *named, "--per-class")
    assert both.returncode == 2
    assert "--per-class, --per-group and --class-group cannot be used together" in both.stderr
    assert not Path("out").exists()
