import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvas.foundation.errors import ConfigError
from ganvas.settings.budget import Amount, Interval, Progress


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("90s", 90, "s"),
        ("20m", 20, "m"),
        ("1.5h", 1.5, "h"),
        ("100kimg", 100, "kimg"),
        ("30epochs", 30, "epochs"),
        ("1 epoch", 1, "epochs"),
        ("500steps", 500, "steps"),
        (" 1STEP ", 1, "steps"),
    ],
)
def test_every_unit_is_read(text: str, value: float, unit: str) -> None:
    assert Amount.parse(text) == Amount(value, unit)


@pytest.mark.parametrize(
    "text", ["", "20", "m", "20 minutes", "-5m", "0s", "0.0kimg", "1e3s", "nan", "5 m m", "20q", "٣m", "1.m", "inf h"]
)
def test_anything_else_is_refused_and_the_grammar_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=r"amount") as error:
        Amount.parse(text)
    assert repr(text) in str(error.value)


@given(st.floats(0.001, 1e6), st.sampled_from(["s", "m", "h", "kimg", "epochs", "steps"]))
def test_what_is_printed_is_read_back(value: float, unit: str) -> None:
    amount = Amount(value, unit)
    assert Amount.parse(str(amount)) == amount


def test_each_unit_counts_its_own_progress() -> None:
    progress = Progress(dataset_size=200, steps=30, images=1000, seconds=120)
    spent = {unit: Amount(1, unit).spent(progress) for unit in ("s", "m", "h", "kimg", "epochs", "steps")}
    assert spent == {"s": 120, "m": 2, "h": pytest.approx(1 / 30), "kimg": 1, "epochs": 5, "steps": 30}
    assert Amount(4, "m").fraction(progress) == 0.5
    assert Amount(4, "m").after(progress) == Amount(6, "m")


def test_an_interval_is_due_once_each_time_it_passes() -> None:
    progress = Progress(dataset_size=10)
    interval = Interval(Amount(3, "steps"), progress)
    due = []
    for progress.steps in range(1, 11):
        due.append(interval.due(progress))
    assert [step for step, is_due in enumerate(due, 1) if is_due] == [3, 6, 9]


def test_an_interval_has_its_moments_where_an_uninterrupted_run_has_them() -> None:
    resumed = Progress(dataset_size=10, steps=4)
    interval = Interval(Amount(3, "steps"), resumed)
    resumed.steps = 6
    assert interval.due(resumed)
    resumed.steps = 13  # long after: late once, then on time again
    assert interval.due(resumed)
    resumed.steps = 14
    assert not interval.due(resumed)
    resumed.steps = 15
    assert interval.due(resumed)
