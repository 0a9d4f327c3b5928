"""The verdict by made-up logs: each trouble is named, and the looks of a young or noisy run are none."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvas.verdict import rules
from ganvas.verdict.logs import Past
from ganvas.verdict.monitor import Monitor, Verdict
from ganvas.verdict.rules import find

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


def verdicts(records: list[dict[str, Any]], augmentations: tuple[str, ...] = ()) -> list[Verdict]:
    judge = Monitor(augmentations)
    return [judge.judge(record) for record in records]


def names(records: list[dict[str, Any]], augmentations: tuple[str, ...] = ()) -> list[str]:
    return [verdict.name for verdict in verdicts(records, augmentations)]


def run(count: int = 10, **changes: Any) -> list[dict[str, Any]]:
    """Evaluations of a run; a change that is a function is asked for its value at each."""
    return [
        evaluation(number, **{key: value(number) if callable(value) else value for key, value in changes.items()})
        for number in range(1, count + 1)
    ]


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
        ("memorising", {"copies": 0.6, "copies_se": 0.02}),
        ("stalled", {key: evaluation(1)[key] for key in ("kid", "recall", "coverage", "diversity", "pixel_diversity")}),
        (
            "discriminator overpowering",
            {key: evaluation(1)[key] for key in ("kid", "recall", "coverage", "diversity", "pixel_diversity")}
            | {"d_tells": 1.0},
        ),
        (
            "discriminator overpowered",
            {key: evaluation(1)[key] for key in ("kid", "recall", "coverage", "diversity", "pixel_diversity")}
            | {"d_tells": 0.5},
        ),
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


def test_young_runs_with_the_looks_of_trouble_are_learning() -> None:
    """KID rises, D is never wrong, all pictures are alike: but they become less so from evaluation to evaluation."""
    young = run(
        kid=lambda n: 1.0 + 0.1 * n,
        d_tells=1.0,
        diversity=lambda n: 0.1 + 0.06 * n,
        vendi=lambda n: 0.1 + 0.04 * n,
        pixel_diversity=lambda n: 0.1 + 0.06 * n,
        coverage=0.0,
        recall=0.0,
        raw_diversity=lambda n: 0.1 + 0.06 * n,
    )
    assert set(names(young)) == {"warming up", "learning"}


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
    found = find(Past([{**record, "kimg": 1.0} for record in records], [line(0.5), line(1)], augmentations))
    assert found.verdict in rules.VERDICTS


def test_a_resumed_run_is_judged_as_one_never_stopped() -> None:
    records = run(8, spacing=lambda n: 0.0 if n > 5 else 0.5)
    whole = verdicts([dict(record) for record in records])
    first, second = Monitor(), Monitor()
    for record in records[:5]:
        first.judge(record)
    second.remember(json.loads(json.dumps(records[:5])), [])
    assert [second.judge(record) for record in records[5:]] == whole[5:]


def test_what_was_rolled_back_is_forgotten_by_a_resumed_run_too() -> None:
    records = run(8, kid=lambda n: 0.5 if n == 3 else 1.0)
    for place, record in enumerate(records):
        record["best"] = place in (0, 2)
    judge = Monitor()
    for record in records:
        judge.judge(record)
    judge.rolled_back()
    records[-1]["response"] = "roll back"
    again = Monitor()
    again.remember(records, [])
    assert judge.judge(evaluation(9)) == again.judge(evaluation(9))
    assert judge.judge(evaluation(10)).name == "learning", "the fifth evaluation of what is left"
    assert names([*records[:3], evaluation(9)])[-1] == "warming up"


# ---- between evaluations -------------------------------------------------------------------------------------------


def line(kimg: float, **changes: Any) -> dict[str, Any]:
    return {"kimg": kimg, "batch_diversity": 0.5, "d_loss": 1.0, "g_loss": 1.0, "d_grad": 2.0, "g_grad": 2.0} | changes


def after_an_evaluation(*lines: dict[str, Any]) -> bool:
    judge = Monitor()
    for kimg in range(1, 10):
        judge.logged(line(kimg))
    judge.judge(evaluation(1))
    for each in lines:
        judge.logged(each)
    return judge.alarming


@pytest.mark.parametrize(
    "changes", [{"batch_diversity": 0.1}, {"batch_diversity": 0.0}, {"d_loss": -90.0}, {"g_grad": 1e4}]
)
def test_a_log_line_unlike_those_before_calls_for_an_evaluation(changes: dict[str, Any]) -> None:
    assert after_an_evaluation(line(11), line(12, **changes), line(13))


@pytest.mark.parametrize("changes", [{"batch_diversity": 0.3}, {"d_loss": 9.0}, {"g_grad": 0.0}, {}])
def test_an_ordinary_log_line_does_not(changes: dict[str, Any]) -> None:
    assert not after_an_evaluation(line(11, **changes))


def test_an_evaluation_answers_the_alarm() -> None:
    judge = Monitor()
    for kimg in range(1, 10):
        judge.logged(line(kimg))
    judge.judge(evaluation(1))
    judge.logged(line(11, batch_diversity=0.0))
    assert judge.alarming
    judge.judge(evaluation(2))
    assert not judge.alarming
    for kimg in range(21, 30):
        judge.logged(line(kimg, batch_diversity=0.0))
    assert not judge.alarming, "the next evaluation is a regular one"
