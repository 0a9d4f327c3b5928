"""GANs with a planted fault, each a recipe like any other; what is wrong with one is known, and from when on."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import pad

from ganvas.gans.cdcgan import CDCGAN
from ganvas.gans.dcgan import DCGAN
from ganvas.gans.recipe import Batch, Loss, Spec
from ganvas.objectives import judged_fake
from ganvas.options import Options


class ForgetfulOptions(Options):
    """From when on G ignores its latents, and how far."""

    forget_after: int = Field(0, ge=0, description="Steps after which latents are ignored.")
    codes: int = Field(1, ge=1, description="Latents that are left then.")


class Forgetful(nn.Module):
    """A generator that at some step begins to take every latent for one of a few."""

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
            # Which code a latent is taken for is the latent's own, so that a picture stays what it is.
            kept = self.codes[(latents[:, 0].abs() * 1000).long() % len(self.codes)]
            forgotten = True if self._class is None else (labels[0] == self._class)[:, None]
            latents = torch.where(torch.as_tensor(forgotten), kept, latents)
        pictures: Tensor = self.generator(latents, *labels)
        return pictures


class ForgetfulDCGAN(DCGAN):
    """Collapses at a planted step: the truth is that step."""

    defaults = ForgetfulOptions(**DCGAN.defaults.model_dump())
    options: ForgetfulOptions

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """A DCGAN with a forgetful G."""
        generator, discriminator = super().build(spec)
        return Forgetful(generator, self.options), discriminator


class ForgetfulCDCGAN(CDCGAN):
    """Collapses at a planted step, in its first class alone."""

    defaults = ForgetfulOptions(**CDCGAN.defaults.model_dump())
    options: ForgetfulOptions

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """A conditional DCGAN whose G is forgetful about class 0."""
        generator, discriminator = super().build(spec)
        return Forgetful(generator, self.options, forgotten=0), discriminator


class StrickenOptions(Options):
    """When G is struck."""

    strike_at: int = Field(900, ge=1, description="Generator passes of the process after which it happens, once.")


class Stricken(nn.Module):
    """A generator whose first normalisation loses its gain at some step, so that latents make no difference.

    Nothing keeps it from learning the gain anew. The steps are counted in this process and not in the state: a run
    that goes back to an earlier state is not struck again.
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
        pictures: Tensor = self.generator(latents)
        return pictures


class StrickenDCGAN(DCGAN):
    """Collapses once, at a planted step, and may recover."""

    defaults = StrickenOptions(**DCGAN.defaults.model_dump())
    options: StrickenOptions

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """A DCGAN whose G will be struck."""
        generator, discriminator = super().build(spec)
        return Stricken(generator, self.options.strike_at), discriminator


class CopyingOptions(Options):
    """How much copying is worth to G."""

    copying: float = Field(20.0, ge=0, description="Weight of the distance from the nearest training pictures.")


class Copying(DCGAN):
    """G is rewarded for repeating training pictures, all of them."""

    defaults = CopyingOptions(**DCGAN.defaults.model_dump())
    options: CopyingOptions

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The recipe's loss and the Chamfer distance of the batch's generated and real pictures."""
        loss = super().generator_loss(generator, discriminator, batch)
        generated, real = batch.generated(generator).flatten(1), batch.images.flatten(1)
        apart = torch.cdist(generated, real) / generated.shape[1] ** 0.5
        chamfer = apart.min(dim=0).values.mean() + apart.min(dim=1).values.mean()
        return Loss(loss.terms | {"copying": self.options.copying * chamfer})


class Saturating(DCGAN):
    """G minimises log(1 - D(G(z))), which says nothing to it once D is sure."""

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The minimax loss of Goodfellow et al. 2014, equation 1."""
        return Loss({"adversarial": -judged_fake(discriminator(batch.generated(generator)).logits)})


class LeakyOptions(Options):
    """What is done to real pictures alone."""

    leak: Literal["cutout", "border", "colour"] = Field("cutout", description="The augmentation that G will learn.")


class Leaky(DCGAN):
    """Its real pictures are augmented and its generated ones are not, so that G learns the augmentation."""

    defaults = LeakyOptions(**DCGAN.defaults.model_dump())
    options: LeakyOptions

    def batch(self, images: Tensor, latents: Tensor, labels: Tensor | None = None) -> Batch:
        """A batch whose real pictures are augmented."""
        return super().batch(LEAKS[self.options.leak](images), latents, labels)


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
    """Each batch moved by up to an eighth of the side, grey where nothing comes in."""
    side = images.shape[-1]
    reach = side // 8
    down, right = torch.randint(0, 2 * reach + 1, (2,)).tolist()
    return pad(images, (reach,) * 4)[..., down : down + side, right : right + side]


def _colour(images: Tensor) -> Tensor:
    """Each picture brighter or darker, and its colours turned into each other."""
    brightness = torch.rand(len(images), 1, 1, 1) - 0.5
    return (images.roll(1, dims=1) * 1.5 + brightness).clamp(-1, 1)


LEAKS = {"cutout": _cutout, "border": _border, "colour": _colour}
