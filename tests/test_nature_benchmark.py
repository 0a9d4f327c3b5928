"""Hindsight on courses whose truth is plain, and the benchmark's runs."""

import dataclasses
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.nature import advice, pictures
from benchmarks.nature.advice import OWN, Trial, trials
from benchmarks.nature.hindsight import CAUSES, NAMES, truth
from benchmarks.nature.pictures import dataset
from benchmarks.nature.scenarios import COMMON, Scenario, budget, scenarios
from benchmarks.nature.table import ALIKE, COPIES, FINE, NOISE, Judged, judge
from benchmarks.verdict.records import Kept, write
from benchmarks.verdict.table import GRAVE

from ganvas.data.dataset.dataset import Dataset
from ganvas.gans import find
from ganvas.settings.config import resolve
from ganvas.verdict.evaluation import Evaluation
from ganvas.verdict.kinds import KINDS

ROOT = Path(__file__).parent.parent
RUNS = ROOT / "benchmarks" / "nature" / "runs.jsonl.gz"
KIMG = 4.0
GOOD = {"diversity": 0.8, "pixel_diversity": 0.8, "spacing": 0.7, "copies": 0.0, "real_copies": 0.0, "d_tells": 0.9}
FALLING = [2.0, 1.6, 1.3, 1.1, 0.95, 0.8, 0.7, 0.6, 0.55, 0.5]


def course(kid: Sequence[float | None] = FALLING, long: dict[str, object] | None = None, **figures: Any) -> Kept:
    """A run with these KIDs; other figures are numbers, or functions of the number of the evaluation."""
    evals = [
        Evaluation.parse(
            GOOD
            | {"kimg": KIMG * number, "kid": value, "kid_se": 0.01}
            | {name: figure(number) if callable(figure) else figure for name, figure in figures.items()}
        )
        for number, value in enumerate(kid, 1)
    ]
    return Kept("a", (), evals, [], long or {})


@pytest.mark.parametrize(
    ("run", "symptom", "begins", "shows"),
    [
        (course([2.0, 1.5, None, None]), "not a number", 3, 3),
        (course(copies=lambda n: 0.5 if n > 6 else 0.01), "copies", 7, 7),
        (course(diversity=lambda n: 0.1 if n > 4 else 0.8), "alike", 5, 5),
        (course(diversity=0.1), "alike", 1, 5),
        (course(spacing=lambda n: 0.0 if n > 8 else 0.8), "alike", 9, 9),
        (course([2, 1.5, 1.0, 0.8, 0.9, 1.1, 1.2, 1.3, 1.3, 1.4]), "worse", 6, 6),
        (course([2, 3, 2, 3, 2, 3, 2, 3, 2, 1.9]), "swings", 2, 5),
        (course([2, 1.9, 1.9, 1.92, 1.9, 1.91, 1.9, 1.9, 1.91, 1.9]), "stands still", 2, 6),
    ],
)
def test_hindsight_finds_a_symptom_and_its_beginning(run: Kept, symptom: str, begins: int, shows: int) -> None:
    onset = truth(run).symptoms[symptom]
    assert (onset.begins, onset.shows) == (KIMG * begins, KIMG * shows)


@pytest.mark.parametrize(
    "run",
    [
        course(),
        course(diversity=lambda n: 0.1 + 0.05 * n),
        course([2, 1.5, 1.0, 0.9, 0.85, 0.84, 0.85, 0.84, 0.85, 0.84]),
        course([1.3] * 10, diversity=lambda n: 0.2 + 0.05 * n),
        course(d_tells=1.0),
    ],
)
def test_a_run_that_learnt_is_healthy(run: Kept) -> None:
    assert truth(run).healthy
    assert str(truth(run)) == "healthy"


def test_the_long_evaluation_has_the_last_word() -> None:
    assert "copies" in truth(course(long={"copies": 0.4})).symptoms
    assert "worse" in truth(course(long={"kid": 0.9})).symptoms


def test_a_trouble_that_passed_is_remembered() -> None:
    run = truth(course(diversity=lambda n: 0.1 if 3 <= n <= 7 else 0.8))
    assert run.healthy
    assert run.passing["alike"] == {5, 6}
    assert run.names_passing("collapsed", 5)
    assert not run.names_passing("collapsed", 4)
    assert not run.names_passing("memorising", 5)


def test_a_run_that_stood_still_for_a_while_may_be_called_so_then() -> None:
    run = truth(course([3.0, 2.9, 2.9, 2.9, 2.9, 2.9, 2.0, 1.5, 1.2, 1.0]))
    assert run.healthy
    assert run.passing["stands still"] == {4, 5}
    assert run.names_passing("stalled", 5)
    assert run.names_passing("discriminator overpowering", 5)
    assert not run.names_passing("collapsed", 5)


def test_a_cause_is_right_only_where_something_followed_from_it() -> None:
    still = [2.0] * 10
    assert truth(course(still, d_tells=1.0)).named_by("discriminator overpowering") == ("stands still",)
    assert truth(course(still, d_tells=0.9)).named_by("discriminator overpowering") == ()
    assert truth(course(d_tells=1.0)).named_by("discriminator overpowering") == ()
    assert truth(course(still, d_tells=0.4)).named_by("discriminator overpowered") == ("stands still",)


def test_every_symptom_can_be_named() -> None:
    known = {kind.name for kind in KINDS.all().values()}
    assert {verdict for names in NAMES.values() for verdict in names} | set(CAUSES) <= known


def test_the_benchmark_is_as_large_as_it_says() -> None:
    runs = scenarios()
    assert len({run.name for run in runs}) == len(runs) == 300
    assert set(Counter(run.group for run in runs).values()) == {50}
    assert len({run.recipe for run in runs if ":" not in run.recipe}) >= 7
    assert len({run.data.split("-")[0] for run in runs}) >= 4


def test_spoiled_pictures_are_whole_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "WHOLE", 60)
    plain = Dataset.open(dataset("paintings-16", tmp_path))
    mislabelled = Dataset.open(dataset("paintings-16-mislabelled", tmp_path))
    assert plain.labels is not None
    assert mislabelled.labels is not None
    assert np.array_equal(plain.images[:], mislabelled.images[:])
    assert sorted(plain.labels) == sorted(mislabelled.labels)
    assert (plain.labels == mislabelled.labels).mean() < 0.3
    repeated = Dataset.open(dataset("paintings-16-repeated", tmp_path))
    assert len(np.unique(repeated.images[:], axis=0)) == len(repeated) // 10 == len(plain) // 10


@pytest.mark.parametrize("run", scenarios(), ids=lambda run: f"{run.group}-{run.name}")
def test_every_run_can_be_configured(run: Scenario) -> None:
    recipe = find(run.recipe)
    config = resolve(run.recipe, recipe.defaults, COMMON | run.options)
    assert run.options.keys() <= config.options.model_dump().keys() | config.settings.model_dump().keys()


@pytest.fixture(scope="module")
def kept() -> list[Judged]:
    return judge(RUNS)


# Of each group: the number of its troubled and of its healthy runs, how many of the first have a right last verdict,
# and how many of the second were ever called something else. docs/verdict.md says the same.
GROUP_FIGURES = {
    "tuning": (25, 25, 25, 0),
    "test": (24, 26, 24, 1),
    "fresh": (27, 23, 25, 1),
    "fourth": (26, 21, 22, 2),
    "fifth": (26, 24, 24, 3),
}


@pytest.mark.parametrize("group", GROUP_FIGURES)
def test_verdicts_on_the_kept_runs_are_as_right_as_the_page_says(kept: list[Judged], group: str) -> None:
    of_group = [each for each in kept if each.scenario.group == group]
    troubled, healthy = ([each for each in of_group if each.truth.healthy is wanted] for wanted in (False, True))
    right, alarmed = sum(each.right for each in troubled), sum(bool(each.false_alarms) for each in healthy)
    assert (len(troubled), len(healthy), right, alarmed) == GROUP_FIGURES[group]
    assert not {verdict.name for each in healthy for verdict in each.false_alarms} & set(GRAVE)
    delays = [each.delay for each in troubled if each.delay is not None]
    assert statistics.median(delays) <= 1.5


def test_every_kept_run_was_looked_at(kept: list[Judged]) -> None:
    assert all(each.seen in (ALIKE, COPIES, NOISE, *FINE) for each in kept)


# --- Advice ---


def test_each_remedy_of_a_right_verdict_is_tried(kept: list[Judged]) -> None:
    planned = list(trials(kept, most=1))
    tried = {(trial.verdict, trial.remedy) for trial in planned}
    assert len(tried) == len(planned) == len({trial.name for trial in planned})
    assert {("stalled", "higher g_lr and d_lr"), ("memorising", "a smaller width")} <= tried
    for trial in planned:
        scenario = trial.before.scenario
        assert trial.before.right
        assert not trial.before.truth.healthy
        assert trial.options != budget(scenario) | scenario.options


def test_a_remedy_helped_if_nothing_is_wrong_or_kid_is_lower_and_nothing_new_is_wrong(kept: list[Judged]) -> None:
    still = course([2.0] * 10)
    trial = Trial(Judged(still, kept[0].scenario, None), "stalled", "higher rates", {})
    assert trial.helped(course())
    assert trial.helped(course([2.0] * 5 + [1.75] * 5))
    assert not trial.helped(still)
    assert not trial.helped(course([2.0] * 5 + [1.75] * 5, copies=0.5))


def test_finished_trials_are_counted_from_a_file(
    kept: list[Judged], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (trial,) = (each for each in trials(kept, most=1) if each.verdict == "augmentation leaking" and each.remedy == OWN)
    write([dataclasses.replace(course(), name=trial.name)], tmp_path / "trials.jsonl.gz")
    monkeypatch.setattr(advice, "judge", lambda runs: kept)
    monkeypatch.setattr(sys, "argv", ["advice", str(RUNS), str(tmp_path / "trials.jsonl.gz"), "--most", "1", "--table"])
    advice.main()
    table = "| verdict | advice | tried | helped |\n|---|---|---|---|\n"
    assert capsys.readouterr().out == f"{table}| augmentation leaking | {OWN} | 1 | 1 |\n"


def test_the_page_has_the_table_of_the_kept_trials(
    kept: list[Judged], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trials_file = RUNS.with_name("advice.jsonl.gz")
    monkeypatch.setattr(advice, "judge", lambda runs: kept)
    monkeypatch.setattr(sys, "argv", ["advice", str(RUNS), str(trials_file), "--most", "2", "--table"])
    advice.main()
    assert capsys.readouterr().out in (ROOT / "docs" / "verdict.md").read_text("utf-8")
