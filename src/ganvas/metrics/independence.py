"""Which feature networks may judge a generator: those that had no part in training it."""

from collections.abc import Collection

from ganvas.settings.config import DEFAULT_EXTRACTOR


def is_independent(name: str, sees_through: Collection[str]) -> bool:
    """Whether a feature network had no part in training a discriminator that sees through those named."""
    return not any(_weights_of(name) == _weights_of(own) for own in sees_through)


def independent(sees_through: Collection[str]) -> str:
    """The name of the default feature network, or of another where a discriminator sees through that."""
    return next(name for name in (DEFAULT_EXTRACTOR, "pixels") if is_independent(name, sees_through))


def _weights_of(name: str) -> str:
    """The same weights look at pictures of 128 or 260 pixels."""
    return name.removesuffix("-260")
