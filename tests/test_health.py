"""The verdict by made-up logs: each trouble is named, and the looks of a young or noisy run are none."""

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvas.verdict.evaluation import Evaluation, Response, Verdict
from ganvas.verdict.history import History
from ganvas.verdict.kind import VerdictKind
from ganvas.verdict.kinds import find, in_order
from ganvas.verdict.measurement import LogLine
from ganvas.verdict.monitor import Monitor
from ganvas.verdict.remedy import Remedy

KIMG = 10.0


def evaluation(number: int, **changes: Any) -> dict[str, Any]:
    """The record of the evaluation of that number of a run that learns."""
    progress = min(1.0, number / 10)
    return {
        "kimg": KIMG * number,
        "kid": 1.0 - 0.8 * progress,
        "kid_se": 0.02,
        "recall": 0.3 * progress,
        "recall_se": 0.02,
        "coverage": 0.1 + 0.5 * progress,
        "coverage_se": 0.02,
        "diversity": 0.4 + 0.5 * progress,
        "diversity_se": 0.01,
        "pixel_diversity": 0.3 + 0.6 * progress,
        "pixel_diversity_se": 0.01,
        "vendi": 0.3 + 0.5 * progress,
        "spacing": 0.4 + 0.4 * progress,
        "copies": 0.0,
        "copies_se": 0.0,
        "real_copies": 0.0,
        "closer": 0.5,
        "leak_cutout": 0.0,
        "leak_border": 0.0,
        "leak_colour": 0.0,
        "leak_se": 0.02,
        "d_logit_train": 1.0,
        "d_logit_generated": -1.0,
        "d_tells": 0.9,
        "raw_diversity": 0.5 + 0.4 * progress,
        "moved": 0.1,
        "best": True,
    } | changes


def judged(monitor: Monitor, record: dict[str, Any], response: Response | None = None) -> Evaluation:
    """The evaluation of a record, of which the monitor has taken note."""
    measured = Evaluation.parse(record)
    evaluation = Evaluation.concluded(measured, monitor.judge(measured), measured.best, response)
    monitor.evaluated(evaluation)
    return evaluation


def verdicts(records: list[dict[str, Any]], augmentations: tuple[str, ...] = ()) -> list[Verdict]:
    monitor = Monitor(augmentations)
    return [verdict for record in records if (verdict := judged(monitor, record).verdict)]


def names(records: list[dict[str, Any]], augmentations: tuple[str, ...] = ()) -> list[str]:
    return [verdict.name for verdict in verdicts(records, augmentations)]


def run(count: int = 10, **changes: Any) -> list[dict[str, Any]]:
    """Evaluations of a run; a change that is a function is asked for its value at each."""
    return [
        evaluation(number, **{key: value(number) if callable(value) else value for key, value in changes.items()})
        for number in range(1, count + 1)
    ]


# The figures of a run in which nothing gets better, but KID may.
FLAT: dict[str, Any] = {key: evaluation(1)[key] for key in ("recall", "coverage", "diversity", "pixel_diversity")}
LOW: dict[str, float] = {"diversity": 0.02, "pixel_diversity": 0.02, "vendi": 0.05, "raw_diversity": 0.02}


def test_a_run_that_learns_warms_up_and_then_learns() -> None:
    said = names(run())
    assert said[:2] == ["warming up"] * 2
    assert said[-1] == "learning"
    assert set(said) == {"warming up", "learning"}


def test_it_is_said_since_when() -> None:
    *_, last = verdicts(run())
    first = next(verdict for verdict in verdicts(run()) if verdict.name == "learning")
    assert last.since == first.since == first.record()["verdict_since"]


@pytest.mark.parametrize(
    ("trouble", "changes"),
    [
        ("collapsed", {"spacing": 0.0}),
        ("collapsed", LOW | {"spacing": 0.001, "kid": 1.0, "coverage": 0.0, "recall": 0.0}),
        ("patterned", FLAT | {"kid": 1.0, "shared_detail": 0.4, "spectrum_db": 12.0, "sharpness": 3.0}),
        ("memorising", {"copies": 0.6, "copies_se": 0.02}),
        ("stalled", FLAT | {"kid": 1.0}),
        ("discriminator overpowering", FLAT | {"kid": 1.0, "d_tells": 1.0}),
        ("discriminator overpowered", FLAT | {"kid": 1.0, "d_tells": 0.5}),
        ("diverged", {"kid": lambda n: 1.0 + n, "d_logit_train": lambda n: 10.0**n}),
        ("diverged", {"kid": lambda n: 1.0 + n, "g_loss": lambda n: 10.0**n}),
        ("collapsing", {"raw_diversity": lambda n: 0.01 if n > 8 else 0.8}),
    ],
)
def test_trouble_is_named_and_advised_on(trouble: str, changes: dict[str, Any]) -> None:
    *_, verdict = verdicts(run(**changes))
    assert verdict.name == trouble
    assert not verdict.healthy
    assert verdict.evidence
    assert verdict.advice
    assert trouble in str(verdict)
    assert verdict.advice in str(verdict)
    record = verdict.record()
    assert (record["verdict"], record["evidence"], record["advice"]) == (trouble, verdict.evidence, verdict.advice)


def test_a_loss_that_is_no_number_is_a_divergence() -> None:
    records = run(3)
    assert names([*records, {"kimg": 31.0, "kid": None, "best": False}])[-1] == "diverged"
    assert names([{"kimg": 0.1, "kid": None, "best": False}]) == ["diverged"]
    assert names(run(3, kid=math.nan))[-1] == "diverged", "pictures that are no numbers have no KID either"


def test_single_classes_collapse_by_name() -> None:
    classes = {"lit": {"spacing": 0.5}, "dark, <b>": {"spacing": 0.0}}
    *_, verdict = verdicts(run(classes=classes))
    assert (verdict.name, verdict.classes) == ("collapsed", ("dark, <b>",))
    assert verdict.record()["verdict_classes"] == ["dark, <b>"]
    assert "dark, <b>" in str(verdict)


def test_classes_whose_pictures_are_alike_are_named_unless_they_become_less_so() -> None:
    def classes(low: float) -> dict[str, dict[str, float]]:
        return {name: {"spacing": 0.3, "diversity": value} for name, value in (("a", low), ("b", low), ("c", 0.9))}

    *_, verdict = verdicts([evaluation(number, classes=classes(0.25)) for number in range(1, 8)])
    assert (verdict.name, verdict.classes) == ("collapsed", ("a", "b"))
    young = [evaluation(number, classes=classes(0.03 * number)) for number in range(1, 8)]
    assert verdicts(young)[-1].name == "learning"
    assert verdicts(young[:3])[-1].name == "warming up"


def test_another_class_is_another_verdict() -> None:
    first, second = ({"a": {"spacing": 0.5}, "b": {"spacing": 0.5}, name: {"spacing": 0.0}} for name in ("a", "b"))
    *_, before, after = verdicts([evaluation(1, classes=first), evaluation(2, classes=second)])
    assert (before.since, after.since) == (10.0, 20.0)


@pytest.mark.parametrize(
    ("augmentation", "sign"), [("cutout", "leak_cutout"), ("translation", "leak_border"), ("colour", "leak_colour")]
)
def test_a_leak_needs_the_augmentation_and_must_stay(augmentation: str, sign: str) -> None:
    stays, fades = run(10, **{sign: 0.5}), run(10, **{sign: lambda n: 0.9 - 0.08 * n})
    assert names(stays, (augmentation,))[-1] == "augmentation leaking"
    assert names(stays)[-1] == "learning", "it is not in use"
    assert names(fades, (augmentation,))[-1] == "learning", "young pictures are dull, and become less so"


def test_a_pattern_is_told_where_nothing_gets_better_and_it_does_not_fade() -> None:
    flat = FLAT | {"kid": 1.0}
    last = verdicts(run(**flat, shared_detail=lambda n: 0.1 if n < 5 else 0.8))[-1]
    assert (last.name, last.since) == ("patterned", 5 * KIMG)
    assert names(run(**flat, shared_detail=lambda n: 0.7 - 0.06 * n))[-1] == "stalled"
    assert "patterned" not in names(run(shared_detail=0.8)), "its pictures get better"


def test_what_kept_a_generator_from_learning_matters_more_than_its_pattern() -> None:
    assert names(run(**FLAT, kid=1.0, d_tells=1.0, shared_detail=0.8))[-1] == "discriminator overpowering"


def test_a_fooled_discriminator_is_no_trouble_while_kid_falls() -> None:
    fooled = FLAT | {"d_tells": 0.1}
    assert "discriminator overpowered" not in names(run(**fooled, kid=lambda n: 1.0 - 0.05 * n))
    assert names(run(**fooled, kid=lambda n: 1.0 - 0.05 * min(n, 4)))[-1] == "discriminator overpowered"
    # A fall to where KID had been before is none.
    assert names(run(**fooled, kid=lambda n: 1.0 if n < 3 else 2.0 - 0.08 * n))[-1] == "discriminator overpowered"


def test_pictures_that_stay_near_the_bound_of_repeating_each_other_stay_collapsed() -> None:
    near = run(spacing=lambda n: (0.055, 0.045)[n % 2])
    assert set(names(near)) == {"collapsed"}
    assert names(run(spacing=0.055))[-1] == "learning"
    assert names(run(spacing=lambda n: 0.03 * n))[-1] == "learning"


def test_variety_alone_does_not_excuse_a_certain_discriminator_for_ever() -> None:
    varied = {"recall": 0.0, "coverage": 0.0, "d_tells": 1.0, "kid": lambda n: 1.0 if n < 3 else 1.2}
    assert names(run(8, **varied))[-1] == "past its best"
    assert names(run(10, **varied))[-1] == "discriminator overpowering"


def test_small_gains_are_too_slow_for_a_run_that_has_learnt_little() -> None:
    def creeping(kid: float, variety: float) -> list[dict[str, Any]]:
        return run(12, **FLAT | {"kid_se": 0.001, "kid": lambda n: 1 - kid * n, "diversity": lambda n: variety * n})

    assert names(creeping(kid=0.004, variety=0.004))[-1] == "stalled"
    assert names(creeping(kid=0.02, variety=0.004))[-1] == "learning"
    assert names(creeping(kid=0.004, variety=0.02))[-1] == "learning"
    # Without a score there is no step, and no warning of NumPy.
    assert names(run(12, kid=lambda n: None if n < 8 else 1.0, **FLAT))[-1] == "stalled"
    # A run that has learnt much may take small steps.
    learnt = FLAT | {"kid_se": 0.0001, "kid": lambda n: 1 if n < 3 else 0.4 - 0.003 * n}
    assert names(run(12, **learnt))[-1] == "learning"


def test_more_variety_is_no_gain_where_there_is_enough() -> None:
    flat = FLAT | {"kid": 1.0, "diversity": 0.95}
    assert names(run(**flat | {"pixel_diversity": lambda n: 0.4 + 0.05 * n}))[-1] == "learning"
    assert names(run(**flat | {"pixel_diversity": lambda n: 0.91 + 0.015 * n}))[-1] == "stalled"


def test_young_runs_with_the_looks_of_trouble_are_healthy() -> None:
    """KID rises, D is never wrong, all pictures are alike: but they become less so from evaluation to evaluation."""
    young = run(
        8,
        kid=lambda n: 1.0 + 0.05 * n,
        d_tells=1.0,
        diversity=lambda n: 0.1 + 0.06 * n,
        vendi=lambda n: 0.1 + 0.04 * n,
        pixel_diversity=lambda n: 0.1 + 0.06 * n,
        coverage=0.0,
        recall=0.0,
        raw_diversity=lambda n: 0.1 + 0.06 * n,
    )
    assert set(names(young)) == {"warming up", "past its best"}


def test_more_variety_is_no_step_while_kid_rises_unless_the_run_is_young() -> None:
    little = FLAT | {"kid_se": 0.001, "diversity": lambda n: 0.2 + 0.05 * n, "kid": lambda n: 0.9 + 0.015 * n}
    said = names(run(12, **little))
    assert "stalled" not in said[:8]
    assert said[-1] == "stalled"


def test_the_history_before_the_last_evaluation_is_drawn_alike() -> None:
    whole = History([Evaluation.parse(record) for record in run(6)], [])
    drawn = whole.redrawn(np.random.default_rng(0))
    assert np.array_equal(drawn.before.values("kid"), drawn.values("kid")[:-1])
    assert not np.array_equal(drawn.before.values("kid"), whole.before.values("kid"))
    assert len(drawn.before.measurements) == 5


# What KID did in runs with settings that users got wrong, at every tenth of the run.
WAVES = {
    "g-steps-10": [2.3, 2.1, 1.94, 2.4, 3.0, 3.48, 3.4, 3.3, 3.25, 3.17],
    "crest": [1.5, 1.0, 0.7, 0.6, 0.75, 0.8, 0.82, 0.8, 0.79, 0.8],
}


@pytest.mark.parametrize("name", WAVES)
def test_a_run_that_is_far_behind_its_best_is_not_learning(name: str) -> None:
    behind = run(kid=lambda n: WAVES[name][n - 1])
    *_, last = verdicts(behind)
    assert last.name == "worsening"
    first_behind = WAVES[name].index(min(WAVES[name])) + 2
    assert last.since == KIMG * first_behind


def test_a_run_that_swings_is_told_with_its_period() -> None:
    swings = run(kid=lambda n: 2.0 if n % 2 else 3.4, diversity=lambda n: 0.4 + 0.05 * n)
    *_, last = verdicts(swings)
    assert last.name == "swinging"
    assert last.evidence["period"] == pytest.approx(2 * KIMG)
    assert (last.evidence["lowest_kid"], last.evidence["highest_kid"]) == (2.0, 3.4)


def test_a_run_slightly_behind_its_best_is_healthy_and_not_called_learning() -> None:
    *_, last = verdicts(run(kid=lambda n: 0.5 if n == 6 else 0.6 if n > 6 else 1.0 - 0.05 * n))
    assert (last.name, last.healthy) == ("past its best", True)


def test_a_certain_discriminator_is_no_divergence() -> None:
    """G stands still; its gradients are large from the start, and its pictures stay as they are."""
    records = run(**FLAT, kid=lambda n: 1.97 + 0.02 * (-1) ** n, d_tells=1.0, g_grad=lambda n: 3.0 if n < 2 else 103.0)
    assert names(records)[-1] == "discriminator overpowering"


def test_a_certain_discriminator_whose_generator_never_had_variety_is_no_collapse() -> None:
    flat = {key: evaluation(1)[key] for key in ("recall", "coverage")}
    narrow = {"diversity": 0.14, "pixel_diversity": 0.12, "vendi": 0.06, "raw_diversity": 0.14}
    records = run(10, **flat, **narrow, kid=0.9, d_tells=1.0)
    assert names(records)[-1] == "discriminator overpowering"
    assert names([record | {"d_tells": 0.9} for record in records])[-1] == "collapsed"
    unsteady = [record | {"d_tells": (0.4, 0.9)[place % 2]} for place, record in enumerate(records)]
    assert names(unsteady)[-1] == "stalled", "a D that guesses now and then has not taught G anything"


def test_a_slow_but_steady_fall_is_learning() -> None:
    """Each fall is within its standard error, which holds for other real pictures; four on a line are no chance."""
    records = run(**FLAT, kid=lambda n: 0.8 - 0.01 * n)
    assert names(records)[-1] == "learning"
    assert names(run(**FLAT, kid=lambda n: 0.8 - 0.01 * (-1) ** n))[-1] == "stalled"


def test_what_most_draws_do_not_support_is_not_said() -> None:
    """Copies at the edge of the rule: the verdict is the graver one only if most draws say so."""
    said = {copies: verdicts(run(copies=copies, copies_se=0.014))[-1] for copies in (0.0925, 0.115)}
    assert said[0.115].name == "memorising"
    assert said[0.0925].name in ("memorising", "learning")
    for verdict in said.values():
        assert verdict.sure is not None
        assert verdict.sure >= 0.4


def test_it_is_told_since_when_nothing_got_better() -> None:
    *_, last = verdicts(run(**FLAT, kid=lambda n: max(1.0 - 0.06 * n, 0.82)))
    assert (last.name, last.since) == ("stalled", 3 * KIMG)


def test_it_tells_what_gets_better_and_what_gets_worse_and_how_sure_it_is() -> None:
    *_, last = verdicts(run(recall=lambda n: 0.5 - 0.04 * n, copies=lambda n: 0.0))
    assert last.better == ("KID", "diversity", "coverage")
    assert last.worse == ("recall",)
    assert last.sure == 1
    assert "100% sure" in str(last)
    assert "getting better: KID, diversity, coverage; getting worse: recall" in str(last)
    assert Verdict.parse({"kimg": 1.0} | last.record()) == last


def test_a_verdict_on_the_edge_is_less_sure() -> None:
    *_, last = verdicts(run(copies=0.092, copies_se=0.014))
    assert last.sure is not None
    assert 0.2 < last.sure < 0.8


def test_a_run_at_its_goal_has_converged() -> None:
    assert names(run(20))[-1] == "converged"


def test_small_data_repeats_itself_and_is_no_collapse() -> None:
    """Twenty pictures learnt by heart: generated ones have twins, but are as varied as the real ones."""
    assert names(run(spacing=0.0, copies=0.9, copies_se=0.02, vendi=0.9))[-1] == "memorising"


def test_copies_that_real_pictures_have_too_are_none() -> None:
    assert names(run(copies=0.3, copies_se=0.02, real_copies=0.3))[-1] == "learning"


def test_a_missing_answer_is_no_trouble() -> None:
    """Discriminators that return no critique are not asked; pictures without classes have no scores of classes."""
    sparse = [{key: value for key, value in record.items() if not key.startswith("d_")} for record in run()]
    assert names(sparse)[-1] == "learning"


number = st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(math.nan))


@given(
    st.lists(st.fixed_dictionaries(dict.fromkeys(evaluation(1), number)), min_size=1, max_size=8),
    st.lists(st.sampled_from(["colour", "translation", "cutout"]), unique=True),
)
def test_whatever_was_logged_there_is_a_verdict(records: list[dict[str, Any]], augmentations: list[str]) -> None:
    measured = [Evaluation.parse({**record, "kimg": 1.0}) for record in records]
    kind, _ = find(History(measured, [line(0.5), line(1)], augmentations))
    assert kind in in_order()


def test_a_resumed_run_is_judged_as_one_never_stopped() -> None:
    records = run(8, spacing=lambda n: 0.0 if n > 5 else 0.5)
    whole = verdicts([dict(record) for record in records])
    first, second = Monitor(), Monitor()
    lines = [json.dumps(judged(first, record).record()) for record in records[:5]]
    second.resume([Evaluation.parse(json.loads(text)) for text in lines], [])
    assert [judged(second, record).verdict for record in records[5:]] == whole[5:]


def test_what_was_rolled_back_is_forgotten_by_a_resumed_run_too() -> None:
    records = run(8, kid=lambda n: 0.5 if n == 3 else 1.0)
    for place, record in enumerate(records):
        record["best"] = place in (0, 2)
    monitor = Monitor()
    evaluations = [
        judged(monitor, record, "roll back" if place == 7 else "go on") for place, record in enumerate(records)
    ]
    again = Monitor()
    again.resume(evaluations, [])
    after = judged(monitor, evaluation(9))
    assert after.verdict == judged(again, evaluation(9)).verdict
    last = judged(monitor, evaluation(10)).verdict
    assert last is not None
    assert last.name == "learning", "the fifth evaluation of what is left"
    assert names([*records[:3], evaluation(9)])[-1] == "warming up"


# ---- what a verdict is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{"meaning": ""}, {"name": ""}, {"remedies": ()}, {"colour": "red"}])
def test_a_verdict_without_a_meaning_a_name_a_remedy_or_a_colour_cannot_be_made(changes: dict[str, Any]) -> None:
    whole: dict[str, Any] = {
        "name": "bored", "gravity": 1, "healthy": False, "meaning": "It has lost interest.",
        "remedies": (Remedy("a walk"),),
        "colour": "#123456", "rule": lambda history: None,
    }  # fmt: skip
    assert VerdictKind(**whole).name == "bored"
    with pytest.raises(ValueError, match="verdict"):
        VerdictKind(**whole | changes)


def test_an_evaluation_is_kept_as_it_was() -> None:
    record = {
        "kimg": 3.0, "kid": 0.5, "kid_se": 0.1, "extractor": "pixels", "independent": True, "modes_covered": 3,
        "classes": {"a": {"kid": 0.4}}, "d_tells": 0.9, "verdict": "collapsed", "verdict_since": 1.0,
        "verdict_classes": ["a"], "evidence": {"spacing": 0.0}, "advice": "of an earlier version", "best": False,
        "response": "roll back",
    }  # fmt: skip
    evaluation = Evaluation.parse(record)
    assert list(evaluation.record().items()) == list(record.items()), "the same keys in the same order"
    assert (evaluation.kid, evaluation.get("extractor"), evaluation.classes["a"]["kid"]) == (0.5, None, 0.4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        evaluation.best = True  # type: ignore[misc]


def test_an_evaluation_from_before_there_were_verdicts_is_read() -> None:
    evaluation = Evaluation.parse({"kimg": 3, "kid": 0.5})
    assert (evaluation.kid, evaluation.verdict, evaluation.best, evaluation.response) == (0.5, None, False, None)
    with pytest.raises(ValueError, match="kimg"):
        Evaluation.parse({"kid": 0.5})


def test_a_verdict_of_another_version_is_a_trouble() -> None:
    verdict = Evaluation.parse({"kimg": 3, "verdict": "dreaming", "evidence": [1], "verdict_classes": "x"}).verdict
    assert verdict == Verdict("dreaming", since=3.0)
    assert not verdict.healthy
    assert verdict.kind is None


# ---- between evaluations -------------------------------------------------------------------------------------------


def line(kimg: float, **changes: Any) -> LogLine:
    figures = {"batch_diversity": 0.5, "d_loss": 1.0, "g_loss": 1.0, "d_grad": 2.0, "g_grad": 2.0}
    return LogLine(kimg, figures | changes)


def after_an_evaluation(*lines: LogLine) -> bool:
    monitor = Monitor()
    for kimg in range(1, 10):
        monitor.logged(line(kimg))
    judged(monitor, evaluation(1))
    for each in lines:
        monitor.logged(each)
    return monitor.alarming


@pytest.mark.parametrize(
    "changes", [{"batch_diversity": 0.1}, {"batch_diversity": 0.0}, {"d_loss": -90.0}, {"g_grad": 1e4}]
)
def test_a_log_line_unlike_those_before_calls_for_an_evaluation(changes: dict[str, Any]) -> None:
    assert after_an_evaluation(line(11), line(12, **changes), line(13))


@pytest.mark.parametrize("changes", [{"batch_diversity": 0.3}, {"d_loss": 9.0}, {"g_grad": 0.0}, {}])
def test_an_ordinary_log_line_does_not(changes: dict[str, Any]) -> None:
    assert not after_an_evaluation(line(11, **changes))


def test_an_evaluation_answers_the_alarm() -> None:
    monitor = Monitor()
    for kimg in range(1, 10):
        monitor.logged(line(kimg))
    judged(monitor, evaluation(1))
    monitor.logged(line(11, batch_diversity=0.0))
    assert monitor.alarming
    judged(monitor, evaluation(2))
    assert not monitor.alarming
    for kimg in range(21, 30):
        monitor.logged(line(kimg, batch_diversity=0.0))
    assert not monitor.alarming, "the next evaluation is a regular one"
