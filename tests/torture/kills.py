"""`kill -9`: half of the time at a moment of the command's processor time, half before a call that changes a file."""

import signal
import time
from pathlib import Path
from random import Random

from torture import acts, studio
from torture.acts import Act
from torture.checks import content, differences, impolite, left_over, unreadable
from torture.warm import Ended
from torture.workshop import Fault, Trial, Undisturbed, Workshop, unlike

# Commands that take long or write much come more often.
_VICTIMS = [
    "prepare",
    "train",
    "resume",
    "train",
    "resume",
    "sweep",
    "export",
    "prepare",
    "compare",
    "explore favourites",
]
_VICTIMS += ["classify train", "report", "evaluate", "baseline", "studio"]
# What a studio's folder has: the run that it resumes, and one whose pictures it keeps.
_STUDIO = Act(("resume", "half"), ("data", "half", "done"), ("half",), acts.run_facts("half"), "studio")


def attempt(workshop: Workshop, number: int, random: Random) -> Trial:
    """Kill a command, look at what is left, and let it go on."""
    victim = _VICTIMS[number % len(_VICTIMS)]
    if victim == "studio":
        return _studio(workshop, random)
    act = acts.act(victim)
    whole = workshop.undisturbed(act)
    with workshop.folder(act) as folder:
        before = content(folder, *(name for name in act.needs if name not in act.makes))
        ended = killed(workshop, act, folder, whole, random)
        trial = Trial(str(act), faults=int(ended.code == -signal.SIGKILL))
        if ended.left:
            trial.problems.append(f"{len(ended.left)} processes were left behind")
        trial.problems += unreadable(folder) + differences(before, content(folder, *act.needs))
        again = act.go_on(workshop.warm, folder)
        if again is not None and again.code:
            trial.problems.append(f"it does not go on: {again.error[-300:]}")
        elif again is not None:
            trial.problems += impolite(again)
        trial.problems += unlike(act, folder, whole.facts) + [f"{name} was left" for name in left_over(folder)]
    return trial


def _studio(workshop: Workshop, random: Random) -> Trial:
    """Kill a studio; the training that it started ends as if nothing had happened, also if it was not started yet."""
    whole = workshop.undisturbed(_STUDIO)
    with workshop.folder(_STUDIO) as folder:
        trial = Trial("studio", problems=list(studio.killed(folder, random)))
        again = workshop.warm.run(folder, *_STUDIO.words)
        if "has spent its budget" not in again.error:
            trial.problems += impolite(again)
        trial.problems += unlike(_STUDIO, folder, whole.facts) + [f"{name} was left" for name in left_over(folder)]
    return trial


def killed(workshop: Workshop, act: Act, folder: Path, whole: Undisturbed, random: Random) -> Ended:
    """Run a command and kill it at a random moment."""
    if workshop.shim and whole.calls and random.random() < 0.5:
        at = random.randint(1, whole.calls)
        return workshop.warm.run(folder, *act.words, fault={"within": folder, "first": at, "error": -1})
    running, moment = workshop.warm.start(folder, act.words, workshop.watched(folder)), random.uniform(0, whole.seconds)
    while running.seconds < moment:
        time.sleep(0.001)
    running.send(signal.SIGKILL)
    return running.wait()


FAULT = Fault(
    "kills",
    "kill -9",
    "at a random moment of its processor time, or before a random call that changes a file; then it goes on",
    150,
    attempt,
)
