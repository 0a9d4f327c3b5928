"""A study that several workers share: joining it, taking trials from it, and giving them back."""

import time
from typing import Any, Final

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import TPESampler
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from ganvas import gans
from ganvas.experiments.sweep.plan import SweepPlan
from ganvas.experiments.sweep.trials import DEFAULTS, ERROR, RUN, TAKEN, counted, is_finished, is_surplus
from ganvas.foundation.errors import GanvasError
from ganvas.foundation.resumable import refuse_other
from ganvas.settings.options import Options
from ganvas.settings.ranges import Range, Varied, is_whole

# The key of the plan among the study's attributes.
PLAN: Final = "plan"
# Seconds to wait for the plan of a study that another worker has just made.
PATIENCE: Final = 30.0
# A trial that was given back this often is not tried again: it may be what ends its workers.
MOST_TAKEN: Final = 3
# Suggestions in a row that may repeat the values of other trials. After that, there may be no others left.
MOST_REPEATED: Final = 20
# Trials before suggestions are drawn from the results, and before trials are compared with the median.
STARTUP: Final = 8
# The first evaluation at which trials are compared: what a GAN paints before says little.
COMPARED_FROM: Final = 2


class SharedStudy:
    """The trials of one sweep, which any number of workers take and give back.

    Attributes:
        plan: what the trials have in common.
        study: Optuna's.
        storage: where it is kept.
        url: of the storage; None for a journal.
    """

    def __init__(self, study: optuna.Study, storage: BaseStorage, plan: SweepPlan, url: str | None = None) -> None:
        self.study, self.storage, self.plan, self.url = study, storage, plan, url
        self._options = gans.find(plan.recipe).defaults
        self._distributions = {key: _distribution(each, self._options, key) for key, each in plan.ranges.items()}

    @classmethod
    def join(cls, storage: BaseStorage, name: str, plan: SweepPlan, url: str | None = None) -> "SharedStudy":
        """Make the study, or join the one of this name.

        Raises:
            ConfigError: the study was begun with another plan.
            GanvasError: there is a study of this name that is not a sweep.
        """
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        pruner = _pruner(plan)
        try:
            study = optuna.create_study(storage=storage, study_name=name, direction="minimize", pruner=pruner)
        except DuplicatedStudyError:
            study = optuna.load_study(storage=storage, study_name=name, pruner=pruner)
            if _has_plan(study):
                refuse_other(f"the study {name}", _plan_of(study), plan, free={"data"}, flag="--study")
                return cls(study, storage, plan, url)
        shared = cls(study, storage, plan, url)
        shared._begin()
        return shared

    def trials(self) -> list[FrozenTrial]:
        """All trials, in the order of their numbers."""
        return self.study.get_trials(deepcopy=False)

    def is_complete(self, wanted: int) -> bool:
        """Whether as many trials are over as were asked for."""
        return sum(map(is_finished, self.trials())) >= wanted

    def take(self, wanted: int) -> Trial | None:
        """Start a trial: one that was given back, or else a new one.

        Args:
            wanted: the number of trials of the sweep.

        Returns:
            The trial with its values; None if there is nothing to start now, because others train the last trials.
        """
        trials = self.trials()
        has_waiting = any(trial.state is TrialState.WAITING for trial in trials)
        if len(counted(trials)) >= wanted and not has_waiting:
            return None
        trial = self._ask(wanted)
        for _ in range(MOST_REPEATED):
            if trial is None or not self._is_repeated(trial):
                break
            self.study.tell(trial, state=TrialState.FAIL)
            trial = self._ask(wanted)
        return trial

    def _ask(self, wanted: int) -> Trial | None:
        """The next trial with its values; None if it would be one too many."""
        trial = self.study.ask()
        if is_surplus(trial.number, self.trials(), wanted):
            self.study.tell(trial, state=TrialState.FAIL)
            return None
        self._suggest(trial)
        return trial

    def _is_repeated(self, trial: Trial) -> bool:
        """Whether another trial has the same values. It would end the same, since all trials have one seed.

        A trial that waits, or that another worker has just taken, has no values yet. Nor has the trial of the recipe's
        own values, if all of them lie outside the ranges; there is one of it.
        """
        others = (other for other in counted(self.trials()) if other.number != trial.number)
        return bool(trial.params) and any(other.params == trial.params for other in others)

    def give_back(self, trial: FrozenTrial, has_died: bool = True) -> bool:
        """End a trial that nobody trains any more, and let another worker have it.

        Args:
            trial: being trained.
            has_died: whether its worker died; otherwise it was asked to stop.

        Returns:
            Whether it was given back here. False if another worker was first, or if its workers died too often.
        """
        taken = trial.user_attrs.get(TAKEN, 0) + has_died
        is_hopeless = taken >= MOST_TAKEN
        try:
            if is_hopeless:
                self.storage.set_trial_user_attr(trial._trial_id, ERROR, f"its worker died {taken} times")
            self.study.tell(trial.number, state=TrialState.FAIL)
        except (ValueError, UpdateFinishedTrialError):  # it is over already
            return False
        if is_hopeless:
            return False
        values = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
        kept: dict[str, Any] = {key: trial.user_attrs[key] for key in (RUN, DEFAULTS) if key in trial.user_attrs}
        self.study.enqueue_trial(values, user_attrs={**kept, TAKEN: taken})
        return True

    def _begin(self) -> None:
        """Let the first trial have the recipe's own values, with which all others are compared; then write the plan."""
        if not self.trials():
            own = self._options.model_dump()
            values = {key: own[key] for key, each in self.plan.ranges.items() if each.contains(own[key])}
            self.study.enqueue_trial(values, user_attrs={DEFAULTS: True})
        self.study.set_user_attr(PLAN, self.plan.model_dump_json())

    def _suggest(self, trial: Trial) -> None:
        """Give a trial its values.

        The suggestions depend on the seed, the trial's number and the trials so far, so one worker alone always gets
        the same, also when it was interrupted. Several workers see each other's trials in another order each time.
        """
        seed = (self.plan.seed * 1_000_003 + trial.number) % 2**32
        self.study.sampler = TPESampler(n_startup_trials=STARTUP, multivariate=False, constant_liar=True, seed=seed)
        own = self._options.model_dump()
        for key, distribution in self._distributions.items():
            if trial.user_attrs.get(DEFAULTS) and not self.plan.ranges[key].contains(own[key]):
                continue  # the recipe's own value lies outside the range
            _suggest(trial, key, distribution)


def _suggest(trial: Trial, key: str, distribution: BaseDistribution) -> None:
    if isinstance(distribution, IntDistribution):
        trial.suggest_int(key, distribution.low, distribution.high, step=distribution.step, log=distribution.log)
    elif isinstance(distribution, FloatDistribution):
        trial.suggest_float(key, distribution.low, distribution.high, step=distribution.step, log=distribution.log)
    elif isinstance(distribution, CategoricalDistribution):
        trial.suggest_categorical(key, distribution.choices)


def _distribution(varied: Varied, options: Options, key: str) -> BaseDistribution:
    """A range as Optuna has it."""
    if not isinstance(varied, Range):
        return CategoricalDistribution(varied.values)
    if is_whole(options, key):
        return IntDistribution(int(varied.low), int(varied.high), log=varied.log, step=int(varied.step or 1))
    return FloatDistribution(varied.low, varied.high, log=varied.log, step=varied.step)


def _pruner(plan: SweepPlan) -> BasePruner:
    """How a trial is compared with the others at the same picture."""
    if plan.pruner == "median":
        return MedianPruner(n_startup_trials=STARTUP // 2, n_warmup_steps=COMPARED_FROM)
    if plan.pruner == "hyperband":
        return HyperbandPruner(min_resource=1, max_resource=plan.evaluations)
    return NopPruner()


def _has_plan(study: optuna.Study) -> bool:
    """Whether a study has a plan. Its maker writes it a moment after the study.

    If the maker was killed in that moment, another worker writes the plan. Until then nothing else is in the study.

    Raises:
        GanvasError: it has none, and another program has begun it.
    """
    end = time.monotonic() + PATIENCE
    while PLAN not in study.user_attrs and time.monotonic() < end:
        time.sleep(0.1)
    if PLAN in study.user_attrs:
        return True
    if study.user_attrs or any(DEFAULTS not in trial.user_attrs for trial in study.get_trials(deepcopy=False)):
        raise _foreign(study)
    return False


def _plan_of(study: optuna.Study) -> SweepPlan:
    """The plan that a study was begun with.

    Raises:
        GanvasError: it is none.
    """
    try:
        return SweepPlan.model_validate_json(study.user_attrs[PLAN])
    except ValueError as error:
        raise _foreign(study) from error


def _foreign(study: optuna.Study) -> GanvasError:
    return GanvasError(
        f"the study {study.study_name} in the storage is not one of ganvas sweep; choose another --study"
    )
