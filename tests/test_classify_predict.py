"""A classifier asked about files, folders and generated pictures, and the judge made of one."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganvas.artist.artist import load
from ganvas.classify import judge as judges
from ganvas.classify.classifier import Classifier
from ganvas.classify.judge import entropy, judge, trained_judge
from ganvas.classify.predict import predict
from ganvas.classify.train import train
from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.arrays import Features, Images
from ganvas.foundation.errors import DataError, RunError
from ganvas.runs.snapshot import Snapshot, save
from ganvas.training.baseline import fit
from support.command_line import Cli, can_name_files
from support.datasets import write_dataset
from support.narrowing import not_none

COLOURS = {"class0": (240, 60, 60), "class1": (60, 240, 60)}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("judged") / "data", count=80)


@pytest.fixture(scope="module")
def forest(data: Path) -> Path:
    """A classifier of reddish (class0) and greenish (class1) pictures."""
    train(data, data.parent / "forest", model="forest", size=8, trees=20)
    return data.parent / "forest"


@pytest.fixture(scope="module")
def means(data: Path) -> Path:
    """A conditional generator that paints the mean picture of the class it is asked for."""
    snapshot = fit(data, "mean")
    save(data.parent / "means.safetensors", snapshot.generator, snapshot.card)
    return data.parent / "means.safetensors"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    if not can_name_files("\N{LATIN SMALL LETTER E WITH ACUTE}"):
        pytest.skip("no file can have an accent in its name here")
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        Image.new("RGB", (50, 30), colour).save(folder / name / f"{name} \N{LATIN SMALL LETTER E WITH ACUTE}.png")
    (folder / "notes.txt").write_text("no picture")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff but then nothing")
    return folder


def test_files_and_folders_are_named_by_their_colours(forest: Path, pictures: Path) -> None:
    left_out: dict[str, str] = {}
    said = list(predict(Classifier.open(forest), [pictures], left_out=left_out.__setitem__))
    assert [Path(prediction.path).parent.name for prediction in said] == ["class0", "class1"]
    assert [prediction.name for prediction in said] == ["class0", "class1"]
    assert set(left_out) == {"broken.jpg", "notes.txt"}
    for prediction in said:
        assert list(prediction.probabilities) == ["class0", "class1"]
        assert sum(prediction.probabilities.values()) == pytest.approx(1)
        assert prediction.probability == max(prediction.probabilities.values())
        (alone,) = predict(Classifier.open(forest), [prediction.path])
        assert alone == prediction


def test_the_command_prints_a_table_json_or_csv(forest: Path, pictures: Path, cli: Cli) -> None:
    plain = cli("classify", "predict", forest, pictures, check=True)
    assert [line.split()[1] for line in plain.stdout.splitlines()] == ["class0", "class1"]
    assert "left out broken.jpg" in plain.stderr
    records = json.loads(cli("classify", "predict", forest, pictures, "--json", check=True).stdout)
    assert [set(record) for record in records] == [{"path", "class", "probability", "probabilities"}] * 2
    rows = list(csv.DictReader(io.StringIO(cli("classify", "predict", forest, pictures, "--csv", check=True).stdout)))
    assert [row["class"] for row in rows] == [record["class"] for record in records] == ["class0", "class1"]
    assert [float(row["p(class1)"]) for row in rows] == [record["probabilities"]["class1"] for record in records]


def test_a_generator_is_classified_by_its_pictures(forest: Path, means: Path) -> None:
    said = list(predict(Classifier.open(forest), [means], samples=6))
    assert [prediction.name for prediction in said] == [f"class{label}" for label in not_none(load(means).labels(6))]
    assert [prediction.path for prediction in said][:2] == [f"{means}#0", f"{means}#1"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["nowhere.png"], "nowhere.png"),
        (["pictures/broken.jpg"], "broken.jpg"),
        (["empty"], "empty"),
        (["text"], "text"),
        (["pictures", "--json", "--csv"], "--csv"),
        (["pictures", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_classified_is_named(
    words: list[str], named: str, forest: Path, pictures: Path, cli: Cli
) -> None:
    (pictures.parent / "empty").mkdir()
    (pictures.parent / "text").mkdir()
    (pictures.parent / "text" / "a.txt").write_text("words")
    done = cli("classify", "predict", forest, *words)
    assert done.returncode == 2
    assert named in done.stderr.splitlines()[-1]


def test_no_classifier_is_no_classifier(tmp_path: Path, pictures: Path, cli: Cli) -> None:
    done = cli("classify", "predict", pictures, pictures)
    assert done.returncode == 2
    assert str(pictures) in done.stderr


def test_the_judge_finds_the_labels_of_mean_pictures_right_and_its_own_limits(forest: Path, means: Path) -> None:
    judgement = judge(means, classifier=forest, samples=20)
    assert judgement.label_accuracy is not None
    assert (judgement.label_accuracy.value, judgement.label_accuracy.se) == (1, 0)
    assert judgement.class_accuracy == {"class0": 1, "class1": 1}
    asked = not_none(load(means).labels(20))
    assert judgement.shares == {"class0": (asked == 0).mean(), "class1": (asked == 1).mean()}
    assert judgement.real_accuracy == Classifier.open(forest).card.test_accuracy
    assert judgement.real_ambiguity is not None


def test_classes_are_matched_by_name_not_by_number(forest: Path, tmp_path: Path) -> None:
    snapshot = fit(Dataset.open(Classifier.open(forest).card.data).path, "mean")
    swapped = snapshot.card.model_copy(update={"class_names": snapshot.card.class_names[::-1]})
    save(tmp_path / "swapped.safetensors", snapshot.generator, swapped)
    judgement = judge(tmp_path / "swapped.safetensors", classifier=forest, samples=20)
    assert judgement.class_accuracy == {"class0": 0, "class1": 0}
    strange = snapshot.card.model_copy(update={"class_names": ["class0", "cubism"]})
    save(tmp_path / "strange.safetensors", snapshot.generator, strange)
    with pytest.raises(DataError, match=r"cubism.*class0, class1"):
        judge(tmp_path / "strange.safetensors", classifier=forest, samples=20)


def test_a_judge_is_trained_once_for_a_dataset(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[Path] = []

    def noted(data: Path, out: Path, *rest: Any, **options: Any) -> Classifier:
        trained.append(out)
        return train(data, out, *rest, **options)

    monkeypatch.setattr(judges, "train", noted)
    opened = Dataset.open(data)
    first = trained_judge(opened, model="forest", cache=tmp_path)
    again = trained_judge(opened, model="forest", cache=tmp_path)
    assert len(trained) == 1
    assert np.array_equal(first.probabilities(opened.images[:4]), again.probabilities(opened.images[:4]))
    (trained[0] / "classifier.json").write_text("{")  # a damaged one is made again
    trained_judge(opened, model="forest", cache=tmp_path)
    other = Dataset.open(write_dataset(tmp_path / "other", count=80, seed=5))
    trained_judge(other, model="forest", cache=tmp_path)
    assert len(trained) == 3
    assert len(set(trained)) == 2
    # The same pictures, divided otherwise: the split of the first judge may have parted a group.
    opened.index["group"] = [str(number // 4) for number in range(len(opened))]
    trained_judge(opened, model="forest", cache=tmp_path)
    assert len(set(trained)) == 3


def test_the_judge_says_by_command_what_it_says_in_python(forest: Path, means: Path, cli: Cli) -> None:
    words = ["classify", "judge", means, "--classifier", forest, "--samples", "20"]
    assert "label accuracy 1.000" in cli(*words, check=True).stdout
    record = json.loads(cli(*words, "--json", check=True).stdout)
    assert record["label_accuracy"] == {"value": 1.0, "se": 0.0}
    assert set(record["class_accuracy"]) == {"class0", "class1"}


def test_a_judge_needs_a_dataset(means: Path, tmp_path: Path) -> None:
    snapshot = means.parent / "orphan.safetensors"
    loaded = Snapshot.load(means)
    save(snapshot, loaded.generator, loaded.card.model_copy(update={"data": str(tmp_path / "gone")}))
    with pytest.raises(DataError, match="gone"):
        judge(snapshot)
    with pytest.raises(RunError, match="nowhere"):
        judge(tmp_path / "nowhere")


def test_entropy_is_nought_for_the_sure_and_one_for_the_clueless() -> None:
    probabilities = np.array([[1, 0, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0]], np.float32)
    assert entropy(probabilities) == pytest.approx([0, 1, 0.5])


def test_an_evaluation_can_ask_the_judge_too(cli: Cli, means: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forest(data: Dataset, **given: Any) -> Classifier:
        """Trained sooner than the model of judges by default."""
        return trained_judge(data, **given | {"model": "forest"})

    monkeypatch.setattr(judges, "trained_judge", forest)
    words = ["evaluate", means, "--samples", "20", "--extractor", "pixels"]
    assert "label accuracy" not in cli(*words, check=True).stdout
    asked = cli(*words, "--judge", check=True).stdout
    assert "label accuracy" in asked
    assert "ambiguity" in asked
    record = json.loads(cli(*words, "--judge", "--json", check=True).stdout)
    assert record["judge"]["label_accuracy"]["value"] == 1
    assert record["kid"] is not None


class Counted:
    """A classifier that counts how often it is asked, and about how many pictures."""

    def __init__(self, known: Classifier) -> None:
        self._known, self.asked = known, list[int]()

    def __getattr__(self, name: str) -> object:
        return getattr(self._known, name)

    def probabilities(self, images: Images) -> Features:
        self.asked.append(len(images))
        return self._known.probabilities(images)


@pytest.fixture
def many(tmp_path: Path) -> list[Path]:
    """300 files, each a source of its own."""
    random = np.random.default_rng(0)
    files = [tmp_path / "many" / f"{number:03}.png" for number in range(300)]
    files[0].parent.mkdir()
    for file in files:
        Image.fromarray(random.integers(0, 255, (16, 16, 3), np.uint8)).save(file)
    return files


def test_files_that_are_sources_of_their_own_are_classified_together(forest: Path, many: list[Path]) -> None:
    counted, folder = Counted(Classifier.open(forest)), Counted(Classifier.open(forest))
    assert list(predict(counted, many)) == list(predict(folder, [many[0].parent]))  # type: ignore[arg-type]
    assert counted.asked == folder.asked == [256, 44]


@pytest.mark.parametrize("model", ["cnn", "transfer"])
def test_what_is_said_of_a_picture_does_not_depend_on_the_others(
    data: Path, means: Path, many: list[Path], model: str
) -> None:
    options: dict[str, Any] = {"epochs": 1} if model == "cnn" else {"size": 64}
    known = train(data, many[0].parent.parent / "known", model=model, **options)
    together = list(predict(known, [*many[:5], means, *many[5:40]], samples=3))
    assert [Path(each.path).name for each in together[:5]] == [file.name for file in many[:5]]
    assert together[5].path == f"{means}#0"
    alone = [next(predict(known, [file])) for file in (many[0], many[4], many[39])]
    assert alone == [together[0], together[4], together[42]]


def test_what_comes_before_a_file_that_cannot_be_read_is_still_classified(
    forest: Path, pictures: Path, many: list[Path]
) -> None:
    said = predict(Classifier.open(forest), [*many[:3], pictures / "broken.jpg", many[4]])
    assert [Path(next(said).path).name for _ in range(3)] == [file.name for file in many[:3]]
    with pytest.raises(DataError, match=r"broken\.jpg"):
        next(said)
