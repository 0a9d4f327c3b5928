"""What verdicts advise: in words, and as changes of a run's options that can be tried."""

import pytest

from ganvas.gans import RECIPES
from ganvas.settings.config import resolve
from ganvas.verdict.kinds import KINDS
from ganvas.verdict.remedy import Remedy, own_values

OPTIONS = {"g_lr": 0.002, "d_lr": 0.01, "r1": 0.0, "width": 64, "minibatch": "none"}


def test_a_remedy_sets_and_multiplies_options() -> None:
    assert Remedy("both", {"r1": 1.0}, {"d_lr": 0.1}).changes(OPTIONS) == {"r1": 1.0, "d_lr": pytest.approx(0.001)}
    assert Remedy("smaller", factors={"width": 0.5}).changes(OPTIONS) == {"width": 32}


def test_what_a_run_has_already_is_no_change() -> None:
    assert Remedy("the same", {"r1": 0.0}).changes(OPTIONS) == {}
    assert Remedy("look at it").changes(OPTIONS) == {}


@pytest.mark.parametrize(
    ("own", "values"),
    [
        ({"d_lr": 2e-4, "g_lr": 2e-3}, {"d_lr": 2e-4}),
        ({"d_lr": 0.1, "g_lr": 2e-3}, {"d_lr": 0.1}),
        ({"d_lr": 0.004, "width": 32, "minibatch": "stddev", "r1": 0.0}, None),
    ],
)
def test_unusual_options_are_set_back(own: dict[str, object], values: dict[str, object] | None) -> None:
    remedy = own_values(OPTIONS, own)
    assert (dict(remedy.values) if remedy else None) == values


def test_an_option_of_zero_is_unusual_where_the_recipe_has_some() -> None:
    remedy = own_values({"clip": 0.0}, {"clip": 0.01})
    assert remedy is not None
    assert remedy.words == "the recipe's own clip=0.01 (not 0)"


@pytest.mark.parametrize("name", KINDS.names())
def test_every_remedy_can_be_tried(name: str) -> None:
    """Its options exist and are in range, for every recipe that has them."""
    for remedy in KINDS.find(name).remedies:
        for recipe in RECIPES.all().values():
            options = recipe.defaults.model_dump()
            resolve("any", recipe.defaults, remedy.changes(options))


def test_a_verdict_says_its_own_remedies_after_those_of_the_run() -> None:
    collapsed = next(kind for kind in KINDS.all().values() if kind.name == "collapsed")
    own = Remedy("the recipe's own d_lr=0.0002 (not 0.2)")
    assert collapsed.advice(own) == f"{own.words}; or {collapsed.advice()}"
    learning = next(kind for kind in KINDS.all().values() if kind.name == "learning")
    assert learning.advice(own) is None
