"""A light generator whose coarse maps weight the channels of fine maps: FastGAN's generator, simplified.

Liu, Zhu, Song and Elgammal 2021, "Towards faster and stabilized GAN training for high-fidelity few-shot image
synthesis", section 3.1, equation 1, on the body of a DCGAN. Maps double by transposed convolutions instead of 3x3
convolutions over doubled maps. Gated linear units and noise are left out, because they cost too much on a CPU.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.networks.dcgan import initialise
from ganvas.networks.stride_two import Up

# Channels of the maps from 4x4 up, as multiples of the width; larger maps have one width.
WIDTHS = (8, 4, 2)
# By the side of a fine map: the side of the coarse map that weights its channels.
GATED_BY = {32: 4, 64: 8, 128: 16}


class Generator(nn.Module):
    """Latents, and classes if there are any, to pictures: BatchNorm and ReLU between layers, tanh at the end.

    The class vectors start at zero, so at first pictures depend on z alone: see `projection`.

    Args:
        size: height and width of the pictures.
        classes: number of classes; 0 for an unconditional generator.
        latent_dim: length of z.
        width: channels of the larger maps; smaller ones have the multiples in `WIDTHS`.
    """

    def __init__(self, size: int, classes: int, latent_dim: int, width: int) -> None:
        super().__init__()
        self.classes = nn.Embedding(classes, latent_dim) if classes else None
        if self.classes is not None:
            nn.init.zeros_(self.classes.weight)
        sides = [4 * 2**stage for stage in range((size // 4).bit_length() - 1)]
        channels = [width * (WIDTHS[stage] if stage < len(WIDTHS) else 1) for stage in range(len(sides))]
        self.first = nn.Linear(latent_dim * (2 if classes else 1), 16 * channels[0], bias=False)
        self.first_norm = nn.Sequential(nn.BatchNorm2d(channels[0]), nn.ReLU(inplace=True))
        self.blocks = nn.ModuleList(UpBlock(fan_in, fan_out) for fan_in, fan_out in pairwise(channels))
        by_side = dict(zip(sides, channels, strict=True))
        self.gates = nn.ModuleDict(
            {str(fine): Gate(by_side[coarse], by_side[fine]) for fine, coarse in GATED_BY.items() if fine in by_side}
        )
        self.picture = nn.Sequential(Up(channels[-1], 3), nn.Tanh())
        self.apply(initialise)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """float [B, latent_dim], and labels if there are classes -> float [B, 3, size, size] in [-1, 1].

        Labels are int64 [B]. Weights, float [B, C], mix the vectors of the classes.
        """
        if self.classes is not None:
            assert labels is not None
            is_mixed = labels.is_floating_point()
            latents = torch.cat([latents, labels @ self.classes.weight if is_mixed else self.classes(labels)], 1)
        places = self.first(latents).unflatten(1, (4, 4, -1))
        maps = self.first_norm(places.permute(0, 3, 1, 2))
        coarse = {4: maps}
        for block in self.blocks:
            maps = block(maps)
            side = maps.shape[2]
            if side in GATED_BY:
                maps = maps * self.gates[str(side)](coarse[GATED_BY[side]])
            coarse[side] = maps
        pictures: Tensor = self.picture(maps)
        return pictures


class UpBlock(nn.Sequential):
    """[B, C_in, h, w] -> [B, C_out, 2h, 2w]: a transposed convolution, BatchNorm and ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(Up(in_channels, out_channels), nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True))


class Gate(nn.Module):
    """Skip-layer excitation (their equation 1): a factor in (0, 1) per channel of a fine map, from a coarse one."""

    def __init__(self, coarse_channels: int, fine_channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(16 * coarse_channels, fine_channels)
        self.excite = nn.Linear(fine_channels, fine_channels)

    def forward(self, coarse: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, C', 1, 1]."""
        pooled = F.adaptive_avg_pool2d(coarse, 4).permute(0, 2, 3, 1).flatten(1)
        factors: Tensor = torch.sigmoid(self.excite(F.leaky_relu(self.squeeze(pooled), 0.1)))
        return factors[:, :, None, None]
