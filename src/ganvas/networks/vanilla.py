"""Paper 5's "vanilla" GAN: upsampling and transposed convolutions in G, four convolutions in D, dropout throughout.

The paper gives the kinds of layers and no figures. The figures are those of the article whose network it follows (its
reference 3, a GAN of MNIST digits in Keras). D has 5x5 kernels, channels that double from `width`, three convolutions
of stride 2 and one of stride 1. G's channels halve from 4 * width at a quarter of the picture's size. BatchNorm has a
momentum of 0.9, weights are Glorot uniform. For speed the width is half of the article's, and G's kernels are 3x3
instead of 5x5.
"""

from torch import Tensor, nn

from ganvas.networks.critique import Critique, Head, MakeHead
from ganvas.networks.keras_dcgan import initialise

# Any multiple of 4 would work: digits have 28 pixels, the paper's paintings 72.
SIZES = (16, 28, 32, 64, 72)


class Generator(nn.Module):
    """Latents to pictures: a dense layer, upsampling and transposed convolutions, a sigmoid.

    BatchNorm, LeakyReLU 0.2 and dropout follow every hidden map. The sigmoid is rescaled from [0, 1] to [-1, 1].

    Args:
        size: height and width of the pictures, one of `SIZES`.
        latent_dim: length of z.
        width: channels of the last hidden map.
        dropout: probability of dropping a value.
    """

    def __init__(self, size: int, latent_dim: int = 100, width: int = 32, dropout: float = 0.4) -> None:
        super().__init__()
        self.side = size // 4
        self.dense = nn.Linear(latent_dim, self.side**2 * 4 * width)
        self.body = nn.Sequential(
            *_hidden(4 * width, dropout),
            nn.Upsample(scale_factor=2),
            _same(4 * width, 2 * width),
            *_hidden(2 * width, dropout),
            nn.Upsample(scale_factor=2),
            _same(2 * width, width),
            *_hidden(width, dropout),
            _same(width, 3),
            nn.Sigmoid(),
        )
        self.apply(initialise)

    def forward(self, latents: Tensor) -> Tensor:
        """float [B, latent_dim] -> float [B, 3, size, size] in [-1, 1]."""
        first = self.dense(latents).unflatten(1, (self.side, self.side, -1)).permute(0, 3, 1, 2)
        pictures: Tensor = self.body(first) * 2 - 1
        return pictures


class Discriminator(nn.Module):
    """Pictures to one logit: four convolutions with LeakyReLU 0.2, and a dense layer.

    Its dropout after every activation is the option `d_dropout`, which works for any discriminator.

    Args:
        size: height and width of the pictures, one of `SIZES`.
        width: channels of the first hidden map.
        head: makes the last layer from the length of the features; a recipe's `head`.
    """

    def __init__(self, size: int, width: int = 32, head: MakeHead = Head) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels, side = 3, size
        for fan_out, stride in ((width, 2), (2 * width, 2), (4 * width, 2), (8 * width, 1)):
            layers += [nn.Conv2d(channels, fan_out, 5, stride, padding=2), nn.LeakyReLU(0.2, inplace=True)]
            channels, side = fan_out, -(-side // stride)
        self.body = nn.Sequential(*layers)
        self.head = head(side * side * channels)
        self.apply(initialise)

    def forward(self, images: Tensor) -> Critique:
        """float [B, 3, size, size] in [-1, 1] -> a critique."""
        features = self.body(images).permute(0, 2, 3, 1).flatten(1)
        critique: Critique = self.head(features)
        return critique


def _same(in_channels: int, out_channels: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(in_channels, out_channels, 3, padding=1)


def _hidden(channels: int, dropout: float) -> tuple[nn.Module, nn.Module, nn.Module]:
    # torch's momentum is the weight of the new batch, Keras's that of the old average.
    norm = nn.BatchNorm2d(channels, eps=1e-3, momentum=0.1)
    return norm, nn.LeakyReLU(0.2, inplace=True), nn.Dropout(dropout)
