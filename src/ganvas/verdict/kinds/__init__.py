"""The verdicts that a run can get: one file each, which defines a `KIND` with its rule, thresholds and words.

A verdict rests on what the run logs and nothing else, so a run can be judged again from its files.

Two precautions prevent false alarms. Early in training, a generator resembles a collapsed one: its pictures are alike,
D distinguishes them easily, and KID may rise for a while. But some figure improves. So most troubles are found only if
nothing improves (`History.is_improving`); the exceptions are repeated pictures, copies and divergence. Second, every
difference is compared with its standard error.
"""

from collections.abc import Sequence

from ganvas.foundation.registry import Registry, attribute
from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind

KINDS: Registry[VerdictKind] = Registry("verdict", __name__, attribute("KIND"))


def in_order() -> list[VerdictKind]:
    """Every verdict, the gravest first."""
    return sorted(KINDS.all().values(), key=lambda kind: -kind.gravity)


def find(history: History, kinds: Sequence[VerdictKind] = ()) -> tuple[VerdictKind, Evidence]:
    """The gravest verdict that a history deserves, and what it rests on.

    Args:
        history: of the run.
        kinds: those of `in_order`, for whoever asks often; by default they are looked up.
    """
    # The rule of `learning` always finds something.
    return next((kind, evidence) for kind in kinds or in_order() if (evidence := kind.rule(history)) is not None)


def by_name(name: str) -> VerdictKind | None:
    """The verdict of that name; None for one that another version of ganvas gave."""
    return next((kind for kind in KINDS.all().values() if kind.name == name), None)
