"""A discriminator that sees pictures through a frozen feature network: Projected GAN's.

Sauer, Chitta, Mueller and Geiger 2021, "Projected GANs converge faster", sections 3.2 and 3.3. The network's maps on
four scales are mixed by fixed random 1x1 convolutions, across channels and then, from coarse to fine, across scales, so
that no part of them is easier to tell apart than another. A small discriminator judges each scale.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.networks.critique import Critique
from ganvas.networks.frozen import CHANNELS, FrozenFeatures
from ganvas.networks.stride_two import Down


class Discriminator(nn.Module):
    """Pictures, and classes if there are any, to what each scale says about them.

    Args:
        size: height and width of the pictures.
        classes: how many there are; 0 for pictures without.
        width: channels of the finest mixed map; those of coarser ones are 2, 4 and 8 times as many.
        seen_at: height and width that pictures are shown to the feature network at, a multiple of 32.
    """

    def __init__(self, size: int, classes: int, width: int, seen_at: int) -> None:
        super().__init__()
        self.size, self.seen_at = size, seen_at
        self.features = FrozenFeatures()
        self.mix = RandomMix(width)
        sides = [seen_at // 2 ** (scale + 2) for scale in range(len(CHANNELS))]
        self.heads = nn.ModuleList(ScaleHead(width * 2**scale, side, classes) for scale, side in enumerate(sides))

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Critique:
        """float [B, 3, size, size] in [-1, 1], and int64 [B] if there are classes -> what it says about them."""
        if self.seen_at != self.size:
            shape = (self.seen_at, self.seen_at)
            images = F.interpolate(
                images, shape, mode="bilinear", align_corners=False, antialias=self.seen_at < self.size
            )
        maps = self.mix(self.features(images))
        judged = [head(seen, labels) for head, seen in zip(self.heads, maps, strict=True)]
        patches = tuple(logits for logits, _ in judged)
        logits = torch.stack([scale.mean(1) for scale in patches]).mean(0)
        return Critique(logits, torch.cat([pooled for _, pooled in judged], 1), patches=patches)


class RandomMix(nn.Module):
    """Fixed random 1x1 convolutions across channels, then across scales from coarse to fine (their figure 2).

    Args:
        width: channels of the finest map that comes out.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        mixed = [width * 2**scale for scale in range(len(CHANNELS))]
        for scale, (seen, channels) in enumerate(zip(CHANNELS, mixed, strict=True)):
            self.register_buffer(f"across_channels_{scale}", _random(channels, seen))
            if scale:
                self.register_buffer(f"across_scales_{scale}", _random(mixed[scale - 1], channels))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """The maps of `FrozenFeatures` -> as many, [B, width * 2^i, h_i, w_i]."""
        mixed = [F.conv2d(seen, self._weight("channels", scale)) for scale, seen in enumerate(maps)]
        for scale in reversed(range(1, len(mixed))):
            coarse = F.conv2d(mixed[scale], self._weight("scales", scale))
            finer = F.interpolate(coarse, scale_factor=2, mode="bilinear")
            mixed[scale - 1] = mixed[scale - 1] + finer
        return mixed

    def _weight(self, across: str, scale: int) -> Tensor:
        weight: Tensor = getattr(self, f"across_{across}_{scale}")
        return weight


def _random(out_channels: int, in_channels: int) -> Tensor:
    """A 1x1 kernel after He et al. 2015 for no activation: what comes out varies as what went in."""
    return torch.randn(out_channels, in_channels, 1, 1) / math.sqrt(in_channels)


class ScaleHead(nn.Module):
    """One scale's discriminator: halve the map down to 4x4, look around, and judge each place.

    Args:
        channels: of the map.
        side: its height and width.
        classes: how many there are; the places are then also compared with the class, by a projection
            (Miyato and Koyama 2018, equation 3).
    """

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        while side > 4:
            layers += [Down(channels, 2 * channels), *_norm_leaky(2 * channels)]
            channels, side = 2 * channels, side // 2
        kernel = min(side, 3)
        layers += [nn.Conv2d(channels, channels, kernel, padding=kernel // 2 * (side > 2), bias=False)]
        self.body = nn.Sequential(*layers, *_norm_leaky(channels))
        self.score = nn.Conv2d(channels, 1, 1)
        self.classes = nn.Embedding(classes, channels) if classes else None
        if self.classes:
            nn.init.normal_(self.classes.weight, 0, 1 / math.sqrt(channels))

    def forward(self, maps: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor]:
        """[B, channels, side, side] -> a logit for each of P places, [B, P], and the pooled features [B, F]."""
        features = self.body(maps)
        logits = self.score(features)
        if self.classes is not None:
            assert labels is not None
            logits = logits + (features * self.classes(labels)[:, :, None, None]).sum(1, keepdim=True)
        return logits.flatten(1), features.mean((2, 3))


def _norm_leaky(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(channels), nn.LeakyReLU(0.2, inplace=True)
