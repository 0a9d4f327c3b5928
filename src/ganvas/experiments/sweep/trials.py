"""The state of a sweep's trials, as the storage tells it, and what a trial's record holds."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from optuna.trial import FrozenTrial, TrialState

# What ganvas keeps with a trial besides what Optuna does.
BEAT: Final = "beat"
"""Counts the signs of life of the worker that trains it."""
RUN: Final = "run"
"""The name of its run directory, which a worker that takes it over continues."""
HOST: Final = "host"
"""The machine that the run directory is on."""
TAKEN: Final = "taken"
"""How many workers died while they trained it."""
DEFAULTS: Final = "defaults"
"""True for the trial with the recipe's own values."""
PRUNED_BY: Final = "pruned_by"
"""The verdict that ended it, or `BY_KID`."""
VERDICT: Final = "verdict"
"""The newest verdict."""
KIMG: Final = "kimg"
"""Thousands of real pictures that D had seen at the end."""
LAST_KID: Final = "last_kid"
"""The KID at its end. The one that a verdict ended it at is not reported, since suggestions would follow it."""
KID_SE: Final = "kid_se"
"""The standard error of its KID."""
ERROR: Final = "error"
"""Why it could not be trained. A trial that failed without one was given back."""

BY_KID: Final = "KID"
# How a trial ends that is not ended early.
WHOLE: Final = "trained to the end"


def is_finished(trial: FrozenTrial) -> bool:
    """Whether it counts towards the trials of the sweep and is over."""
    failed = trial.state is TrialState.FAIL and ERROR in trial.user_attrs
    return failed or trial.state in (TrialState.COMPLETE, TrialState.PRUNED)


def is_counted(trial: FrozenTrial) -> bool:
    """Whether it counts towards the trials of the sweep: it is over, is being trained, or waits for a worker."""
    return is_finished(trial) or trial.state in (TrialState.RUNNING, TrialState.WAITING)


def counted(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """The trials that count, without those that were given back."""
    return [trial for trial in trials if is_counted(trial)]


def is_surplus(number: int, trials: Iterable[FrozenTrial], wanted: int) -> bool:
    """Whether a trial is one too many. Two workers may have started the last one at the same moment."""
    return sum(trial.number <= number for trial in counted(trials)) > wanted


def summary(trials: Sequence[FrozenTrial]) -> str:
    """How many trials ended in which way: "12 trials: 7 trained to the end, 3 collapsed, 2 pruned by KID"."""
    finished = [trial for trial in trials if is_finished(trial)]
    ways = Counter(map(ending, finished))
    order = sorted(ways, key=lambda way: (way != WHOLE, -ways[way]))
    noun = "trial" if len(finished) == 1 else "trials"
    return f"{len(finished)} {noun}: " + ", ".join(f"{ways[way]} {way}" for way in order)


def ending(trial: FrozenTrial) -> str:
    """How a trial that is over ended, in two or three words."""
    attributes: dict[str, Any] = trial.user_attrs
    if ERROR in attributes:
        return "failed"
    if trial.state is TrialState.COMPLETE:
        return WHOLE
    by = attributes.get(PRUNED_BY, BY_KID)
    return "pruned by KID" if by == BY_KID else str(by)
