"""What a comparison is, as data: its plan, the results of its runs, and their table."""

import contextlib
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ganvas.foundation.files import read_records
from ganvas.report.comparison.columns import SHARED, cells, heads, verdicts
from ganvas.report.comparison.page import figure, markdown

RESULTS = "results.jsonl"


class ComparisonPlan(BaseModel):
    """The content of `comparison.json`: everything that must be equal for results to be comparable.

    Attributes:
        data: the dataset directory.
        fingerprint: identifies the content of the dataset.
        labels: the digest of the class column, if `changes` names one. Also None in comparisons of earlier versions.
        budget: of each run.
        samples: number of pictures of each generator to measure.
        changes: settings and options of all runs that differ from the defaults of their recipes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    fingerprint: str
    labels: str | None = None
    budget: str
    samples: int
    changes: dict[str, object] = {}


class Figures(TypedDict, total=False):
    """The measured figures of a run or baseline. The keys are attributes of `Result`."""

    kid: float
    kid_se: float | None
    precision: float | None
    recall: float | None
    coverage: float | None
    diversity: float | None
    modes_covered: int | None
    modes_total: int | None
    label_accuracy: float | None


@dataclass(frozen=True)
class Result:
    """The scores of one finished run, measured on its best snapshot.

    Attributes:
        recipe: the recipe's name, or a baseline's.
        seed: of the run.
        run: its directory, or a baseline's snapshot.
        kid: kernel inception distance; None for a run that diverged before its first snapshot.
        kid_se: standard error of `kid`.
        first_kid: KID at the run's first evaluation; None for baselines.
        precision: share of generated pictures that lie among the real ones.
        recall: share of real pictures that lie among the generated ones.
        coverage: share of real pictures with a generated one near them; None in results of earlier versions.
        diversity: distance of two generated pictures over that of two real ones; None as `coverage`.
        modes_covered: number of known modes that the pictures show; None if the dataset has no known modes.
        modes_total: number of known modes of the dataset.
        label_accuracy: share of pictures that the dataset's judge assigns to the requested class; None for
            unconditional generators.
        img_per_s: median training speed.
        kimg: thousands of real pictures that D had seen at the end.
        diverged: the error message of a run that diverged, else None.
        verdict: the newest verdict of the run; None for baselines, without one, and as `coverage`.
        curve: minutes of training and KID of each evaluation; empty for baselines.
    """

    recipe: str
    seed: int
    run: str
    kid: float | None = None
    kid_se: float | None = None
    first_kid: float | None = None
    precision: float | None = None
    recall: float | None = None
    coverage: float | None = None
    diversity: float | None = None
    modes_covered: int | None = None
    modes_total: int | None = None
    label_accuracy: float | None = None
    img_per_s: float | None = None
    kimg: float | None = None
    diverged: str | None = None
    verdict: str | None = None
    curve: list[tuple[float, float]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of its files, without a suffix."""
        return f"{self.recipe.replace(':', '.')}-seed{self.seed}"


@dataclass(frozen=True)
class Comparison:
    """A comparison and its results so far.

    Attributes:
        path: its directory.
        plan: what is compared.
        results: of the finished runs, in the order in which they finished.
        finished: whether all runs have finished.
    """

    path: Path
    plan: ComparisonPlan
    results: list[Result]
    finished: bool

    def rows(self) -> list["Row"]:
        """One row per recipe, ordered by KID, the lowest first. Recipes without a score come last."""
        recipes = dict.fromkeys(result.recipe for result in self.results)
        rows = [Row.of([result for result in self.results if result.recipe == recipe]) for recipe in recipes]
        return sorted(rows, key=lambda row: float("inf") if row.kid is None else row.kid)

    def __str__(self) -> str:
        return markdown(HEADS, [row.cells() for row in self.rows()])


HEADS = (
    "recipe",
    "KID, first evaluation",
    "KID, best",
    *heads(SHARED),
    "modes",
    "label accuracy",
    "verdict",
    "img/s",
    "kimg",
)


@dataclass(frozen=True)
class Row:
    """Means over the runs of one recipe. The figures are those of `Result`.

    Attributes:
        recipe: the recipe's name, or a baseline's.
        seeds: number of runs.
        kid_se: standard error of the mean over runs; for a single run, the standard error of its KID.
        diverged: number of runs that diverged.
        verdict: the newest verdicts of the runs, as text.
    """

    recipe: str
    seeds: int
    kid: float | None
    kid_se: float | None
    first_kid: float | None
    precision: float | None
    recall: float | None
    coverage: float | None
    diversity: float | None
    modes_covered: float | None
    modes_total: int | None
    label_accuracy: float | None
    img_per_s: float | None
    kimg: float | None
    diverged: int
    verdict: str

    @classmethod
    def of(cls, results: Sequence[Result]) -> "Row":
        """The row of the results of one recipe."""

        def mean(name: str) -> float | None:
            values = [value for result in results if (value := getattr(result, name)) is not None]
            return statistics.fmean(values) if values else None

        kids = [result.kid for result in results if result.kid is not None]
        kid_se = statistics.stdev(kids) / len(kids) ** 0.5 if len(kids) > 1 else mean("kid_se")
        figures = ("kid", "first_kid", *SHARED, "modes_covered", "label_accuracy", "img_per_s", "kimg")
        return cls(
            recipe=results[0].recipe,
            seeds=len(results),
            kid_se=kid_se,
            modes_total=results[0].modes_total,
            diverged=sum(result.diverged is not None for result in results),
            verdict=verdicts(result.verdict for result in results),
            **{name: mean(name) for name in figures},
        )

    def cells(self) -> list[str]:
        """The cells of the table, in the order of `HEADS`."""
        kid = figure(None, "") if self.kid is None else f"{self.kid:.3f} ± {self.kid_se or 0:.3f}"
        modes = figure(None, "") if self.modes_covered is None else f"{self.modes_covered:.1f} of {self.modes_total}"
        name = f"{self.recipe} ({self.diverged} of {self.seeds} diverged)" if self.diverged else self.recipe
        shared = cells(lambda key: getattr(self, key), SHARED)
        speed = figure(self.img_per_s, ".0f"), figure(self.kimg, ".1f")
        last = [figure(self.label_accuracy, ".2f"), self.verdict, *speed]
        return [name, figure(self.first_kid, ".3f"), kid, *shared, modes, *last]


def read_results(path: Path) -> list[Result]:
    """The results of the finished runs of a comparison's directory, without duplicates.

    Comparisons of earlier versions had no lock, so two processes may both have measured a baseline.
    """
    results: dict[tuple[str, int], Result] = {}
    for record in read_records(path / RESULTS):
        with contextlib.suppress(ValidationError):  # not a result: what is missing is measured again
            result = TypeAdapter(Result).validate_python(record)
            results.setdefault((result.recipe, result.seed), result)
    return list(results.values())
