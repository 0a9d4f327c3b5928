"""What a run will cost: played through with costs that are given, and measured without a trace."""

from pathlib import Path
from typing import Any

import pytest
import torch

from ganvas import gans
from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.files import read_records
from ganvas.gans.recipe import Spec
from ganvas.machine.device import choose
from ganvas.networks.phased import phases_of
from ganvas.planning import costs as costing
from ganvas.planning.costs import Costs, PhaseCost
from ganvas.planning.run import dry_run, train
from ganvas.planning.timeline import Forecast, forecast_run
from ganvas.settings.config import Settings
from ganvas.tricks.objective import Objective
from support.datasets import write_dataset
from support.runs import TINY

COSTS = Costs(1, 1, images_per_step=10, img_per_s=10, building=1, sample_grid=0, evaluation=0, saving=0)


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return Dataset.open(write_dataset(tmp_path / "data", count=100))


def forecast_of(data: Dataset, costs: Costs = COSTS, waited: float = 0, **settings: Any) -> Forecast:
    return forecast_run(Settings(**{"eval_samples": 0, "checkpoint_every": "24h"} | settings), costs, data, waited)


def with_costs(**changes: Any) -> Costs:
    return Costs(**vars(COSTS) | changes)


@pytest.mark.parametrize(("budget", "kimg"), [("100s", 1.0), ("1kimg", 1.0), ("20epochs", 2.0), ("50steps", 0.5)])
def test_without_anything_else_there_are_steps(data: Dataset, budget: str, kimg: float) -> None:
    found = forecast_of(data, budget=budget, waited=3)
    assert found.kimg == pytest.approx(kimg)
    assert found.seconds == pytest.approx(3 + 1 + kimg * 100)
    assert (found.evaluations, found.evaluating) == (0, 0)


def test_the_first_pictures_may_be_seen_at_another_speed(data: Dataset) -> None:
    costs = with_costs(earlier_phases=(PhaseCost(200, 20),))
    assert costs.training(0, 100) == 5
    assert costs.training(150, 250) == pytest.approx(2.5 + 5)
    assert costs.training(200, 300) == 10
    counted = forecast_of(data, costs, budget="1kimg")
    assert counted.seconds == pytest.approx(1 + 10 + 80)
    timed = forecast_of(data, costs, budget="100s")
    assert timed.kimg == pytest.approx(0.2 + 0.9, rel=0.02)


def test_evaluations_take_from_a_time_and_add_to_a_count(data: Dataset) -> None:
    costs = with_costs(evaluation=6, first_evaluation=4)
    settings: dict[str, Any] = {"eval_samples": 16, "eval_every": "200steps"}
    counted = forecast_of(data, costs, budget="1000steps", **settings)
    assert (counted.evaluations, counted.evaluating) == (5, 34)
    assert counted.seconds == pytest.approx(1 + 1000 + 34)
    timed = forecast_of(data, costs, budget="1000s", **settings)
    assert (timed.evaluations, timed.evaluating) == (5, 34)  # the last one when the time is up
    assert timed.kimg == pytest.approx(10 * (1000 - 28) / 1000, rel=0.01)
    assert timed.seconds == pytest.approx(1 + 1000 + 6, rel=0.01)


def test_by_default_slow_evaluations_wait(data: Dataset) -> None:
    costs = with_costs(evaluation=60)
    found = forecast_of(data, costs, budget="1000s", eval_samples=16)
    assert found.evaluations == 3  # one after 100 s, one 600 s later, one at the end


def test_sample_grids_and_checkpoints_count(data: Dataset) -> None:
    plain = forecast_of(data, budget="1000steps").seconds
    sheets = forecast_of(data, with_costs(sample_grid=1), budget="1000steps").seconds
    assert sheets - plain == 22  # before the first step, at every twentieth, and after the last
    saved = forecast_of(data, with_costs(saving=1), budget="1000steps", checkpoint_every="250steps").seconds
    assert saved - plain == 4


def test_long_runs_are_played_through_in_no_time(data: Dataset) -> None:
    found = forecast_of(data, with_costs(img_per_s=100_000), budget="240h", eval_samples=16)
    assert found.kimg == pytest.approx(240 * 3600 * 100, rel=0.01)
    assert found.evaluations == 11, "an early one, and ten"


@pytest.mark.parametrize(
    ("seconds", "said"), [(95, "95 seconds"), (1260, "21 minutes"), (300, "5.0 minutes"), (7200, "2.0 hours")]
)
def test_times_are_said_as_people_do(seconds: float, said: str) -> None:
    assert Forecast(COSTS, seconds, 1, 0, 0, 0).time() == said
    assert Forecast(COSTS, seconds, 1, 2, 120, 0).time() == f"{said}, of which evaluations 2.0 minutes"


def test_memory_tells_the_pictures_apart() -> None:
    costs = with_costs(memory_bytes=3 * 2**29)
    assert Forecast(costs, 1, 1, 0, 0, mapped_bytes=1000).memory() == "1.5 GiB"
    assert Forecast(costs, 1, 1, 0, 0, mapped_bytes=2**30).memory().startswith("1.5 GiB, and 1.0 for the pictures")


@pytest.mark.parametrize("recipe", ["dcgan", "cdcgan", "atelier"])
def test_measuring_leaves_no_trace_and_knows_every_part(data: Dataset, recipe: str) -> None:
    settings = Settings(eval_samples=16, extractor="pixels", threads=1, device="cpu")
    kind = gans.find(recipe)
    made = kind(kind.defaults.model_copy(update={"width": 4, "batch_size": 8}))
    torch.manual_seed(7)
    before = torch.get_rng_state()
    costs = costing.measure(made, data, choose(settings), settings)
    assert torch.equal(torch.get_rng_state(), before)
    assert costs.images_per_step == 8
    named = ("img_per_s", "building", "sample_grid", "evaluation", "first_evaluation", "saving", "memory_bytes")
    assert all(getattr(costs, name) > 0 for name in named)
    assert [phase.images for phase in costs.earlier_phases] == ([100_000] if recipe == "atelier" else [])
    assert all(phase.img_per_s > 0 for phase in costs.earlier_phases)
    assert (
        costing.measure(made, data, choose(settings), settings.model_copy(update={"eval_samples": 0})).evaluation == 0
    )
    seen = costing.estimate(made, Spec.of(data), choose(settings))
    assert [phase.images for phase in seen.earlier_phases] == [phase.images for phase in costs.earlier_phases]
    assert seen.images_per_step == 8
    assert seen.img_per_s > 0
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("seen", "left"), [(0.0, 8), (0.004, 4), (0.02, 0)])
def test_a_run_that_begins_where_another_ended_has_its_early_pictures_behind_it(
    data: Dataset, seen: float, left: int
) -> None:
    settings = Settings(eval_samples=0, threads=1, device="cpu")
    kind = gans.find("atelier")
    options = kind.defaults.model_copy(update={"width": 4, "d_width": 4, "batch_size": 4, "vision_from": 0.008})
    discriminator = Objective(kind(options)).build(Spec.of(data))[1]
    for _ in range(round(1000 * seen / 4)):
        phases_of(discriminator).count(4)
    start = {"discriminator": discriminator.state_dict()}
    costs = costing.measure(kind(options), data, choose(settings), settings, start)
    assert [phase.images for phase in costs.earlier_phases] == ([left] if left else [])
    assert all(phase.img_per_s > 0 for phase in costs.earlier_phases)


@pytest.mark.parametrize(
    ("vision_from", "said"), [(1, "1 kimg; this budget ends before the last phase"), (0.016, "0.016 kimg")]
)
def test_the_plan_says_whether_the_run_gets_beyond_its_early_pictures(
    tmp_path: Path, data: Dataset, vision_from: float, said: str
) -> None:
    changes = TINY | {"budget": "5steps", "d_width": 4, "vision_from": vision_from}
    plan = dry_run(data.path, tmp_path / "run", "atelier", **changes)
    (speed,) = (line for line in plan.splitlines() if line.startswith("speed"))
    assert speed.endswith(f"for the first {said}")


def test_a_glance_at_a_recipe_that_keeps_more_pictures_than_it_shows_itself(data: Dataset) -> None:
    kind, settings = gans.find("dcgan"), Settings(device="cpu", threads=1)
    changes = {"width": 2, "batch_size": 64, "replay": 64, "replay_keep": 64, "replay_every": 2}
    recipe = kind(type(kind.defaults).model_validate(kind.defaults.model_dump() | changes))
    assert costing.estimate(recipe, Spec.of(data), choose(settings)).img_per_s > 0


def test_a_run_keeps_what_was_foreseen_and_goes_by_the_same_rules(tmp_path: Path, data: Dataset) -> None:
    from ganvas.runs.directory import RunDirectory

    settings = {"eval_samples": 16, "extractor": "pixels", "eval_every": "2steps", "budget": "5steps"}
    train(data.path, tmp_path / "run", **TINY | settings)
    record = RunDirectory.open(tmp_path / "run").record
    assert record.forecast["evaluations"] == len(read_records(tmp_path / "run" / "evals.jsonl")) == 3
    assert record.forecast["kimg"] == 0.04
    assert record.forecast["memory_bytes"] > 2**27
