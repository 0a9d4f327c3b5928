"""The top of the page: how much each run was trained, on which pictures, and whether it ended as in the paper."""

from collections.abc import Iterator

from ganvas.classify.scores import Scores
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.errors import GanvasError
from ganvas.papers.paper import Classification, Outcome, Pictures, Training
from ganvas.report import html
from ganvas.report.html import ABSENT, Fields
from ganvas.report.paper.reproduction import Reproduction
from ganvas.report.run import verdict
from ganvas.runs.logs import RunLogs
from ganvas.verdict.kinds import warming_up

# An accuracy is called the same as the paper's if it differs by at most so many standard errors.
STANDARD_ERRORS = 2
# A run with a smaller share of the paper's training is not compared with the paper's end.
LEAST_SHARE = 0.1
TOO_EARLY = "too early to say"


def title(done: Reproduction) -> Fields:
    """The paper, and what was changed for this reproduction."""
    plan, paper = done.plan, done.paper
    changes = {key: str(value) for key, value in plan.changes.items()}
    facts = {
        "Paper": f"{paper.number}, by {paper.authors}",
        "Pictures": plan.source or "embedded in ganvas, in place of the paper's",
        "Length of each training": "as in the paper" if plan.scale == 1 else f"{_percent(plan.scale)} of the paper's",
    }
    return {"title": paper.title, "facts": facts | changes, "is_short": plan.scale < 1}


def runs(done: Reproduction) -> Fields | None:
    """How long each GAN was trained, here and in the paper, and how it ended; None without GANs."""
    rows = [_training_row(done, each) for each in done.paper.trainings()]
    heads = ("run", "recipe", "pictures", "kimg here", "kimg in the paper", "share", "verdict", "KID, best")
    guessed: dict[str, list[str]] = {}
    for each in done.paper.trainings():
        if not each.length.is_stated:
            guessed.setdefault(each.length.words, []).append(each.title)
    return {"heads": heads, "rows": rows, "guessed": guessed} if rows else None


def _training_row(done: Reproduction, training: Training) -> list[str]:
    paper = training.length.kimg
    cells = [training.title, training.recipe, done.paper.set_of(training.pictures).title]
    try:
        done.fail_if_missing([training.key])
        logs = done.run(training.key).logs
    except GanvasError:
        return [*cells, "not trained", html.kimg(paper), ABSENT, ABSENT, ABSENT]
    found, best, kimg = verdict.latest(logs), logs.best, logs.kimg or 0.0
    kid = html.plus_minus(best.kid, best.get("kid_se")) if best else ABSENT
    return [
        *cells,
        html.significant(kimg),
        html.kimg(paper),
        _percent(kimg / paper),
        found.name if found else "not measured",
        kid,
    ]


def pictures(done: Reproduction) -> Fields:
    """The pictures of the paper, and those in their place."""
    rows = [[each.title, each.paper, _in_place(done, each)] for each in done.paper.pictures]
    return {"heads": ("set", "the paper had", "here"), "rows": rows}


def _in_place(done: Reproduction, chosen: Pictures) -> str:
    try:
        done.fail_if_missing([chosen.key])
        data = done.dataset(chosen.key)
    except GanvasError as error:
        return f"none: {error}"
    classes = f" of {', '.join(data.class_names)}" if data.class_names else ""
    return f"{data.splits[TRAIN]:,} pictures{classes}, {data.size} px, from {data.info.options.get('source')}"


def comparison(done: Reproduction) -> Fields | None:
    """What came out as in the paper, and what did not; None if the paper reports nothing that can be compared."""
    rows = [*_trainings(done), *_classifications(done)]
    return {"heads": ("", "the paper", "here", "same?"), "rows": rows} if rows else None


def _trainings(done: Reproduction) -> Iterator[list[str]]:
    for training in done.paper.trainings():
        if training.outcome is None:
            continue
        try:
            done.fail_if_missing([training.key])
            logs = done.run(training.key).logs
        except GanvasError:
            yield [training.title, training.says, "not trained", ABSENT]
            continue
        is_early = (logs.kimg or 0.0) < LEAST_SHARE * training.length.kimg
        same = TOO_EARLY if is_early else _same(training.outcome, _outcome(logs))
        yield [training.title, training.says, _state(logs), same]


def _state(logs: RunLogs) -> str:
    """The newest verdict with the figures that it rests on."""
    found = verdict.latest(logs)
    if found is None:
        return "not measured"
    figures = ", ".join(f"{verdict.score_name(key)} {html.significant(value)}" for key, value in found.evidence.items())
    return f"{found.name}: {figures}" if figures else found.name


def _outcome(logs: RunLogs) -> Outcome | None:
    """Whether a run works by its newest verdict; None if it is too early to say, or was not measured."""
    found = verdict.latest(logs)
    if found is None or found.name == warming_up.KIND.name:
        return None
    return "works" if found.healthy else "fails"


def _same(paper: Outcome, here: Outcome | None) -> str:
    return TOO_EARLY if here is None else "yes" if here == paper else "no"


def _classifications(done: Reproduction) -> Iterator[list[str]]:
    for each in done.paper.experiments:
        if not isinstance(each, Classification) or each.accuracy is None:
            continue
        says = f"accuracy {each.accuracy:.2f}"
        try:
            done.fail_if_missing([each.key])
            scores = done.evaluation(each.key).scores
        except GanvasError:
            yield [each.title, says, "not trained", ABSENT]
            continue
        yield [
            each.title,
            says,
            f"accuracy {html.plus_minus(scores.accuracy.value, scores.accuracy.se)}",
            _as_high(each, scores),
        ]


def _as_high(paper: Classification, here: Scores) -> str:
    """Whether the accuracy is that of the paper within its error."""
    assert paper.accuracy is not None
    difference = here.accuracy.value - paper.accuracy
    if here.accuracy.se is None:
        return ABSENT
    if abs(difference) <= STANDARD_ERRORS * here.accuracy.se:
        return "yes"
    return "higher" if difference > 0 else "lower"


def _percent(share: float) -> str:
    """A share in percent with three significant digits at most: 2 %, 0.05 %."""
    return f"{100 * share:.3g} %"
