"""A second stage: a small convolutional network that paints a small picture again, two to eight times as large.

The picture is enlarged smoothly, and the network adds what is missing: the detail that the small picture lacks, and a
repair of what is wrong with it. The body is that of Lim, Son, Kim, Nah and Lee 2017, "Enhanced deep residual networks
for single image super-resolution", section 3: residual blocks without normalisation at the small size. Maps are doubled
by repeating places and then convolved, which leaves no grid (Odena, Dumoulin and Olah 2016, "Deconvolution and
checkerboard artifacts").
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.distributed.part import drawn
from ganvas.networks.constants import with_fixed_weights

# Residual blocks, channels of noise, and the fewest channels of a map.
BLOCKS, NOISE, NARROWEST = 4, 2, 8
# Factor of what a block adds, which keeps a network without normalisation stable (their section 3.3).
RESIDUAL = 0.2
# Noise maps that are mixed for finished pictures, and their side. They repeat in larger pictures.
NOISE_MAPS, NOISE_SIDE = 8, 64
# Finished pictures that are painted at a time, which bounds the memory.
BATCH = 4


class Generator(nn.Module):
    """Latents to small pictures by a first stage with fixed weights, and those to large pictures by a brush.

    Args:
        first: the generator of the first stage.
        brush: the second stage.
        latent_dim: length of the latents.

    Attributes:
        batch: number of pictures to paint at a time.
    """

    mixing: Tensor

    def __init__(self, first: nn.Module, brush: "Brush", latent_dim: int) -> None:
        super().__init__()
        self.register_buffer("mixing", torch.randn(latent_dim, NOISE_MAPS, generator=torch.Generator().manual_seed(1)))
        self.first, self.brush, self.batch = with_fixed_weights(first), brush, BATCH

    def train(self, mode: bool = True) -> "Generator":
        """Set the mode of the brush. The first stage stays in evaluation mode."""
        super().train(mode)
        self.first.eval()
        return self

    def forward(
        self,
        given: Tensor,
        labels: Tensor | None = None,
        windows: Tensor | None = None,
        pictures: Tensor | None = None,
    ) -> Tensor:
        """Paint.

        Args:
            given: latents, float [B, latent_dim], for the first stage; or small pictures, float [B, 3, h, w] in
                [-1, 1], for the brush alone.
            labels: if there are classes: int64 [B], or weights that mix classes, float [B, C]. With `pictures`, those
                of both.
            windows: places of the upper left corners, int64 [B, 2], of the parts of the first stage's pictures to
                paint, which are as large as `pictures`; None for whole pictures.
            pictures: further small pictures to paint, float [B', 3, h, w] in [-1, 1].

        Returns:
            float [B + B', 3, k h, k w] in [-1, 1], k times as large as the small pictures.
        """
        small, mixture = given, None
        if given.ndim == 2:
            own = labels if labels is None or pictures is None else labels[: len(given)]
            with torch.no_grad():
                small = self.first(given) if own is None else self.first(given, own)
            mixture = self._mixture(given)
        if windows is not None and pictures is not None:
            small, mixture = torch.cat([cut(small, windows, pictures.shape[2]), pictures]), None
        painted: Tensor = self.brush(small, labels, mixture=mixture)
        return painted

    def _mixture(self, latents: Tensor) -> Tensor:
        """The share of each noise map in the noise of pictures, float [B, latent_dim] -> [B, NOISE_MAPS] of length 1.

        Neighbouring latents get similar noise, so walks do not flicker, and different ones get different noise.
        """
        mixture = latents @ self.mixing
        length = (mixture * mixture).sum(1, keepdim=True).sqrt()
        return mixture / length.clamp(min=1e-6)


class Brush(nn.Module):
    """Small pictures, and classes if there are any, to large ones.

    The class vectors start at zero, so at first all classes are painted alike.

    Args:
        doublings: how often the side is doubled.
        classes: number of classes; 0 for none.
        width: channels of the maps of the small size; each doubling halves them.
    """

    noise: Tensor

    def __init__(self, doublings: int, classes: int, width: int) -> None:
        super().__init__()
        self.look = nn.Conv2d(3 + NOISE, width, 3, padding=1)
        self.blocks = nn.ModuleList(Block(width, classes) for _ in range(BLOCKS))
        channels = [max(width >> stage, min(width, NARROWEST)) for stage in range(doublings + 1)]
        self.doublings = nn.ModuleList(Doubling(*sides) for sides in pairwise(channels))
        self.picture = nn.Conv2d(channels[-1], 3, 3, padding=1)
        with torch.no_grad():  # the first pictures are the small ones, smoothly enlarged
            self.picture.weight.mul_(0.1)
        noise = torch.randn(NOISE_MAPS, NOISE, NOISE_SIDE, NOISE_SIDE, generator=torch.Generator().manual_seed(0))
        self.register_buffer("noise", noise)

    def forward(
        self,
        small: Tensor,
        labels: Tensor | None = None,
        place: tuple[int, int] = (0, 0),
        mixture: Tensor | None = None,
    ) -> Tensor:
        """Paint.

        Args:
            small: float [B, 3, h, w] in [-1, 1].
            labels: as for `Generator`.
            place: row and column of the small pictures in larger ones of which they are parts.
            mixture: the weights of the noise maps of finished pictures, float [B, NOISE_MAPS]; by default all get the
                first.

        Returns:
            float [B, 3, k h, k w] in [-1, 1].
        """
        maps = self.look(torch.cat([small, self._noise(small, place, mixture)], 1))
        for block in self.blocks:
            maps = block(maps, labels)
        for double in self.doublings:
            maps = double(maps)
        size = maps.shape[2:]
        added: Tensor = self.picture(maps)
        painted = F.interpolate(small, size, mode="bilinear") + added
        within = painted.clamp(-1, 1)
        # The derivative of the clamp is 0 beyond the range, so what left it in training would never come back.
        return painted + (within - painted).detach() if self.training else within

    def _noise(self, small: Tensor, place: tuple[int, int], mixture: Tensor | None) -> Tensor:
        """Noise for small pictures: always new in training; of finished pictures, the mixture decides it."""
        count, _, height, width = small.shape
        if self.training:
            # Drawn on the CPU, because every checkpoint holds the CPU's random state.
            return drawn(count, lambda rows: torch.randn(rows, NOISE, height, width)).to(small)
        if mixture is None:
            noise = self.noise[:1].expand(count, -1, -1, -1)
        else:
            noise = (mixture @ self.noise.flatten(1)).view(-1, NOISE, NOISE_SIDE, NOISE_SIDE)
        if place != (0, 0):
            noise = noise.roll((-place[0], -place[1]), (2, 3))
        if max(height, width) > NOISE_SIDE:
            noise = noise.tile(1, 1, -(-height // NOISE_SIDE), -(-width // NOISE_SIDE))
        return noise[:, :, :height, :width]

    @property
    def reach(self) -> int:
        """How far a place of the small picture has an effect, in its pixels."""
        return 2 + 2 * len(self.blocks) + 2 * len(self.doublings)


class Block(nn.Module):
    """[B, C, h, w] -> [B, C, h, w]: two convolutions on top of the input, with a summand for each class.

    Args:
        width: C.
        classes: number of classes; 0 for none.
    """

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.classes = nn.Embedding(classes, width) if classes else None
        if self.classes is not None:
            nn.init.zeros_(self.classes.weight)

    def forward(self, maps: Tensor, labels: Tensor | None) -> Tensor:
        """Add to the maps."""
        changed = self.first(F.leaky_relu(maps, 0.2))
        if self.classes is not None:
            assert labels is not None
            vectors = labels @ self.classes.weight if labels.is_floating_point() else self.classes(labels)
            changed = changed + vectors[:, :, None, None]
        result: Tensor = maps + RESIDUAL * self.second(F.leaky_relu(changed, 0.2))
        return result


class Doubling(nn.Module):
    """[B, C, h, w] -> [B, C', 2h, 2w]: repeated places and two convolutions.

    Args:
        in_channels: C.
        out_channels: C'.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.second = nn.Conv2d(out_channels, out_channels, 3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        """Double the maps."""
        maps = F.interpolate(F.leaky_relu(maps, 0.2), scale_factor=2.0, mode="nearest")
        result: Tensor = self.second(F.leaky_relu(self.first(maps), 0.2))
        return result


def cut(pictures: Tensor, places: Tensor, side: int) -> Tensor:
    """Parts of pictures, float [B, C, h, w] -> [B, C, side, side].

    Args:
        pictures: the pictures.
        places: rows and columns of the upper left corners, int64 [B, 2].
        side: of the parts.
    """
    within = torch.arange(side, device=pictures.device)
    rows, columns = (places.to(pictures.device)[:, axis, None] + within for axis in (0, 1))
    numbers = torch.arange(len(pictures), device=pictures.device)
    return pictures.permute(0, 2, 3, 1)[numbers[:, None, None], rows[:, :, None], columns[:, None]].permute(0, 3, 1, 2)
