"""Ctrl-C at a random moment, and what commands leave in their process when they end: handles, threads, children."""

import signal
import time
from random import Random

from torture.acts import ACTS
from torture.checks import left_over, unreadable
from torture.workshop import Fault, Trial, Workshop, unlike

_SELDOM = {"compare": 10, "sweep": 5, "report": 2, "survey": 2}
_VICTIMS = [act for turn in range(10) for act in ACTS if turn % _SELDOM.get(str(act), 1) == 0]


def attempt(workshop: Workshop, number: int, random: Random) -> Trial:
    """Press Ctrl-C at a moment of a command's processor time, or let it end, and let it go on."""
    act = _VICTIMS[number % len(_VICTIMS)]
    whole = workshop.undisturbed(act)
    with workshop.folder(act) as folder:
        running, moment = workshop.warm.start(folder, act.words), random.uniform(0, 1.2 * whole.seconds)
        while running.seconds < moment:
            time.sleep(0.001)
        running.send(signal.SIGINT)
        ended = running.wait()
        trial = Trial(str(act), faults=int(ended.code == 130))
        if ended.code not in (0, 130) or "Traceback" in ended.error:
            trial.problems.append(f"exit code {ended.code}: {ended.error[-300:]}")
        trial.problems += ended.kept + unreadable(folder) + [f"{name} was left" for name in left_over(folder)]
        if ended.code:
            again = act.go_on(workshop.warm, folder)
            if again and again.code:
                trial.problems.append(f"it does not go on: {again.error[-300:]}")
        trial.problems += unlike(act, folder, whole.facts)
    return trial


FAULT = Fault(
    "interrupts",
    "Ctrl-C",
    "at a random moment of its processor time; then no file is open, no thread or child is left, and it goes on",
    100,
    attempt,
)
