"""The feature networks by name, one file each; what follows a colon in a name is the network's own to read.

| name | |
|---|---|
| `efficientnet-lite2`, `efficientnet-lite2-260` | come with ganvas and work offline |
| `inception` | the Inception-v3 of the published FID and KID, in torch-fidelity's copy; fetched once |
| `timm:NAME` | any network of timm, with the weights of its Hugging Face repository; fetched once |
| `pixels` | no network at all: the pictures at 32 x 32 |
"""

from typing import TYPE_CHECKING

from ganvas.foundation.errors import ConfigError, unknown
from ganvas.foundation.registry import Registry, subclass_of
from ganvas.settings.config import DEFAULT_EXTRACTOR

if TYPE_CHECKING:
    from ganvas.metrics.features import FeatureNetwork

EXTRACTORS: Registry["type[FeatureNetwork]"] = Registry(
    "feature extractor", __name__, subclass_of("ganvas.metrics.features:FeatureNetwork")
)


def check(name: str) -> None:
    """Refuse a name that no feature network has.

    Raises:
        ConfigError: it lists the names there are.
    """
    _find(name)


def fetch(name: str) -> None:
    """Check a name, and have the weights of its network on this machine.

    Raises:
        ConfigError: no extractor has that name.
        DataError: the weights are not here and cannot be fetched.
    """
    _find(name).fetch(name)


def load_extractor(name: str = DEFAULT_EXTRACTOR, device: str = "cpu") -> "FeatureNetwork":
    """A feature network by name, ready for `ganvas.metrics.features.extract`.

    Raises:
        ConfigError: no extractor has that name.
        DataError: its weights are not here and cannot be fetched.
    """
    extractor = _find(name)(name)
    extractor.to(device)
    return extractor


def _find(name: str) -> "type[FeatureNetwork]":
    kind, colon, argument = name.partition(":")
    if kind in EXTRACTORS:
        found = EXTRACTORS.find(kind)
        if bool(colon) == bool(found.argument):
            found.check(argument)
            return found
    names = (f"{each}:{found.argument}" if found.argument else each for each, found in EXTRACTORS.all().items())
    raise ConfigError(unknown("feature extractor", name, names))
