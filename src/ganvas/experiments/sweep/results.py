"""What a sweep found: its table, its page, and the options of the best trial."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
import yaml
from optuna.trial import FrozenTrial, TrialState

from ganvas.data.dataset.dataset import Dataset
from ganvas.experiments.sweep import trials as states
from ganvas.experiments.sweep.plan import SweepPlan
from ganvas.experiments.sweep.study import SharedStudy
from ganvas.experiments.sweep.trial import GRIDS, name_of
from ganvas.foundation.files import whole_file
from ganvas.report.comparison.page import markdown
from ganvas.report.html import read_picture
from ganvas.report.sweep import page
from ganvas.report.sweep.trials import SweptTrial, cells, heads
from ganvas.settings.budget import Amount

PAGE, CONFIG = "sweep.html", "config.yaml"
# Importances of fewer whole trials would be chance alone.
FEWEST_FOR_IMPORTANCE = 4


@dataclass(frozen=True)
class Sweep:
    """A sweep and its trials so far.

    Attributes:
        path: its directory.
        plan: what its trials have in common.
        trials: that are over, the best first.
        summary: how many ended in which way, as text.
        finished: whether as many are over as were asked for.
    """

    path: Path
    plan: SweepPlan
    trials: list[SweptTrial]
    summary: str
    finished: bool

    @property
    def best(self) -> SweptTrial | None:
        """The trial with the lowest KID; None if none was trained to the end."""
        return next((trial for trial in self.trials if trial.is_whole), None)

    @property
    def defaults(self) -> SweptTrial | None:
        """The trial with the recipe's own values; None before it is over."""
        return next((trial for trial in self.trials if trial.has_defaults), None)

    def __str__(self) -> str:
        keys = list(self.plan.space)
        return markdown(heads(keys), [cells(trial, keys) for trial in self.trials])


def conclude(path: Path, shared: SharedStudy, finished: bool) -> Sweep:
    """Write what was found so far: the page, and the options of the best trial if there is one.

    Raises:
        GanvasError: a file cannot be written. It is as it was.
    """
    everything = shared.trials()
    over = [trial for trial in everything if states.is_finished(trial)]
    seen = sorted((_seen(trial, shared.plan) for trial in over), key=lambda trial: trial.rank)
    sweep = Sweep(path, shared.plan, seen, states.summary(over), finished)
    if sweep.best is not None:
        with whole_file(path / CONFIG) as partial:
            partial.write_text(_config(sweep, sweep.best), encoding="utf-8")
    _write_page(sweep, _importances(shared, over))
    return sweep


def _seen(trial: FrozenTrial, plan: SweepPlan) -> SweptTrial:
    """A trial as reports see it."""
    attributes, is_whole = trial.user_attrs, trial.state is TrialState.COMPLETE
    kimg, last = attributes.get(states.KIMG), attributes.get(states.LAST_KID)
    curve = [(step * plan.every, value) for step, value in sorted(trial.intermediate_values.items())]
    if not is_whole and last is not None and kimg is not None:
        curve = [*(point for point in curve if point[0] < kimg), (kimg, last)]
    return SweptTrial(
        number=trial.number,
        is_whole=is_whole,
        ending=states.ending(trial),
        values=dict(trial.params),
        kid=trial.value if is_whole else last,
        kid_se=attributes.get(states.KID_SE) if is_whole else None,
        kimg=kimg,
        verdict=attributes.get(states.VERDICT),
        curve=curve,
        has_defaults=bool(attributes.get(states.DEFAULTS)),
        host=attributes.get(states.HOST),
        error=attributes.get(states.ERROR),
    )


def _importances(shared: SharedStudy, over: Sequence[FrozenTrial]) -> dict[str, float]:
    """The share of each option in the differences of KID, the largest first; empty if too little is known.

    This is fANOVA (Hutter, Hoos and Leyton-Brown 2014): a random forest learns KID from the options.
    """
    keys = list(shared.plan.space)
    whole = [trial for trial in over if trial.state is TrialState.COMPLETE and keys == list(trial.params)]
    if len(whole) < FEWEST_FOR_IMPORTANCE or len({trial.value for trial in whole}) < 2:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=shared.plan.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(optuna.importance.get_param_importances(shared.study, evaluator=evaluator, params=keys))


def _config(sweep: Sweep, best: SweptTrial) -> str:
    """The options of the best trial as a file for `ganvas train --config`."""
    own = sweep.defaults
    against = f"; with the recipe's own values: {own.kid:.4f}" if own and own.is_whole and own is not best else ""
    about = (
        f"# Trial {best.number} of a sweep: KID {best.kid:.4f} at best, within {sweep.plan.kimg:g} kimg{against}.\n"
        "# ganvas train DATA --config config.yaml --budget 1h --out run\n"
    )
    options = {"recipe": sweep.plan.recipe, **sweep.plan.changes, **best.values}
    return about + yaml.safe_dump(options, sort_keys=False, allow_unicode=True)


def _write_page(sweep: Sweep, importances: dict[str, float]) -> None:
    """Write the page. Grids of trials that another machine trained are there only if the directory is shared."""
    plan, data = sweep.plan, Dataset.open(sweep.plan.data)
    sheets = {}
    for trial in sweep.trials:
        file = sweep.path / GRIDS / f"{name_of(trial.number)}.png"
        if file.exists() and (picture := read_picture(file)):
            sheets[trial.number] = np.asarray(picture)
    facts = {
        "Recipe": plan.recipe,
        "Data": data.path.name,
        "Size": f"{data.size} pixels",
        "A whole trial": str(Amount(plan.kimg, "kimg")),
        "Evaluations": f"every {plan.every:g} kimg",
        "Pruner": plan.pruner,
    } | {key: str(value) for key, value in plan.changes.items()}
    page.write_page(
        sweep.path / PAGE,
        title=f"Settings of {plan.recipe} on {data.path.name}",
        summary=sweep.summary,
        trials=sweep.trials,
        ranges=plan.ranges,
        importances=importances,
        sheets=sheets,
        data=data,
        facts=facts,
    )
