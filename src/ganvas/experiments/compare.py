"""Recipes side by side: the same data, budget and seeds for each, measured alike, next to baselines that learn nothing.

comparison.json    what is compared: data, budget, seeds, options
results.jsonl      a line a finished run
runs/              the run directories, RECIPE-seedN; baselines are snapshots beside them
grids/             the pictures of each finished run
comparison.html    the page, which needs no runs

A comparison takes hours, so it goes on where it was: the same command again skips what is finished and resumes what
is not.
"""

import contextlib
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ganvas import baselines, gans
from ganvas.artist.artist import load
from ganvas.artist.evaluate import evaluate
from ganvas.artist.grids import grid, write_png
from ganvas.classify.judge import judge_of, judged
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import label_column, labels_digest
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.errors import ConfigError, DivergedError
from ganvas.foundation.files import append_record, read_records
from ganvas.foundation.locks import exclusive
from ganvas.foundation.paths import new_path
from ganvas.foundation.resumable import begin
from ganvas.planning import run as runs
from ganvas.planning.plan import check
from ganvas.report.comparison import page
from ganvas.report.comparison.page import Side, figure, markdown
from ganvas.runs.logs import RunLogs
from ganvas.runs.snapshot import save
from ganvas.settings.budget import Amount
from ganvas.settings.config import MIN_SCORED
from ganvas.training.display import Display, Lasting

PLAN, RESULTS, RUNS, GRIDS, PAGE = "comparison.json", "results.jsonl", "runs", "grids", "comparison.html"

# Rows and columns of the grids on the page.
SIDE = 6


class Plan(BaseModel):
    """What `comparison.json` holds: all that must be equal for results to be comparable.

    Attributes:
        data: the dataset directory.
        fingerprint: its content.
        labels: the digest of the column of classes, if `changes` name one; None in comparisons from before too.
        budget: of each run.
        samples: pictures of each generator that are measured.
        changes: settings and options that all runs share, beyond their recipes' defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    fingerprint: str
    labels: str | None = None
    budget: str
    samples: int
    changes: dict[str, Any] = {}


@dataclass(frozen=True)
class Result:
    """One finished run, by the scores of its best snapshot.

    Attributes:
        recipe: the recipe's name, or a baseline's.
        seed: of the run.
        run: its directory, or a baseline's snapshot.
        kid: measured on the same number of pictures for all; None for a run that diverged before its first snapshot.
        kid_se: its own standard error.
        first_kid: at the run's first evaluation; None for baselines.
        precision: share of generated pictures that lie among the real ones.
        recall: share of real pictures that lie among the generated ones.
        modes_covered: known modes that it shows; None where none are known.
        modes_total: known modes there are.
        label_accuracy: share of pictures of the class asked for, by the dataset's judge; None if unconditional.
        img_per_s: median training speed.
        kimg: thousands of real pictures D had seen at the end.
        diverged: what stopped the run, if it diverged.
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
    modes_covered: int | None = None
    modes_total: int | None = None
    label_accuracy: float | None = None
    img_per_s: float | None = None
    kimg: float | None = None
    diverged: str | None = None
    curve: list[tuple[float, float]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What its files are called by."""
        return f"{self.recipe.replace(':', '.')}-seed{self.seed}"


@dataclass(frozen=True)
class Comparison:
    """A comparison as far as it has come.

    Attributes:
        path: its directory.
        plan: what is compared.
        results: of finished runs, in the order they finished.
        finished: whether none is missing.
    """

    path: Path
    plan: Plan
    results: list[Result]
    finished: bool

    def rows(self) -> list["Row"]:
        """A row a recipe, the lowest KID first; what never got a score stands last."""
        recipes = dict.fromkeys(result.recipe for result in self.results)
        rows = [Row.of([result for result in self.results if result.recipe == recipe]) for recipe in recipes]
        return sorted(rows, key=lambda row: float("inf") if row.kid is None else row.kid)

    def __str__(self) -> str:
        return markdown(HEADS, [row.cells() for row in self.rows()])


HEADS = (
    "recipe",
    "KID, first evaluation",
    "KID, best",
    "precision",
    "recall",
    "modes",
    "label accuracy",
    "img/s",
    "kimg",
)


@dataclass(frozen=True)
class Row:
    """What the seeds of one recipe have in common: means over seeds.

    Attributes:
        recipe: the recipe's name, or a baseline's.
        seeds: how many runs.
        kid_se: standard error of the mean over seeds; of one seed, its KID's own.
        diverged: how many of the runs diverged.
    """

    recipe: str
    seeds: int
    kid: float | None
    kid_se: float | None
    first_kid: float | None
    precision: float | None
    recall: float | None
    modes_covered: float | None
    modes_total: int | None
    label_accuracy: float | None
    img_per_s: float | None
    kimg: float | None
    diverged: int

    @classmethod
    def of(cls, results: Sequence[Result]) -> "Row":
        """The row of one recipe's results."""

        def mean(name: str) -> float | None:
            values = [value for result in results if (value := getattr(result, name)) is not None]
            return statistics.fmean(values) if values else None

        kids = [result.kid for result in results if result.kid is not None]
        spread = statistics.stdev(kids) / len(kids) ** 0.5 if len(kids) > 1 else mean("kid_se")
        figures = ("kid", "first_kid", "precision", "recall", "modes_covered", "label_accuracy", "img_per_s", "kimg")
        return cls(
            recipe=results[0].recipe,
            seeds=len(results),
            kid_se=spread,
            modes_total=results[0].modes_total,
            diverged=sum(result.diverged is not None for result in results),
            **{name: mean(name) for name in figures},
        )

    def cells(self) -> list[str]:
        """What the table says, in the order of `HEADS`."""
        kid = figure(None, "") if self.kid is None else f"{self.kid:.3f} ± {self.kid_se or 0:.3f}"
        modes = figure(None, "") if self.modes_covered is None else f"{self.modes_covered:.1f} of {self.modes_total}"
        name = f"{self.recipe} ({self.diverged} of {self.seeds} diverged)" if self.diverged else self.recipe
        shares = (figure(share, ".2f") for share in (self.precision, self.recall))
        cells = [name, figure(self.first_kid, ".3f"), kid, *shares, modes, figure(self.label_accuracy, ".2f")]
        return [*cells, figure(self.img_per_s, ".0f"), figure(self.kimg, ".1f")]


def compare(
    data: str | Path,
    out: str | Path,
    recipes: Sequence[str],
    *,
    budget: str = "10m",
    seeds: int = 3,
    samples: int = 1000,
    display: Display | None = None,
    **changes: Any,
) -> Comparison:
    """Train every recipe on the same data with the same budget and seeds, and measure what came of it.

    Baselines that learn nothing stand in the table too: the floor that every GAN must beat.

    Args:
        data: a dataset directory.
        out: the directory of the comparison; one that was begun with the same data, budget, samples and changes goes
            on, with further recipes and seeds if they are asked for.
        recipes: names of recipes, or module:Class.
        budget: of each run.
        seeds: how many runs of each recipe, from seed 0 up.
        samples: pictures of each generator to measure.
        display: who watches.
        **changes: settings and options for all runs.

    Returns:
        The comparison; not `finished` if it was interrupted.

    Raises:
        GanvasError: nothing was trained, and why: a recipe that does not exist or cannot learn this data, a directory
            that holds another comparison.
        InUse: another process is training there.
    """
    dataset, display = Dataset.open(data), Lasting(display)
    plan = Plan(
        data=str(dataset.path.resolve()),
        fingerprint=dataset.fingerprint,
        labels=labels_digest(dataset, label_column(dataset, column))
        if (column := changes.get("label_column"))
        else None,
        budget=str(Amount.parse(budget)),
        samples=samples,
        changes=changes,
    )
    _check(recipes, plan, dataset)
    path = new_path(out)
    with exclusive(path, runs.TRAINED):
        return _compared(path, plan, recipes, seeds, display)


def _compared(path: Path, plan: Plan, recipes: Sequence[str], seeds: int, display: Display) -> Comparison:
    """Do what is still missing of a comparison."""
    begin(path, PLAN, plan, free={"data"})
    for folder in (RUNS, GRIDS):
        (path / folder).mkdir(exist_ok=True)
    floor = [(name, 0) for name in baselines.names()]
    wanted = [*floor, *((recipe, seed) for seed in range(seeds) for recipe in recipes)]
    for number, (recipe, seed) in enumerate(wanted, start=1):
        if (recipe, seed) in {(result.recipe, result.seed) for result in _results(path)}:
            continue
        display.say(f"{number} of {len(wanted)}: {recipe}, seed {seed}")
        is_floor = recipe in baselines.names()
        result = _baseline(path, plan, recipe) if is_floor else _gan(path, plan, recipe, seed, display)
        if result is None:
            return Comparison(path, plan, _results(path), finished=False)
        if result.kid is not None:
            write_png(path / GRIDS / f"{result.name}.png", grid(load(result.run).sample(SIDE * SIDE)))
        append_record(path / RESULTS, asdict(result))
        _write_page(Comparison(path, plan, _results(path), finished=False))
    return Comparison(path, plan, _results(path), finished=True)


def _check(recipes: Sequence[str], plan: Plan, data: Dataset) -> None:
    """Refuse now what would fail hours later."""
    if (pictures := data.splits[TRAIN]) < MIN_SCORED:
        raise ConfigError(
            f"{data.path} has {pictures} pictures, too few to evaluate against ({MIN_SCORED} are needed): add pictures"
        )
    if not recipes:
        raise ConfigError(f"name at least one recipe to compare; there are: {', '.join(gans.names())}")
    for key in ("budget", "seed"):
        if key in plan.changes:
            raise ConfigError(f"{key} is the comparison's own: set it with --{key.replace('seed', 'seeds')}")
    if "quality" in plan.changes:
        raise ConfigError(
            "quality chooses by the speed of the moment, and these runs are to be alike: set width, batch_size and the "
            "rest yourself"
        )
    for name in recipes:
        if name in baselines.names():
            raise ConfigError(f"{name} is a baseline, and these are compared with anyway; name recipes")
        check(plan.data, name, plan.changes | {"budget": plan.budget})


def _results(path: Path) -> list[Result]:
    """What is finished, once each: before comparisons had locks, two processes may both have measured a baseline."""
    found: dict[tuple[str, int], Result] = {}
    for record in read_records(path / RESULTS):
        with contextlib.suppress(ValidationError):  # not a result: what is missing is measured again
            result = TypeAdapter(Result).validate_python(record)
            found.setdefault((result.recipe, result.seed), result)
    return list(found.values())


def _baseline(path: Path, plan: Plan, name: str) -> Result:
    from ganvas.training.baseline import fit

    file = path / RUNS / f"{name}.safetensors"
    fitted = fit(plan.data, name)
    save(file, fitted.generator, fitted.card)
    return Result(recipe=name, seed=0, run=str(file), **_measured(file, plan))


def _gan(path: Path, plan: Plan, recipe: str, seed: int, display: Display) -> Result | None:
    """Train one run to its end and measure it; None if it was interrupted."""
    run, diverged = path / RUNS / Result(recipe, seed, "").name, None
    changes = plan.changes | {"budget": plan.budget, "seed": seed}
    try:
        if not runs.complete(plan.data, run, recipe, display=display, **changes):
            return None
    except DivergedError as error:
        diverged = str(error)
        display.say(f"{recipe}: {diverged}")
    logs = RunLogs.open(run)
    return Result(
        recipe=recipe,
        seed=seed,
        run=str(run),
        first_kid=logs.first_kid,
        img_per_s=logs.img_per_s,
        kimg=logs.kimg,
        diverged=diverged,
        curve=logs.curve,
        # A run that copied from its first evaluation on has no best snapshot, and is measured by its last.
        **(_measured(run, plan) if any(each.kid is not None for each in logs.evaluations) else {}),
    )


def _measured(target: Path, plan: Plan) -> dict[str, Any]:
    scores = evaluate(target, plan.data, samples=plan.samples)
    kept = ("kid", "kid_se", "precision", "recall", "modes_covered", "modes_total")
    figures = {name: getattr(scores, name) for name in kept}
    artist = load(target)
    if artist.card.class_names:
        accuracy = judged(
            artist, judge_of(Dataset.open(plan.data), label=artist.card.label_column), plan.samples
        ).label_accuracy
        figures["label_accuracy"] = accuracy.value if accuracy else None
    return figures


def _write_page(comparison: Comparison) -> None:
    """Write the page of a comparison as far as it has come: anew after each run, since they take hours."""
    plan, floor = comparison.plan, baselines.names()
    data = Dataset.open(plan.data)
    rows = data.rows(TRAIN)
    spread = np.linspace(0, len(rows) - 1, min(len(rows), SIDE * SIDE)).round().astype(int)
    real = grid(np.asarray(data.images[rows[spread]]))
    sides = [Side("real pictures", f"{len(rows):,} in {data.path.name}", real)]
    for row in comparison.rows():
        measured = [result for result in comparison.results if result.recipe == row.recipe and result.kid is not None]
        if measured:
            sides.append(_side(comparison.path, measured))
    facts = {"Data": data.path.name, "Size": f"{data.size} pixels", "Budget of each run": plan.budget}
    facts |= {"Pictures measured": f"{plan.samples:,}"} | {key: str(value) for key, value in plan.changes.items()}
    page.write_page(
        comparison.path / PAGE,
        title=f"Recipes on {data.path.name}",
        heads=HEADS,
        rows=[row.cells() for row in comparison.rows()],
        sides=sides,
        facts=facts,
        floor=floor,
    )


def _side(path: Path, seeds: list[Result]) -> Side:
    """The pictures and the curve of one recipe; of several seeds, the run of the middling KID stands for all."""
    result = sorted(seeds, key=lambda each: each.kid or 0)[len(seeds) // 2]
    with Image.open(path / GRIDS / f"{result.name}.png") as opened:
        sheet = np.asarray(opened.convert("RGB"))
    if result.recipe in baselines.names():
        return Side(result.recipe, "learns nothing", sheet)
    which = f", seed {result.seed}, the median of {len(seeds)}" if len(seeds) > 1 else ""
    return Side(result.recipe, f"KID {result.kid:.3f}{which}", sheet, result.curve)
