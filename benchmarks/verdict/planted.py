"""Recipes with a planted fault, so that what goes wrong in a run, and when, is known."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import pad

from ganvas.gans.cdcgan import CDCGAN
from ganvas.gans.dcgan import DCGAN
from ganvas.gans.recipe import Batch, Loss, Spec
from ganvas.networks.losses import logistic_fake
from ganvas.settings.options import Options


class ForgetfulOptions(Options):
    """When G starts to ignore its latents, and how many it still distinguishes."""

    forget_after: int = Field(0, ge=0, description="Steps after which latents are ignored.")
    codes: int = Field(1, ge=1, description="Latents that are left then.")


class Forgetful(nn.Module):
    """A generator that replaces every latent by one of a few from some step on."""

    def __init__(self, generator: nn.Module, options: ForgetfulOptions, forgotten: int | None = None) -> None:
        super().__init__()
        self.generator, self._after, self._class = generator, options.forget_after, forgotten
        self.register_buffer("codes", torch.randn(options.codes, options.latent_dim))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.codes: Tensor
        self.steps: Tensor

    def forward(self, latents: Tensor, *labels: Tensor) -> Tensor:
        """Pictures of latents [B, D], and labels [B] where G is conditional."""
        if self.training:
            self.steps += 1
        if self.steps > self._after:
            kept = self.codes[_choice(latents, len(self.codes))]
            forgotten = True if self._class is None else (labels[0] == self._class)[:, None]
            latents = torch.where(torch.as_tensor(forgotten), kept, latents)
        pictures: Tensor = self.generator(latents, *labels)
        return pictures


class ForgetfulDCGAN(DCGAN):
    """Collapses at a known step."""

    defaults = ForgetfulOptions(**DCGAN.defaults.model_dump())
    options: ForgetfulOptions

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """A DCGAN with a forgetful G."""
        generator, discriminator = super().build(spec)
        return Forgetful(generator, self.options), discriminator


class ForgetfulCDCGAN(CDCGAN):
    """Collapses at a known step, in its first class only."""

    defaults = ForgetfulOptions(**CDCGAN.defaults.model_dump())
    options: ForgetfulOptions

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """A conditional DCGAN whose G is forgetful in class 0."""
        generator, discriminator = super().build(spec)
        return Forgetful(generator, self.options, forgotten=0), discriminator


class StrickenOptions(Options):
    """When G is damaged."""

    strike_at: int = Field(900, ge=1, description="Generator passes of the process after which it happens, once.")


class Stricken(nn.Module):
    """A generator whose first layer is damaged at some step: its ReLUs get negative inputs and have no gradient.

    From then on latents make no difference. Steps are counted in this process and not in the state, so a run that goes
    back to an earlier state is not damaged again.
    """

    def __init__(self, generator: nn.Module, at: int) -> None:
        super().__init__()
        self.generator, self._at, self._passes = generator, at, 0

    def forward(self, latents: Tensor) -> Tensor:
        """Pictures of latents [B, D]."""
        if self.training:
            self._passes += 1
            if self._passes == self._at:
                first = next(module for module in self.generator.modules() if isinstance(module, nn.BatchNorm2d))
                nn.init.zeros_(first.weight)
                nn.init.constant_(first.bias, -10.0)
        pictures: Tensor = self.generator(latents)
        return pictures


class StrickenDCGAN(DCGAN):
    """Collapses once, at a known step, and does not recover."""

    defaults = StrickenOptions(**DCGAN.defaults.model_dump())
    options: StrickenOptions

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """A DCGAN whose G will be damaged."""
        generator, discriminator = super().build(spec)
        return Stricken(generator, self.options.strike_at), discriminator


class RememberingOptions(Options):
    """When G starts to repeat training pictures."""

    remember_after: int = Field(900, ge=1, description="Generator passes after which training pictures are repeated.")
    remembered: int = Field(40, ge=1, description="Training pictures that it memorises.")


class Remembering(nn.Module):
    """A generator that returns training pictures instead of its own from some step on."""

    def __init__(self, generator: nn.Module, options: RememberingOptions, size: int) -> None:
        super().__init__()
        self.generator, self._after = generator, options.remember_after
        self.register_buffer("pictures", torch.zeros(options.remembered, 3, size, size))
        self.register_buffer("known", torch.zeros((), dtype=torch.int64))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.pictures: Tensor
        self.known: Tensor
        self.steps: Tensor

    def look(self, images: Tensor) -> None:
        """Memorise as many of these pictures as there is room for."""
        room = images[: len(self.pictures) - int(self.known)].float()
        self.pictures[int(self.known) : int(self.known) + len(room)] = room
        self.known += len(room)

    def forward(self, latents: Tensor) -> Tensor:
        """Pictures of latents [B, D]."""
        if self.training:
            self.steps += 1
        pictures: Tensor = self.generator(latents)
        if self.steps <= self._after or not self.known:
            return pictures
        repeated = self.pictures[_choice(latents, int(self.known))]
        return 0.05 * pictures + 0.95 * repeated.to(pictures.dtype)


class RememberingDCGAN(DCGAN):
    """Repeats training pictures from a known step on."""

    defaults = RememberingOptions(**DCGAN.defaults.model_dump())
    options: RememberingOptions

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """A DCGAN whose G memorises."""
        generator, discriminator = super().build(spec)
        return Remembering(generator, self.options, spec.size), discriminator

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The recipe's loss; G also memorises the real pictures of the batch."""
        for module in generator.modules():
            if isinstance(module, Remembering):
                module.look(batch.images)
        return super().generator_loss(generator, discriminator, batch)


class Saturating(DCGAN):
    """G minimises log(1 - D(G(z))), whose gradient vanishes once D is certain."""

    def adversarial_loss(self, fake_logits: Tensor) -> Tensor:
        """The minimax loss of Goodfellow et al. 2014, equation 1."""
        return -logistic_fake(fake_logits)


class LeakyOptions(Options):
    """How real pictures are augmented."""

    leak: Literal["cutout", "border", "colour"] = Field("cutout", description="The augmentation that G learns.")


class Leaky(DCGAN):
    """Only its real pictures are augmented, so that G learns the augmentation."""

    defaults = LeakyOptions(**DCGAN.defaults.model_dump())
    options: LeakyOptions

    def batch(self, images: Tensor, latents: Tensor, labels: Tensor | None = None) -> Batch:
        """A batch whose real pictures are augmented."""
        return super().batch(LEAKS[self.options.leak](images), latents, labels)


def _choice(latents: Tensor, count: int) -> Tensor:
    """One of `count` numbers for each latent, int64 [B]; the same latent always gets the same one."""
    return (latents[:, 0].abs() * 1000).long() % count


def _cutout(images: Tensor) -> Tensor:
    """A grey square of half the side over each picture."""
    side = images.shape[-1]
    corners = torch.randint(0, side // 2 + 1, (2, len(images), 1, 1, 1))
    places = torch.arange(side)
    down, right = places[:, None], places
    inside = [
        (place >= corner) & (place < corner + side // 2) for place, corner in zip((down, right), corners, strict=True)
    ]
    return images.masked_fill(inside[0] & inside[1], 0.0)


def _border(images: Tensor) -> Tensor:
    """Each picture moved down and to the right by an eighth of the side; the border is grey."""
    side = images.shape[-1]
    return pad(images, (side // 8, 0) * 2)[..., :side, :side]


def _colour(images: Tensor) -> Tensor:
    """All pictures with rotated colour channels, and about half of them much darker."""
    darker = 0.8 * torch.randint(0, 2, (len(images), 1, 1, 1))
    return (images.roll(1, dims=1) - darker).clamp(-1, 1)


LEAKS = {"cutout": _cutout, "border": _border, "colour": _colour}
