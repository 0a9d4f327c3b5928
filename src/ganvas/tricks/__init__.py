"""The papers' tricks, one file each: options of any recipe. `objective` combines them with a recipe."""

from typing import TYPE_CHECKING

from ganvas.foundation.registry import Registry, subclass_of

if TYPE_CHECKING:
    from ganvas.tricks.trick import Trick

TRICKS: Registry["type[Trick]"] = Registry(
    "trick", __name__, subclass_of("ganvas.tricks.trick:Trick"), besides=["trick", "objective"]
)


def in_order() -> "list[type[Trick]]":
    """Every trick, in the order in which they act; see `ganvas.tricks.trick.Trick`."""
    return sorted(TRICKS.all().values(), key=lambda trick: trick.order)
