"""What the convolutional networks of paper 5 ("Paint by GAN") share; they are built as Keras builds them."""

from abc import abstractmethod

from torch import Tensor, nn
from torch.nn import init

from ganvas.classify.fitting import fit, seeded
from ganvas.classify.model import Examples, Fitted, Progress
from ganvas.classify.network import NetworkModel
from ganvas.classify.options import NetworkOptions


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


class Flatten(nn.Module):
    """Lays a picture out place by place, as Keras does; in channels_last that moves no memory."""

    def forward(self, maps: Tensor) -> Tensor:
        """Maps [B, C, H, W] to [B, H * W * C]."""
        return maps.permute(0, 2, 3, 1).flatten(1)


def stage(before: int, after: int) -> list[nn.Module]:
    """A 3x3 convolution without padding, ReLU, and the maximum of every 2x2 places.

    The maximum is taken first: the result is the same, and ReLU has a quarter of the work.
    """
    return [nn.Conv2d(before, after, 3), nn.MaxPool2d(2), nn.ReLU()]


def pooled(side: int) -> int:
    """The side of what a stage makes of a picture."""
    return (side - 2) // 2


def _initialise(module: nn.Module) -> None:
    """Weights as Keras begins with them (Glorot & Bengio 2010, equation 16), and no bias."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        init.xavier_uniform_(module.weight)
        if module.bias is not None:
            init.zeros_(module.bias)
