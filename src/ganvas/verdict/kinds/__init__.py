"""The verdicts that a run can get, in order of gravity; each states its rule, thresholds and words in its own module.

A verdict rests on what the run logs and nothing else, so a run can be judged again from its files. To add one, write
its `VerdictKind` in a module of this folder and put it where it belongs in `KINDS`.

Two things prevent false alarms. A young generator looks like a collapsed one: its pictures are alike, D tells them with
ease, and KID may rise for a while. But something improves, so troubles other than plain repetition, copying and
divergence are named only where nothing does (`History.is_improving`). And every difference is compared with its
standard error.
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

# The first whose rule finds something is the verdict; the last always does.
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
    """The gravest verdict that a history deserves, and what it rests on."""
    return next((kind, evidence) for kind in KINDS if (evidence := kind.rule(history)) is not None)


def by_name(name: str) -> VerdictKind | None:
    """The verdict of that name; None for one that another version of ganvas gave."""
    return _BY_NAME.get(name)
