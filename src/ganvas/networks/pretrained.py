"""The networks of timm with pretrained weights, from a local safetensors file or from Hugging Face."""

import difflib
from pathlib import Path

import timm
import torch
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from safetensors import SafetensorError, safe_open
from torch import nn

from ganvas.foundation.errors import ConfigError, DataError
from ganvas.foundation.paths import is_file

WEIGHTS = "model.safetensors"


def check_network(name: str) -> None:
    """Check that timm has a network.

    Raises:
        ConfigError: it has not; the message suggests similar names.
    """
    if not timm.is_model(name):
        similar = difflib.get_close_matches(name, timm.list_models(pretrained=True))
        hint = f"; did you mean {' or '.join(similar)}?" if similar else ""
        raise ConfigError(f"timm has no network {name!r}{hint}")


def published_weights(name: str, cure: str) -> Path:
    """The published weights of a network: a file in the cache of Hugging Face, downloaded if it is missing.

    Args:
        name: a network of timm.
        cure: what to do without them, for the error message.

    Raises:
        ConfigError: timm has no such network, or names no weights of it on Hugging Face.
        DataError: the weights are missing and cannot be downloaded.
    """
    check_network(name)
    hub = getattr(timm.get_pretrained_cfg(name), "hf_hub_id", None)
    if hub is None:
        raise ConfigError(f"timm has no pretrained weights of {name} on Hugging Face")
    try:
        return Path(hf_hub_download(hub, WEIGHTS))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise DataError(
            f"{WEIGHTS} of {hub} is not in the Hugging Face cache and cannot be downloaded; {cure}"
        ) from error


def published(name: str, cure: str) -> nn.Module:
    """A network of timm with its published weights: frozen, in evaluation mode, on the CPU, without its classifier.

    It draws no random number. The arguments and errors are those of `published_weights`.
    """
    overlay = {"file": str(published_weights(name, cure))}
    with torch.random.fork_rng(devices=[]):
        network: nn.Module = timm.create_model(name, pretrained=True, num_classes=0, pretrained_cfg_overlay=overlay)
    return network.eval().requires_grad_(False)


def from_file(name: str, weights: Path) -> nn.Module:
    """As `published`, with weights from a file.

    Args:
        name: a network of timm.
        weights: a safetensors file in the form in which timm publishes it.

    Raises:
        ConfigError: timm has no such network.
        DataError: the file does not exist, is not a safetensors file, or does not fit the network.
    """
    network = untrained(name)
    if not is_file(weights):
        raise DataError(f"{weights} does not exist; expected a safetensors file with the weights of {name}")
    try:
        with safe_open(weights, framework="pt") as content:
            # The classifier is left out. timm itself would leave random whatever else the file lacks.
            if missing := sorted(network.state_dict().keys() - set(content.keys())):
                raise DataError(
                    f"{weights} does not fit {name}: {len(missing)} tensors are missing, such as {missing[0]!r}; "
                    "expected a file as timm publishes it"
                )
            network.load_state_dict({tensor: content.get_tensor(tensor) for tensor in network.state_dict()})
    except (OSError, SafetensorError) as error:
        raise DataError(f"{weights} cannot be read as a safetensors file ({error})") from error
    except RuntimeError as error:  # the shape of a tensor
        raise DataError(f"{weights} does not fit {name}: {' '.join(str(error).split())}") from error
    return network


def untrained(name: str) -> nn.Module:
    """As `published`, with random weights, which others are to replace.

    Raises:
        ConfigError: timm has no such network.
    """
    check_network(name)
    with torch.random.fork_rng(devices=[]):
        network: nn.Module = timm.create_model(name, num_classes=0)
    return network.eval().requires_grad_(False)
