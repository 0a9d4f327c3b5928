"""The sizes of evaluations: any run has several, and they take a tenth of its time."""

from dataclasses import dataclass

import pytest

from ganvas.settings.budget import Progress
from ganvas.settings.config import Settings
from ganvas.training.agenda import EARLY, Agenda
from ganvas.training.pace import EVALUATION_SHARE, SMALLEST

REAL = 1500


@dataclass
class Evaluated:
    """When an evaluation was, and how many pictures it compared."""

    seconds: float
    kimg: float
    size: int
    real: int | None


def simulated(
    budget: str, *, each: float, fixed: float = 0.05, loading: float = 1.0, img_per_s: float = 250.0, **settings: object
) -> tuple[list[Evaluated], float]:
    """A run whose evaluations take `each` seconds for a picture: its evaluations, and their share of the time."""
    agenda = Agenda(chosen := Settings.model_validate({"budget": budget, **settings}), progress := Progress(REAL))
    found: list[Evaluated] = []
    spent = 0.0

    def evaluate(size: int) -> None:
        nonlocal spent
        seconds = fixed + each * (size + agenda.pace.described(size)) + (0 if found else loading)
        agenda.pace.evaluated(seconds, size)
        found.append(Evaluated(progress.seconds, progress.kimg, size, agenda.pace.real(size)))
        progress.seconds += seconds
        spent += seconds

    while chosen.budget.fraction(progress) < 1:
        progress.steps += 1
        progress.images += 32
        progress.seconds += 32 / img_per_s
        if size := agenda.evaluation_due(progress):
            evaluate(size)
    evaluate(agenda.pace.size(progress) or SMALLEST)
    return found, spent / progress.seconds


@pytest.mark.parametrize("each", [0.002, 0.004, 0.008])
def test_a_minute_has_six_evaluations_in_a_tenth_of_it(each: float) -> None:
    """8 ms is what a picture takes beside a busy core."""
    found, share = simulated("60s", each=each)
    assert len(found) >= 6
    assert share <= EVALUATION_SHARE + 0.005


def test_twenty_minutes_end_with_whole_evaluations() -> None:
    found, share = simulated("20m", each=0.005)
    assert [each.size for each in found[-5:]] == [1000] * 5
    assert found[-1].real is None, "all real pictures"
    assert found[0].size == SMALLEST
    assert len(found) >= 10
    assert share <= EVALUATION_SHARE


@pytest.mark.parametrize("budget", ["60s", "20m", "2h"])
def test_a_failure_from_the_start_is_seen_within_five_kimg(budget: str) -> None:
    found, _ = simulated(budget, each=0.005)
    assert EARLY <= found[0].kimg < 5 or found[0].seconds < 7


@pytest.mark.parametrize("budget", ["40kimg", "20epochs", "900steps"])
def test_other_budgets_have_six_too(budget: str) -> None:
    found, share = simulated(budget, each=0.004)
    assert len(found) >= 6
    assert share <= EVALUATION_SHARE + 0.01


def test_the_early_evaluation_leaves_out_one_that_would_follow_at_once() -> None:
    budgets = ((4.5, [4.5]), (12.0, [4.0, 12.0]))
    for every, expected in budgets:
        agenda = Agenda(Settings.model_validate({"budget": f"{10 * every}kimg"}), progress := Progress(REAL))
        found: list[float] = []
        while progress.kimg < every:
            progress.images, progress.seconds = progress.images + 100, progress.seconds + 1
            if size := agenda.evaluation_due(progress):
                found.append(progress.kimg)
                agenda.pace.evaluated(0.01, size)
        assert found == expected


def test_an_interval_of_ones_own_is_kept_whatever_it_takes() -> None:
    found, share = simulated("60s", each=0.05, eval_every="10s", eval_samples=100)
    assert {each.size for each in found} == {100}
    assert share > EVALUATION_SHARE


def test_one_slow_evaluation_does_not_put_off_the_next() -> None:
    progress = Progress(REAL)
    agenda = Agenda(Settings.model_validate({"budget": "1000s", "eval_samples": 64}), progress)
    for began in (100.0, 200.0, 300.0):
        progress.seconds = began
        assert agenda.evaluation_due(progress)
        agenda.pace.evaluated(40.0 if began == 300.0 else 2.0, 64)
    progress.seconds = 450.0
    assert agenda.evaluation_due(progress, alarming=True)


def test_an_alarm_waits_until_there_is_time() -> None:
    progress = Progress(REAL)
    agenda = Agenda(Settings.model_validate({"budget": "1000s"}), progress)
    progress.seconds = 101.0
    assert agenda.evaluation_due(progress)
    agenda.pace.evaluated(30.0, SMALLEST)
    progress.seconds = 110.0
    assert not agenda.evaluation_due(progress, alarming=True)
    progress.seconds = 800.0
    assert agenda.evaluation_due(progress)


def test_a_resumed_run_has_a_tenth_of_what_is_left() -> None:
    progress = Progress(REAL, steps=1000, images=32_000, seconds=500.0)
    agenda = Agenda(Settings.model_validate({"budget": "1000s"}), progress)
    progress.seconds = 601.0
    assert agenda.evaluation_due(progress) == SMALLEST
    agenda.pace.evaluated(45.0, SMALLEST)
    progress.seconds = 990.0
    assert agenda.evaluation_due(progress) is None
