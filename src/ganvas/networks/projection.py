"""The projection discriminator: a picture's features are compared with a vector of its class.

Miyato and Koyama 2018, "cGANs with projection discriminator", equation 3. For features h(x), weights w and the vector
v_c of class c:

    l(x, c) = w h(x) + v_c h(x)

The body is DCGAN's without normalisation. Spectral normalisation is meant to bound its weights instead. So each
picture is judged independently, and real and generated pictures can share a batch.
"""

from itertools import pairwise

from torch import Tensor, nn

from ganvas.networks.critique import Critique, Head, MakeHead
from ganvas.networks.dcgan import initialise
from ganvas.networks.stride_two import Down

# The largest number of channels, as a multiple of the width.
WIDEST = 8
# Layers of spectral norm 1 give logits that differ by less than the margin of a hinge loss, which then depends on the
# mean of all pictures. With this factor it depends on the pictures that are hard to classify.
GAIN = 8.0


class Discriminator(nn.Module):
    """Pictures, and classes if there are any, to one logit: strided convolutions and LeakyReLU 0.2.

    The class vectors start at zero, so D first learns what all classes share and then how they differ. With random
    vectors, D would judge the class before G can paint anything, and G would learn a single picture per class.

    Args:
        size: height and width of the pictures, a power of two from 16 on.
        classes: number of classes; 0 for pictures without.
        width: channels of the first map; they double with each halving, up to `WIDEST` widths.
        head: makes the last layers from the length of the features; a recipe's `head`.
    """

    def __init__(self, size: int, classes: int, width: int, head: MakeHead = Head) -> None:
        super().__init__()
        channels = [width * min(2**stage, WIDEST) for stage in range(size.bit_length() - 3)]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise([3, *channels]):
            layers += [Down(fan_in, fan_out), nn.LeakyReLU(0.2, inplace=True)]
        # The last map is a view of a matrix product (`stride_two`). Autograd copies what is changed in place in a view.
        layers[-1] = nn.LeakyReLU(0.2)
        self.body = nn.Sequential(*layers)
        self.head = head(16 * channels[-1])
        self.apply(initialise)
        self.classes = nn.Embedding(classes, 16 * channels[-1]) if classes else None
        if self.classes is not None:
            nn.init.zeros_(self.classes.weight)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Critique:
        """float [B, 3, size, size] in [-1, 1], and int64 [B] if there are classes -> a critique."""
        # In the order of a channels_last tensor in memory.
        features = self.body(images).permute(0, 2, 3, 1).flatten(1)
        critique: Critique = self.head(features)
        logits = critique.logits
        if self.classes is not None:
            assert labels is not None
            logits = logits + (features * self.classes(labels)).sum(1)
        return critique._replace(logits=GAIN * logits)
