"""Feature networks that may score a generator: those that had no part in its training."""

from collections.abc import Collection
from typing import Final

from ganvas.settings.config import DEFAULT_EXTRACTOR

# Pictures of this side, in pixels, keep all their detail at the resolution of the default network.
SMALL: Final = 128


def is_independent(name: str, sees_through: Collection[str]) -> bool:
    """Whether a feature network shares no weights with those that a discriminator sees pictures through.

    Args:
        name: the feature network.
        sees_through: names of the discriminator's feature networks.
    """
    return not any(_weights_of(name) == _weights_of(used) for used in sees_through)


def independent_extractor(sees_through: Collection[str], size: int) -> str:
    """The name of the default feature network, or "pixels" if the discriminator sees through that network.

    Args:
        sees_through: names of the discriminator's feature networks.
        size: height and width of the pictures to score. Those above `SMALL` are described at twice the resolution.
    """
    name = f"{DEFAULT_EXTRACTOR}-260" if size > SMALL else DEFAULT_EXTRACTOR
    return next(each for each in (name, "pixels") if is_independent(each, sees_through))


def _weights_of(name: str) -> str:
    """The name without the input size, because the weights are the same at 128 and 260 pixels."""
    return name.removesuffix("-260")
