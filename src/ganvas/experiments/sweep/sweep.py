"""Looking for the settings of a recipe: many short trials, of which the bad ones end early.

sweep.json     the plan: data, recipe, what is varied, budget of a trial
journal.jsonl  the storage: every trial, its values and its evaluations (with `storage`, a database has them)
runs/          the run directories of the trials that this machine trained
grids/         pictures of these trials
sweep.html     the page, which is self-contained
config.yaml    the options of the best trial, for `ganvas train --config`

Workers are calls of `sweep` with the same arguments, at any time and on any machine that reaches the storage. A worker
that dies gives its trial back.
"""

from collections.abc import Mapping
from pathlib import Path

from ganvas import gans
from ganvas.experiments.sweep.heartbeat import Heartbeat
from ganvas.experiments.sweep.plan import Pruner, SweepPlan, make_plan
from ganvas.experiments.sweep.results import Sweep, conclude
from ganvas.experiments.sweep.storage import close, open_storage, reachable
from ganvas.experiments.sweep.study import SharedStudy
from ganvas.experiments.sweep.trial import GRIDS, RUNS, train_trial
from ganvas.foundation.errors import ConfigError
from ganvas.foundation.locks import exclusive
from ganvas.foundation.paths import new_path, user_path
from ganvas.foundation.resumable import begin
from ganvas.planning.run import DEFAULT_RECIPE
from ganvas.settings.ranges import Varied, check_ranges, read_ranges, written
from ganvas.training.display import Display, FailSafe

PLAN = "sweep.json"
# Seconds to wait while another worker makes the directory or writes the page.
PATIENCE = 120.0


def sweep(
    data: str | Path,
    out: str | Path,
    recipe: str = DEFAULT_RECIPE,
    *,
    space: str | Path | Mapping[str, Varied] | None = None,
    trials: int = 40,
    budget: str = "100kimg",
    evaluations: int = 10,
    seed: int = 0,
    pruner: Pruner = "median",
    storage: str | None = None,
    study: str | None = None,
    heartbeat: float = 10.0,
    display: Display | None = None,
    **changes: object,
) -> Sweep:
    """Look for the settings with which a recipe learns a dataset best.

    The first trial has the recipe's own values. Optuna suggests those of the others (tree-structured Parzen estimators,
    Bergstra et al. 2011). A trial ends at once when its verdict is collapsed, diverged or memorising, and when its KID
    is worse than that of the others after as many pictures.

    Args:
        data: a dataset directory.
        out: the directory of the sweep. If it holds a sweep with the same arguments, this call is one more worker.
        recipe: a recipe's name, or module:Class for one of your own.
        space: what to vary: a YAML file, or ranges by option; by default what the recipe itself names.
        trials: how many to train, those that are over included. More may be asked for later.
        budget: of a whole trial, in kimg or epochs.
        evaluations: of a whole trial.
        seed: of every training, and of the suggestions.
        pruner: how a trial is compared with the others: median, hyperband or none.
        storage: URL of a PostgreSQL or MySQL database that all workers reach; by default a journal file in `out`.
        study: the name of the sweep in the storage; by default the name of `out`.
        heartbeat: seconds between signs of life of a worker. After six missed ones, another worker takes its trial.
        display: shows the progress; by default nothing is shown.
        **changes: settings and options of all trials.

    Returns:
        The sweep. It is not `finished` if it was interrupted.

    Raises:
        GanvasError: nothing was trained: an argument cannot be used, the storage cannot be reached, or `out` or the
            study holds another sweep. Or a trial could not go on, such as on a full disk.
    """
    plan = prepare_sweep(
        data, recipe, space, budget=budget, evaluations=evaluations, seed=seed, pruner=pruner, **changes
    )
    if trials < 1 or heartbeat <= 0:
        raise ConfigError(f"trials={trials}, heartbeat={heartbeat:g}: both must be above 0")
    display, path = FailSafe(display), new_path(out)
    with exclusive(path, "made", wait=PATIENCE):
        begin(path, PLAN, plan, free={"data"})
        for folder in (RUNS, GRIDS):
            (path / folder).mkdir(exist_ok=True)
        with reachable(storage):
            shared = SharedStudy.join(open_storage(storage, path), study or path.resolve().name, plan, storage)
    try:
        with reachable(storage), Heartbeat(shared, heartbeat, display) as beating:
            return _work(path, shared, trials, beating, display)
    finally:
        close(shared.storage)


def prepare_sweep(
    data: str | Path,
    recipe: str = DEFAULT_RECIPE,
    space: str | Path | Mapping[str, Varied] | None = None,
    *,
    budget: str = "100kimg",
    evaluations: int = 10,
    seed: int = 0,
    pruner: Pruner = "median",
    **changes: object,
) -> SweepPlan:
    """Check the arguments of `sweep`. Nothing is written.

    Raises:
        GanvasError: the dataset, the recipe, an option or a range does not exist, or they do not fit each other.
    """
    found = gans.find(recipe)
    if isinstance(space, str | Path):
        ranges, place = read_ranges(user_path(space)), f"--space {space}"
    else:
        # What a recipe would vary is not varied if it is set for all trials.
        own = {key: each for key, each in found.space().items() if key not in changes}
        ranges, place = dict(own if space is None else space), "space"
    check_ranges(ranges, recipe, found.defaults, changes, place)
    if not ranges:
        raise ConfigError("a sweep varies at least one option; name some in a file with --space")
    return make_plan(str(data), recipe, ranges, budget, evaluations, seed, pruner, changes)


def describe(plan: SweepPlan, trials: int) -> str:
    """What a sweep would do, as a file for `--space` with comments."""
    about = [
        f"{plan.recipe}: {trials} trials of {plan.kimg:g} kimg, each evaluated every {plan.every:g} kimg",
        "a trial ends early when it collapses, diverges or memorises"
        + ("" if plan.pruner == "none" else f", or is worse than the others ({plan.pruner})"),
        "what is varied, as a file for --space:",
    ]
    return "\n".join(f"# {line}" for line in about) + "\n" + written(plan.ranges).rstrip()


def _work(path: Path, shared: SharedStudy, wanted: int, beating: Heartbeat, display: Display) -> Sweep:
    """Train trials until there are as many as wanted, or until interrupted."""
    is_waiting = False
    while not shared.is_complete(wanted):
        trial = shared.take(wanted)
        if trial is None:
            if not is_waiting:
                display.say("other workers train the last trials; waiting for them")
            is_waiting = True
            beating.wait()
            continue
        is_waiting = False
        values = ", ".join(f"{key}={value}" for key, value in trial.params.items())
        display.say(f"trial {trial.number}: {values or 'the values of the recipe itself'}")
        if not train_trial(path, shared, trial, beating, display):
            return _conclude(path, shared, finished=False)
        _conclude(path, shared, finished=False)
    return _conclude(path, shared, finished=True)


def _conclude(path: Path, shared: SharedStudy, finished: bool) -> Sweep:
    """Write the page and the best options, one worker at a time."""
    with exclusive(path, "written", wait=PATIENCE):
        return conclude(path, shared, finished)
