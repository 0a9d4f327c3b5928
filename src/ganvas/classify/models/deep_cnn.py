"""The deeper convolutional network of paper 5 ("Paint by GAN")."""

import itertools

from pydantic import Field
from torch import nn

from ganvas.classify.convolutional import ConvolutionalModel, Flatten, pooled, stage
from ganvas.classify.options import NetworkOptions


class DeepCnnOptions(NetworkOptions):
    """Options of the deeper convolutional network."""

    # Four times a 3x3 convolution and a halving leave nothing of less.
    size: int = Field(72, ge=46, le=512, description="Height and width in pixels that pictures are resized to.")
    epochs: int = Field(100, ge=1, le=100_000, description="Passes over the training pictures, at most.")
    dropout: float = Field(0.25, ge=0, lt=1, description="Share of the dense layer dropped while training.")


class DeepCnn(ConvolutionalModel):
    """Four convolutions, each with ReLU and max pooling, and two dense layers: paper 5 reports 0.80."""

    options_class = DeepCnnOptions
    options: DeepCnnOptions

    def build(self) -> nn.Sequential:
        """At 72 px with two classes 168,289 weights."""
        channels, side = (3, 32, 32, 64, 128), self.options.size
        stages: list[nn.Module] = []
        for before, after in itertools.pairwise(channels):
            stages += stage(before, after)
            side = pooled(side)
        return nn.Sequential(
            *stages,
            Flatten(),
            nn.Linear(channels[-1] * side**2, 128),
            nn.ReLU(),
            nn.Dropout(self.options.dropout),
            nn.Linear(128, self.outputs),
        )
