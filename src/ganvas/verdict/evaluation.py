"""An evaluation of a run: what was measured, the verdict on it, and what followed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Self, get_args

from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.kinds import by_name, memorising
from ganvas.verdict.measurement import Measurement, is_finite

Response = Literal["go on", "stop", "roll back"]

# The keys of a line of `evals.jsonl` that say what was concluded; all others were measured.
_CONCLUDED: Final = ("verdict", "verdict_since", "verdict_classes", "evidence", "advice", "best", "response")


@dataclass(frozen=True)
class Verdict:
    """The state of a run at one evaluation.

    Attributes:
        name: of its kind.
        since: kimg of the first of the evaluations in a row that came to it.
        evidence: the numbers that it rests on, by name.
        classes: the names of the classes that it is about; empty if it is about all pictures.
        advice: what to try; None where nothing is wrong.
    """

    name: str
    since: float
    evidence: Mapping[str, float] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    advice: str | None = None

    @classmethod
    def of(cls, kind: VerdictKind, evidence: Evidence, since: float) -> Self:
        """The verdict of a kind, for a reason, since a kimg."""
        return cls(kind.name, since, evidence.figures, evidence.classes, kind.advice)

    @classmethod
    def parse(cls, record: Mapping[str, object]) -> Self | None:
        """The verdict in a line of `evals.jsonl`; None in lines from before there were verdicts."""
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
            tuple(map(str, classes)) if isinstance(classes, list) else (),
            advice if isinstance(advice, str) else None,
        )

    @property
    def kind(self) -> VerdictKind | None:
        """What ganvas knows of it; None for a verdict that another version gave."""
        return by_name(self.name)

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return self.kind is not None and self.kind.healthy

    def record(self) -> dict[str, object]:
        """Its part of a line of `evals.jsonl`."""
        about = {"verdict_classes": list(self.classes)} if self.classes else {}
        advice = {"advice": self.advice} if self.advice else {}
        return {"verdict": self.name, "verdict_since": self.since, **about, "evidence": dict(self.evidence), **advice}

    def __str__(self) -> str:
        which = f" ({', '.join(self.classes)})" if self.classes else ""
        numbers = ", ".join(f"{name} {value:.3g}" for name, value in self.evidence.items())
        advice = f"; try: {self.advice}" if self.advice else ""
        return f"{self.name}{which} since {self.since:.1f} kimg: {numbers}{advice}"


@dataclass(frozen=True)
class Evaluation(Measurement):
    """One evaluation, as a line of `evals.jsonl` keeps it: a measurement with what was concluded from it.

    Attributes:
        verdict: the state of the run; None in runs from before there were verdicts.
        best: whether it was the best so far, so that its snapshot was kept.
        response: what was done about it; None if nobody decided.
    """

    verdict: Verdict | None = None
    best: bool = False
    response: Response | None = None

    @classmethod
    def concluded(
        cls, measurement: Measurement, verdict: Verdict, best: bool, response: Response | None = None
    ) -> Self:
        """An evaluation from its measurement and what was concluded."""
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


def may_be_best(kid: float | None, verdict: Verdict | None) -> bool:
    """Whether an evaluation is eligible as the best: it has a KID, and its pictures are not copies.

    Copies of the training pictures have the lowest KID of all, and nobody wants to keep them.
    """
    return kid is not None and (verdict is None or verdict.name != memorising.KIND.name)


def best_of(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The best evaluation of a run: the one whose snapshot was kept; None if there was none.

    In runs that do not say which that was, it is the eligible one of the lowest KID.
    """
    kept = [each for each in evaluations if each.best]
    eligible = [each for each in evaluations if may_be_best(each.kid, each.verdict)]
    return kept[-1] if kept else min(eligible, key=lambda each: each.number("kid"), default=None)
