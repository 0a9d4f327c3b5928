"""Scores, galleries and attention of classifiers: against cases worked out by hand, and where the answer is known."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from ganvas.classify.attention import activation_maps, hires_cam, importances
from ganvas.classify.classifier import Classifier
from ganvas.classify.evaluate import evaluate
from ganvas.classify.gallery import galleries
from ganvas.classify.models.forest import Forest
from ganvas.classify.models.transfer import Transfer, TransferOptions
from ganvas.classify.network import NetworkModel
from ganvas.classify.resampling import SMALLEST, resampled_area
from ganvas.classify.scores import Scores, score
from ganvas.classify.train import train
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import INDEX, INFO
from ganvas.foundation.errors import DataError, RunError
from support.command_line import Cli
from support.corners import CORNER, write_corners

NAMES = ["arcs", "blocks", "curls"]


def spread(answers: list[int], confidence: list[float], classes: int = 3) -> NDArray[np.float64]:
    """Probabilities [N, C] of these answers with this confidence, the rest shared evenly."""
    rest = (1 - np.array(confidence)) / (classes - 1)
    probabilities = np.repeat(rest[:, None], classes, axis=1)
    probabilities[np.arange(len(answers)), answers] = confidence
    return probabilities


def random_case(
    count: int = 200, classes: int = 4, decimals: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.int64], list[str]]:
    """Probabilities a little better than guessing, so far rounded that many are tied."""
    random = np.random.default_rng(3)
    truth = random.integers(0, classes, count)
    probabilities = random.dirichlet(np.ones(classes), count) + 0.3 * np.eye(classes)[truth]
    rounded = np.round(probabilities, decimals) + 0.01
    return rounded / rounded.sum(axis=1, keepdims=True), truth, [f"class{number}" for number in range(classes)]


# --- Scores ---


def test_scores_of_a_case_worked_out_by_hand() -> None:
    truth = np.array([0, 0, 1, 1, 2])
    probabilities = spread([0, 1, 1, 1, 0], [0.8, 0.8, 0.5, 0.5, 0.5])
    scores = score(probabilities, truth, NAMES, np.arange(5), majority="blocks")
    assert scores.confusion.tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 0]]
    assert scores.accuracy.value == pytest.approx(3 / 5)
    assert scores.balanced_accuracy.value == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert scores.f1.value == pytest.approx((1 / 2 + 4 / 5 + 0) / 3)
    assert scores.log_loss.value == pytest.approx(-np.log([0.8, 0.1, 0.5, 0.5, 0.25]).mean())
    assert scores.baseline.accuracy == pytest.approx(2 / 5)
    assert scores.baseline.f1 == pytest.approx(4 / 7 / 3)
    arcs, blocks, curls = scores.classes
    assert arcs.precision is not None
    assert arcs.recall is not None
    assert (arcs.pictures, arcs.predicted, arcs.precision.value, arcs.recall.value) == (2, 2, 0.5, 0.5)
    assert blocks.precision is not None
    assert blocks.precision.value == pytest.approx(2 / 3)
    assert (curls.precision, curls.predicted, curls.pictures) == (None, 0, 1)
    # Of 0.5 three pictures, two of them right; of 0.8 two, one of them right.
    assert [(each.pictures, round(each.confidence, 6)) for each in scores.calibration] == [(3, 0.5), (2, 0.8)]
    assert [each.accuracy.value for each in scores.calibration] == pytest.approx([2 / 3, 1 / 2])
    assert scores.calibration_error.value == pytest.approx(3 / 5 * (2 / 3 - 1 / 2) + 2 / 5 * (0.8 - 1 / 2))


def test_a_ranking_worked_out_by_hand() -> None:
    # Of six pairs, blocks is ranked higher in four, and ties in one.
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
    scores = score(probabilities, np.array([0, 0, 0, 1, 1]), ["arcs", "blocks"], np.arange(5), "arcs")
    blocks = scores.classes[1]
    assert blocks.auc is not None
    assert blocks.auc.value == pytest.approx((1 + 0.5 + 0 + 1 + 1 + 0) / 6)
    assert blocks.roc is not None
    assert blocks.roc.false_positive_rate[[0, -1]].tolist() == [0, 1]
    assert np.trapezoid(blocks.roc.true_positive_rate, blocks.roc.false_positive_rate) == pytest.approx(3.5 / 6)


def test_scores_are_those_of_scikit_learn() -> None:
    probabilities, truth, names = random_case()
    scores, said = score(probabilities, truth, names, np.arange(len(truth)), names[0]), probabilities.argmax(axis=1)
    assert scores.accuracy.value == pytest.approx(metrics.accuracy_score(truth, said))
    assert scores.balanced_accuracy.value == pytest.approx(metrics.balanced_accuracy_score(truth, said))
    assert scores.f1.value == pytest.approx(metrics.f1_score(truth, said, average="macro"))
    assert scores.log_loss.value == pytest.approx(metrics.log_loss(truth, probabilities))
    assert scores.auc is not None
    assert scores.auc.value == pytest.approx(metrics.roc_auc_score(truth, probabilities, multi_class="ovr"))


def test_the_area_of_a_resample_is_that_of_the_pictures_it_holds() -> None:
    probabilities, truth, _ = random_case()
    random = np.random.default_rng(0)
    draws = random.integers(0, 3, (5, len(truth)))
    areas = resampled_area(truth == 2, probabilities[:, 2], draws.astype(np.float32))
    for drawn, area in zip(draws, areas, strict=True):
        rows = np.repeat(np.arange(len(truth)), drawn)
        assert area == pytest.approx(metrics.roc_auc_score(truth[rows] == 2, probabilities[rows, 2]))


def test_errors_are_wider_where_pictures_stand_and_fall_together() -> None:
    groups = np.repeat(np.arange(40), 10)
    is_right = np.random.default_rng(0).random(40)[groups] < 0.6
    truth = np.arange(400) % 2
    probabilities = spread(np.where(is_right, truth, 1 - truth).tolist(), [0.9] * 400, classes=2)
    together = score(probabilities, truth, ["a", "b"], groups, "a").accuracy
    apart = score(probabilities, truth, ["a", "b"], np.arange(400), "a").accuracy
    assert together.value == apart.value
    share = together.value
    assert together.se == pytest.approx((share * (1 - share) / 40) ** 0.5, rel=0.1)
    assert apart.se == pytest.approx((share * (1 - share) / 400) ** 0.5, rel=0.1)
    assert together.low is not None
    assert together.high is not None
    assert together.se is not None
    assert together.high - together.low == pytest.approx(4 * together.se, rel=0.1)


def test_the_same_seed_gives_the_same_errors() -> None:
    probabilities, truth, names = random_case(60)
    first, again, other = (score(probabilities, truth, names, truth, names[0], seed) for seed in (1, 1, 2))
    assert first.record() == again.record()
    assert first.accuracy.value == other.accuracy.value
    assert first.accuracy.se != other.accuracy.se


@pytest.mark.parametrize(
    ("truth", "groups"),
    [([0], [0]), ([0, 1, 2, 0], [5, 5, 5, 5]), ([1, 1, 1], [0, 1, 2]), ([0, 1, 0, 1], [0, 0, 1, 1])],
    ids=["a single picture", "a single group", "a single class", "a class that is absent"],
)
def test_what_cannot_be_known_is_none(truth: list[int], groups: list[int]) -> None:
    answers = [0, 1, 1, 2][: len(truth)]
    probabilities = np.eye(3)[answers].astype(np.float32)  # certain, and at times wrong: the loss must stay finite
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = score(probabilities, np.array(truth), NAMES, np.array(groups), "arcs")
        text = json.dumps(scores.record(), allow_nan=False)
        assert "nan" not in f"{scores}{text}"
    assert scores.log_loss.value <= -np.log(SMALLEST)
    assert (scores.accuracy.se is None) == (len(set(groups)) == 1)
    for number, each in enumerate(scores.classes):
        assert (each.recall is None) == (number not in truth)
        assert (each.auc is None) == (number not in truth or len(set(truth)) == 1)


def test_a_class_of_a_single_group_has_scores_but_no_errors() -> None:
    scores = score(np.eye(2)[[0, 1, 1, 1, 0]], np.array([0, 0, 1, 1, 1]), ["a", "b"], np.array([0, 1, 2, 2, 2]), "b")
    a, b = scores.classes
    assert (a.groups, b.groups) == (2, 1)
    assert a.recall is not None
    assert a.recall.se is not None
    assert b.recall is not None
    assert b.recall.value == pytest.approx(2 / 3)
    assert b.recall.se is None


def test_scores_belong_to_names_however_classes_are_numbered() -> None:
    probabilities, truth, names = random_case(decimals=9)
    order = np.array([2, 0, 3, 1])
    straight = score(probabilities, truth, names, np.arange(len(truth)), names[0])
    permuted = score(
        probabilities[:, order], np.argsort(order)[truth], [names[n] for n in order], np.arange(len(truth)), names[0]
    )

    def by_name(scores: Scores) -> dict[str, object]:
        return {each.name: each.record() for each in scores.classes}

    assert permuted.accuracy == straight.accuracy
    assert json.dumps(by_name(permuted), sort_keys=True) == json.dumps(by_name(straight), sort_keys=True)


# --- Galleries ---


def test_galleries_hold_the_most_confident_and_the_undecided_of_each_class() -> None:
    truth = np.array([0, 0, 0, 0, 1, 1])
    probabilities = spread([0, 0, 1, 1, 1, 1], [0.6, 0.9, 0.95, 0.51, 0.7, 0.7], classes=2)
    sources = [f"{number}.png" for number in range(6)]
    arcs, blocks = galleries(probabilities, truth, NAMES[:2], np.arange(6), sources)
    assert [each.source for each in arcs.correct] == ["1.png", "0.png"]
    assert [each.source for each in arcs.wrong] == ["2.png", "3.png"]
    assert [each.source for each in arcs.undecided] == ["3.png", "0.png", "1.png", "2.png"]
    assert blocks.wrong == ()
    assert [each.number for each in blocks.correct] == [4, 5]  # a tie: in the order of the pictures
    wrong = arcs.wrong[0]
    assert (wrong.true_class, wrong.predicted_class, wrong.second_class) == ("arcs", "blocks", "arcs")
    assert (wrong.probability, wrong.second_probability) == pytest.approx((0.95, 0.05))


def test_the_most_confident_are_of_different_groups_while_there_are_any() -> None:
    probabilities = spread([0] * 6, [0.99, 0.98, 0.97, 0.6, 0.5, 0.4])
    groups, sources = np.array([7, 7, 7, 1, 2, 3]), [str(number) for number in range(6)]
    (gallery, *_) = galleries(probabilities, np.zeros(6, np.int64), NAMES, groups, sources, count=3)
    assert [each.number for each in gallery.correct] == [0, 3, 4]
    (gallery, *_) = galleries(probabilities, np.zeros(6, np.int64), NAMES, groups, sources, count=5)
    assert [each.number for each in gallery.correct] == [0, 1, 3, 4, 5]


# --- Where it looks ---


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corners(tmp_path_factory.mktemp("corners") / "data", count=120)


@pytest.fixture(scope="module")
def forest(data: Path) -> Path:
    train(data, data.parent / "forest", model="forest", size=16, trees=30)
    return data.parent / "forest"


@pytest.fixture(scope="module")
def cnn(data: Path) -> Classifier:
    return train(data, data.parent / "cnn", model="cnn", size=16, epochs=8, augment=False, device="cpu", threads=1)


def test_a_forest_s_importances_are_in_the_corner_that_decides(forest: Path) -> None:
    model = Classifier.open(forest).model
    assert isinstance(model, Forest)
    values = importances(model)
    assert values.shape == (16, 16, 3)
    assert values.sum() == pytest.approx(1)
    assert values[:CORNER, :CORNER].sum() > 0.95


def test_what_speaks_for_a_class_is_in_the_corner_that_decides(cnn: Classifier, data: Path) -> None:
    assert isinstance(cnn.model, NetworkModel)
    dataset = Dataset.open(data)
    lit = dataset.images[np.flatnonzero(dataset.index["class"] == "lit")[:6]]
    heat = hires_cam(cnn.model, lit, np.full(6, cnn.class_names.index("lit")))
    assert heat.shape == (6, 16, 16)
    assert heat.min() >= 0
    assert heat.max(axis=(1, 2)) == pytest.approx(np.ones(6))
    elsewhere = heat.copy()
    elsewhere[:, : CORNER + 2, : CORNER + 2] = 0
    assert heat[:, :CORNER, :CORNER].mean() > 5 * elsewhere.mean()


def test_what_speaks_for_one_of_two_classes_is_not_what_speaks_for_the_other(cnn: Classifier, data: Path) -> None:
    assert isinstance(cnn.model, NetworkModel)
    images = Dataset.open(data).images[:2]
    first, second = (hires_cam(cnn.model, images, np.full(2, number)) for number in (0, 1))
    assert not np.allclose(first, second)


def test_activation_maps_show_the_corner_and_leave_the_network_as_it_was(cnn: Classifier, data: Path) -> None:
    assert isinstance(cnn.model, NetworkModel)
    image = Dataset.open(data).images[1]
    before = cnn.probabilities(image[None])
    maps = activation_maps(cnn.model, image)
    assert maps.shape == (32, 14, 14)
    assert maps.min() >= 0
    assert maps[:, :3, :3].mean() > maps[:, 8:, 8:].mean()
    assert np.array_equal(cnn.probabilities(image[None]), before)


def test_what_speaks_is_found_through_the_head_of_a_transferred_network() -> None:
    model = Transfer(TransferOptions(), classes=3)
    images = np.random.default_rng(0).integers(0, 256, (2, 40, 40, 3), np.uint8)
    heat = hires_cam(model, images, np.array([0, 2]))
    assert heat.shape == (2, 40, 40)
    assert heat.max() == 1
    # Half of the 192 pixels that pictures are read at.
    assert activation_maps(model, images[0]).shape == (32, 96, 96)


# --- Evaluation ---


def test_only_what_was_held_back_is_judged(forest: Path, data: Path, tmp_path: Path) -> None:
    table = Classifier.open(forest).split()
    held_back = table.loc[table["split"] == "test", "row"].tolist()
    evaluation = evaluate(forest)
    assert evaluation.rows.tolist() == held_back
    assert evaluation.scores.accuracy.value == Classifier.open(forest).card.test_accuracy
    assert evaluation.notes == ()
    # The dataset may have moved: its content is what counts.
    assert evaluate(forest, shutil.copytree(data, tmp_path / "elsewhere")).rows.tolist() == held_back


def test_another_dataset_gives_its_test_rows_or_else_all(forest: Path, tmp_path: Path) -> None:
    strange = write_corners(tmp_path / "strange", count=30, seed=1)
    assert len(evaluate(forest, strange).rows) == 30
    divided = write_corners(tmp_path / "divided", count=30, seed=2, split=["test"] * 7 + ["train"] * 23)
    assert evaluate(forest, divided).rows.tolist() == list(range(7))


def test_classes_are_matched_by_name(forest: Path, tmp_path: Path) -> None:
    # Here "dark" is bright: a classifier that went by numbers or by order would be right, one that goes by name is not.
    swapped = write_corners(tmp_path / "swapped", ("lit", "dark"), count=40, seed=3)
    scores = evaluate(forest, swapped).scores
    assert scores.accuracy.value == 0
    assert scores.confusion.tolist() == [[0, 20], [20, 0]]
    renumbered = write_corners(tmp_path / "renumbered", count=40, seed=3)
    info = json.loads((renumbered / INFO).read_text("utf-8"))
    (renumbered / INFO).write_text(json.dumps(info | {"class_names": ["lit", "dark"]}))
    assert evaluate(forest, renumbered).scores.accuracy.value == 1


def test_a_class_that_is_unknown_is_named(forest: Path, tmp_path: Path) -> None:
    strange = write_corners(tmp_path / "strange", ("dark", "lit", "dusky"), seed=4)
    with pytest.raises(DataError, match=r"'dusky'.*dark, lit"):
        evaluate(forest, strange)


def test_a_column_that_is_missing_is_named(forest: Path, tmp_path: Path) -> None:
    strange = write_corners(tmp_path / "strange", seed=5)
    info = json.loads((strange / INFO).read_text("utf-8"))
    (strange / INFO).write_text(json.dumps(info | {"label_column": None, "class_names": []}))
    pd.read_parquet(strange / INDEX).rename(columns={"class": "style"}).to_parquet(strange / INDEX)
    with pytest.raises(DataError, match=r"unknown column 'class'.*sha256, source, style"):
        evaluate(forest, strange)


def test_a_dataset_that_has_gone_or_changed_is_an_error(tmp_path: Path) -> None:
    data = write_corners(tmp_path / "data")
    train(data, tmp_path / "forest", model="forest", size=8, trees=2)
    info = json.loads((data / INFO).read_text("utf-8"))
    (data / INFO).write_text(json.dumps(info | {"fingerprint": "other"}))
    with pytest.raises(DataError, match=r"changed.*--data"):
        evaluate(tmp_path / "forest")
    shutil.rmtree(data)
    with pytest.raises(DataError, match=r"gone.*--data"):
        evaluate(tmp_path / "forest")
    with pytest.raises(RunError, match="nowhere"):
        evaluate(tmp_path / "nowhere")


def test_whatever_flatters_the_scores_is_said(forest: Path, tmp_path: Path) -> None:
    again = write_corners(tmp_path / "again", count=120, size=12)
    learnt = Classifier.open(forest).split()["split"].eq("train").sum()
    (note,) = evaluate(forest, again).notes
    assert f"was trained on {learnt} of these pictures" in note
    squashed = write_corners(tmp_path / "squashed", seed=6)
    info = json.loads((squashed / INFO).read_text("utf-8"))
    (squashed / INFO).write_text(json.dumps(info | {"options": {"fit": "squash"}}))
    assert "prepared with fit squash" in evaluate(forest, squashed).notes[0]


def test_leaky_classes_are_said_to_be(tmp_path: Path) -> None:
    groups = ["one" if number % 2 else str(number) for number in range(60)]
    data = write_corners(tmp_path / "data", group=groups)
    train(data, tmp_path / "forest", model="forest", size=8, trees=2)
    evaluation = evaluate(tmp_path / "forest")
    assert "each of the classes 'lit' is a single group" in evaluation.notes[0]
    assert evaluation.record()["leaky"] == ["lit"]
    assert "note: each of the classes 'lit' is a single group" in str(evaluation)


def test_the_command_prints_a_table_or_json(forest: Path, cli: Cli) -> None:
    table = cli("classify", "evaluate", forest, check=True).stdout
    assert "accuracy           1.000 (1.000 to 1.000); always answering 'dark'" in table
    record = json.loads(cli("classify", "evaluate", forest, "--json", "--seed", "3", check=True).stdout)
    assert record["accuracy"] == {"value": 1.0, "se": 0.0, "low": 1.0, "high": 1.0}
    assert [each["name"] for each in record["classes"]] == ["dark", "lit"]
    assert record["rows"] == "test"
    done = cli("classify", "evaluate", forest, "--data", "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
