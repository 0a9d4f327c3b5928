"""The time of a run: that in which the process was stopped is no part of it."""

import os
import signal
import time

import pytest

from ganvas.settings.budget import Amount, Progress
from ganvas.training.clock import Clock


class Times:
    """What the clocks of a process say."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.worked = 100.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(time, "process_time", lambda: self.worked)

    def passes(self, seconds: float, working: float) -> None:
        self.now += seconds
        self.worked += working


@pytest.mark.skipif(not hasattr(signal, "SIGCONT"), reason="has no such signal")
def test_time_in_which_a_run_was_stopped_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after Ctrl-Z and `fg`, or SIGSTOP and SIGCONT."""
    times, clock, progress = Times(monkeypatch), Clock(Amount(1, "h")), Progress(48, seconds=5.0)
    before = signal.getsignal(signal.SIGCONT)
    clock.start(progress)
    with clock.listening():
        times.passes(2.0, working=0.5)  # waiting for a disk or an accelerator counts
        assert clock.read() == 7.0
        os.kill(os.getpid(), signal.SIGCONT)
        times.passes(61.0, working=1.0)
        assert clock.read() == 8.0
        times.passes(3.0, working=3.0)
        assert clock.read() == 11.0
    assert signal.getsignal(signal.SIGCONT) == before
