"""A discriminator with a second opinion: what a network that knows photographs sees in the pictures.

Kumari, Zhang, Shechtman and Zhu 2022, "Ensembling off-the-shelf models for GAN training", section 3: beside D, which
learns from the pixels of a few hundred pictures what pictures are, small discriminators look at the frozen maps of a
network that learnt it from a million. They alone are easily fooled: G finds a pattern that pleases the frozen network,
which D, looking at pixels, does not allow. And they are asked only once G paints many pictures, and trusted little by
little: asked from the first picture on, they make it paint a single good one. Every now and then they begin anew, for
what they have learnt at length says less and less to G.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.networks.critique import Critique
from ganvas.networks.frozen import MAPS, FrozenFeatures

# Channels of a head.
WIDTH = 64
# As in `projection`, for heads that are bounded by their spectral norms.
GAIN = 4.0


class Discriminator(nn.Module):
    """A discriminator of pixels beside heads over frozen maps; its logits are those of the pixels.

    Args:
        pixels: takes pictures, and classes if there are any, to a `Critique`.
        classes: how many there are; 0 for pictures without.
        wait: real pictures that it is trained on before the heads are asked.
        ramp: real pictures from then on until they are fully trusted.
        renew: real pictures from then on after which they begin anew, again and again; 0 for never.
        every: one in so many pictures is shown to the frozen network.
        size: height and width to which smaller pictures are enlarged for it, a multiple of 32.
    """

    def __init__(
        self, pixels: nn.Module, classes: int, wait: int, ramp: int, renew: int, every: int, size: int
    ) -> None:
        super().__init__()
        self.pixels, self.every, self.size = pixels, every, size
        self.wait, self.ramp, self.renew = wait, ramp, renew
        self.trained_on = 0  # real pictures so far
        self.features = FrozenFeatures()
        self.heads = nn.ModuleList(PatchHead(seen.channels, classes) for seen in MAPS.values())

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Critique:
        """float [B, 3, S, S] in [-1, 1], and int64 [B] if there are classes -> a critique.

        Its `patches`, once the heads are asked, are of one picture in `every`, and of one at least in each half of the
        batch: the halves may be real pictures and generated ones.
        """
        critique: Critique = self.pixels(images, labels)
        if self.trained_on < self.wait:
            return critique
        images, labels = self._shown(images), None if labels is None else self._shown(labels)
        if images.shape[2] < self.size:
            images = F.interpolate(images, (self.size, self.size), mode="bilinear")
        maps = self.features(images)
        patches = tuple(head(seen, labels) for head, seen in zip(self.heads, maps, strict=True))
        trust = min(1.0, (self.trained_on - self.wait) / self.ramp) if self.ramp else 1.0
        return critique._replace(patches=patches, trust=trust)

    def _shown(self, batch: Tensor) -> Tensor:
        """One in `every` of each half."""
        return torch.cat([half[:: self.every] for half in batch.chunk(2)])

    def count(self, images: int) -> None:
        """Take note of so many more real pictures that it has been trained on."""
        before, self.trained_on = self.trained_on, self.trained_on + images
        if self.renew and (self.trained_on - self.wait) // self.renew > max(0, (before - self.wait) // self.renew):
            # The same on every machine that trains it.
            random = torch.Generator().manual_seed(self.trained_on)
            for head in self.heads:
                assert isinstance(head, PatchHead)
                head.begin_anew(random)

    def get_extra_state(self) -> Tensor:
        """What a resumed run needs beside the weights: how far it has been trained."""
        return torch.tensor(self.trained_on)

    def set_extra_state(self, state: Tensor) -> None:
        """Take over what `get_extra_state` returned."""
        self.trained_on = int(state)


class PatchHead(nn.Module):
    """A logit for every place of a frozen map, which also compares it with the class where there are any.

    The vectors of the classes begin at zero: see `projection`.

    Args:
        channels: of the map.
        classes: how many there are; 0 for none.
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
        features = F.leaky_relu(self.look(maps), 0.2)
        logits: Tensor = self.score(features)
        if self.classes is not None:
            assert labels is not None
            logits = logits + (features * self.classes(labels)[:, :, None, None]).sum(1, keepdim=True)
        return GAIN * logits.flatten(1)

    @torch.no_grad()
    def begin_anew(self, random: torch.Generator) -> None:
        """Forget what was learnt: weights from U(-b, b) with b² = 1 / fan-in, biases and vectors of the classes 0."""
        for name, parameter in self.named_parameters():
            if parameter.ndim == 1 or name.startswith("classes"):
                parameter.zero_()
            else:
                bound = parameter[0].numel() ** -0.5
                parameter.copy_(torch.empty(parameter.shape).uniform_(-bound, bound, generator=random))


def halves(critique: Critique) -> tuple[Critique, Critique]:
    """A critique of a batch of an even number of pictures, without class logits, as one of each half."""
    parts = [part.chunk(2) for part in (critique.logits, critique.features, *critique.patches)]
    first, second = (
        critique._replace(logits=logits, features=features, patches=tuple(patches))
        for logits, features, *patches in zip(*parts, strict=True)
    )
    return first, second
