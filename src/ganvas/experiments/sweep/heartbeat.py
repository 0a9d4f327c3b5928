"""Signs of life: each worker shows that it lives, and gives back the trials of those that do not.

Optuna has a heartbeat for its own loop and for databases alone. This one works with every storage. A worker counts up a
number of its trial. The others watch the number by their own clocks, so clocks of machines need not agree.
"""

import contextlib
import threading
import time
from types import TracebackType
from typing import Final, Self

from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from ganvas.experiments.sweep.study import SharedStudy
from ganvas.experiments.sweep.trials import BEAT
from ganvas.foundation.errors import GanvasError
from ganvas.training.display import Display

# A worker is dead if it missed this many beats. A machine that is out of memory may stand still for a few.
MISSED: Final = 6
# What a storage raises that cannot be reached for a moment. The next beat tries again.
_HICCUPS: Final = (GanvasError, SQLAlchemyError, StorageInternalError, OSError)


class Heartbeat:
    """Beats in a thread of its own. Use as a context manager.

    Args:
        shared: the trials.
        every: seconds between beats.
        display: is told about the trials that are given back.

    Attributes:
        lost: whether others took this worker for dead and gave its trial back.
    """

    def __init__(self, shared: SharedStudy, every: float, display: Display) -> None:
        self._shared, self._every, self._display = shared, every, display
        self._own: int | None = None
        self._beat, self.lost = 0, False
        self._seen: dict[int, tuple[object, float]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def train(self, trial_id: int | None) -> None:
        """Beat for a trial from now on; None for no trial."""
        self._own, self.lost = trial_id, False

    def wait(self) -> None:
        """Wait for a beat."""
        time.sleep(self._every)

    def _work(self) -> None:
        while True:
            with contextlib.suppress(*_HICCUPS):
                self._show()
            with contextlib.suppress(*_HICCUPS):
                self._watch()
            if self._stop.wait(self._every):
                return

    def _show(self) -> None:
        """Count up the number of the own trial."""
        own = self._own
        if own is None or self.lost:
            return
        self._beat += 1
        try:
            self._shared.storage.set_trial_user_attr(own, BEAT, self._beat)
        except UpdateFinishedTrialError:  # it is over: it ended just now, or others gave it back
            self.lost = self._own == own

    def _watch(self) -> None:
        """Give back the trials whose numbers have not changed for a while."""
        running = self._shared.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        now = time.monotonic()
        self._seen = {trial._trial_id: self._sighting(trial, now) for trial in running}
        for trial in running:
            silent = now - self._seen[trial._trial_id][1]
            if trial._trial_id != self._own and silent > MISSED * self._every and self._shared.give_back(trial):
                self._display.say(f"trial {trial.number}: its worker shows no sign of life; another one takes it over")

    def _sighting(self, trial: FrozenTrial, now: float) -> tuple[object, float]:
        """The number of a trial, and when it was first seen."""
        beat = trial.user_attrs.get(BEAT)
        earlier = self._seen.get(trial._trial_id)
        return earlier if earlier and earlier[0] == beat else (beat, now)
