"""The convolutional networks of paper 5 ("Paint by GAN"), a small and a deeper one, with the conventions of Keras."""

import itertools
from abc import abstractmethod

from torch import Tensor, nn
from torch.nn import init

from ganvas.classify.fitting import fit, seeded
from ganvas.classify.model import Examples, Fitted, Progress
from ganvas.classify.network import NetworkModel
from ganvas.classify.options import CnnOptions, DeepCnnOptions, NetworkOptions


class ConvolutionalModel(NetworkModel):
    """A convolutional network that is trained on pixels from scratch."""

    def __init__(self, options: NetworkOptions, classes: int) -> None:
        super().__init__(options, classes)
        with seeded(options.seed):
            self.network = self.build().apply(_initialise)

    @abstractmethod
    def build(self) -> nn.Module:
        """The network; its weights are initialised afterwards."""

    def fit(self, training: Examples, validation: Examples | None, progress: Progress) -> Fitted:
        """See `Model.fit`."""
        self.use_machine()
        inputs = self.pictures(training)
        validation_inputs = self.pictures(validation) if validation else None
        weights = self.class_weights(training)
        return fit(self.network, inputs, validation_inputs, self.options, progress, weights=weights)


class Cnn(ConvolutionalModel):
    """A convolution of 32 channels, ReLU, max pooling and a dense layer; paper 5 reports an accuracy of 0.70."""

    options: CnnOptions

    def build(self) -> nn.Sequential:
        """The network; it has 40,097 weights at 72 px with two classes."""
        side = _pooled(self.options.size)
        return nn.Sequential(*_stage(3, 32), _Flatten(), nn.Linear(32 * side**2, self.outputs))


class DeepCnn(ConvolutionalModel):
    """Four convolutions, each with ReLU and max pooling, and two dense layers; paper 5 reports an accuracy of 0.80."""

    options: DeepCnnOptions

    def build(self) -> nn.Sequential:
        """The network; it has 168,289 weights at 72 px with two classes."""
        channels, side = (3, 32, 32, 64, 128), self.options.size
        stages: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise(channels):
            stages += _stage(inputs, outputs)
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
    """Flattens [N, C, H, W] in the order H, W, C, as Keras does; in channels_last this copies nothing."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps.permute(0, 2, 3, 1).flatten(1)


def _stage(inputs: int, outputs: int) -> list[nn.Module]:
    """A 3x3 convolution without padding, 2x2 max pooling, and ReLU.

    Pooling before the ReLU gives the same result and leaves the ReLU a quarter of the work.
    """
    return [nn.Conv2d(inputs, outputs, 3), nn.MaxPool2d(2), nn.ReLU()]


def _pooled(side: int) -> int:
    """The output side of a stage."""
    return (side - 2) // 2


def _initialise(module: nn.Module) -> None:
    """Initialise weights as Keras does (Glorot & Bengio 2010, equation 16), and biases with 0."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        init.xavier_uniform_(module.weight)
        if module.bias is not None:
            init.zeros_(module.bias)
