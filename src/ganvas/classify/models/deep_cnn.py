"""The deeper convolutional network of paper 5 ("Paint by GAN")."""

import itertools

from pydantic import Field
from torch import nn

from ganvas.classify.convolutional import ConvolutionalModel, ConvolutionalOptions, Flatten, pooled


class DeepCnnOptions(ConvolutionalOptions):
    """Options of the deeper convolutional network."""

    # Four 3x3 convolutions without padding, each followed by a halving, need at least this size.
    size: int = Field(72, ge=46, le=512, description="Resize pictures to this height and width in pixels.")
    epochs: int = Field(100, ge=1, le=100_000, description="Largest number of passes over the training pictures.")
    dropout: float = Field(0.25, ge=0, lt=1, description="Dropout rate of the dense layer in training.")


class DeepCnn(ConvolutionalModel):
    """Four convolutions, each with ReLU and max pooling, and two dense layers; paper 5 reports an accuracy of 0.80."""

    options_class = DeepCnnOptions
    options: DeepCnnOptions

    def build(self) -> nn.Sequential:
        """The network; it has 168,289 weights at 72 px with two classes."""
        channels, side = (3, 32, 32, 64, 128), self.options.size
        stages: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise(channels):
            stages += self.stage(inputs, outputs)
            side = pooled(side)
        return nn.Sequential(
            *stages,
            Flatten(),
            nn.Linear(channels[-1] * side**2, 128),
            self.activation(),
            nn.Dropout(self.options.dropout),
            nn.Linear(128, self.outputs),
        )
