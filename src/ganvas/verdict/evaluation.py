"""An evaluation of a run: its measurement, verdict and response."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Self, get_args

from ganvas.verdict.decision import Decision
from ganvas.verdict.kind import VerdictKind
from ganvas.verdict.kinds import by_name, memorising
from ganvas.verdict.measurement import Measurement, is_finite
from ganvas.verdict.remedy import Remedy
from ganvas.verdict.trends import Trends

Response = Literal["go on", "stop", "roll back"]

# The keys of a line of `evals.jsonl` that hold conclusions. All other keys hold measurements.
_CONCLUDED: Final = (
    "verdict",
    "verdict_since",
    "verdict_classes",
    "verdict_sure",
    "better",
    "worse",
    "evidence",
    "advice",
    "best",
    "response",
)


@dataclass(frozen=True)
class Verdict:
    """The state of a run at one evaluation.

    Attributes:
        name: of its kind.
        since: kimg at which it began, as the rule tells, or of the first evaluation in a row with this verdict.
        evidence: the figures that it rests on, by name.
        classes: the names of the affected classes; empty if it is about all pictures.
        advice: options to try; None if the run is healthy.
        sure: how sure it is, 0 to 1; None in logs of versions that did not tell.
        better: names of the figures that get better.
        worse: names of the figures that get worse.
    """

    name: str
    since: float
    evidence: Mapping[str, float] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    advice: str | None = None
    sure: float | None = None
    better: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()

    @classmethod
    def of(cls, decision: Decision, since: float, trends: Trends, own_values: Remedy | None = None) -> Self:
        """Build a verdict from the decision on its kind.

        Args:
            decision: the kind, its evidence, and how sure it is.
            since: kimg at which it began.
            trends: what gets better and what gets worse.
            own_values: a remedy for this run alone.
        """
        kind, evidence = decision.kind, decision.evidence
        advice, told = kind.advice(own_values), (trends.better, trends.worse)
        return cls(kind.name, since, evidence.figures, evidence.classes, advice, decision.sure, *told)

    @classmethod
    def parse(cls, record: Mapping[str, object]) -> Self | None:
        """Read the verdict of a line of `evals.jsonl`; None in lines of versions without verdicts."""
        name, since, advice = record.get("verdict"), record.get("verdict_since"), record.get("advice")
        evidence, classes = record.get("evidence"), record.get("verdict_classes")
        if not isinstance(name, str):
            return None
        return cls(
            name,
            since if is_finite(since) else float(str(record["kimg"])),
            {str(key): value for key, value in evidence.items() if is_finite(value)}
            if isinstance(evidence, Mapping)
            else {},
            _names(classes),
            advice if isinstance(advice, str) else None,
            sure if is_finite(sure := record.get("verdict_sure")) else None,
            _names(record.get("better")),
            _names(record.get("worse")),
        )

    @property
    def kind(self) -> VerdictKind | None:
        """The kind of this name; None for a name of another version of ganvas."""
        return by_name(self.name)

    @property
    def healthy(self) -> bool:
        """Whether the run is healthy."""
        return self.kind is not None and self.kind.healthy

    def record(self) -> dict[str, object]:
        """Its part of a line of `evals.jsonl`."""
        about = {"verdict_classes": list(self.classes)} if self.classes else {}
        advice = {"advice": self.advice} if self.advice else {}
        sure = {} if self.sure is None else {"verdict_sure": self.sure}
        trends = {name: list(told) for name, told in (("better", self.better), ("worse", self.worse)) if told}
        evidence = {"evidence": dict(self.evidence)}
        return {"verdict": self.name, "verdict_since": self.since, **about, **sure, **evidence, **trends, **advice}

    def __str__(self) -> str:
        which = f" ({', '.join(self.classes)})" if self.classes else ""
        numbers = ", ".join(f"{name} {value:.3g}" for name, value in self.evidence.items())
        advice = f"; try: {self.advice}" if self.advice else ""
        sure = "" if self.sure is None else f", {self.sure:.0%} sure"
        trends = str(Trends(self.better, self.worse))
        told = f"; {trends}" if trends else ""
        return f"{self.name}{which} since {self.since:.1f} kimg{sure}: {numbers}{told}{advice}"


@dataclass(frozen=True)
class Evaluation(Measurement):
    """One line of `evals.jsonl`: a measurement and the conclusions from it.

    Attributes:
        verdict: the state of the run; None in runs of versions without verdicts.
        best: whether it was the best so far, so that its snapshot was kept.
        response: how the run continued; None if that was not recorded.
    """

    verdict: Verdict | None = None
    best: bool = False
    response: Response | None = None

    @classmethod
    def concluded(
        cls, measurement: Measurement, verdict: Verdict, best: bool, response: Response | None = None
    ) -> Self:
        """Build an evaluation from its measurement and the conclusions."""
        return cls(measurement.kimg, measurement.figures, verdict, best, response)

    @classmethod
    def parse(cls, record: Mapping[str, object]) -> Self:
        """Read the JSON object of a line. Any key but `kimg` may be missing.

        Raises:
            ValueError: it has no finite `kimg`.
        """
        measured = Measurement.parse({name: value for name, value in record.items() if name not in _CONCLUDED})
        response = next((each for each in get_args(Response) if each == record.get("response")), None)
        return cls(measured.kimg, measured.figures, Verdict.parse(record), bool(record.get("best")), response)

    def record(self) -> dict[str, object]:
        """The JSON object of the line."""
        verdict = self.verdict.record() if self.verdict else {}
        response = {"response": self.response} if self.response else {}
        return {**super().record(), **verdict, "best": self.best, **response}

    @property
    def is_safe_return(self) -> bool:
        """Whether a run in trouble may go back to it: it was the best so far, and healthy."""
        return self.best and self.verdict is not None and self.verdict.healthy


def _names(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def may_be_best(kid: float | None, verdict: Verdict | None) -> bool:
    """Whether an evaluation is eligible as the best: it has a KID, and the generator is not memorising.

    Copies of training pictures have the lowest KID, but no use.
    """
    return kid is not None and (verdict is None or verdict.name != memorising.KIND.name)


def best_of(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The evaluation whose snapshot was kept as the best; None if there was none.

    If the run did not record it, this is the eligible evaluation with the lowest KID.
    """
    kept = [each for each in evaluations if each.best]
    eligible = [each for each in evaluations if may_be_best(each.kid, each.verdict)]
    return kept[-1] if kept else min(eligible, key=lambda each: each.number("kid"), default=None)
