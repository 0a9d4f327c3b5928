"""What is done about a run in trouble: nothing, an end, or a way back; through the training loop."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import ganvas
from ganvas.foundation.errors import ConfigError, DivergedError
from ganvas.foundation.files import read_records
from ganvas.metrics.scores import Scores
from ganvas.networks.losses import Targets
from ganvas.planning.run import Outcome, is_spent, resume, train
from ganvas.runs import checkpoint
from ganvas.training import evaluation
from ganvas.training.meter import Meter
from ganvas.verdict.policy import SLOWER, Policy
from support.command_line import Cli
from support.datasets import write_dataset
from support.runs import TINY, TINY_WORDS, newest
from support.scores import scores

EVERY_STEP = {"eval_samples": 16, "eval_every": "1steps", "log_every": "1steps", "checkpoint_every": "100steps"}
# The scores are made up, so that the forecast need not time a feature network.
EVERY_STEP |= {"extractor": "pixels"}


class Scorer:
    """Gives made-up scores, one after the other, for as many evaluations as there are."""

    def __init__(self, given: list[dict[str, Any]]) -> None:
        self._given: Iterator[dict[str, Any]] = iter(given)

    def __call__(self, *_: Any) -> Scores:
        healthy = {"spacing": 0.5, "diversity": 0.5, "vendi": 0.5, "pixel_diversity": 0.5}
        return scores(**healthy | next(self._given))


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> Any:
    def give(*given: dict[str, Any]) -> None:
        monkeypatch.setattr(evaluation, "Evaluator", lambda *_, **__: type("E", (), {"score": Scorer(list(given))})())

    return give


GOOD, BETTER, GONE = {"kid": 1.0}, {"kid": 0.9}, {"kid": 2.0, "spacing": 0.0}


def quick(data: Path, out: Path, **changes: Any) -> Outcome:
    return train(data, out, "dcgan", **(TINY | EVERY_STEP | {"budget": "6steps"} | changes))


def test_by_default_trouble_is_only_named(tmp_path: Path, tiny_data: Path, scored: Any) -> None:
    scored(GOOD, *[GONE] * 5)
    outcome = quick(tiny_data, tmp_path / "run")
    assert (outcome.finished, outcome.stopped, outcome.verdict) == (True, None, "collapsed")
    records = read_records(tmp_path / "run" / "evals.jsonl")
    assert [record["verdict"] for record in records] == ["warming up", *["collapsed"] * 5]
    assert {record["response"] for record in records} == {"go on"}
    assert records[-1]["verdict_since"] == records[1]["kimg"]


def test_copies_are_never_the_best(tmp_path: Path, tiny_data: Path, scored: Any) -> None:
    scored(GOOD, {"kid": -0.1, "copies": 0.9}, {"kid": 0.95}, GOOD)
    outcome = quick(tiny_data, tmp_path / "run", budget="4steps")
    assert outcome.best_kid == 0.95
    assert ganvas.load(tmp_path / "run").card.scores["kid"] == 0.95
    assert [record["best"] for record in read_records(tmp_path / "run" / "evals.jsonl")] == [True, False, True, False]


@pytest.mark.parametrize("patience", [1, 3])
def test_stop_ends_the_run_and_keeps_the_best(tmp_path: Path, tiny_data: Path, scored: Any, patience: int) -> None:
    scored(GOOD, BETTER, *[GONE] * 4)
    run = tmp_path / "run"
    outcome = quick(tiny_data, run, on_trouble="stop", patience=patience)
    assert (outcome.finished, outcome.stopped, outcome.best_kid) == (True, "collapsed", 0.9)
    assert newest(run)["progress"]["steps"] == 2 + patience
    assert ganvas.load(run).card.scores["kid"] == 0.9
    assert is_spent(run), "whoever completes runs takes it for complete"
    scored(*[{"kid": 0.8 - 0.1 * number} for number in range(6)])
    assert resume(run).kimg == 0.048, "whoever insists goes on to the end of the budget"


def test_a_word_of_trouble_now_and_then_stops_nothing(tmp_path: Path, tiny_data: Path, scored: Any) -> None:
    alike = {"kid": GOOD["kid"]}
    scored(GOOD, GONE | alike, GOOD, GONE | alike, BETTER, GONE | alike)
    assert quick(tiny_data, tmp_path / "run", on_trouble="stop").stopped is None


def test_a_rollback_takes_back_the_networks_and_slows_down(tmp_path: Path, tiny_data: Path, scored: Any) -> None:
    scored(GOOD, BETTER, GONE, GONE, GOOD, GOOD)
    run = tmp_path / "run"
    outcome = quick(tiny_data, run, on_trouble="rollback", budget="4steps", sample_every="100steps")
    state, best = newest(run), checkpoint.load(run / "checkpoints" / "best.safetensors")
    assert outcome.stopped is None
    assert best["progress"]["steps"] == 2
    for network in ("generator", "discriminator", "average"):
        assert all(torch.equal(state[network][key], best[network][key]) for key in best[network]), network
    assert state["progress"]["steps"] == 4, "what was spent is spent"
    assert not torch.equal(state["latents"], best["latents"]), "and what led astray is not repeated"
    assert [record["response"] for record in read_records(run / "evals.jsonl")] == ["go on"] * 3 + ["roll back"]
    scored(GOOD, GOOD)
    resume(run, budget="2steps")
    rates = [record["g_lr"] for record in read_records(run / "stats.jsonl")]
    assert rates == pytest.approx([2e-4] * 4 + [2e-4 * SLOWER] * 2)


def test_a_best_average_of_a_generator_that_has_just_collapsed_is_nothing_to_go_back_to(
    tmp_path: Path, tiny_data: Path, scored: Any
) -> None:
    scored(GOOD, BETTER, {"kid": 0.8, "spacing": 0.0}, GONE)
    run = tmp_path / "run"
    quick(tiny_data, run, on_trouble="rollback", budget="4steps", sample_every="100steps")
    records = read_records(run / "evals.jsonl")
    assert [record["best"] for record in records] == [True, True, True, False]
    assert records[-1]["response"] == "roll back"
    assert checkpoint.load(run / "checkpoints" / "best.safetensors")["progress"]["steps"] == 2


def test_rollbacks_come_to_an_end(tmp_path: Path, tiny_data: Path, scored: Any) -> None:
    scored(GOOD, *[GONE] * 30)
    outcome = quick(tiny_data, tmp_path / "run", on_trouble="rollback", rollbacks=2, patience=1, budget="30steps")
    responses = [record["response"] for record in read_records(tmp_path / "run" / "evals.jsonl")]
    assert (outcome.stopped, responses) == ("collapsed", ["go on", "roll back", "roll back", "stop"])


def test_a_resumed_run_that_rolled_back_equals_one_never_stopped(tmp_path: Path, tiny_data: Path, scored: Any) -> None:
    course = [GOOD, BETTER, GONE, GONE, BETTER, GONE, GONE, GOOD]
    options: dict[str, Any] = {"on_trouble": "rollback", "sample_every": "100steps"}
    scored(*course)
    quick(tiny_data, tmp_path / "whole", budget="8steps", **options)
    scored(*course[:5])
    quick(tiny_data, tmp_path / "halves", budget="5steps", **options)
    scored(*course[5:])
    resume(tmp_path / "halves", budget="3steps")
    whole, halves = newest(tmp_path / "whole"), newest(tmp_path / "halves")
    for network in ("generator", "discriminator"):
        assert all(torch.equal(whole[network][key], halves[network][key]) for key in whole[network])
    said = [
        [(record["verdict"], record["response"]) for record in read_records(tmp_path / run / "evals.jsonl")]
        for run in ("whole", "halves")
    ]
    assert said[0] == said[1]
    assert [response for _, response in said[0]].count("roll back") == 2


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fifth step's loss, counted from the run's first, is no number; the sixth's is one again."""
    healthy = Targets.terms
    calls: list[None] = []

    def terms(targets: Targets, real: torch.Tensor, fake: torch.Tensor) -> dict[str, torch.Tensor]:
        calls.append(None)
        return healthy(targets, real, fake * (float("nan") if len(calls) == FORECAST + 5 else 1))

    monkeypatch.setattr(Targets, "terms", terms)


# Steps that the forecast takes before the run, of which each asks for the terms once.
FORECAST = 1


def test_divergence_is_the_last_verdict(tmp_path: Path, tiny_data: Path, scored: Any, failing: None) -> None:
    scored(*[GOOD] * 9)
    with pytest.raises(DivergedError, match="nan"):
        quick(tiny_data, tmp_path / "run")
    *_, last = read_records(tmp_path / "run" / "evals.jsonl")
    assert (last["verdict"], last["kid"]) == ("diverged", None)


def test_divergence_is_rolled_back_from_at_once(tmp_path: Path, tiny_data: Path, scored: Any, failing: None) -> None:
    scored(*[GOOD] * 9)
    outcome = quick(tiny_data, tmp_path / "run", on_trouble="rollback", patience=9)
    assert outcome.finished
    responses = [record["response"] for record in read_records(tmp_path / "run" / "evals.jsonl")]
    assert responses.count("roll back") == 1
    assert np.isfinite(ganvas.load(tmp_path / "run").sample(4)).all()


def test_an_alarming_log_has_the_run_evaluated_early(
    tmp_path: Path, tiny_data: Path, scored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(*[GOOD] * 9)
    added = Meter.add
    steps: list[None] = []

    def narrowing(meter: Meter, started: float, images: int, values: dict[str, float]) -> None:
        steps.append(None)
        added(meter, started, images, values | {"batch_diversity": 0.5 if len(steps) < 6 else 0.1})

    monkeypatch.setattr(Meter, "add", narrowing)
    quick(tiny_data, tmp_path / "run", eval_every="4steps", budget="12steps")
    kimgs = [record["kimg"] for record in read_records(tmp_path / "run" / "evals.jsonl")]
    assert kimgs == pytest.approx([0.032, 0.048, 0.064, 0.096])


def test_policies_need_evaluations(tmp_path: Path, tiny_data: Path) -> None:
    with pytest.raises(ConfigError, match="on_trouble=stop: only evaluations find trouble"):
        quick(tiny_data, tmp_path / "run", on_trouble="stop", eval_samples=0)
    assert not (tmp_path / "run").exists()


def test_the_command_takes_the_policy(tmp_path: Path, cli: Cli) -> None:
    write_dataset(tmp_path / "data")
    words = ["train", "data", "--out", "run", *TINY_WORDS, "--set", "eval_samples=16", "--set", "extractor=pixels"]
    words.append("--dry-run")
    wrong = cli(*words, "--on-trouble", "panic")
    assert wrong.returncode == 2
    assert all(word in wrong.stderr for word in ("on_trouble", "panic", "warn", "stop", "rollback"))
    assert "patience" in cli(*words, "--patience", "0").stderr
    assert cli(*words, "--on-trouble", "rollback", "--patience", "4").returncode == 0


def test_a_policy_is_as_it_was_left() -> None:
    policy = Policy.__new__(Policy)
    policy.load_state({"waited": 2, "rolled_back": 1})
    assert policy.state() == {"waited": 2, "rolled_back": 1}
