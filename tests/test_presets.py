"""What a quality chooses, from injected speeds: on slow and fast processors and a GPU, for few and many pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganvas import gans
from ganvas.foundation.errors import ConfigError
from ganvas.gans.recipe import Recipe, Spec
from ganvas.planning import forecast
from ganvas.planning import quality as qualities
from ganvas.planning import run as runs
from ganvas.planning.costs import Costs, PhaseCost
from ganvas.planning.quality import QUALITIES, choose_evaluations, choose_networks, widest, with_budget, with_chosen
from ganvas.runs.directory import RunDirectory
from ganvas.settings.budget import Amount
from ganvas.settings.config import RunConfig, Settings, read_config, resolve
from ganvas.settings.options import Options
from ganvas.tricks.objective import Objective
from support.command_line import Cli
from support.datasets import write_dataset
from support.runs import TINY, TINY_WORDS

# img/s of a recipe's own width.
SLOW, FAST, GPU = 10.0, 400.0, 20_000.0


def machine(img_per_s: float, own: int) -> Callable[[Options], Costs]:
    """One whose work grows with the square of the width."""
    return lambda options: Costs(1, 1, options.batch_size, img_per_s * (own / options.width) ** 2)


def chosen(recipe: str, pictures: int, img_per_s: float, **changes: Any) -> RunConfig:
    """The run that is chosen, before evaluations are."""
    kind = gans.find(recipe)
    config = with_budget(resolve(recipe, kind.defaults, changes), changes)
    costs = machine(img_per_s, kind.defaults.width)
    return with_chosen(config, choose_networks(config, changes, kind, pictures, costs))


def test_every_quality_is_known() -> None:
    for name in QUALITIES:
        assert Settings.model_validate({"quality": name}).quality == name
    minutes = [quality.seconds / 60 for quality in QUALITIES.values()]
    assert minutes == sorted(minutes) == [5, 20, 120]


@pytest.mark.parametrize(
    ("quality", "img_per_s", "width"),
    [
        ("quick", SLOW, 32),
        ("quick", FAST, 64),
        ("quick", GPU, 128),
        ("good", SLOW, 32),
        ("good", FAST, 64),
        ("good", GPU, 128),
        ("best", SLOW, 32),
        ("best", FAST, 96),
        ("best", GPU, 128),
    ],
)
def test_the_faster_the_machine_the_wider_the_networks(quality: str, img_per_s: float, width: int) -> None:
    config = chosen("dcgan", 1500, img_per_s, quality=quality)
    assert config.options.width == width
    assert config.settings.budget == QUALITIES[quality].budget


def test_pictures_that_cost_less_at_the_beginning_count_as_what_they_cost() -> None:
    # 100 kimg in 5 minutes take 333 img/s, and 300 in 20 minutes 250.
    kind, late = gans.find("atelier"), 240.0
    own = kind.defaults.width
    for quality, early, width in (("quick", 480, own), ("quick", 300, own // 2), ("good", 480, own), ("good", 230, 16)):
        changes = {"quality": quality}
        config = with_budget(resolve("atelier", kind.defaults, changes), changes)

        def costs(options: Options, early: float = early) -> Costs:
            slower = (own / options.width) ** 2
            return Costs(1, 1, 32, late * slower, earlier_phases=(PhaseCost(100_000, early * slower),))

        assert with_chosen(config, choose_networks(config, changes, kind, 1500, costs)).options.width == width


def test_a_discriminators_own_width_goes_with_the_other() -> None:
    config = chosen("atelier", 1500, GPU, quality="good")
    defaults: Any = gans.find("atelier").defaults
    assert config.options.model_dump()["d_width"] / defaults.d_width == config.options.width / defaults.width > 1
    kept = chosen("atelier", 1500, GPU, quality="good", d_width=20)
    assert kept.options.model_dump()["d_width"] == 20


@pytest.mark.parametrize(("pictures", "largest"), [(20, 16), (100, 50), (1_500, 512), (50_000, 512)])
def test_batches_hold_no_more_than_half_of_the_pictures(pictures: int, largest: int) -> None:
    assert chosen("dcgan", pictures, GPU, quality="best").options.batch_size <= largest
    assert chosen("dcgan", pictures, SLOW, quality="best").options.batch_size <= largest


def test_few_updates_are_made_more_by_smaller_batches_with_lower_learning_rates() -> None:
    slow, own = chosen("dcgan", 1500, SLOW, quality="quick").options, gans.find("dcgan").defaults
    assert slow.batch_size == 16
    assert slow.g_lr == pytest.approx(own.g_lr * (16 / own.batch_size) ** 0.5, rel=0.01)
    fast = chosen("dcgan", 1500, GPU, quality="best").options
    assert fast.batch_size > own.batch_size
    assert fast.d_lr > own.d_lr
    kept = chosen("dcgan", 1500, SLOW, quality="quick", g_lr=1e-3).options
    assert (kept.g_lr, kept.d_lr) == (1e-3, slow.d_lr)


@pytest.mark.parametrize("budget", ["3m", "2h"])
@pytest.mark.parametrize(("largest_in_memory", "batch_size"), [(10_000, 128), (64, 64)])
def test_batches_are_larger_where_steps_take_the_same_time(
    largest_in_memory: int, batch_size: int, budget: str
) -> None:
    kind, changes = gans.find("atelier"), {"quality": "good", "budget": budget}
    config = with_budget(resolve("atelier", kind.defaults, changes), changes)

    def waiting(options: Options) -> Costs:
        """20 steps a second, whatever they do, as long as there is memory."""
        size = options.batch_size
        return Costs(1, 1, size, 20.0 * size if size <= largest_in_memory else 0.0)

    options = with_chosen(config, choose_networks(config, changes, kind, 1500, waiting)).options
    assert options.batch_size == batch_size
    assert options.g_lr == pytest.approx(kind.defaults.g_lr * (batch_size / 32) ** 0.5, rel=0.01)


def test_a_processor_measures_no_speed_for_a_batch_size() -> None:
    kind, changes, measured = gans.find("dcgan"), {"quality": "good", "width": 16}, list[int]()
    config = with_budget(resolve("dcgan", kind.defaults, changes), changes)

    def costs(options: Options) -> Costs:
        measured.append(options.batch_size)
        return Costs(1, 1, options.batch_size, SLOW)

    choose_networks(config, changes, kind, 1500, costs, depends_on_batch=False)
    assert measured == [kind.defaults.batch_size]


def test_many_pictures_want_to_be_seen() -> None:
    few, many = (chosen("dcgan", count, FAST, quality="good") for count in (1_500, 500_000))
    assert many.options.width < few.options.width


def test_what_the_user_sets_stays() -> None:
    given = {"quality": "best", "budget": "3m", "width": 40, "batch_size": 24, "eval_every": "1m"}
    config = chosen("dcgan", 1500, GPU, **given)
    assert config.settings.budget == Amount(3, "m")
    assert (config.options.width, config.options.batch_size, config.options.g_lr) == (40, 24, 2e-4)
    assert not choose_evaluations(config, given, Costs(1, 1, 24, 100, evaluation=1), 1500)


def test_counted_budgets_take_no_longer_than_the_quality() -> None:
    quick, best = (chosen("dcgan", 1500, FAST, quality=name, budget="100kimg") for name in ("quick", "best"))
    assert quick.options.width < best.options.width
    steps = chosen("dcgan", 1500, FAST, quality="quick", budget="500steps")
    assert steps.options.batch_size == gans.find("dcgan").defaults.batch_size, "other steps were not asked for"


@pytest.mark.parametrize(("evaluation", "count"), [(1, 10), (14, 8), (60, 5)])
def test_there_are_as_many_evaluations_as_there_is_time_for(evaluation: float, count: int) -> None:
    config = chosen("dcgan", 1500, FAST, quality="good")
    (every,) = choose_evaluations(config, {}, Costs(1, 1, 128, FAST, evaluation=evaluation), 1500)
    assert (every.key, every.value) == ("eval_every", Amount(20 / count, "m"))
    never = chosen("dcgan", 1500, FAST, quality="good", eval_samples=0)
    assert not choose_evaluations(never, {}, Costs(1, 1, 128, FAST), 1500)


@pytest.mark.parametrize(
    ("img_per_s", "width", "measured"),
    [(1000, 48, [24, 48]), (60, 24, [24, 36]), (120, 36, [24, 36, 48]), (40, 12, [24]), (5, 12, [24])],
)
def test_no_more_widths_are_measured_than_must_be(img_per_s: float, width: int, measured: list[int]) -> None:
    asked: list[int] = []

    def speed(width: int) -> float:
        asked.append(width)
        return img_per_s * (24 / width) ** 2

    assert widest((12, 24, 36, 48), 24, 50, speed) == width
    assert asked == measured


@pytest.mark.parametrize("least", [0, 1, 3, 5, 99])
@pytest.mark.parametrize("own", [1, 4, 16, 100])
def test_it_is_the_widest_that_is_fast_enough_wherever_one_begins(own: int, least: float) -> None:
    """However much a width costs."""
    ladder = (1, 2, 4, 8, 16)
    for power in (0.1, 1, 2):
        fast = [width for width in ladder if 10 * width**-power >= least]

        def speed(width: int, power: float = power) -> float:
            return float(10 * width**-power)

        assert widest(ladder, own, least, speed) == max(fast, default=1)


@pytest.mark.parametrize("name", gans.names())
def test_networks_of_every_width_can_be_built(name: str) -> None:
    kind = gans.find(name)
    widths = kind.widths()
    assert list(widths) == sorted(set(widths))
    for width in widths:
        recipe = kind(kind.defaults.model_copy(update={"width": width}))
        Objective(recipe).build(Spec(min(kind.sizes), 3 if kind.class_use.is_required else 0))


class Stated(Recipe):
    ladder = (3, 5)


def test_a_recipe_may_state_its_own_widths() -> None:
    assert Stated.widths() == (3, 5)


def test_a_run_by_wish_is_recorded_as_it_was_chosen_and_repeats(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "estimate", lambda *_: Costs(1, 1, 1, 1e6))
    changes = {key: value for key, value in TINY.items() if key not in ("width", "batch_size")}
    monkeypatch.setattr(gans.find("dcgan"), "ladder", (2, 4))
    runs.train(tiny_data, tmp_path / "run", "dcgan", **changes, quality="quick", budget="0.016kimg")
    record = RunDirectory.open(tmp_path / "run").record
    assert record.settings["quality"] == "quick"
    assert (record.options["width"], record.options["batch_size"]) == (4, 16)
    recipe, repeated = read_config(tmp_path / "run" / "config.yaml")
    plan = runs.dry_run(tiny_data, tmp_path / "again", recipe or "", **repeated)
    assert "quick chose nothing" in plan


def test_the_plan_says_what_was_chosen_and_how_to_override_it(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(tmp_path / "data")
    monkeypatch.setattr(forecast, "estimate", lambda *_: Costs(1, 1, 1, 50.0))
    monkeypatch.setattr(gans.find("dcgan"), "ladder", (2, 4))
    words = ["train", "data", "--recipe", "dcgan", "--out", "run", *TINY_WORDS[4:], "--dry-run"]
    plan = cli(*words, "--quality", "quick", check=True).stdout
    for line in ("--budget 5m", "--set width=2", "--set batch_size=16", "--set g_lr=", "--set d_lr="):
        assert f"\n           {line}" in plan
    assert "quality" not in cli(*words, check=True).stdout
    wrong = cli(*words, "--quality", "great")
    assert wrong.returncode == 2
    assert all(word in wrong.stderr for word in ("quality", "great", "quick", "good", "best"))
    assert len(wrong.stderr.splitlines()) == 1


def test_weights_to_begin_with_keep_their_width(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "estimate", lambda *_: Costs(1, 1, 1, 1e6))
    monkeypatch.setattr(gans.find("mlp"), "defaults", gans.find("mlp").defaults.model_copy(update={"width": 1}))
    changes = {key: value for key, value in TINY.items() if key != "width"} | {"budget": "1steps"}
    runs.train(tiny_data, tmp_path / "first", "mlp", **changes)
    plan = runs.dry_run(tiny_data, tmp_path / "next", "mlp", start=tmp_path / "first", quality="best", **changes)
    assert "--set width" not in plan


def test_a_comparison_takes_no_quality(tmp_path: Path, tiny_data: Path) -> None:
    from ganvas.experiments.compare import compare

    with pytest.raises(ConfigError, match="quality"):
        compare(tiny_data, tmp_path / "compared", ["dcgan"], quality="good")


def test_each_class_gets_the_budget_of_the_quality(tiny_data: Path) -> None:
    from ganvas.experiments import per_class

    assert "5m each" in per_class.dry_run(tiny_data, "dcgan", {**TINY, "quality": "quick"})
    assert qualities.QUALITIES["quick"].budget == Amount(5, "m")
