"""The kinds of verdict, the gravest first. Each module states the rule, the thresholds and the texts of its kinds.

A verdict depends only on the logs, so a run can be judged again from its files. To add a kind, write its `VerdictKind`
in a module of this folder and insert it in `KINDS`.

Two precautions prevent false alarms. Early in training, a generator resembles a collapsed one: its pictures are alike,
D distinguishes them easily, and KID may rise for a while. But some figure improves. So most troubles are found only if
nothing improves (`History.is_improving`); the exceptions are repeated pictures, copies and divergence. Second, every
difference is compared with its standard error.
"""

from typing import Final

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.kinds.balance import OVERPOWERED, OVERPOWERING
from ganvas.verdict.kinds.collapse import COLLAPSED, COLLAPSING
from ganvas.verdict.kinds.copying import MEMORISING
from ganvas.verdict.kinds.divergence import DIVERGED
from ganvas.verdict.kinds.leaking import LEAKING
from ganvas.verdict.kinds.progress import CONVERGED, LEARNING, STALLED, WARMING_UP

# The verdict is the first kind whose rule returns evidence. The last rule always does.
KINDS: Final[tuple[VerdictKind, ...]] = (
    DIVERGED,
    MEMORISING,
    COLLAPSED,
    LEAKING,
    COLLAPSING,
    OVERPOWERING,
    OVERPOWERED,
    STALLED,
    CONVERGED,
    WARMING_UP,
    LEARNING,
)
_BY_NAME: Final = {kind.name: kind for kind in KINDS}


def find(history: History) -> tuple[VerdictKind, Evidence]:
    """The gravest verdict that applies to a history, and its evidence."""
    return next((kind, evidence) for kind in KINDS if (evidence := kind.rule(history)) is not None)


def by_name(name: str) -> VerdictKind | None:
    """The kind of that name; None if this version of ganvas does not have it."""
    return _BY_NAME.get(name)
