"""Baselines: generators that are fitted in seconds, and that every GAN must beat; one file each."""

from typing import TYPE_CHECKING

from ganvas.foundation.registry import Registry, subclass_of

if TYPE_CHECKING:
    from ganvas.baselines.baseline import Baseline

BASELINES: Registry["type[Baseline]"] = Registry(
    "baseline", __name__, subclass_of("ganvas.baselines.baseline:Baseline"), besides=["baseline", "pictures"]
)
names, find = BASELINES.names, BASELINES.find
