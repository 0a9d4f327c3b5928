"""Comparing recipes: each is trained on the same data with the same budget and seeds, and measured in the same way.

comparison.json    the plan: data, budget, shared options
results.jsonl      one line per finished run
runs/              the run directories, RECIPE-seedN, and the snapshots of the baselines
grids/             the pictures of each finished run
comparison.html    the page, which is self-contained

A comparison takes hours. To continue one that was interrupted, repeat its command: finished runs are skipped, and
unfinished ones are resumed.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from ganvas import baselines, gans
from ganvas.artist.artist import load
from ganvas.artist.evaluate import evaluate
from ganvas.artist.origin import Sheet
from ganvas.artist.sheets import write_sheet
from ganvas.classify.judge import judge_artist, trained_judge
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import label_column, labels_digest
from ganvas.data.dataset.layout import TRAIN
from ganvas.experiments.comparison import HEADS, RESULTS, Comparison, ComparisonPlan, Figures, Result, read_results
from ganvas.foundation.errors import ConfigError, DivergedError
from ganvas.foundation.files import append_record
from ganvas.foundation.locks import exclusive
from ganvas.foundation.paths import new_path
from ganvas.foundation.resumable import begin
from ganvas.planning import run as runs
from ganvas.planning.plan import check
from ganvas.report.comparison import page
from ganvas.report.comparison.columns import SHARED
from ganvas.report.comparison.page import GRID_SIZE, Side, real_side
from ganvas.report.run.verdict import latest
from ganvas.runs.logs import RunLogs
from ganvas.runs.snapshot import save
from ganvas.settings.budget import Amount
from ganvas.settings.config import MIN_SCORED
from ganvas.training.display import Display, FailSafe

PLAN, RUNS, GRIDS, PAGE = "comparison.json", "runs", "grids", "comparison.html"


def compare(
    data: str | Path,
    out: str | Path,
    recipes: Sequence[str],
    *,
    budget: str = "10m",
    seeds: int = 3,
    samples: int = 1000,
    display: Display | None = None,
    **changes: object,
) -> Comparison:
    """Train every recipe on the same data with the same budget and seeds, and measure the results.

    The baselines are measured too, since every GAN should beat them.

    Args:
        data: a dataset directory.
        out: the directory of the comparison. If it holds a comparison with the same data, budget, samples and changes,
            that one is continued. Recipes and seeds may be added.
        recipes: names of recipes, or module:Class.
        budget: of each run.
        seeds: number of runs of each recipe. Their seeds count from 0.
        samples: number of pictures of each generator to measure.
        display: shows the progress; by default nothing is shown.
        **changes: settings and options of all runs.

    Returns:
        The comparison. It is not `finished` if it was interrupted.

    Raises:
        GanvasError: nothing was trained: a recipe does not exist or cannot learn this data, or the directory holds
            another comparison.
        InUse: another process is training in this directory.
    """
    dataset, display, column = Dataset.open(data), FailSafe(display), changes.get("label_column")
    plan = ComparisonPlan(
        data=str(dataset.path.resolve()),
        fingerprint=dataset.fingerprint,
        labels=labels_digest(dataset, label_column(dataset, str(column))) if column else None,
        budget=str(Amount.parse(budget)),
        samples=samples,
        changes=changes,
    )
    _check(recipes, plan, dataset)
    path = new_path(out)
    with exclusive(path, runs.TRAINED):
        return _run_missing(path, plan, recipes, seeds, display)


def _run_missing(path: Path, plan: ComparisonPlan, recipes: Sequence[str], seeds: int, display: Display) -> Comparison:
    """Train and measure every recipe and seed that has no result yet."""
    begin(path, PLAN, plan, free={"data"})
    for folder in (RUNS, GRIDS):
        (path / folder).mkdir(exist_ok=True)
    floor = [(name, 0) for name in baselines.names()]
    everything = [*floor, *((recipe, seed) for seed in range(seeds) for recipe in recipes)]
    for number, (recipe, seed) in enumerate(everything, start=1):
        if (recipe, seed) in {(result.recipe, result.seed) for result in read_results(path)}:
            continue
        display.say(f"{number} of {len(everything)}: {recipe}, seed {seed}")
        is_floor = recipe in baselines.names()
        result = _fit_baseline(path, plan, recipe) if is_floor else _train(path, plan, recipe, seed, display)
        if result is None:
            return Comparison(path, plan, read_results(path), finished=False)
        if result.kid is not None:
            artist = load(result.run)
            cells, sheet = artist.cells(range(GRID_SIZE**2)), Sheet(columns=GRID_SIZE)
            write_sheet(artist, path / GRIDS / f"{result.name}.png", cells, sheet)
        append_record(path / RESULTS, asdict(result))
        _write_page(Comparison(path, plan, read_results(path), finished=False))
    return Comparison(path, plan, read_results(path), finished=True)


def _check(recipes: Sequence[str], plan: ComparisonPlan, data: Dataset) -> None:
    """Check all recipes now, since an error would otherwise come hours later."""
    if (pictures := data.splits[TRAIN]) < MIN_SCORED:
        raise ConfigError(
            f"{data.path} has {pictures} pictures, too few to evaluate against ({MIN_SCORED} are needed): add pictures"
        )
    if not recipes:
        raise ConfigError(f"name at least one recipe to compare; choose from: {', '.join(gans.names())}")
    for key in ("budget", "seed"):
        if key in plan.changes:
            raise ConfigError(f"{key} applies to the whole comparison: set it with --{key.replace('seed', 'seeds')}")
    if "quality" in plan.changes:
        raise ConfigError(
            "quality chooses options by the measured speed, which may differ between runs: set width, batch_size and "
            "the other options yourself"
        )
    for name in recipes:
        if name in baselines.names():
            raise ConfigError(f"{name} is a baseline, and every comparison includes the baselines; name recipes")
        check(plan.data, name, plan.changes | {"budget": plan.budget})


def _fit_baseline(path: Path, plan: ComparisonPlan, name: str) -> Result:
    """Fit one baseline and measure it."""
    from ganvas.training.baseline import fit

    file = path / RUNS / f"{name}.safetensors"
    fitted = fit(plan.data, name)
    save(file, fitted.generator, fitted.card)
    return Result(recipe=name, seed=0, run=str(file), **_measure(file, plan))


def _train(path: Path, plan: ComparisonPlan, recipe: str, seed: int, display: Display) -> Result | None:
    """Train one run to its end and measure it. None if it was interrupted."""
    run, diverged = path / RUNS / Result(recipe, seed, "").name, None
    changes = plan.changes | {"budget": plan.budget, "seed": seed}
    try:
        if not runs.complete(plan.data, run, recipe, start=None, display=display, referee=None, **changes):
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
        verdict=verdict.name if (verdict := latest(logs)) else None,
        curve=logs.curve,
        # A run whose every evaluation finds copies has no best snapshot. Its last snapshot is measured instead.
        **(_measure(run, plan) if any(each.kid is not None for each in logs.evaluations) else Figures()),
    )


def _measure(target: Path, plan: ComparisonPlan) -> Figures:
    """Score the pictures of a run or snapshot."""
    scores = evaluate(target, plan.data, samples=plan.samples)
    figures = Figures(
        kid=scores.kid,
        kid_se=scores.kid_se,
        precision=scores.precision,
        recall=scores.recall,
        coverage=scores.coverage,
        diversity=scores.diversity,
        modes_covered=scores.modes_covered,
        modes_total=scores.modes_total,
    )
    artist = load(target)
    if artist.card.class_names:
        judge = trained_judge(Dataset.open(plan.data), label=artist.card.label_column)
        accuracy = judge_artist(artist, judge, plan.samples).label_accuracy
        figures["label_accuracy"] = accuracy.value if accuracy else None
    return figures


def _write_page(comparison: Comparison) -> None:
    """Write the page with the results so far. It is written again after each run."""
    plan, floor = comparison.plan, baselines.names()
    data = Dataset.open(plan.data)
    sides = [real_side(data)]
    for row in comparison.rows():
        results = [result for result in comparison.results if result.recipe == row.recipe and result.kid is not None]
        if results:
            sides.append(_side(comparison.path, results))
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
        scores=("kid", *SHARED),
    )


def _side(path: Path, seeds: list[Result]) -> Side:
    """The pictures and the curve of one recipe: those of the run with the median KID."""
    result = sorted(seeds, key=lambda each: each.kid or 0)[len(seeds) // 2]
    with Image.open(path / GRIDS / f"{result.name}.png") as file:
        pictures = np.asarray(file.convert("RGB"))
    if result.recipe in baselines.names():
        return Side(result.recipe, "baseline", pictures)
    which = f", seed {result.seed}, the median of {len(seeds)}" if len(seeds) > 1 else ""
    return Side(result.recipe, f"KID {result.kid:.3f}{which}", pictures, result.curve)
