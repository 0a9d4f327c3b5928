"""What to try against trouble: in words, and as changes of the options of a run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# An option is unusual if it is this many times as large or as small as the recipe's own.
FAR_FROM_OWN: Final = 5.0


@dataclass(frozen=True)
class Remedy:
    """Something to try.

    Attributes:
        words: what messages say.
        values: options to set.
        factors: options to multiply.
    """

    words: str
    values: Mapping[str, object] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)

    def changes(self, options: Mapping[str, object]) -> dict[str, object]:
        """The options that differ in a run that tries it.

        Args:
            options: of the run that is in trouble.

        Returns:
            The changed values by key; empty if the remedy is in words only, or if the run has tried it already.
        """
        scaled = {
            key: type(value)(value * factor)
            for key, factor in self.factors.items()
            if isinstance(value := options.get(key), int | float)
        }
        return {key: value for key, value in {**self.values, **scaled}.items() if options.get(key) != value}


# Remedies of several verdicts.
LOWER_RATES: Final = Remedy("lower g_lr and d_lr", factors={"g_lr": 0.25, "d_lr": 0.25})
STEADIER: Final = Remedy("minibatch=stddev r1=1", {"minibatch": "stddev", "r1": 1.0})


def own_values(options: Mapping[str, object], own: Mapping[str, object]) -> Remedy | None:
    """The remedy of setting unusual options back to the recipe's own values; None if none is unusual.

    Args:
        options: of the run.
        own: the recipe's defaults.
    """
    values = {key: own[key] for key, value in options.items() if _times(value, own.get(key)) >= FAR_FROM_OWN}
    if not values:
        return None
    told = ", ".join(f"{key}={value:g} (not {options[key]:g})" for key, value in values.items())
    return Remedy(f"the recipe's own {told}", values)


def _times(value: object, own: object) -> float:
    """How many times one number is as large as another or as small; 1 where that means nothing."""
    if not isinstance(value, int | float) or not isinstance(own, int | float) or own <= 0 or isinstance(own, bool):
        return 1.0
    return max(value / own, own / value) if value > 0 else math.inf
