"""A discriminator that compares what it sees in a picture with a class: Miyato and Koyama's projection.

Miyato and Koyama 2018, "cGANs with projection discriminator", equation 3, on the body of a DCGAN without normalisation:
its weights are to be bounded by their spectral norms, so that it judges every picture by itself, real and generated
ones in one batch.
"""

from itertools import pairwise

from torch import Tensor, nn

from ganvas.networks.critique import Critique, Head, MakeHead
from ganvas.networks.dcgan import initialise
from ganvas.networks.stride_two import Down

# Channels of the smallest maps, in widths, at most.
WIDEST = 8
# A chain of layers that lengthen nothing tells pictures apart by less than the margin of a hinge loss, which then is
# about the mean of all pictures. Multiplied by this, it is about those that are hard to tell.
GAIN = 8.0


class Discriminator(nn.Module):
    """Pictures, and classes if there are any, to one logit: strided convolutions and LeakyReLU 0.2.

    The vectors of the classes begin at zero: what is learnt first is what all classes share, and telling classes apart
    comes after it. Vectors drawn at random let it ask for the class before G can paint anything, and G answers with one
    picture a class.

    Args:
        size: height and width of the pictures, a power of two from 16 on.
        classes: how many there are; 0 for pictures without.
        width: channels of the first map; they double with each halving, up to `WIDEST` widths.
        head: makes the last layers from the length of the features; a recipe's `head`.
    """

    def __init__(self, size: int, classes: int, width: int, head: MakeHead = Head) -> None:
        super().__init__()
        channels = [width * min(2**stage, WIDEST) for stage in range(size.bit_length() - 3)]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise([3, *channels]):
            layers += [Down(fan_in, fan_out), nn.LeakyReLU(0.2, inplace=True)]
        self.body = nn.Sequential(*layers)
        self.head = head(16 * channels[-1])
        self.apply(initialise)
        self.classes = nn.Embedding(classes, 16 * channels[-1]) if classes else None
        if self.classes is not None:
            nn.init.zeros_(self.classes.weight)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Critique:
        """float [B, 3, size, size] in [-1, 1], and int64 [B] if there are classes -> what it says about them."""
        # Channels innermost, as they lie in memory.
        features = self.body(images).permute(0, 2, 3, 1).flatten(1)
        critique: Critique = self.head(features)
        logits = critique.logits
        if self.classes is not None:
            assert labels is not None
            logits = logits + (features * self.classes(labels)).sum(1)
        return critique._replace(logits=GAIN * logits)
