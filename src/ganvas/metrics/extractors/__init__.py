"""The feature networks, one file each, by name. The network itself interprets what follows a colon in its name.

| name | |
|---|---|
| `efficientnet-lite2`, `efficientnet-lite2-260` | included with ganvas; work offline |
| `inception` | the Inception-v3 of published FID and KID, from torch-fidelity; downloaded once |
| `timm:NAME` | any network of timm, with weights from Hugging Face; downloaded once |
| `pixels` | no network: the pictures at 32 x 32 |
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
    """Check the name of a feature network.

    Raises:
        ConfigError: the name is unknown. The message lists all names.
    """
    _find(name)


def fetch(name: str) -> None:
    """Check the name of a feature network, and download its weights unless this machine has them.

    Raises:
        ConfigError: the name is unknown.
        DataError: the download failed.
    """
    _find(name).fetch(name)


def load_extractor(name: str = DEFAULT_EXTRACTOR, device: str = "cpu") -> "FeatureNetwork":
    """Load a feature network for `ganvas.metrics.features.extract`.

    Args:
        name: name of the network.
        device: the device to move it to.

    Raises:
        ConfigError: the name is unknown.
        DataError: its weights cannot be downloaded.
    """
    extractor = _find(name)(name)
    extractor.to(device)
    return extractor


def _find(name: str) -> "type[FeatureNetwork]":
    kind, colon, argument = name.partition(":")
    if kind in EXTRACTORS:
        network = EXTRACTORS.find(kind)
        if bool(colon) == bool(network.argument):
            network.check(argument)
            return network
    names = (f"{each}:{network.argument}" if network.argument else each for each, network in EXTRACTORS.all().items())
    raise ConfigError(unknown("feature extractor", name, names))
