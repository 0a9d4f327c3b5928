"""Recipes side by side: every run counted once, whatever interrupted it, and nothing compared that is not alike."""

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from ganvas.artist.evaluate import evaluate
from ganvas.experiments import compare as comparisons
from ganvas.experiments.compare import compare
from ganvas.experiments.comparison import HEADS, Result, Row
from ganvas.foundation.errors import ConfigError, DivergedError
from ganvas.planning import run as runs
from ganvas.planning.run import Outcome
from ganvas.runs.logs import RunLogs
from support.command_line import Cli
from support.datasets import write_dataset
from support.runs import TINY, TINY_WORDS

TINY_RUN = TINY | {"eval_samples": 16, "extractor": "pixels", "grid_size": 1}
FLOOR = {"mean", "kmeans", "pca"}


@pytest.fixture(autouse=True)
def measured_by_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network by default takes a second for each generator."""
    monkeypatch.setattr(comparisons, "evaluate", functools.partial(evaluate, extractor="pixels"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "data", classes=0)


def test_every_recipe_and_seed_gets_a_row_beside_the_floor_and_is_done_once(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    first = compare(data, out, ["dcgan"], budget="2steps", seeds=2, samples=16, **TINY_RUN)
    assert first.finished
    assert {(result.recipe, result.seed) for result in first.results} == {
        ("dcgan", 0),
        ("dcgan", 1),
        *((name, 0) for name in FLOOR),
    }
    assert all(result.kid is not None and Path(result.run).exists() for result in first.results)
    (dcgan,) = [row for row in first.rows() if row.recipe == "dcgan"]
    assert dcgan.seeds == 2
    assert dcgan.first_kid is not None
    assert dcgan.img_per_s is not None
    assert dcgan.coverage is not None
    assert dcgan.diversity is not None
    for result in first.results:
        evaluations = [] if result.recipe in FLOOR else RunLogs.open(Path(result.run)).evaluations
        assert result.verdict == (evaluations[-1].verdict.name if evaluations and evaluations[-1].verdict else None)
    assert all(result.verdict for result in first.results if result.recipe == "dcgan")
    assert dcgan.kimg == pytest.approx(0.016)
    page = (out / "comparison.html").read_text("utf-8")
    assert page.count("<img src=") == 1 + 1 + len(FLOOR)
    assert "the median of 2" in page

    monkeypatch.setattr(runs, "train", lambda *_given, **_changes: pytest.fail("all of it is done"))
    with (out / "results.jsonl").open("a+") as file:  # as another process may, which measured the same at the same time
        file.seek(0)
        file.write(file.readline())
    again = compare(data, out, ["dcgan"], budget="2steps", seeds=2, samples=16, **TINY_RUN)
    assert again.results == first.results


@pytest.mark.parametrize(
    "line",
    [
        '{"recipe": "dcg',
        '{"recipe": "dcgan"}\n',
        '{"recipe": "dcgan", "seed": 0, "run": "r", "kid": "low"}\n',
        '{"recipe": "dcgan", "seed": {}, "run": "r"}\n',
        "5\n",
    ],
)
def test_a_result_that_cannot_be_read_is_measured_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr(comparisons, "_train", lambda *_: Result("dcgan", 0, "run"))
    monkeypatch.setattr(comparisons, "_measure", lambda *_: {})
    monkeypatch.setattr(comparisons, "_write_page", lambda _: None)
    compare(data, out, ["dcgan"], budget="2steps", seeds=1)
    results = (out / "results.jsonl").read_text("utf-8").splitlines(keepends=True)
    assert "dcgan" in results.pop()
    (out / "results.jsonl").write_text("".join([*results, line]))
    for _ in range(2):
        again = compare(data, out, ["dcgan"], budget="2steps", seeds=1)
        assert [result.recipe for result in again.results].count("dcgan") == 1
    assert (out / "results.jsonl").read_text("utf-8").count('"run":') == len(FLOOR) + 1 + line.count('"run":')


def test_an_interrupted_comparison_goes_on_with_the_run_it_was_in(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, out = runs.train, tmp_path / "out"

    def interrupted(*given: Any, **changes: Any) -> Outcome:
        outcome = real(*given, **changes | {"budget": "1steps"})
        record = outcome.run / "config.yaml"
        record.write_text(record.read_text("utf-8").replace("1steps", "3steps"))
        return Outcome(outcome.run, finished=False, kimg=outcome.kimg, best_kid=None)

    monkeypatch.setattr(runs, "train", interrupted)
    begun = compare(data, out, ["dcgan"], budget="3steps", seeds=1, samples=16, **TINY_RUN)
    assert not begun.finished
    assert {result.recipe for result in begun.results} == FLOOR

    monkeypatch.setattr(runs, "train", lambda *_given, **_changes: pytest.fail("it was to be resumed"))
    done = compare(data, out, ["dcgan"], budget="3steps", seeds=1, samples=16, **TINY_RUN)
    assert done.finished
    assert next(result.kimg for result in done.results if result.recipe == "dcgan") == pytest.approx(0.024)


def test_a_run_that_diverges_is_named_and_the_others_go_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = runs.train

    def train(given: Path, out: Path, recipe: str, **changes: Any) -> Outcome:
        outcome = real(given, out, recipe, **changes | {"eval_samples": 0})
        if recipe == "mlp":
            raise DivergedError("a loss is infinite")
        return outcome

    monkeypatch.setattr(runs, "train", train)
    done = compare(data, tmp_path / "out", ["mlp", "dcgan"], budget="1steps", seeds=1, samples=16, **TINY_RUN)
    rows = {row.recipe: row for row in done.rows()}
    assert rows["mlp"].diverged == 1
    assert "mlp (1 of 1 diverged)" in str(done)
    assert rows["dcgan"].diverged == 0


def test_the_command_prints_the_table(data: Path, cli: Cli) -> None:
    words = ["--recipes", "dcgan", "--budget", "1steps", "--seeds", "1", "--samples", "16", *TINY_WORDS]
    table = cli("compare", data, "--out", "out", *words, check=True).stdout.splitlines()
    assert table[0].startswith("| recipe | KID, first evaluation | KID, best |")
    assert "| precision | recall | coverage | diversity | modes |" in table[0]
    assert "| verdict |" in table[0]
    assert {line.split(" | ")[0].removeprefix("| ") for line in table[2:]} == FLOOR | {"dcgan"}
    plan = json.loads(Path("out/comparison.json").read_text("utf-8"))
    assert plan["budget"] == "1steps"

    other = cli("compare", data, "--out", "out", *words[:2], "--budget", "2steps", *words[4:])
    assert other.returncode == 2
    assert '"1steps"' in other.stderr


@pytest.mark.parametrize(
    ("recipes", "more", "named"),
    [
        (["dcgen"], {}, "dcgan"),
        (["mean"], {}, "baseline"),
        ([], {}, "recipe"),
        (["dcgan"], {"budget": "soon"}, "soon"),
        (["dcgan"], {"widht": 3}, "width"),
        (["dcgan"], {"seed": 3}, "--seeds"),
        (["cdcgan"], {}, "classes"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(
    recipes: list[str], more: dict[str, Any], named: str, tmp_path: Path
) -> None:
    data = write_dataset(tmp_path / "data", classes=0, size=32)
    with pytest.raises(ConfigError, match=named):
        compare(data, tmp_path / "out", recipes, **more)
    assert not (tmp_path / "out").exists()


def test_a_damaged_plan_is_one_clear_line(data: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "comparison.json").write_bytes(b"\xff\x00")
    with pytest.raises(ConfigError, match=r"has no valid comparison\.json to continue from"):
        compare(data, tmp_path / "out", ["dcgan"], budget="2steps", seeds=1)


def test_a_directory_of_something_else_is_left_alone(data: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"no valid comparison\.json"):
        compare(data, tmp_path / "out", ["dcgan"])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_a_row_is_the_mean_over_seeds_and_its_error_theirs() -> None:
    results = [
        Result("dcgan", seed, "run", kid=kid, kid_se=0.5, recall=kid) for seed, kid in enumerate((1.0, 2.0, 3.0))
    ]
    row = Row.of(results)
    assert (row.kid, row.recall) == (2.0, 2.0)
    assert row.kid_se == pytest.approx(1 / 3**0.5)
    assert Row.of(results[:1]).kid_se == 0.5
    assert Row.of([Result("mlp", 0, "run", diverged="yes")]).kid is None


def test_verdicts_are_counted_if_they_differ_and_old_results_have_none() -> None:
    verdicts = ["learning", "collapsed", "collapsed", None]
    results = [Result("dcgan", seed, "run", verdict=verdict) for seed, verdict in enumerate(verdicts)]
    assert Row.of(results).verdict == "collapsed (2), learning (1)"
    assert Row.of(results[1:]).verdict == "collapsed"
    assert Row.of(results[3:]).verdict == "—"
    cells = dict(zip(HEADS, Row.of([Result("dcgan", 0, "run", coverage=0.5)]).cells(), strict=True))
    assert (cells["coverage"], cells["diversity"], cells["verdict"]) == ("0.50", "—", "—")
