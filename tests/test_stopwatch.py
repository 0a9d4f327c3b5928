"""Measurements of speed that are kept with a run: a busy moment must not decide how it is trained."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import pytest

from ganvas.planning import stopwatch
from ganvas.planning.stopwatch import shortest, undisturbed_mean


def passes(*times: Sequence[float]) -> Callable[[], Sequence[float]]:
    each: Iterator[Sequence[float]] = iter(times)
    return lambda: next(each)


def test_a_calm_machine_is_measured_once() -> None:
    assert undisturbed_mean(passes([1.0, 1.1, 1.0, 1.1])) == pytest.approx(1.05)


def test_one_slow_step_hardly_counts() -> None:
    assert undisturbed_mean(passes([1.0] * 7 + [60.0])) == pytest.approx(10 / 8)


def test_steps_that_do_more_work_now_and_then_count_in_full() -> None:
    assert undisturbed_mean(passes([1.0, 1.0, 1.0, 2.0] * 2)) == pytest.approx(1.25)


def test_a_busy_machine_is_measured_again_and_the_fastest_counts() -> None:
    busy, calm = [1.0, 5.0, 4.0, 6.0], [1.0, 1.0, 1.0, 1.0]
    assert undisturbed_mean(passes(busy, calm)) == 1.0
    assert undisturbed_mean(passes(busy, [1.0, 2.0, 2.0, 3.0], busy)) == 2.0


def test_the_shorter_of_two_times_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.chain([0.0, 9.0, 10.0, 11.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    result = shortest(lambda: "done")
    monkeypatch.undo()
    assert result == ("done", 1.0)


def test_more_attempts_than_allowed_are_not_made() -> None:
    made: list[int] = []

    def busy() -> list[float]:
        made.append(1)
        return [1.0, 9.0, 9.0]

    undisturbed_mean(busy)
    assert len(made) == stopwatch.ATTEMPTS
