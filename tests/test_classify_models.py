"""The classifiers' models by themselves: shapes, learning, probabilities, and what they take from a file."""

import functools
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
import torch
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from torch import nn

from ganvas.classify.augment import Augmentation, compare_fills
from ganvas.classify.fitting import FeatureInputs, balanced_weights, class_logits, fit
from ganvas.classify.model import Epoch, Examples, Fitted, Model, Silent
from ganvas.classify.models import MODELS, find, resolve
from ganvas.classify.models.cnn import Cnn, CnnOptions
from ganvas.classify.models.deep_cnn import DeepCnn
from ganvas.classify.models.forest import FOREST, Forest
from ganvas.classify.models.transfer import Head, Transfer, TransferOptions
from ganvas.classify.network import NetworkModel
from ganvas.classify.options import NetworkOptions
from ganvas.foundation.errors import ConfigError, DivergedError, RunError
from support.narrowing import not_none

# What makes each model learn in a moment.
QUICK: dict[str, dict[str, Any]] = {
    "forest": {"size": 8, "trees": 20},
    "cnn": {"size": 16, "epochs": 3, "device": "cpu", "threads": 1},
    "deep-cnn": {"size": 46, "epochs": 2, "device": "cpu", "threads": 1},
    "transfer": {"size": 32, "epochs": 5, "device": "cpu", "threads": 1},
}


def quick(name: str, classes: int = 2, **changes: Any) -> Model:
    return find(name)(resolve(name, QUICK[name] | changes), classes)


def examples(count: int = 24, classes: int = 2, size: int = 20, seed: int = 0, contrast: int = 100) -> Examples:
    """Noise; class k is brighter in channel k, by the contrast."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    images = random.integers(0, 150, (count, size, size, 3))
    images[np.arange(count), :, :, labels % 3] += contrast
    return Examples(images.astype(np.uint8), labels.astype(np.int64))


@functools.cache
def learnt(name: str, classes: int = 2, **changes: Any) -> Model:
    """A model that has learnt easy pictures; not to be changed."""
    model = quick(name, classes, **changes)
    model.fit(examples(classes=classes), examples(classes=classes, seed=1), Silent())
    return model


def count_weights(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


# ---- the networks of the paper ----------------------------------------------------------------------------------


def test_the_paper_s_networks_have_the_weights_that_keras_counts() -> None:
    """At 72 px with two classes; worked out by hand from the paper's layers."""
    small = [3 * 3 * 3 * 32 + 32, 35 * 35 * 32 + 1]
    deep = [3 * 9 * 32 + 32, 32 * 9 * 32 + 32, 32 * 9 * 64 + 64, 64 * 9 * 128 + 128, 2 * 2 * 128 * 128 + 128, 128 + 1]
    cnn, deep_cnn = find("cnn")(resolve("cnn", {}), 2), find("deep-cnn")(resolve("deep-cnn", {}), 2)
    assert isinstance(cnn, Cnn)
    assert isinstance(deep_cnn, DeepCnn)
    assert count_weights(cnn.network) == sum(small) == 40_097
    assert count_weights(deep_cnn.network) == sum(deep) == 168_289
    for model in (cnn, deep_cnn):
        assert model.network(torch.rand(2, 3, 72, 72)).shape == (2, 1)


def test_the_paper_s_training_settings_are_the_defaults() -> None:
    cnn, deep = resolve("cnn", {}).model_dump(), resolve("deep-cnn", {}).model_dump()
    assert (cnn["optimizer"], cnn["epochs"], cnn["size"], cnn["batch_size"]) == ("rmsprop", 50, 72, 32)
    assert (deep["optimizer"], deep["epochs"], deep["size"], deep["dropout"]) == ("adam", 100, 72, 0.25)
    assert resolve("forest", {}).model_dump()["trees"] == RandomForestClassifier().n_estimators


@pytest.mark.parametrize("name", ["cnn", "deep-cnn"])
def test_a_network_begins_as_keras_begins_it(name: str) -> None:
    model = quick(name, 3)
    assert isinstance(model, NetworkModel)
    for layer in model.network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            places = layer.weight[0, 0].numel()
            limit = math.sqrt(6 / (places * (layer.weight.shape[0] + layer.weight.shape[1])))
            assert 0.9 * limit < float(layer.weight.detach().abs().max()) <= limit
            assert layer.bias is not None
            assert not layer.bias.any()


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", ["cnn", "deep-cnn", "transfer"])
def test_gradients_reach_the_pixels_and_every_weight_that_learns(name: str, classes: int) -> None:
    model = quick(name, classes)
    assert isinstance(model, NetworkModel)
    some = examples(count=6, classes=classes)
    inputs = model.inputs(some.images).requires_grad_()
    logits = model.logits(inputs)
    assert logits.shape == (6, classes)
    torch.autograd.backward(nn.functional.cross_entropy(logits, torch.from_numpy(some.labels)))
    assert inputs.grad is not None
    assert inputs.grad.abs().amax(dim=(1, 2, 3)).min() > 0
    for key, weight in model.network.named_parameters():
        assert not weight.requires_grad or (weight.grad is not None and weight.grad.any()), key


def test_a_single_output_means_the_sigmoid() -> None:
    outputs = torch.tensor([[-2.0], [0.5]])
    second = class_logits(outputs).softmax(dim=1)[:, 1]
    assert torch.allclose(second, outputs[:, 0].sigmoid())
    labels = torch.tensor([1, 0])
    binary = nn.functional.binary_cross_entropy_with_logits(outputs[:, 0], labels.float())
    assert torch.allclose(nn.functional.cross_entropy(class_logits(outputs), labels), binary)


# ---- what every model promises ----------------------------------------------------------------------------------


def test_every_model_has_options_of_its_own() -> None:
    assert MODELS.names() == ["cnn", "deep-cnn", "forest", "transfer"]
    assert len({model.options_class for model in MODELS.all().values()}) == len(MODELS.names())


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", MODELS.names())
def test_a_model_learns_and_says_how_likely_each_class_is(name: str, classes: int) -> None:
    model = learnt(name, classes, **({"epochs": 15} if "cnn" in name else {}))
    unseen = examples(count=30, classes=classes, size=33, seed=2)
    probabilities = model.probabilities(unseen.images)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (30, classes)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == unseen.labels).mean() > 0.9


@pytest.mark.parametrize("name", MODELS.names())
def test_probabilities_depend_on_the_picture_alone(name: str) -> None:
    model, images = learnt(name), examples(count=40, seed=2).images
    together = model.probabilities(images)
    assert np.array_equal(model.probabilities(images[37:38]), together[37:38])
    assert np.array_equal(model.probabilities(images[::-1]), together[::-1])
    assert model.probabilities(images[:0]).shape == (0, 2)


@pytest.mark.parametrize("name", MODELS.names())
def test_the_same_seed_learns_the_same_and_another_does_not(name: str) -> None:
    images, hard = examples(seed=2).images, examples(contrast=8)
    before = torch.get_rng_state()
    models = [quick(name, seed=seed) for seed in (1, 1, 2)]
    for model in models:
        model.fit(hard, None, Silent())
    first, again, other = (model.probabilities(images) for model in models)
    assert np.array_equal(first, again)
    # Logistic regression has one solution, whatever it begins with.
    assert np.array_equal(first, other) == (name == "transfer")
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        *((name, {}) for name in MODELS),
        ("transfer", {"head": "mlp"}),
        ("transfer", {"fine_tune_epochs": 1, "fine_tune_rate": 1e-3}),
    ],
)
def test_what_was_saved_answers_alike(name: str, changes: dict[str, Any], tmp_path: Path) -> None:
    model, images = learnt(name, 3, **changes), examples(classes=3, seed=2).images
    model.save(tmp_path)
    again = type(model).load(tmp_path, model.options, 3)
    assert np.array_equal(again.probabilities(images), model.probabilities(images))


@pytest.mark.parametrize("name", ["cnn", "transfer"])
def test_weights_that_do_not_fit_or_are_not_whole_are_refused(name: str, tmp_path: Path) -> None:
    model = quick(name)
    with pytest.raises(RunError, match=r"weights.safetensors cannot be read"):
        model.restore(tmp_path)
    model.save(tmp_path)
    with pytest.raises(RunError, match=r"weights.safetensors cannot be read"):
        quick(name, 3).restore(tmp_path)
    file = tmp_path / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(RunError, match=r"weights.safetensors cannot be read"):
        model.restore(tmp_path)


@pytest.mark.parametrize("name", ["cnn", "deep-cnn"])
def test_a_network_can_memorise_six_pictures(name: str) -> None:
    """Noise without anything in common, as a check that the network can learn at all."""
    random = np.random.default_rng(0)
    six = Examples(random.integers(0, 256, (6, 20, 20, 3), np.uint8), np.array([0, 1] * 3))
    model = quick(name, augment=False, patience=0, epochs=60)
    model.fit(six, None, Silent())
    assert np.array_equal(model.probabilities(six.images).argmax(axis=1), six.labels)


# ---- options ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        ("cnm", {}, "unknown model 'cnm' (did you mean 'cnn'?); choose from: cnn, deep-cnn, forest, transfer"),
        ("forest", {"epochs": "3"}, "unknown option of forest 'epochs'; choose from: balance, seed, size"),
        ("cnn", {"epoch": "3"}, "did you mean 'epochs'?"),
        ("cnn", {"epochs": "0"}, "option epochs='0': Input should be greater than or equal to 1"),
        ("cnn", {"fill": "wrap"}, "option fill='wrap': Input should be 'reflect' or 'nearest'"),
        ("cnn", {"learning_rate": "nan"}, "option learning_rate='nan'"),
        ("deep-cnn", {"size": "45"}, "option size='45': Input should be greater than or equal to 46"),
        ("transfer", {"dropout": "0.5"}, "unknown option of transfer 'dropout'"),
    ],
)
def test_options_that_make_no_sense_are_refused(model: str, changes: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(model, changes)
    assert message in str(caught.value)


# ---- the training loop ------------------------------------------------------------------------------------------


class _Watcher(Silent):
    def __init__(self) -> None:
        self.epochs: list[Epoch] = []

    def epoch(self, epoch: Epoch, seconds_left: float) -> None:
        assert seconds_left >= 0
        self.epochs.append(epoch)


def spots(count: int, flipped: bool = False) -> FeatureInputs:
    """Two features that tell two classes apart; flipped, they say the opposite."""
    labels = torch.arange(count) % 2
    values = torch.randn(1, count, 2, generator=torch.Generator().manual_seed(0)) * 0.1
    values[0, torch.arange(count), labels] += 1
    return FeatureInputs(values, 1 - labels if flipped else labels)


def options(**changes: Any) -> NetworkOptions:
    return CnnOptions(**{"optimizer": "adam", "learning_rate": 0.1, "device": "cpu", "epochs": 30, **changes})


def test_training_stops_when_patience_is_spent_and_keeps_the_best_weights() -> None:
    network, watcher = nn.Linear(2, 2), _Watcher()
    fitted = fit(network, spots(32), spots(16, flipped=True), options(patience=3), watcher)
    assert (fitted.best_epoch, len(fitted.history)) == (1, 4)
    assert fitted.history == tuple(watcher.epochs)
    losses = [not_none(epoch.validation_loss) for epoch in fitted.history]
    assert losses[0] == min(losses)
    again = nn.Linear(2, 2)
    torch.manual_seed(0)
    again.load_state_dict(network.state_dict())
    after = fit(again, spots(32), spots(16, flipped=True), options(epochs=1, patience=0), Silent(), previous=fitted)
    assert (after.best_epoch, len(after.history)) == (1, 5)
    for name, weight in network.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), "an epoch that made it worse was kept"


def test_training_goes_on_while_it_helps_and_without_patience() -> None:
    assert fit(nn.Linear(2, 2), spots(32), spots(16), options(patience=2), Silent()).best_epoch == 30
    stubborn = fit(nn.Linear(2, 2), spots(32), spots(16, flipped=True), options(patience=0), Silent())
    assert (stubborn.best_epoch, len(stubborn.history)) == (1, 30)
    alone = fit(nn.Linear(2, 2), spots(32), None, options(patience=2), Silent())
    assert (alone.best_epoch, len(alone.history)) == (30, 30)
    assert alone.history[-1].validation_loss is None


def test_a_loss_that_is_not_finite_stops_training() -> None:
    broken = FeatureInputs(torch.full((1, 8, 2), float("inf")), torch.arange(8) % 2)
    with pytest.raises(DivergedError, match="the loss was nan in epoch 1; try a lower learning rate"):
        fit(nn.Linear(2, 2), broken, None, options(), Silent())


def test_balanced_weights_let_classes_count_alike() -> None:
    weights = balanced_weights(torch.tensor([0, 0, 0, 1, 2, 2]), 4)
    assert weights.tolist() == pytest.approx([0.5, 1.5, 0.75, 1.5])


@pytest.mark.parametrize("name", ["cnn", "transfer"])
def test_balance_by_weights_gives_a_rare_class_its_due(name: str) -> None:
    """Indistinguishable pictures, nine of one class to one of the other."""
    images = np.tile(examples(count=1).images, (40, 1, 1, 1))
    skewed = Examples(images, (np.arange(40) % 10 == 0).astype(np.int64))
    rare = []
    for balance in ("none", "weights"):
        model = quick(name, balance=balance, epochs=40, augment=False)
        model.fit(skewed, None, Silent())
        rare.append(float(model.probabilities(images[:1])[0, 1]))
    assert rare == pytest.approx([0.1, 0.5], abs=0.06)


# ---- augmentation -----------------------------------------------------------------------------------------------


def shifted(fill: str, share: float) -> NDArray[np.float32]:
    """A ramp 0 1 2 ... 7 from left to right, moved to the right by a share of its width, the middle row."""
    ramp = torch.arange(8.0).expand(1, 3, 8, 8)
    moved = Augmentation(fill=fill).resample(ramp, torch.tensor([[[1.0, 0.0, -2 * share], [0.0, 1.0, 0.0]]]))
    row: NDArray[np.float32] = moved[0, 0, 4].numpy()
    return row


def test_fills_differ_beyond_the_edge_only() -> None:
    assert shifted("nearest", 0.375).tolist() == pytest.approx([0, 0, 0, 0, 1, 2, 3, 4], abs=1e-4)
    assert shifted("reflect", 0.375).tolist() == pytest.approx([2, 1, 0, 0, 1, 2, 3, 4], abs=1e-4)
    assert shifted("reflect", -0.25).tolist() == pytest.approx([2, 3, 4, 5, 6, 7, 7, 6], abs=1e-4)


def test_every_picture_is_varied_another_way_and_the_same_for_a_seed() -> None:
    images = torch.rand(1, 3, 16, 16).expand(6, 3, 16, 16)
    augmentation = Augmentation(rotation=20, shift=0.2, zoom=0.2, flip=True)
    first, again = (augmentation(images, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert len(torch.unique(first.flatten(1), dim=0)) == 6
    assert 0 <= first.min() <= first.max() <= 1


def test_without_ranges_pictures_stay_and_a_flip_mirrors_half_of_them() -> None:
    images = torch.rand(200, 3, 8, 8)
    assert torch.allclose(Augmentation()(images, torch.Generator()), images, atol=1e-5)
    flipped = Augmentation(flip=True)(images, torch.Generator().manual_seed(0))
    mirrored = (flipped - images.flip(3)).abs().amax(dim=(1, 2, 3)) < 1e-5
    same = (flipped - images).abs().amax(dim=(1, 2, 3)) < 1e-5
    assert (mirrored ^ same).all()
    assert 70 < int(mirrored.sum()) < 130


def test_transforms_are_those_of_their_names() -> None:
    """A bright spot right of the middle is turned, brought nearer, and moved."""
    images = torch.zeros(64, 3, 33, 33)
    images[:, :, 16, 26] = 1.0

    def places(augmentation: Augmentation) -> NDArray[np.float64]:
        """Where the spot is, in pixels right of and below the middle."""
        mass = augmentation(images, torch.Generator().manual_seed(0))[:, 0].numpy()
        down, right = np.mgrid[-16:17, -16:17]
        total = mass.sum(axis=(1, 2))
        return np.stack([(mass * right).sum(axis=(1, 2)) / total, (mass * down).sum(axis=(1, 2)) / total], axis=1)

    ranges: list[dict[str, Any]] = [{"rotation": 90}, {"zoom": 0.4}, {"shift": 0.1}]
    turned, zoomed, moved = (places(Augmentation(fill="nearest", **each)) for each in ranges)
    assert np.hypot(*turned.T) == pytest.approx(10, abs=0.5)
    assert np.abs(np.degrees(np.arctan2(turned[:, 1], turned[:, 0]))).max() == pytest.approx(90, abs=6)
    assert zoomed[:, 1] == pytest.approx(0, abs=0.2)
    assert (zoomed[:, 0].min(), zoomed[:, 0].max()) == pytest.approx((6, 14), abs=0.8)
    assert np.abs(moved - [10, 0]).max(axis=0) == pytest.approx(3.3, abs=0.4)


def test_the_sheet_of_fills_shows_the_picture_then_reflect_then_nearest() -> None:
    images = examples(count=2, size=16).images
    sheet = compare_fills(images)
    assert sheet.shape == (3 * 16 + 2 * 2, 2 * 16 + 2, 3)
    assert np.array_equal(sheet[:16, :16], images[0])
    assert not np.array_equal(sheet[18:34], sheet[36:])


# ---- the forest -------------------------------------------------------------------------------------------------


def test_a_forest_keeps_its_columns_when_a_class_is_missing_from_training() -> None:
    model = quick("forest", 4)
    some = examples(classes=3)
    model.fit(Examples(some.images, np.array([0, 1, 3])[some.labels]), None, Silent())
    probabilities = model.probabilities(some.images)
    assert probabilities.shape == (24, 4)
    assert not probabilities[:, 2].any()
    assert np.array_equal(probabilities.argmax(axis=1), np.array([0, 1, 3])[some.labels])


def spoil_tree(directory: Path, **arrays: Any) -> None:
    """Write into the nodes of the first tree what no training would."""
    forest = skops.io.load(directory / FOREST, trusted=["sklearn.tree._tree.Tree"])
    tree = forest.estimators_[0].tree_
    state = tree.__getstate__()
    for field, value in arrays.items():
        state["nodes"][field][0] = value
    tree.__setstate__(state)
    skops.io.dump(forest, directory / FOREST)


@pytest.mark.parametrize("nodes", [{"feature": 10**6}, {"left_child": 10**6}, {"right_child": 0}, {"feature": -7}])
def test_a_forest_whose_trees_would_read_beyond_their_arrays_is_refused(nodes: dict[str, int], tmp_path: Path) -> None:
    model = learnt("forest")
    model.save(tmp_path)
    spoil_tree(tmp_path, **nodes)
    with pytest.raises(RunError, match="does not hold the forest that its classifier describes"):
        Forest.load(tmp_path, model.options, 2)


class Stranger:
    """Not a type that anyone trusts."""

    def __init__(self) -> None:
        self.here = 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (Stranger(), "cannot be read (Untrusted types"),
        (RandomForestClassifier(3), "does not hold the forest"),
        ([1, 2], "does not hold the forest"),
    ],
)
def test_a_forest_file_with_something_else_in_it_is_refused(content: Any, message: str, tmp_path: Path) -> None:
    skops.io.dump(content, tmp_path / FOREST)
    with pytest.raises(RunError) as caught:
        quick("forest").restore(tmp_path)
    assert message in str(caught.value)


def test_a_forest_for_other_pictures_or_damaged_is_refused(tmp_path: Path) -> None:
    model = learnt("forest")
    model.save(tmp_path)
    with pytest.raises(RunError, match="does not hold the forest"):
        quick("forest", size=9).restore(tmp_path)
    file = tmp_path / FOREST
    with zipfile.ZipFile(file) as archive:
        schema = json.loads(archive.read("schema.json"))
    assert schema["__class__"] == "RandomForestClassifier"
    content = bytearray(file.read_bytes())
    # Enough to reach beyond the headers of the archive's parts, some of whose bytes mean nothing to its reader.
    middle = len(content) // 2
    content[middle : middle + 256] = bytes(256)
    file.write_bytes(content)
    with pytest.raises(RunError, match=r"forest.skops"):
        model.restore(tmp_path)


# ---- transfer ---------------------------------------------------------------------------------------------------


def test_the_backbone_gives_as_many_features_as_the_head_reads_and_they_are_finite_on_flat_pictures() -> None:
    model = quick("transfer")
    assert isinstance(model, Transfer)
    black = torch.zeros(2, 3, 32, 32, requires_grad=True)
    features = model.network.backbone(black)
    assert features.shape == (2, model.network.backbone.features) == (2, 2992)
    features.sum().backward()
    assert black.grad is not None
    assert black.grad.isfinite().all()


def test_the_head_standardises_by_its_training_pictures() -> None:
    options = resolve("transfer", {})
    assert isinstance(options, TransferOptions)
    count = 40
    head = Head(options, count, 1)
    features = torch.rand(50, count) * 3 + 2
    features[:, 7] = 4.0
    head.standardise_by(features)
    standard = (features - head.mean) / head.deviation
    assert torch.allclose(standard.mean(dim=0), torch.zeros(count), atol=1e-4)
    spread = standard.std(dim=0, correction=0)
    assert spread[7] == pytest.approx(0, abs=1e-4)
    assert torch.allclose(spread[8:], torch.ones(count - 8), atol=1e-3)


def test_fine_tuning_changes_the_whole_network_and_only_if_asked_for() -> None:
    def backbone(**changes: Any) -> tuple[torch.Tensor, Fitted]:
        model = quick("transfer", **changes)
        fitted = model.fit(examples(count=8), None, Silent())
        assert isinstance(model, Transfer)
        weights = list(model.network.backbone.parameters())
        assert not any(weight.requires_grad for weight in weights)
        return torch.cat([weight.flatten() for weight in weights]), fitted

    frozen, one = backbone()
    tuned, three = backbone(fine_tune_epochs=2, fine_tune_rate=1e-3)
    assert not torch.equal(frozen, tuned)
    assert [epoch.epoch for epoch in one.history] == [1]
    assert [epoch.epoch for epoch in three.history] == [1, 2, 3]
    assert three.best_epoch == 3
