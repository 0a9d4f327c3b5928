"""Feature networks that may score a generator: those that had no part in its training."""

from collections.abc import Collection

from ganvas.settings.config import DEFAULT_EXTRACTOR


def is_independent(name: str, sees_through: Collection[str]) -> bool:
    """Whether a feature network shares no weights with those that a discriminator sees pictures through.

    Args:
        name: the feature network.
        sees_through: names of the discriminator's feature networks.
    """
    return not any(_weights_of(name) == _weights_of(used) for used in sees_through)


def independent_extractor(sees_through: Collection[str]) -> str:
    """The name of the default feature network, or "pixels" if the discriminator sees through that network."""
    return next(name for name in (DEFAULT_EXTRACTOR, "pixels") if is_independent(name, sees_through))


def _weights_of(name: str) -> str:
    """The name without the input size, because the weights are the same at 128 and 260 pixels."""
    return name.removesuffix("-260")
