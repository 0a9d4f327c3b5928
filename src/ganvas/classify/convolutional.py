"""What the convolutional networks of paper 5 ("Paint by GAN") share, with the conventions of Keras."""

import contextlib
from abc import abstractmethod
from collections.abc import Iterator
from typing import Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import init

from ganvas.classify.fitting import fit, seeded
from ganvas.classify.model import Examples, Fitted, Progress
from ganvas.classify.network import NetworkModel
from ganvas.classify.options import NetworkOptions


class ConvolutionalOptions(NetworkOptions):
    """Options of the networks that are trained on pixels from scratch."""

    activation: Literal["relu", "elu", "hard-sigmoid"] = Field(
        "relu", description="Activation of the hidden layers: relu, elu, or hard-sigmoid, which is Keras's of 2017."
    )


class ConvolutionalModel(NetworkModel):
    """A convolutional network that is trained on pixels from scratch."""

    shaping = ("size", "activation")

    options: ConvolutionalOptions

    def __init__(self, options: ConvolutionalOptions, classes: int) -> None:
        super().__init__(options, classes)
        with seeded(options.seed):
            self.network = self.build().apply(_initialise)

    @abstractmethod
    def build(self) -> nn.Sequential:
        """The network; its weights are initialised afterwards."""

    def activation(self) -> nn.Module:
        """A layer of the activation that the options name."""
        return ACTIVATIONS[self.options.activation]()

    def stage(self, inputs: int, outputs: int) -> list[nn.Module]:
        """A 3x3 convolution without padding, 2x2 max pooling, and the activation.

        All activations are monotonic, so pooling before them gives the same result and leaves them a quarter of the
        work.
        """
        return [nn.Conv2d(inputs, outputs, 3), nn.MaxPool2d(2), self.activation()]

    @contextlib.contextmanager
    def maps(self, position: Literal[0, -1]) -> Iterator[nn.Module]:
        """See `NetworkModel.maps`. Within, pooling follows the activation, so the maps have their full size."""
        layers = list(self.network.modules())
        place = [number for number, layer in enumerate(layers) if isinstance(layer, nn.Conv2d)][position]
        convolution, activation = layers[place], layers[place + 2]
        # `forward` does not call the second hook.
        first = convolution.register_forward_hook(lambda layer, inputs, output: activation.forward(output))
        second = activation.register_forward_hook(lambda layer, inputs, output: inputs[0])
        try:
            yield convolution
        finally:
            first.remove()
            second.remove()

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


class HardSigmoid(nn.Module):
    """Keras's hard sigmoid of 2017, min(max(0.2 x + 0.5, 0), 1). That of PyTorch has the slope 1/6."""

    def forward(self, values: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return (0.2 * values + 0.5).clamp(0, 1)


ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "elu": nn.ELU, "hard-sigmoid": HardSigmoid}


def pooled(side: int) -> int:
    """The output side of a stage."""
    return (side - 2) // 2


def _initialise(module: nn.Module) -> None:
    """Initialise weights as Keras does (Glorot & Bengio 2010, equation 16), and biases with 0."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        init.xavier_uniform_(module.weight)
        if module.bias is not None:
            init.zeros_(module.bias)
