"""The composites of "Paint by GAN" (paper 5): every generated picture is the mean of its class.

This makes a bad generator, but the mean shows what the pictures have in common: a head, or a horizon.
"""

import torch
from torch import Tensor

from ganvas.baselines.baseline import Baseline, Composites
from ganvas.baselines.pictures import Pictures
from ganvas.gans.recipe import Spec


class MeanPictures(Composites):
    """G(z, c) = the mean picture of class c.

    Attributes:
        means: float [C, 3, S, S].
    """

    means: Tensor

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.register_buffer("means", torch.zeros(max(spec.classes, 1), 3, spec.size, spec.size))

    def fit(self, label: int, pictures: Pictures, seed: int) -> int:
        """Take the mean of all pictures of the class; the seed is not used."""
        self.means[label] = pictures.mean()
        return len(pictures)

    def compose(self, latents: Tensor, label: int) -> Tensor:
        """The mean of the class for each latent, whatever it is."""
        return self.means[label].expand(latents.shape[0], -1, -1, -1)

    def __str__(self) -> str:
        return "one mean picture of each class"


class Mean(Baseline):
    """The mean picture of each class, or of all pictures without classes."""

    paper = "Paint by GAN (paper 5)"

    def build_generator(self, spec: Spec) -> MeanPictures:
        """A generator with one picture of each class."""
        return MeanPictures(spec)
