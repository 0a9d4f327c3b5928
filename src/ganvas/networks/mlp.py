"""Paper 4's first attempt: two fully connected layers in G and two in D, for pictures of any size.

The paper's section 3 gives no sizes. Each network has one hidden layer of 16 * width units: 1024 at the default width
of 64, as many as the dense layers of the paper's later networks have.
"""

from torch import Tensor, nn

from ganvas.networks.critique import Critique, Head, MakeHead

SIZES = (16, 28, 32, 64, 128)


class Generator(nn.Module):
    """Latents to pictures: dense, LeakyReLU 0.2, dense, tanh.

    Args:
        size: height and width of the pictures.
        latent_dim: length of z.
        width: a sixteenth of the hidden units.
    """

    def __init__(self, size: int, latent_dim: int = 100, width: int = 64) -> None:
        super().__init__()
        hidden = 16 * width
        self.body = nn.Sequential(
            nn.Linear(latent_dim, hidden),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(hidden, size * size * 3),
            nn.Tanh(),
            nn.Unflatten(1, (size, size, 3)),
        )

    def forward(self, latents: Tensor) -> Tensor:
        """float [B, latent_dim] -> float [B, 3, size, size] in [-1, 1]."""
        pictures: Tensor = self.body(latents).permute(0, 3, 1, 2)
        return pictures


class Discriminator(nn.Module):
    """Pictures to one logit: dense, LeakyReLU 0.2, dense.

    Args:
        size: height and width of the pictures.
        width: a sixteenth of the hidden units.
        head: makes the last layer from the length of the features; a recipe's `head`.
    """

    def __init__(self, size: int, width: int = 64, head: MakeHead = Head) -> None:
        super().__init__()
        hidden = 16 * width
        self.body = nn.Sequential(nn.Linear(3 * size * size, hidden), nn.LeakyReLU(0.2, inplace=True))
        self.head = head(hidden)

    def forward(self, images: Tensor) -> Critique:
        """float [B, 3, size, size] in [-1, 1] -> a critique."""
        critique: Critique = self.head(self.body(images.permute(0, 2, 3, 1).flatten(1)))
        return critique
