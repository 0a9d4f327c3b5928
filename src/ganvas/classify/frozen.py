"""A classifier as a fixed, differentiable network over generated pictures."""

import hashlib
from pathlib import Path
from typing import Self

from torch import Tensor, nn

from ganvas.classify.classifier import CARD, Classifier
from ganvas.classify.network import WEIGHTS, NetworkModel
from ganvas.foundation.errors import ConfigError
from ganvas.foundation.paths import user_path
from ganvas.foundation.pixels import resize_floats


class FrozenClassifier(nn.Module):
    """The class logits of a trained classifier. Gradients flow through it to the pictures, not to its weights.

    It is always in evaluation mode, and computes in float32 on any machine.

    Args:
        classifier: a trained classifier.

    Raises:
        ConfigError: its model is not a network.
    """

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        model = classifier.model
        if not isinstance(model, NetworkModel):
            raise ConfigError(
                f"{classifier.path or 'this classifier'} is a {classifier.card.model}, which has no gradient; train "
                "another model, such as with: ganvas classify train --model transfer"
            )
        self._model, self.network = model, model.network.eval().requires_grad_(False)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """That of a directory which `ganvas classify train` wrote.

        Raises:
            RunError: there is no classifier, or it is damaged.
            ConfigError: its model is not a network.
        """
        return cls(Classifier.open(path))

    def forward(self, images: Tensor) -> Tensor:
        """float [B, 3, S, S] in [-1, 1] of any S -> float32 [B, C] for C classes."""
        units = (images.float() + 1) / 2
        return self._model.logits(resize_floats(units, self._model.options.size).clamp(0, 1))

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode."""
        return super().train(False)


def digest(path: str | Path) -> str:
    """The SHA-256 of a classifier's description and weights, in hexadecimal.

    Args:
        path: the directory of a classifier whose model is a network.
    """
    files = (user_path(path) / name for name in (CARD, WEIGHTS))
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()
