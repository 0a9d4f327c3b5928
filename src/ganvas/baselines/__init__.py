"""Baselines: generators that are fitted in seconds, and that every GAN must beat."""

import importlib
from typing import TYPE_CHECKING

from ganvas.foundation.errors import ConfigError, unknown

if TYPE_CHECKING:
    from ganvas.baselines.baseline import Baseline

# The class of each; it lives in the file of the baseline's name.
_CLASSES = {"mean": "Mean", "kmeans": "KMeans", "pca": "PCA"}


def names() -> list[str]:
    """The baselines by name; costs no import of torch."""
    return list(_CLASSES)


def find(name: str) -> "type[Baseline]":
    """The baseline of that name.

    Raises:
        ConfigError: there is none; the known ones are listed.
    """
    if name not in _CLASSES:
        raise ConfigError(unknown("baseline", name, names()))
    found: type[Baseline] = getattr(importlib.import_module(f"{__name__}.{name}"), _CLASSES[name])
    return found
