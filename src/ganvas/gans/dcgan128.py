"""DCGAN at 128 px, the size of paper 1: the tutorial's network with one more layer in G and in D.

"Painting with GANs" (paper 1), figures 1 and 2. What D minimises and what G minimises is as in `dcgan`, and so is the
training. G's maps have 1024, 512, 256, 128 and 64 channels from 4 to 64 px, and D's the same in reverse.
"""

from ganvas.gans.dcgan import DCGAN


class DCGAN128(DCGAN):
    """Paper 1's first GAN."""

    paper = "Painting with GANs (paper 1)"
    sizes = (128,)
