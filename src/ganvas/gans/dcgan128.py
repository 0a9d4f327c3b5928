"""DCGAN at paper 1's size: the tutorial's network with one more layer in G and in D.

"Painting with GANs" (paper 1), figures 1 and 2. Objective and training are those of `dcgan`:

    D minimises  -E[log D(x)] - E[log(1 - D(G(z)))]
    G minimises  -E[log D(G(z))],                      z ~ N(0, I) of length 100

G's maps have 1024, 512, 256, 128 and 64 channels at 4 to 64 px, D's the same in reverse.
"""

from ganvas.gans.dcgan import DCGAN


class DCGAN128(DCGAN):
    """Paper 1's first GAN."""

    paper = "Painting with GANs (paper 1)"
    sizes = (128,)
