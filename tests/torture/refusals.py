"""System calls that fail: each of those that write, sync or rename, at a random moment of every command."""

import errno
from random import Random

from torture.acts import ACTS
from torture.checks import content, differences, impolite, left_over, unreadable
from torture.workshop import Fault, Trial, Workshop, unlike

_ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)
# Of so many trials, the command is repeated after one, and must succeed then.
_REPEATED = 5
# Long commands come once in this many rounds.
_SELDOM = {"compare": 20, "sweep": 10, "train": 3, "resume": 3, "report": 4, "survey": 4}
_VICTIMS = [act for turn in range(20) for act in ACTS if turn % _SELDOM.get(str(act), 1) == 0]


def attempt(workshop: Workshop, number: int, random: Random) -> Trial:
    """Run a command in which a call fails, or all from one on, and look at what is left."""
    act = _VICTIMS[number % len(_VICTIMS)]
    whole = workshop.undisturbed(act)
    error, lasting = random.choice(_ERRORS), random.random() < 0.5
    fault = {"first": random.randint(1, max(whole.calls, 1)), "error": error, "lasting": int(lasting)}
    with workshop.folder(act) as folder:
        inputs = [name for name in act.needs if name not in (*act.makes, "cache")]
        before = content(folder, *inputs)
        ended = workshop.warm.run(folder, *act.words, fault={"within": folder, **fault})
        trial = Trial(str(act), notes={errno.errorcode[error]: 1})
        trial.problems += impolite(ended) + unreadable(folder) + differences(before, content(folder, *inputs))
        # Nothing can be removed from a file system that has become read-only.
        if not (error == errno.EROFS and lasting):
            trial.problems += [f"{name} was left" for name in left_over(folder)]
        if ended.code == 0:
            trial.problems += unlike(act, folder, whole.facts)
        elif random.randrange(_REPEATED) == 0:
            again = act.go_on(workshop.warm, folder)
            trial.problems += impolite(again) if again else []
            trial.problems += unlike(act, folder, whole.facts)
        trial.problems = [
            f"{problem} [{errno.errorcode[error]}, {fault}, exit {ended.code}]" for problem in trial.problems
        ]
    return trial


FAULT = Fault(
    "refusals",
    "failed system call",
    "a random call that opens for writing, writes, syncs, cuts, renames, links or makes a folder fails with ENOSPC, "
    "EIO, EACCES or EROFS; once, or from then on",
    2000,
    attempt,
)
