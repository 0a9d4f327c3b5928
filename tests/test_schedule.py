"""The options that follow the length of a run: when the second opinion of `atelier` begins on a slow machine."""

import itertools
from pathlib import Path

import pytest

from ganvas.gans.atelier import Atelier
from ganvas.gans.dcgan import DCGAN
from ganvas.planning import forecast
from ganvas.planning import run as planning
from ganvas.planning.costs import Costs, PhaseCost
from ganvas.planning.run import dry_run
from ganvas.planning.schedule import choose_schedule
from ganvas.runs.directory import RunDirectory
from ganvas.settings.budget import Amount
from support.datasets import write_dataset

ATELIER = Atelier(Atelier.defaults)
SPEEDS, BUDGETS = (30, 60, 130, 300, 600), ("5m", "20m", "40m", "2h")


def costs(img_per_s: float) -> Costs:
    """Those of a machine of this speed in the last phase, and twice that in the first."""
    return Costs(1, 1, 32, img_per_s, earlier_phases=(PhaseCost(100_000, 2 * img_per_s),))


@pytest.mark.parametrize(("img_per_s", "budget"), [*itertools.product(SPEEDS, BUDGETS)])
def test_no_speed_and_no_budget_ends_without_a_third_of_full_help(img_per_s: int, budget: str) -> None:
    amount = Amount.parse(budget)
    found = {each.key: each.value for each in choose_schedule(ATELIER, amount, (), costs(img_per_s), 500)}
    begin, over = (float(str(found.get(key, 100))) for key in ("vision_from", "vision_over"))
    assert amount.seconds is not None
    kimg = amount.seconds * img_per_s / 1000
    assert 0 < begin <= 100
    assert 0 < over <= 100
    assert begin + over <= 0.67 * kimg


def test_long_runs_keep_the_values_of_the_recipe_and_very_short_ones_too() -> None:
    for budget in ("300kimg", "1000kimg", "5kimg", "20steps"):
        assert not choose_schedule(ATELIER, Amount.parse(budget), (), costs(100), 500)


def test_values_of_the_user_stay_and_other_recipes_have_no_schedule() -> None:
    budget = Amount.parse("72kimg")
    (chosen,) = choose_schedule(ATELIER, budget, {"vision_from"}, costs(100), 500)
    assert (chosen.key, chosen.value) == ("vision_over", 24.0)
    assert not choose_schedule(DCGAN(DCGAN.defaults), budget, (), costs(100), 500)
    without = Atelier(Atelier.defaults.model_copy(update={"vision": 0.0}))
    assert not choose_schedule(without, budget, (), costs(100), 500)


def test_the_plan_says_so_and_foresees_a_run_with_these_phases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_dataset(tmp_path / "data")
    monkeypatch.setattr(forecast, "measure", lambda *_: costs(60))
    plan = dry_run(data, tmp_path / "run", "atelier", budget="20m", threads=1, device="cpu")
    assert "schedule   vision_from=24.0, vision_over=24.0 for a run of 72 kimg or more" in plan
    assert "60 img/s measured, 120 for the first 24 kimg" in plan
    plan = dry_run(data, tmp_path / "run", "atelier", budget="20m", vision_from=50, threads=1, device="cpu")
    assert "schedule   vision_over=24.0 for" in plan
    assert "120 for the first 50 kimg" in plan


def test_the_record_of_a_run_has_what_was_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_dataset(tmp_path / "data")
    monkeypatch.setattr(forecast, "measure", lambda *_: costs(60))
    monkeypatch.setattr(planning, "_train", lambda trainer: trainer)
    planning.train(data, tmp_path / "run", "atelier", budget="20m", threads=1, device="cpu")
    options = RunDirectory.open(tmp_path / "run").record.options
    assert (options["vision_from"], options["vision_over"]) == (24.0, 24.0)
