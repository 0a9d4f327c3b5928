"""A discriminator of texture: it judges every place of a picture by its surroundings, and the picture as a whole.

Isola, Zhu, Zhou and Efros 2017, "Image-to-image translation with conditional adversarial networks", section 3.2.2, with
the class of a picture compared by projection (see `networks.projection`).
"""

from itertools import pairwise

from torch import Tensor, nn

from ganvas.networks.critique import Critique, Head, MakeHead
from ganvas.networks.projection import GAIN
from ganvas.networks.stride_two import Down
from ganvas.networks.vision_aided import PatchHead

# Channels of the maps with 1/2, 1/4 and 1/8 of the picture's side, as multiples of the width.
WIDTHS = (1, 2, 4)


class Discriminator(nn.Module):
    """Pictures, and classes if there are any, to one logit for each place and one for the picture.

    Args:
        classes: number of classes; 0 for pictures without.
        width: channels of the first map.
        head: makes the last layers of the logit of a picture from the length of the features; a recipe's `head`.
    """

    def __init__(self, classes: int, width: int, head: MakeHead = Head) -> None:
        super().__init__()
        channels = [width * multiple for multiple in WIDTHS]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise([3, *channels]):
            layers += [Down(fan_in, fan_out), nn.LeakyReLU(0.2, inplace=True)]
        self.body = nn.Sequential(*layers)
        self.places = PatchHead(channels[-1], classes)
        self.head = head(channels[-1])

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Critique:
        """float [B, 3, S, S] in [-1, 1], and int64 [B] if there are classes -> a critique with one map of `patches`."""
        maps = self.body(images)
        critique: Critique = self.head(maps.mean((2, 3)))
        return critique._replace(logits=GAIN * critique.logits, patches=(self.places(maps, labels),))
