"""Style ambiguity as a trick: what teaches what, with a layer of D and with a fixed classifier, and what is refused."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from ganvas import gans
from ganvas.classify.classifier import Classifier
from ganvas.classify.frozen import FrozenClassifier
from ganvas.classify.train import train as train_classifier
from ganvas.foundation.errors import ConfigError, GanvasError, RunError
from ganvas.foundation.files import read_records
from ganvas.foundation.pixels import to_float
from ganvas.gans.dcgan import DCGAN
from ganvas.gans.recipe import Batch, ClassUse, Loss, Recipe, Spec
from ganvas.machine import device
from ganvas.networks.critique import Head
from ganvas.networks.losses import uniform_cross_entropy
from ganvas.planning.plan import check
from ganvas.planning.run import dry_run, resume, train
from ganvas.runs.snapshot import read_card
from ganvas.settings.config import Settings, resolve
from ganvas.training.step import AdversarialStep
from ganvas.tricks.objective import Objective
from support.datasets import write_dataset
from support.narrowing import not_none
from support.runs import TINY, Interrupter, newest, tensors

CLASSES = 3
# Recipes whose own losses need classes.
REFUSING = {name for name in gans.names() if gans.find(name).class_use.is_required}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("pictures") / "data", count=60, classes=CLASSES)


@pytest.fixture(scope="module")
def classifier(data: Path) -> Path:
    """A classifier that knows the classes of `data` by their colours."""
    out = data.parent / "classifier"
    train_classifier(data, out, model="cnn", size=24, epochs=30, augment=False)
    return out


def recipe(name: str = "atelier", **changes: Any) -> Recipe:
    kind = gans.find(name)
    small = {"width": 2, "batch_size": 6, "latent_dim": 3, "clip": 0, "ambiguity": 1.0, "ambiguity_over": 0}
    small |= {"d_width": 2} if name == "atelier" else {}
    return kind(resolve(name, kind.defaults, small | changes).options)


def step_of(recipe: Recipe) -> AdversarialStep:
    torch.manual_seed(0)
    machine = device.choose(Settings(device="cpu", precision="float32", threads=1))
    return AdversarialStep(recipe, Spec(min(recipe.sizes), CLASSES), machine, device.launch(machine))


def batch_of(recipe: Recipe) -> Batch:
    """Pictures whose class is their brightness."""
    size, random = min(recipe.sizes), torch.Generator().manual_seed(0)
    labels = torch.arange(recipe.options.batch_size) % CLASSES
    images = (labels[:, None, None, None] - 1.0).expand(-1, 3, size, size).contiguous(memory_format=torch.channels_last)
    return recipe.batch(images, recipe.latents(len(labels), random), labels)


# ---- the term ---------------------------------------------------------------------------------------------------


def test_the_term_is_the_cross_entropy_with_the_uniform_distribution() -> None:
    logits = torch.tensor([[0.0, 0.0, 0.0], [2.0, -1.0, 0.5]], dtype=torch.float64, requires_grad=True)
    probabilities = logits.softmax(dim=1)
    expected = -(probabilities.log().sum(dim=1) / 3).mean()
    assert uniform_cross_entropy(logits).item() == pytest.approx(expected.item())
    assert uniform_cross_entropy(torch.zeros(2, 5)).item() == pytest.approx(math.log(5))
    (slope,) = torch.autograd.grad(uniform_cross_entropy(logits), logits)
    torch.testing.assert_close(slope, (probabilities - 1 / 3).detach() / 2)


def test_the_term_of_a_class_that_is_certain_is_finite() -> None:
    logits = torch.tensor([[1e4, -1e4]], requires_grad=True)
    (slope,) = torch.autograd.grad(uniform_cross_entropy(logits), logits)
    assert slope.tolist() == [[0.5, -0.5]]


# ---- a layer of D -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(gans.names()) - REFUSING))
def test_a_layer_of_d_learns_the_styles_and_g_learns_through_it(name: str) -> None:
    one = recipe(name)
    size = min(one.sizes)
    objective = Objective(one)
    torch.manual_seed(0)
    generator, discriminator = objective.build(Spec(size, CLASSES))
    head = next(module for module in discriminator.modules() if isinstance(module, Head))
    layer = not_none(head.classes)
    assert layer.out_features == CLASSES
    batch = batch_of(one)
    d_loss = objective.discriminator_loss(generator, discriminator, batch)
    assert d_loss.terms["style"].item() == pytest.approx(math.log(CLASSES))  # it knows nothing at first
    (slope,) = torch.autograd.grad(d_loss.terms["style"], layer.weight, retain_graph=True)
    assert slope.abs().sum() > 0
    nn.init.normal_(layer.weight)
    g_loss = objective.generator_loss(generator, discriminator, batch)
    slopes = torch.autograd.grad(g_loss.terms["ambiguity"], list(generator.parameters()), allow_unused=True)
    assert sum(slope.abs().sum().item() for slope in slopes if slope is not None) > 0


def test_the_layer_of_d_comes_to_know_the_styles() -> None:
    one = recipe("dcgan", width=8, d_lr=1e-3)
    step = step_of(one)
    losses = [step([batch_of(one)], 6 * number)["d_loss/style"] for number in range(1, 31)]
    assert losses[0] == pytest.approx(math.log(CLASSES))
    assert losses[-1] < 0.3


def test_a_recipe_that_hands_over_no_class_logits_gives_the_same_terms() -> None:
    class Silent(DCGAN):
        """DCGAN, without D's class logits in its losses."""

        def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
            return Loss(super().discriminator_loss(generator, discriminator, batch).terms)

        def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
            return Loss(super().generator_loss(generator, discriminator, batch).terms)

    terms = []
    for kind in (DCGAN, Silent):
        one = kind(recipe("dcgan").options)
        objective, batch = Objective(one), batch_of(one)
        torch.manual_seed(0)
        generator, discriminator = objective.build(Spec(min(one.sizes), CLASSES))
        nn.init.normal_(not_none(next(m for m in discriminator.modules() if isinstance(m, Head)).classes).weight)
        d_loss = objective.discriminator_loss(generator, discriminator, batch)
        g_loss = objective.generator_loss(generator, discriminator, batch)
        terms.append(torch.stack([d_loss.terms["style"], g_loss.terms["ambiguity"]]))
    torch.testing.assert_close(terms[0], terms[1])


@pytest.mark.parametrize(
    "changes",
    [
        {"r1": 1.0, "r2": 1.0, "feature_matching": 0.1, "unrolled": 1, "replay": 4, "replay_every": 2, "flip": True},
        {"minibatch": "stddev", "d_dropout": 0.2, "spectral_norm": True, "augment": "colour,cutout", "init": "normal"},
    ],
)
def test_it_goes_with_other_tricks(changes: dict[str, Any]) -> None:
    values = {}
    step = step_of(recipe("dcgan", **changes))
    for number in range(1, 4):
        values = step([batch_of(step.recipe)], 6 * number)
    assert math.isfinite(values["g_loss"])
    assert values["d_loss/style"] > 0
    assert values["g_loss/ambiguity"] >= math.log(CLASSES) - 1e-6


def test_the_weight_grows_over_the_first_pictures() -> None:
    one = recipe("dcgan", ambiguity=2.0, ambiguity_over=0.012)  # two batches
    step = step_of(one)
    terms = [step([batch_of(one)], 6 * number)["g_loss/ambiguity"] for number in range(1, 5)]
    shares = [term / (2 * math.log(CLASSES)) for term in terms]
    assert shares[0] == pytest.approx(0.5, abs=0.2)
    assert min(shares[1:]) >= 1 - 1e-6


# ---- classes ----------------------------------------------------------------------------------------------------


def test_no_network_is_conditioned_on_a_class() -> None:
    plain, one = recipe(ambiguity=0), recipe()
    assert (plain.effective_class_use, one.effective_class_use) == (ClassUse.OPTIONAL, ClassUse.CLASSIFIED)
    assert recipe(ambiguity_by="somewhere").effective_class_use is ClassUse.NONE
    batch = batch_of(one)
    assert batch.generated_labels is None
    assert batch.labels is not None
    step = step_of(one)
    assert not [name for name, _ in step.generator.named_parameters() if "embed" in name or "classes" in name]
    names = [name for name, _ in step.discriminator.named_parameters() if "classes" in name]
    assert names == ["pixels.head.classes.weight", "pixels.head.classes.bias"]


def test_a_snapshot_paints_no_class(tmp_path: Path, data: Path) -> None:
    train(data, tmp_path / "run", **TINY, budget="2steps", ambiguity=1.0, log_every="1steps", d_width=2)
    card = read_card(tmp_path / "run" / "snapshots" / "last.safetensors")
    assert (card.class_names, card.label_column) == ([], None)
    line = read_records(tmp_path / "run" / "stats.jsonl")[-1]
    assert {"d_loss/style", "g_loss/ambiguity"} <= line.keys()


def test_a_weight_of_0_changes_nothing(tmp_path: Path, data: Path) -> None:
    states = []
    unused: dict[str, Any] = {"ambiguity": 0, "ambiguity_by": "nowhere", "ambiguity_over": 1}
    for number, changes in enumerate(({}, unused)):
        out = tmp_path / str(number)
        train(data, out, **TINY, budget="3steps", d_width=2, **changes)
        states.append(tensors(newest(out)))
    assert states[0].keys() == states[1].keys()
    assert [key for key in states[0] if not torch.equal(states[0][key], states[1][key])] == []


# ---- a fixed classifier -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["cnn", "deep-cnn", "transfer"])
def test_a_fixed_classifier_says_what_the_classifier_says(data: Path, tmp_path: Path, model: str) -> None:
    fast: dict[str, Any] = {"epochs": 1} if model != "transfer" else {"size": 64}
    opened = train_classifier(data, tmp_path / "classifier", model=model, **fast)
    images = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), np.uint8)
    pictures = to_float(torch.from_numpy(images)).requires_grad_()
    fixed = FrozenClassifier.open(tmp_path / "classifier").train()
    logits = fixed(pictures)
    # The classifier rounds resized pictures to bytes, which a gradient cannot pass.
    np.testing.assert_allclose(logits.softmax(dim=1).detach().numpy(), opened.probabilities(images), atol=0.02)
    torch.autograd.backward(logits.sum())
    assert not_none(pictures.grad).abs().sum() > 0
    assert [weight for weight in fixed.parameters() if weight.requires_grad or weight.grad is not None] == []


def test_the_gradient_of_a_fixed_classifier_reaches_g_and_nothing_else(classifier: Path) -> None:
    one = recipe("dcgan", ambiguity_by=str(classifier), ambiguity_every=2)
    fixed = FrozenClassifier.open(classifier)
    seen: list[int] = []
    fixed.register_forward_hook(lambda _module, inputs, _output: seen.append(len(inputs[0])))
    objective = Objective(one, fixed)
    generator, discriminator = objective.build(Spec(16, CLASSES))
    before = {name: value.clone() for name, value in fixed.state_dict().items()}
    batch = batch_of(one)
    assert "style" not in objective.discriminator_loss(generator, discriminator, batch).terms
    torch.autograd.backward(objective.generator_loss(generator, discriminator, batch).terms["ambiguity"])
    assert seen == [3]
    assert any(not_none(weight.grad).abs().sum() > 0 for weight in generator.parameters())
    assert all(weight.grad is None for weight in [*fixed.parameters(), *discriminator.parameters()])
    assert all(torch.equal(value, before[name]) for name, value in fixed.state_dict().items())


def test_g_learns_to_paint_what_a_fixed_classifier_cannot_name(classifier: Path) -> None:
    one = recipe("dcgan", width=8, ambiguity=50.0, ambiguity_by=str(classifier), ambiguity_every=1, g_lr=2e-3)
    step = step_of(one)
    terms = [step([batch_of(one)], 6 * number)["g_loss/ambiguity"] / 50 for number in range(1, 41)]
    assert terms[0] - math.log(CLASSES) > 3 * (terms[-1] - math.log(CLASSES))


def test_a_run_with_a_fixed_classifier_resumes_as_if_never_stopped_and_does_not_keep_it(
    tmp_path: Path, data: Path, classifier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(classifier.parent)
    changes = TINY | {"budget": "4steps", "log_every": "2steps", "ambiguity": 1.0, "ambiguity_by": "classifier"}
    train(data, tmp_path / "whole", "dcgan", **changes)
    assert not train(data, tmp_path / "halves", "dcgan", display=Interrupter(), **changes).finished
    monkeypatch.chdir(tmp_path)  # the run has the whole path
    assert resume(tmp_path / "halves").finished
    whole, halves = tensors(newest(tmp_path / "whole")), tensors(newest(tmp_path / "halves"))
    assert whole.keys() == halves.keys()
    assert [key for key in whole if not torch.equal(whole[key], halves[key])] == []
    record = yaml.safe_load((tmp_path / "whole" / "config.yaml").read_text("utf-8"))
    assert record["options"]["ambiguity_by"] == str(classifier.resolve())
    assert len(record["style_classifier"]) == 64
    train(data, tmp_path / "plain", "dcgan", **TINY, budget="4steps")
    added = whole.keys() - tensors(newest(tmp_path / "plain")).keys()
    assert not {key for key in added if not key.startswith("random")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (shutil.rmtree, "ambiguity_by: .*moved does not exist .*classify train"),
        (lambda path: (path / "classifier.json").open("a").write(" "), "moved has changed since .*run was trained"),
    ],
)
def test_a_resumed_run_needs_the_same_classifier(
    tmp_path: Path, data: Path, classifier: Path, change: Any, message: str
) -> None:
    moved, run = tmp_path / "moved", tmp_path / "run"
    shutil.copytree(classifier, moved)
    train(data, run, "dcgan", **TINY, budget="2steps", ambiguity=1.0, ambiguity_by=str(moved))
    change(moved)
    with pytest.raises(RunError, match=message):
        resume(run, budget="2steps")


def test_a_fixed_classifier_may_have_other_classes_and_the_pictures_none(tmp_path: Path, classifier: Path) -> None:
    data = write_dataset(tmp_path / "data", classes=0)
    train(data, tmp_path / "run", **TINY, budget="2steps", d_width=2, ambiguity=1.0, ambiguity_by=str(classifier))
    assert "tricks" in newest(tmp_path / "run")


def test_the_forecast_counts_the_fixed_classifier(data: Path, classifier: Path) -> None:
    plan = check(data, "dcgan", {**TINY, "ambiguity": 1.0, "ambiguity_by": str(classifier)})
    step = AdversarialStep(plan.recipe, Spec.of(plan.data), plan.machine, device.launch(plan.machine))
    assert "ambiguity" in step.objective.generator_loss(step.generator, step.discriminator, batch_of(plan.recipe)).terms


# ---- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (0, "ambiguity: .* has no classes; name a column with --label-column"),
        (1, "ambiguity needs pictures of at least two classes, not 1: .* ambiguity_by"),
    ],
)
def test_a_layer_of_d_needs_two_classes(tmp_path: Path, classes: int, message: str) -> None:
    data = write_dataset(tmp_path / "data", classes=classes)
    with pytest.raises(ConfigError, match=message):
        dry_run(data, tmp_path / "run", **TINY, ambiguity=1.0)


def test_a_forest_has_no_gradient(tmp_path: Path, data: Path) -> None:
    train_classifier(data, tmp_path / "forest", model="forest", size=8, trees=2)
    with pytest.raises(ConfigError, match=r"ambiguity_by: .*forest is a forest, which has no gradient; train another"):
        dry_run(data, tmp_path / "run", **TINY, ambiguity=1.0, ambiguity_by=str(tmp_path / "forest"))


@pytest.mark.parametrize("name", ["gone", "."])
def test_what_is_no_classifier_is_named(tmp_path: Path, data: Path, name: str) -> None:
    with pytest.raises(GanvasError, match=r"ambiguity_by: .* \(no classifier.json\); make one with"):
        dry_run(data, tmp_path / "run", **TINY, ambiguity=1.0, ambiguity_by=str(tmp_path / name))


def test_a_classifier_of_one_class_is_damaged(tmp_path: Path, data: Path, classifier: Path) -> None:
    shutil.copytree(classifier, tmp_path / "classifier")
    file = tmp_path / "classifier" / "classifier.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | {"class_names": ["only"]}))
    with pytest.raises(RunError, match=r"ambiguity_by: .*classifier\.json cannot be read"):
        dry_run(data, tmp_path / "run", **TINY, ambiguity=1.0, ambiguity_by=str(tmp_path / "classifier"))


def test_a_fixed_classifier_is_a_classifier_that_can_still_be_used(classifier: Path) -> None:
    opened = Classifier.open(classifier)
    FrozenClassifier(opened)
    assert opened.probabilities(np.zeros((2, 16, 16, 3), np.uint8)).shape == (2, CLASSES)
