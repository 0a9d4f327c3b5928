"""The verdict of a run on its page: a badge with the evidence, and a band that shows all verdicts over time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from ganvas.report.html import Fields, kimg, significant
from ganvas.report.run.run import Run
from ganvas.runs.logs import RunLogs
from ganvas.verdict.evaluation import Verdict
from ganvas.verdict.kinds import by_name

# The colour of verdicts that this version does not know.
_UNKNOWN: Final = "#6a6764"

# The names of scores in the evidence of a verdict.
SCORE_NAMES: Final = {
    "kid": "KID",
    "fid": "FID",
    "d_right_train": "discriminator right on training pictures",
    "d_right_held_back": "discriminator right on held-back pictures",
    "d_right_generated": "discriminator right on generated pictures",
    "d_tells": "discriminator tells real from generated",
    "diversity": "diversity in features",
    "pixel_diversity": "diversity in pixels",
    "vendi": "Vendi score",
    "raw_diversity": "diversity of the generator before averaging",
    "copies": "share of near copies",
    "spacing": "distance to the most similar picture, relative to real ones",
    "leak_cutout": "leak of cutout",
    "leak_border": "leak of translation",
    "leak_colour": "leak of colour changes",
    "closer": "nearer to training pictures than unseen pictures are",
    "moved": "change of the pictures since the last evaluation",
    "period": "kimg from one high to the next",
}

# Bottom and top of the strip over each chart, and the position of the legend, as multiples of the height of the plot.
_STRIP = (1.0, 1.035)
_LEGEND = 1.06
# The length of the kimg axis as a multiple of the run. The margin keeps the last marker whole.
_MARGIN = 1.02


@dataclass(frozen=True)
class Span:
    """Successive evaluations with the same verdict.

    Attributes:
        verdict: name of the verdict.
        start: kimg of the evaluation before the first one, or 0.
        end: kimg of the last one.
        classes: the classes that the verdict is about; empty if it is about all pictures.
        left: start as a share of the run.
        width: length as a share of the run.
    """

    verdict: str
    start: float
    end: float
    classes: tuple[str, ...]
    left: float
    width: float

    @property
    def colour(self) -> str:
        """The colour of the verdict."""
        return colour_of(self.verdict)

    @property
    def is_troubled(self) -> bool:
        """Whether the verdict reports a problem, or is unknown."""
        kind = by_name(self.verdict)
        return kind is None or not kind.healthy

    @property
    def description(self) -> str:
        """The verdict with its classes and time."""
        about = f" ({', '.join(self.classes)})" if self.classes else ""
        return f"{self.verdict}{about}: {kimg(self.start)} to {kimg(self.end)} kimg"


@dataclass(frozen=True)
class Band:
    """The verdicts of a run over time.

    Attributes:
        spans: the spans, oldest first.
        end: kimg of the right end.
    """

    spans: list[Span]
    end: float

    @property
    def legend(self) -> list[Fields]:
        """Each verdict once, in order of appearance, with all its times."""
        times: dict[str, list[Span]] = {}
        for span in self.spans:
            times.setdefault(span.verdict, []).append(span)
        return [
            {
                "verdict": verdict,
                "colour": spans[0].colour,
                "is_troubled": spans[0].is_troubled,
                "times": ", ".join(f"{kimg(span.start)}\N{EN DASH}{kimg(span.end)}" for span in spans),
            }
            for verdict, spans in times.items()
        ]


def latest(logs: RunLogs) -> Verdict | None:
    """The newest verdict; None if no evaluation has one, as in runs of early versions."""
    return next((each.verdict for each in reversed(logs.evaluations) if each.verdict), None)


def badge(run: Run) -> Fields | None:
    """The newest verdict with its evidence and advice; None if no evaluation has a verdict."""
    evaluation = next((each for each in reversed(run.logs.evaluations) if each.verdict), None)
    if evaluation is None or evaluation.verdict is None:
        return None
    verdict = evaluation.verdict
    return {
        "verdict": verdict.name,
        "colour": colour_of(verdict.name),
        "is_troubled": not verdict.healthy,
        "meaning": verdict.kind.meaning if verdict.kind else "",
        "since": verdict.since,
        "kimg": evaluation.kimg,
        "sure": verdict.sure,
        "better": verdict.better,
        "worse": verdict.worse,
        "classes": verdict.classes,
        "evidence": _evidence(verdict.evidence),
        "advice": verdict.advice,
        "actions": _actions(run.logs),
    }


def colour_of(verdict: str) -> str:
    """The colour of a verdict by its name, "#rrggbb"."""
    kind = by_name(verdict)
    return kind.colour if kind else _UNKNOWN


def _actions(logs: RunLogs) -> str:
    """What the trainer did about problems, as its settings asked."""
    returns = [kimg(each.kimg) for each in logs.evaluations if each.response == "roll back"]
    sentences = []
    if returns:
        sentences.append(f"Rolled back to its best evaluation at {', '.join(returns)} kimg, with lower learning rates.")
    if logs.evaluations and logs.evaluations[-1].response == "stop":
        sentences.append("Training was stopped because of it.")
    return " ".join(sentences)


def _evidence(evidence: Mapping[str, float]) -> dict[str, str]:
    """The numbers that the verdict is based on, by the names of the scores."""
    return {score_name(name): significant(value) for name, value in evidence.items()}


def score_name(name: str) -> str:
    """The name of a score as in the charts, also of an extreme value; or else its key without underscores."""
    if name in SCORE_NAMES:
        return SCORE_NAMES[name]
    which, _, score = name.partition("_")
    if which in ("best", "first", "lowest", "highest") and score in SCORE_NAMES:
        return f"{which} {SCORE_NAMES[score]}"
    return name.replace("_", " ")


def band(run: Run) -> Band | None:
    """The verdicts over time; None if no evaluation has one.

    The verdict of an evaluation covers the time since the evaluation before.
    """
    logs = run.logs
    end = max((line.kimg for line in (*logs.stats, *logs.evaluations)), default=0.0)
    spans: list[Span] = []
    before = 0.0
    for evaluation in logs.evaluations:
        at, verdict = evaluation.kimg, evaluation.verdict
        if verdict and at > before:
            start = before
            if spans and (spans[-1].verdict, spans[-1].classes, spans[-1].end) == (
                verdict.name,
                verdict.classes,
                start,
            ):
                start = spans.pop().start
            spans.append(Span(verdict.name, start, at, verdict.classes, start / end, (at - start) / end))
        before = at
    return Band(spans, end) if spans else None


def mark(figure: go.Figure, band: Band) -> None:
    """Draw the band as a strip over a chart, and move the legend up to make room.

    All charts get the same kimg axis, so that they align.
    """
    bottom, top = _STRIP
    for span in band.spans:
        figure.add_shape(
            type="rect", xref="x", yref="paper", x0=span.start, x1=span.end, y0=bottom, y1=top,
            fillcolor=span.colour, line_width=0,
        )  # fmt: skip
    figure.update_layout(legend_y=_LEGEND, xaxis_range=[0, _MARGIN * band.end])
