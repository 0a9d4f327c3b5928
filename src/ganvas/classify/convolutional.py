"""What the convolutional networks of paper 5 ("Paint by GAN") share, with the conventions of Keras."""

from abc import abstractmethod

from torch import Tensor, nn
from torch.nn import init

from ganvas.classify.fitting import fit, seeded
from ganvas.classify.model import Examples, Fitted, Progress
from ganvas.classify.network import NetworkModel
from ganvas.classify.options import NetworkOptions


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


class Flatten(nn.Module):
    """Flattens [N, C, H, W] in the order H, W, C, as Keras does; in channels_last this copies nothing."""

    def forward(self, maps: Tensor) -> Tensor:
        """Maps [B, C, H, W] to [B, H * W * C]."""
        return maps.permute(0, 2, 3, 1).flatten(1)


def stage(inputs: int, outputs: int) -> list[nn.Module]:
    """A 3x3 convolution without padding, 2x2 max pooling, and ReLU.

    Pooling before the ReLU gives the same result and leaves the ReLU a quarter of the work.
    """
    return [nn.Conv2d(inputs, outputs, 3), nn.MaxPool2d(2), nn.ReLU()]


def pooled(side: int) -> int:
    """The output side of a stage."""
    return (side - 2) // 2


def _initialise(module: nn.Module) -> None:
    """Initialise weights as Keras does (Glorot & Bengio 2010, equation 16), and biases with 0."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        init.xavier_uniform_(module.weight)
        if module.bias is not None:
            init.zeros_(module.bias)
