"""One trial: a run that is ended early if it is in trouble, or worse than the others."""

import contextlib
import platform
from pathlib import Path
from typing import Final

import torch
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import Trial, TrialState

from ganvas.artist.artist import load
from ganvas.artist.grids import grid, write_png
from ganvas.experiments.sweep.heartbeat import Heartbeat
from ganvas.experiments.sweep.plan import SweepPlan
from ganvas.experiments.sweep.storage import reachable
from ganvas.experiments.sweep.study import SharedStudy
from ganvas.experiments.sweep.trials import BY_KID, ERROR, HOST, KID_SE, KIMG, LAST_KID, PRUNED_BY, RUN, VERDICT
from ganvas.foundation.errors import ConfigError, DivergedError, GanvasError
from ganvas.foundation.locks import InUse
from ganvas.planning import run as runs
from ganvas.report.comparison.page import GRID_SIZE
from ganvas.report.run.verdict import latest
from ganvas.runs.directory import RunDirectory, is_run
from ganvas.runs.logs import RunLogs
from ganvas.training.display import Display
from ganvas.verdict.evaluation import Evaluation
from ganvas.verdict.kinds import collapsed, diverged, memorising

# Verdicts that end a trial at once. A copy of the training pictures would even have the best KID.
AT_ONCE: Final = frozenset(kind.KIND.name for kind in (collapsed, diverged, memorising))
RUNS, GRIDS = "runs", "grids"


class TrialReferee:
    """Reports the evaluations of a trial, and ends it when it is in trouble or worse than the others.

    Values are reported on a fixed grid, because a pruner compares trials at the same step: the n-th multiple of the
    plan's interval is step n. An evaluation that an alarming log called in between is judged, but not reported.

    Args:
        trial: Optuna's.
        shared: the trials of the sweep.
        heartbeat: tells whether the trial was given back meanwhile.

    Attributes:
        pruned_by: the verdict that ended the trial, or `BY_KID`; None as long as nothing did.
    """

    def __init__(self, trial: Trial, shared: SharedStudy, heartbeat: Heartbeat) -> None:
        self._trial, self._plan, self._heartbeat = trial, shared.plan, heartbeat
        self._url = shared.url
        self._step = 0
        self.pruned_by: str | None = None

    def __call__(self, evaluation: Evaluation) -> str | None:
        """See `training.referee.Referee`."""
        if self._heartbeat.lost:
            return "others gave this trial back"
        self.judge(evaluation)
        with reachable(self._url):
            if not self.pruned_by and self.report(evaluation) < self._plan.evaluations and self._trial.should_prune():
                self.pruned_by = BY_KID
        return f"pruned by {self.pruned_by}" if self.pruned_by else None

    def judge(self, evaluation: Evaluation) -> None:
        """End the trial if it is in trouble that ends every trial."""
        if evaluation.verdict is not None and evaluation.verdict.name in AT_ONCE:
            self.pruned_by = evaluation.verdict.name

    def report(self, evaluation: Evaluation) -> int:
        """Report the KID if a step of the grid was reached. Returns the last step."""
        step = int(evaluation.kimg / self._plan.every * (1 + 1e-9))
        if step > self._step and evaluation.kid is not None:
            self._step = step
            try:
                self._trial.report(evaluation.kid, step)
            except UpdateFinishedTrialError:  # others gave it back just now
                self._heartbeat.lost = True
        return self._step

    def recall(self, logs: RunLogs) -> None:
        """Report what the run of another worker, or of an earlier time, has logged."""
        for evaluation in logs.evaluations:
            self.judge(evaluation)
            if not self.pruned_by:
                self.report(evaluation)


def train_trial(out: Path, shared: SharedStudy, trial: Trial, heartbeat: Heartbeat, display: Display) -> bool:
    """Train a trial, tell the storage how it ended, and draw a grid of its pictures.

    Returns:
        False if it was interrupted. Then it was given back.

    Raises:
        GanvasError: training cannot go on, such as on a full disk. The trial was given back.
    """
    heartbeat.train(trial._trial_id)
    try:
        is_over = _train(out, shared, trial, heartbeat, display)
    except BaseException:
        _give_back(shared, trial)
        raise
    finally:
        heartbeat.train(None)
    if not is_over:
        _give_back(shared, trial)
    return is_over


def _give_back(shared: SharedStudy, trial: Trial) -> None:
    with contextlib.suppress(Exception):  # whatever ended the trial is more important; silence gives it back, too
        shared.give_back(shared.trials()[trial.number], has_died=False)


def _train(out: Path, shared: SharedStudy, trial: Trial, heartbeat: Heartbeat, display: Display) -> bool:
    plan, referee = shared.plan, TrialReferee(trial, shared, heartbeat)
    run = out / RUNS / trial.user_attrs.get(RUN, name_of(trial.number))
    try:
        try:
            is_over = _complete(run, plan, trial, referee, display)
        except InUse:  # the worker that was taken for dead still trains there
            run = out / RUNS / name_of(trial.number)
            is_over = _complete(run, plan, trial, referee, display)
    except DivergedError:
        is_over, referee.pruned_by = True, diverged.KIND.name
    except (ConfigError, torch.OutOfMemoryError) as error:
        trial.set_user_attr(ERROR, str(error).split("\n", maxsplit=1)[0])
        shared.study.tell(trial, state=TrialState.FAIL)
        display.say(f"trial {trial.number} cannot be trained: {error}")
        return True
    if heartbeat.lost:
        display.say(f"trial {trial.number}: others took this worker for dead and gave it back")
        return True
    if is_over:
        _conclude(out, run, shared, trial, referee, display)
    return is_over


def name_of(number: int) -> str:
    """The name of a trial's files, without a suffix."""
    return f"trial-{number:04d}"


def _complete(run: Path, plan: SweepPlan, trial: Trial, referee: TrialReferee, display: Display) -> bool:
    """Train the run of a trial, or continue it. Returns False if it was interrupted."""
    trial.set_user_attr(RUN, run.name)
    trial.set_user_attr(HOST, platform.node())
    if is_run(run):
        referee.recall(RunLogs.open(run))
    settings = plan.settings(trial.params)
    # Also after a verdict that ends it: if the run could not write its end, it goes there again.
    return runs.complete(plan.data, run, plan.recipe, start=None, display=display, referee=referee, **settings)


def _conclude(out: Path, run: Path, shared: SharedStudy, trial: Trial, referee: TrialReferee, display: Display) -> None:
    """Tell the storage how a trial ended."""
    logs = RunLogs.open(run)
    best, kimg = logs.best, max((each.kimg for each in logs.evaluations), default=0.0)
    if not referee.pruned_by and (best is None or kimg < shared.plan.kimg * (1 - 1e-9)):
        referee.pruned_by = BY_KID  # it was ended before, by a worker that could not tell any more
    # What became of a pruned trial is shown, and not what it once was.
    shown = RunDirectory.open(run).snapshot("last") if referee.pruned_by else run
    with contextlib.suppress(GanvasError):  # a trial that diverged early has no snapshot
        write_png(out / GRIDS / f"{name_of(trial.number)}.png", grid(load(shown).sample(GRID_SIZE**2)))
    verdict = latest(logs)
    figures = {
        KIMG: kimg,
        LAST_KID: logs.evaluations[-1].kid if logs.evaluations else None,
        VERDICT: verdict.name if verdict else None,
        KID_SE: best.get("kid_se") if best else None,
        PRUNED_BY: referee.pruned_by,
    }
    try:
        for key, value in figures.items():
            trial.set_user_attr(key, value)
        if referee.pruned_by:
            shared.study.tell(trial, state=TrialState.PRUNED)
            display.say(f"trial {trial.number} was pruned at {kimg:.1f} kimg by {referee.pruned_by}")
        elif best is not None:
            shared.study.tell(trial, best.number("kid"))
            display.say(f"trial {trial.number}: KID {best.kid:.4f}")
    except (UpdateFinishedTrialError, ValueError):
        display.say(f"trial {trial.number}: others gave it back just before it ended")
