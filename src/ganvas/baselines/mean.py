"""The composite of "Paint by GAN" (paper 5): every picture is the mean of its class.

A terrible generator, and a telling picture: a mean portrait has a head, a mean landscape a horizon.
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
        """The mean of all pictures of the class; nothing is drawn, so the seed changes nothing."""
        self.means[label] = pictures.mean()
        return len(pictures)

    def compose(self, latents: Tensor, labels: Tensor) -> Tensor:
        """The mean of each label's class, whatever the latents."""
        return self.means[labels]

    def __str__(self) -> str:
        return "one mean picture a class"


class Mean(Baseline):
    """The mean picture of each class, or of all pictures where there are no classes."""

    paper = "Paint by GAN (paper 5)"

    def build_generator(self, spec: Spec) -> MeanPictures:
        """One picture a class."""
        return MeanPictures(spec)
