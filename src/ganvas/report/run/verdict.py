"""The verdict on a run as its page shows it: a badge with what it rests on, and a band over the kimg of the run."""

from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from ganvas.report.html import Fields, is_number, kimg, significant
from ganvas.report.run.run import Run
from ganvas.verdict import rules

# Dark enough for white letters, and no two alike to eyes that do not see red or green: words say the same beside them.
COLOURS: Final = {
    rules.WARMING_UP: "#7a6f5a",
    rules.LEARNING: "#4d7829",
    rules.CONVERGED: "#2c69a6",
    rules.STALLED: "#6a6764",
    rules.COLLAPSING: "#a5611a",
    rules.COLLAPSED: "#a83426",
    rules.MEMORISING: "#7b4a9b",
    rules.DIVERGED: "#3a3633",
    rules.LEAKING: "#1d7771",
    rules.OVERPOWERING: "#94415f",
    rules.OVERPOWERED: "#4a5da3",
}
_UNKNOWN: Final = "#6a6764"

MEANINGS: Final = {
    rules.WARMING_UP: "It is too early to tell.",
    rules.LEARNING: "Its pictures are getting better.",
    rules.CONVERGED: "Its pictures no longer get better, and nothing is wrong with them.",
    rules.STALLED: "Its pictures have stopped getting better.",
    rules.COLLAPSING: "Its pictures grow more and more alike.",
    rules.COLLAPSED: "Its pictures are nearly all alike, whatever the latent.",
    rules.MEMORISING: "It repeats training pictures instead of painting new ones.",
    rules.DIVERGED: "Its losses have run away; what it paints from here on means nothing.",
    rules.LEAKING: "Its pictures show the changes of augmentation, which real pictures do not.",
    rules.OVERPOWERING: "The discriminator tells everything apart, and the generator learns nothing from it.",
    rules.OVERPOWERED: "The discriminator cannot tell real from generated pictures, so it has nothing to teach.",
}

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
        verdict: what they say.
        start: kimg of the evaluation before the first of them, or 0.
        end: kimg of the last.
        classes: what classes it is about, if only about some.
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
        return COLOURS.get(self.verdict, _UNKNOWN)

    @property
    def is_troubled(self) -> bool:
        """Whether something is wrong."""
        return self.verdict not in rules.HEALTHY

    @property
    def words(self) -> str:
        """What it says and of when."""
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
        """Each verdict once, in the order in which they came, with when it held."""
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


def latest(run: Run) -> Fields | None:
    """The newest evaluation that came to a verdict; None in runs from before there were any."""
    judged = [record for record in run.evals if isinstance(record.get("verdict"), str)]
    return judged[-1] if judged else None


def badge(run: Run) -> Fields | None:
    """What is said at the top of the page; None where no evaluation came to a verdict."""
    record = latest(run)
    if record is None:
        return None
    verdict = record["verdict"]
    return {
        "verdict": verdict,
        "colour": COLOURS.get(verdict, _UNKNOWN),
        "is_troubled": verdict not in rules.HEALTHY,
        "meaning": MEANINGS.get(verdict, ""),
        "since": record.get("verdict_since"),
        "kimg": record.get("kimg"),
        "classes": _classes(record),
        "evidence": _evidence(record.get("evidence")),
        "advice": record.get("advice") or None,
        "done": _done(run),
    }


def _done(run: Run) -> str:
    """What was done about the run's troubles, where its settings asked for something."""
    returns = [kimg(record.get("kimg")) for record in run.evals if record.get("response") == "roll back"]
    said = (
        f"Went back to its best evaluation at {', '.join(returns)} kimg, with lower learning rates. " if returns else ""
    )
    stopped = bool(run.evals) and run.evals[-1].get("response") == "stop"
    return f"{said}Training was ended for it." if stopped else said.strip()


def _evidence(evidence: Any) -> dict[str, str]:
    """What the verdict rests on, by its name in words."""
    found = evidence.items() if isinstance(evidence, dict) else ()
    return {_in_words(str(name)): significant(value) for name, value in found if is_number(value)}


def _in_words(name: str) -> str:
    """The name of a score as the page's charts call it, or else without its underscores."""
    return WORDS.get(name, name.replace("_", " "))


def band(run: Run) -> Band | None:
    """The verdicts over time; None where no evaluation came to one.

    What an evaluation finds holds for the time since the one before it.
    """
    end = max((record["kimg"] for record in (*run.stats, *run.evals) if is_number(record.get("kimg"))), default=0.0)
    spans: list[Span] = []
    before = 0.0
    for record in run.evals:
        at, verdict = record.get("kimg"), record.get("verdict")
        if not is_number(at):
            continue
        if isinstance(verdict, str) and at > before:
            classes, start = _classes(record), before
            if spans and (spans[-1].verdict, spans[-1].classes, spans[-1].end) == (verdict, classes, before):
                start = spans.pop().start
            spans.append(Span(verdict, start, at, classes, start / end, (at - start) / end))
        before = at
    return Band(spans, end) if spans else None


def _classes(record: Fields) -> tuple[str, ...]:
    names = record.get("verdict_classes")
    return tuple(map(str, names)) if isinstance(names, list) else ()


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
