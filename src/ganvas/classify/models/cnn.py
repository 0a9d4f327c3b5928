"""The small convolutional network of paper 5 ("Paint by GAN")."""

from typing import Literal

from pydantic import Field
from torch import nn

from ganvas.classify.convolutional import ConvolutionalModel, ConvolutionalOptions, Flatten, pooled


class CnnOptions(ConvolutionalOptions):
    """Options of the small convolutional network."""

    optimizer: Literal["adam", "adamw", "rmsprop"] = Field("rmsprop", description="Optimiser.")


class Cnn(ConvolutionalModel):
    """A convolution of 32 channels, ReLU, max pooling and a dense layer; paper 5 reports an accuracy of 0.70."""

    options_class = CnnOptions
    options: CnnOptions

    def build(self) -> nn.Sequential:
        """The network; it has 40,097 weights at 72 px with two classes."""
        side = pooled(self.options.size)
        return nn.Sequential(*self.stage(3, 32), Flatten(), nn.Linear(32 * side**2, self.outputs))
