"""The convolutional networks of paper 5 ("Paint by GAN"), a small one and a deeper one, built as Keras builds them."""

import itertools
from abc import abstractmethod

from torch import Tensor, nn
from torch.nn import init

from ganvas.classify.fitting import fit, seeded
from ganvas.classify.model import Examples, Fitted, Progress
from ganvas.classify.network import NetworkModel
from ganvas.classify.options import CnnOptions, DeepCnnOptions, NetworkOptions


class ConvolutionalModel(NetworkModel):
    """A network of convolutions that learns from pixels alone."""

    def __init__(self, options: NetworkOptions, classes: int) -> None:
        super().__init__(options, classes)
        with seeded(options.seed):
            self.network = self.build().apply(_initialise)

    @abstractmethod
    def build(self) -> nn.Module:
        """The network, with any weights."""

    def fit(self, training: Examples, validation: Examples | None, progress: Progress) -> Fitted:
        """See `Model.fit`."""
        self.settle()
        seen = self.pictures(training)
        checked = self.pictures(validation) if validation else None
        return fit(self.network, seen, checked, self.options, progress, weights=self.class_weights(training))


class Cnn(ConvolutionalModel):
    """One convolution of 32 channels, ReLU and max pooling, and a dense layer: paper 5 reports an accuracy of 0.70."""

    options: CnnOptions

    def build(self) -> nn.Sequential:
        """At 72 px with two classes 40,097 weights."""
        side = _pooled(self.options.size)
        return nn.Sequential(*_stage(3, 32), _Flatten(), nn.Linear(32 * side**2, self.outputs))


class DeepCnn(ConvolutionalModel):
    """Four convolutions, each with ReLU and max pooling, and two dense layers: paper 5 reports 0.80."""

    options: DeepCnnOptions

    def build(self) -> nn.Sequential:
        """At 72 px with two classes 168,289 weights."""
        channels, side = (3, 32, 32, 64, 128), self.options.size
        stages: list[nn.Module] = []
        for before, after in itertools.pairwise(channels):
            stages += _stage(before, after)
            side = _pooled(side)
        return nn.Sequential(
            *stages,
            _Flatten(),
            nn.Linear(channels[-1] * side**2, 128),
            nn.ReLU(),
            nn.Dropout(self.options.dropout),
            nn.Linear(128, self.outputs),
        )


class _Flatten(nn.Module):
    """Lays a picture out place by place, as Keras does; in channels_last that moves no memory."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps.permute(0, 2, 3, 1).flatten(1)


def _stage(before: int, after: int) -> list[nn.Module]:
    """A 3x3 convolution without padding, ReLU, and the maximum of every 2x2 places.

    The maximum is taken first: the result is the same, and ReLU has a quarter of the work.
    """
    return [nn.Conv2d(before, after, 3), nn.MaxPool2d(2), nn.ReLU()]


def _pooled(side: int) -> int:
    """The side of what a stage makes of a picture."""
    return (side - 2) // 2


def _initialise(module: nn.Module) -> None:
    """Weights as Keras begins with them (Glorot & Bengio 2010, equation 16), and no bias."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        init.xavier_uniform_(module.weight)
        if module.bias is not None:
            init.zeros_(module.bias)
