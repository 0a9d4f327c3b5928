"""DCGAN at 128 px, the size of paper 1: the tutorial's network with one more layer in G and in D.

"Painting with GANs" (paper 1), figures 1 and 2. What D minimises and what G minimises is as in `dcgan`, and so is the
training.
"""

from typing import ClassVar

from ganvas.gans.choices import Choice, Ground
from ganvas.gans.dcgan import DCGAN


class DCGAN128(DCGAN):
    """Paper 1's first GAN."""

    paper = "Painting with GANs (paper 1)"
    sizes = (128,)
    choices: ClassVar[tuple[Choice, ...]] = (
        Choice("size", '"We decided to resize all images to 128x128x3"', does="128 px alone"),
        Choice(
            "layers",
            '"another 2D transposed convolutional layer in G and a new 2D convolutional layer in D"',
            does="six layers in each network: 12,786,560 and 11,164,416 parameters",
        ),
        Choice(
            "channels",
            "no counts in its text",
            ("width",),
            "1024, 512, 256, 128, 64 in G from 4 to 64 px, the reverse in D",
            Ground.OPEN,
            "the tutorial's pattern, doubled once more",
        ),
        Choice("training", "as the tutorial", does="everything else as `dcgan`"),
    )
