"""The verdict on a run as its page shows it: a badge with what it rests on, and a band over the kimg of the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from ganvas.report.html import Fields, kimg, significant
from ganvas.report.run.run import Run
from ganvas.runs.logs import RunLogs
from ganvas.verdict.evaluation import Verdict
from ganvas.verdict.kinds import by_name

# Of a verdict that another version of ganvas gave.
_UNKNOWN: Final = "#6a6764"

WORDS: Final = {
    "kid": "KID",
    "best_kid": "best KID",
    "first_kid": "first KID",
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
    "spacing": "distance of a picture from its nearest other, next to real ones",
    "leak_cutout": "signs of cutout",
    "leak_border": "signs of translation",
    "leak_colour": "signs of changed colours",
    "closer": "nearer to training pictures than unseen ones",
    "moved": "how far the pictures moved since the last evaluation",
}

# Where a chart's plot ends, and the strip that repeats the band over it ends, in heights of the plot.
_STRIP = (1.0, 1.035)
_LEGEND = 1.06
# How far the axis of kimg goes on beyond the last evaluation, whose marker would be cut in half.
_MARGIN = 1.02


@dataclass(frozen=True)
class Span:
    """Evaluations in a row that came to the same verdict.

    Attributes:
        verdict: its name.
        start: kimg of the evaluation before the first of them, or 0.
        end: kimg of the last.
        classes: the classes that it is about; empty if it is about all pictures.
        left: where it starts, as a share of the whole run.
        width: how long it is, as a share of the whole run.
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
        return _colour(self.verdict)

    @property
    def is_troubled(self) -> bool:
        """Whether something is wrong."""
        kind = by_name(self.verdict)
        return kind is None or not kind.healthy

    @property
    def words(self) -> str:
        """The verdict with its time."""
        about = f" ({', '.join(self.classes)})" if self.classes else ""
        return f"{self.verdict}{about}: {kimg(self.start)} to {kimg(self.end)} kimg"


@dataclass(frozen=True)
class Band:
    """The verdicts of a run over time.

    Attributes:
        spans: oldest first.
        end: kimg of the right edge.
    """

    spans: list[Span]
    end: float

    @property
    def legend(self) -> list[Fields]:
        """Each verdict once, in the order in which they came, with the times when it held."""
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
    """The newest verdict; None in runs from before there were any."""
    return next((each.verdict for each in reversed(logs.evaluations) if each.verdict), None)


def badge(run: Run) -> Fields | None:
    """What stands at the top of the page; None where no evaluation came to a verdict."""
    evaluation = next((each for each in reversed(run.logs.evaluations) if each.verdict), None)
    if evaluation is None or evaluation.verdict is None:
        return None
    verdict = evaluation.verdict
    return {
        "verdict": verdict.name,
        "colour": _colour(verdict.name),
        "is_troubled": not verdict.healthy,
        "meaning": verdict.kind.meaning if verdict.kind else "",
        "since": verdict.since,
        "kimg": evaluation.kimg,
        "classes": verdict.classes,
        "evidence": _evidence(verdict.evidence),
        "advice": verdict.advice,
        "done": _done(run.logs),
    }


def _colour(verdict: str) -> str:
    kind = by_name(verdict)
    return kind.colour if kind else _UNKNOWN


def _done(logs: RunLogs) -> str:
    """What was done about the run's troubles, where its settings asked for something."""
    returns = [kimg(each.kimg) for each in logs.evaluations if each.response == "roll back"]
    sentences = []
    if returns:
        sentences.append(f"Went back to its best evaluation at {', '.join(returns)} kimg, with lower learning rates.")
    if logs.evaluations and logs.evaluations[-1].response == "stop":
        sentences.append("Training was ended for it.")
    return " ".join(sentences)


def _evidence(evidence: Mapping[str, float]) -> dict[str, str]:
    """The numbers that the verdict rests on, by their names in words."""
    return {_in_words(name): significant(value) for name, value in evidence.items()}


def _in_words(name: str) -> str:
    """The name of a score as the page's charts call it, or else without its underscores."""
    return WORDS.get(name, name.replace("_", " "))


def band(run: Run) -> Band | None:
    """The verdicts over time; None where no evaluation came to one.

    What an evaluation finds holds for the time since the one before it.
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
    """Repeat the band as a strip over a chart of kimg, aligned with its axis, and make room for it.

    All charts get the same axis, so that one moment is at one place in each.
    """
    bottom, top = _STRIP
    for span in band.spans:
        figure.add_shape(
            type="rect", xref="x", yref="paper", x0=span.start, x1=span.end, y0=bottom, y1=top,
            fillcolor=span.colour, line_width=0,
        )  # fmt: skip
    figure.update_layout(legend_y=_LEGEND, xaxis_range=[0, _MARGIN * band.end])
