"""Vision-aided GAN: a discriminator of pixels, and heads over the maps of a frozen network.

Kumari, Zhang, Shechtman and Zhu 2022, "Ensembling off-the-shelf models for GAN training", section 3, equation 2. For a
discriminator D of pixels, heads D_k over frozen maps F_k and the loss V of one discriminator:

    D and D_k maximise  V(D) + sum over k of V(D_k(F_k))

D learns features slowly from a few hundred pictures. The frozen network has learnt them from a million photographs.
Heads alone are easy to fool: G finds patterns that satisfy the frozen network, which D would reject. The heads join
only when G paints many different pictures, and their weight grows slowly. When they were used from the first picture
on, G learnt to paint a single good one. They are reset at intervals, because G learns less from heads that have trained
for long.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.networks.critique import Critique
from ganvas.networks.frozen import MAPS, FrozenFeatures
from ganvas.networks.phased import Phased

# Channels of a head.
WIDTH = 64
# As in `projection`, for heads bounded by their spectral norms.
GAIN = 4.0


class Discriminator(Phased):
    """A discriminator of pixels with heads over frozen maps; its logits are those of the pixels.

    It has two phases: the heads are used in the second one only.

    Args:
        pixels: the discriminator of pixels; it maps pictures, and classes if there are any, to a `Critique`.
        classes: number of classes; 0 for pictures without.
        wait_kimg: thousands of real pictures that it is trained on before the heads are used.
        ramp_kimg: thousands of real pictures from then on until the heads have their full weight.
        renew_kimg: thousands of real pictures after which the heads are reset, repeatedly; 0 for never.
        every: the frozen network sees one picture in this many.
        size: height and width to which smaller pictures are enlarged for it, a multiple of 32.
    """

    def __init__(
        self,
        pixels: nn.Module,
        classes: int,
        *,
        wait_kimg: float,
        ramp_kimg: float,
        renew_kimg: float,
        every: int,
        size: int,
    ) -> None:
        wait, ramp, renew = (round(1000 * kimg) for kimg in (wait_kimg, ramp_kimg, renew_kimg))  # pictures
        super().__init__(starts=[wait])
        self._wait, self._ramp, self._renew = wait, ramp, renew
        self.pixels, self.every, self.size = pixels, every, size
        self.features = FrozenFeatures()
        self.heads = nn.ModuleList(PatchHead(seen.channels, classes) for seen in MAPS.values())

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Critique:
        """float [B, 3, S, S] in [-1, 1], and int64 [B] if there are classes -> a critique.

        In the second phase it has further `patches`, of one picture in `every`, and of at least one in each half of the
        batch, because the halves may be real and generated pictures.
        """
        critique: Critique = self.pixels(images, labels)
        if self.phase == 0:
            return critique
        images, labels = self._subset(images), None if labels is None else self._subset(labels)
        if images.shape[2] < self.size:
            images = F.interpolate(images, (self.size, self.size), mode="bilinear")
        maps = self.features(images)
        patches = tuple(head(seen, labels) for head, seen in zip(self.heads, maps, strict=True))
        patch_weight = min(1.0, (self.images_seen - self._wait) / self._ramp) if self._ramp else 1.0
        return critique._replace(patches=critique.patches + patches, patch_weight=patch_weight)

    def _subset(self, batch: Tensor) -> Tensor:
        """One picture in `every` of each half of a batch."""
        return torch.cat([half[:: self.every] for half in batch.chunk(2)])

    def count(self, images: int) -> None:
        """Count an update on `images` real pictures; the heads are reset when it is time."""
        before = self._resets()
        super().count(images)
        if self._resets() > before:
            # A generator of its own makes resets the same on every machine.
            random = torch.Generator().manual_seed(self.images_seen)
            for head in self.heads:
                assert isinstance(head, PatchHead)
                head.reset_parameters(random)

    def _resets(self) -> int:
        """The number of resets until now."""
        return max(0, (self.images_seen - self._wait) // self._renew) if self._renew else 0


class PatchHead(nn.Module):
    """A logit for every place of a frozen map, conditioned on the class by projection where there are classes.

    The class vectors start at zero: see `projection`.

    Args:
        channels: of the map.
        classes: number of classes; 0 for none.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.look = nn.Conv2d(channels, WIDTH, 3, padding=1)
        self.score = nn.Conv2d(WIDTH, 1, 1)
        self.classes = nn.Embedding(classes, WIDTH) if classes else None
        if self.classes is not None:
            nn.init.zeros_(self.classes.weight)

    def forward(self, maps: Tensor, labels: Tensor | None) -> Tensor:
        """[B, C, h, w], and int64 [B] if there are classes -> [B, h w]."""
        features = F.leaky_relu(self.look(maps), 0.2).permute(0, 2, 3, 1).flatten(1, 2)
        directions = self.score.weight.flatten(1)
        if self.classes is not None:
            assert labels is not None
            directions = directions + self.classes(labels)
        assert self.score.bias is not None
        # As one batched product, with a vector for each picture: twice as fast as a convolution and a weighted sum.
        logits = torch.baddbmm(self.score.bias, features, directions.expand(len(maps), -1)[:, :, None])
        return GAIN * logits.flatten(1)

    @torch.no_grad()
    def reset_parameters(self, random: torch.Generator) -> None:
        """Draw weights from U(-b, b) with b^2 = 1 / fan-in; biases and class vectors become 0."""
        for name, parameter in self.named_parameters():
            if parameter.ndim == 1 or name.startswith("classes"):
                parameter.zero_()
            else:
                bound = parameter[0].numel() ** -0.5
                parameter.copy_(torch.empty(parameter.shape).uniform_(-bound, bound, generator=random))


def halves(critique: Critique) -> tuple[Critique, Critique]:
    """The critiques of both halves of a batch with an even number of pictures."""
    parts = [part.chunk(2) for part in (critique.logits, critique.features, *critique.patches)]
    named = (None, None) if critique.class_logits is None else critique.class_logits.chunk(2)
    first, second = (
        critique._replace(logits=logits, features=features, class_logits=class_logits, patches=tuple(patches))
        for class_logits, (logits, features, *patches) in zip(named, zip(*parts, strict=True), strict=True)
    )
    return first, second
