"""Every figure of the five papers is met: by a default, an option, a layer, a formula or a row of a recipe's table.

`data/papers.yaml` lists the figures with the papers' words, and says what each of its keys means.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest
import torch
import typer
import yaml
from torch import nn

from ganvas import gans
from ganvas.classify import models
from ganvas.classify.network import NetworkModel
from ganvas.cli import app
from ganvas.data.prepare.options import PrepareOptions
from ganvas.data.sources.collections import COLLECTIONS
from ganvas.gans.choices import Ground
from ganvas.gans.recipe import Recipe, Spec
from ganvas.networks.phased import phases_of
from ganvas.settings.config import Settings, resolve
from ganvas.settings.options import Options
from ganvas.tricks.objective import Objective
from support.formulas import FORMULAS
from support.layers import Row, keras_summary

Fact = dict[str, Any]
Values = dict[str, Any]

FACTS: dict[str, Fact] = yaml.safe_load((Path(__file__).parent / "data" / "papers.yaml").read_text(encoding="utf-8"))


def facts_with(key: str) -> list[Any]:
    """The facts with this key, as parameters of a test."""
    return [pytest.param(fact[key], id=name) for name, fact in FACTS.items() if key in fact]


def recipe_with(name: str, changes: Values) -> Recipe:
    kind = gans.find(name)
    return kind(resolve(name, kind.defaults, changes).options)


# ---- the file itself --------------------------------------------------------------------------------------------

CHECKED = {"default", "option", "network", "classifier", "classifier-default", "settings", "prepare", "command"}
CHECKED |= {"collection", "formula", "choice", "reported"}


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_has_its_paper_its_words_and_how_it_is_met(name: str) -> None:
    fact = FACTS[name]
    assert name.startswith(f"{fact['paper']}-")
    assert fact["says"].strip()
    assert set(fact) <= CHECKED | {"paper", "says"}
    assert set(fact) & CHECKED
    assert fact.get("reported", True) is True


def test_each_paper_is_gone_through_sentence_by_sentence() -> None:
    counts = Counter(fact["paper"] for fact in FACTS.values())
    assert counts[1] >= 25
    assert all(counts[paper] >= 50 for paper in (2, 3, 4, 5))


def test_what_contradicts_itself_is_in_the_facts() -> None:
    """A row of a table that speaks of a contradiction has the fact that it is about."""
    named = {fact["choice"] for fact in FACTS.values() if "choice" in fact}
    for name in gans.names():
        for choice in gans.find(name).choices:
            if choice.ground is Ground.CONTRADICTION:
                assert f"{name}/{choice.key}" in named | {key.replace("cdcgan/", "acgan/") for key in named}


# ---- recipes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipes", facts_with("default"))
def test_a_default_is_the_papers(recipes: dict[str, Values]) -> None:
    for name, values in recipes.items():
        defaults = gans.find(name).defaults.model_dump()
        assert {key: defaults[key] for key in values} == values


@pytest.mark.parametrize("recipes", facts_with("option"))
def test_an_option_can_have_the_papers_value(recipes: dict[str, Values]) -> None:
    """With it, the networks are built and both losses are finite, with all tricks."""
    for name, values in recipes.items():
        recipe = recipe_with(name, {"width": 4, **values})
        dumped = recipe.options.model_dump()
        assert {key: dumped[key] for key in values} == values
        size = 32 if 32 in recipe.sizes else min(recipe.sizes)
        objective = Objective(recipe)
        networks = objective.build(Spec(size, classes=3))
        phases_of(networks[1]).enter_last()
        latents = recipe.latents(4, torch.Generator().manual_seed(0))
        images = torch.rand(4, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
        batch = objective.batch(recipe.batch(images, latents, torch.tensor([0, 1, 2, 0])))
        assert objective.discriminator_loss(*networks, batch).total.isfinite()
        assert objective.generator_loss(*networks, batch).total.isfinite()


@pytest.mark.parametrize("place", facts_with("choice"))
def test_a_recipes_table_has_the_row(place: str) -> None:
    recipe, key = place.split("/")
    assert key in [choice.key for choice in gans.find(recipe).choices]


# ---- layers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", facts_with("network"))
def test_a_network_has_the_papers_layers(wanted: Values) -> None:
    network, given = _network(wanted)
    rows = keras_summary(network, *given)
    assert _is_in_order([(kind, tuple(shape), count) for kind, shape, count in wanted.get("rows", [])], rows)
    kinds = Counter(kind for kind, _, _ in rows)
    assert {kind: kinds[kind] for kind in wanted.get("counts", {})} == wanted.get("counts", {})
    for kind, attributes in wanted.get("attributes", {}).items():
        layers = [layer for layer in network.modules() if type(layer).__name__ == kind]
        assert layers
        assert all(_attributes(layer, attributes) == attributes for layer in layers)
    if "total" in wanted:
        assert _parameters(rows, wanted) == wanted["total"]


def _network(wanted: Values) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """The network that a fact speaks of, and what it is called with."""
    if "classifier" in wanted:
        model = models.find(wanted["classifier"])(models.resolve(wanted["classifier"], {}), 2)
        assert isinstance(model, NetworkModel)
        return model.network, (torch.rand(2, 3, 72, 72),)
    recipe = recipe_with(wanted["recipe"], wanted.get("set", {}))
    classes = wanted.get("classes", 0)
    generator, discriminator = Objective(recipe).build(Spec(wanted["size"], classes))
    labels = (torch.tensor([0, 1]),)
    if wanted["part"] == "generator":
        takes_labels = classes and recipe.class_use.conditions_generator
        latents = recipe.latents(2, torch.Generator().manual_seed(0))
        return generator, (latents, *(labels if takes_labels else ()))
    takes_labels = classes and recipe.class_use.conditions_discriminator
    return discriminator, (torch.rand(2, 3, wanted["size"], wanted["size"]), *(labels if takes_labels else ()))


def _is_in_order(wanted: list[Row], rows: list[Row]) -> bool:
    """Whether all wanted rows are among the rows, in their order."""
    remaining = iter(rows)
    return all(any(row == each for each in remaining) for row in wanted)


def _attributes(layer: nn.Module, names: Values) -> Values:
    found = {name: getattr(layer, name) for name in names}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _parameters(rows: list[Row], wanted: Values) -> int:
    """As Keras counts them for paper 2, whose tables are Keras's; without BatchNorm's statistics elsewhere."""
    total = sum(count for _, _, count in rows)
    if wanted.get("recipe") == "keras-dcgan":
        return total
    return total - sum(count // 2 for kind, _, count in rows if kind == "BatchNorm2d")


# ---- classifiers, data, commands --------------------------------------------------------------------------------


@pytest.mark.parametrize("classifiers", facts_with("classifier"))
def test_a_classifier_can_have_the_papers_value(classifiers: dict[str, Values]) -> None:
    for name, values in classifiers.items():
        options = models.resolve(name, values)
        dumped = options.model_dump()
        assert {key: dumped[key] for key in values} == values
        if name != "transfer":  # its weights would have to be downloaded
            model = models.find(name)(options, 2)
            assert isinstance(model, NetworkModel)
            assert model.network(torch.rand(2, 3, options.size, options.size)).isfinite().all()


@pytest.mark.parametrize("classifiers", facts_with("classifier-default"))
def test_a_classifiers_default_is_the_papers(classifiers: dict[str, Values]) -> None:
    for name, values in classifiers.items():
        defaults = models.resolve(name, {}).model_dump()
        assert {key: defaults[key] for key in values} == values


@pytest.mark.parametrize("values", facts_with("settings"))
def test_a_run_can_be_configured_as_the_papers(values: Values) -> None:
    dumped = resolve("dcgan", Options(), values).settings.model_dump()
    assert {key: dumped[key] for key in values} == values
    assert set(values) <= set(Settings.model_fields)


@pytest.mark.parametrize("values", facts_with("prepare"))
def test_a_dataset_can_be_prepared_as_the_papers(values: Values) -> None:
    options = PrepareOptions(**values)
    assert options.request.limit == values.get("limit")
    assert options.request.where == values.get("where")
    assert options.frame.size == values.get("size", 64)


@pytest.mark.parametrize("line", facts_with("command"))
def test_a_command_and_its_flags_exist(line: str) -> None:
    command, words = cast(Any, typer.main.get_command(app)), line.split()[1:]
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {word for parameter in command.params for word in parameter.opts}
    assert set(re.findall(r"(?<=\s)--?[a-z-]+", line)) <= known


@pytest.mark.parametrize("name", facts_with("collection"))
def test_a_published_collection_is_known(name: str) -> None:
    assert name in COLLECTIONS.names()


# ---- formulas ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", facts_with("formula"))
def test_a_formula_gives_the_papers_value(formula: Values) -> None:
    arguments = {key: value for key, value in formula.items() if key not in ("name", "value")}
    found = FORMULAS[formula["name"]](**arguments)
    value = formula["value"]
    is_text = isinstance(value, list) and isinstance(value[0], str)
    assert found == (value if is_text else pytest.approx(value, rel=1e-4))


def test_every_formula_is_used() -> None:
    used = {fact["formula"]["name"] for fact in FACTS.values() if "formula" in fact}
    assert used == set(FORMULAS)
