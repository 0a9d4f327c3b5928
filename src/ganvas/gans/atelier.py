"""Atelier: ganvas's own recipe, which learns a few hundred paintings on a laptop.

The hinge loss of Lim and Ye 2017 ("Geometric GAN"), with a discriminator that is bounded by spectral normalisation
(Miyato et al. 2018) and sees everything through differentiable augmentation T (Zhao et al. 2020), z ~ N(0, I), and c
the class where the pictures have classes:

    D minimises  E[max(0, 1 - D(T(x), c))] + E[max(0, 1 + D(T(G(z, c)), c))]
    G minimises  -E[D(T(G(z, c)), c)]

Networks are narrow and batches small, because what counts is how much is learnt in a minute. docs/recipe-notes.md says
what was tried, what each choice brings and what it costs.
"""

import torch
from pydantic import Field
from torch import Tensor, nn

from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks import projection, skip_layer
from ganvas.networks.critique import Critique
from ganvas.objectives import hinge_fake, hinge_real
from ganvas.options import Options


class AtelierOptions(Options):
    """Options of `atelier` alone."""

    d_width: int = Field(32, ge=1, le=1024, description="Base channel count of the discriminator.")


class Atelier(Recipe):
    """The default recipe: light networks, a bounded discriminator, and classes where there are any."""

    paper = "ganvas's own, after Miyato et al. 2018, Zhao et al. 2020 and Liu et al. 2021"
    sizes = (16, 32, 64, 128, 256)
    welcomes_classes = True
    defaults = AtelierOptions(
        batch_size=32,
        width=32,
        latent_dim=100,
        beta1=0.0,
        beta2=0.99,
        g_lr=4e-4,
        d_lr=4e-4,
        flip=True,
        spectral_norm=True,
        augment=("colour", "translation"),
    )

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """`skip_layer`'s G and `projection`'s D."""
        options = self.options
        assert isinstance(options, AtelierOptions)
        generator = skip_layer.Generator(spec.size, spec.classes, options.latent_dim, options.width)
        return generator, projection.Discriminator(spec.size, spec.classes, options.d_width, self.head)

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The hinge loss."""
        real, fake = self._opinions(discriminator, batch, batch.fakes(generator))
        return Loss({"real": hinge_real(real), "fake": hinge_fake(fake)}, real_logits=real, fake_logits=fake)

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """Minus the logits of generated pictures."""
        fake = self.judge(discriminator, batch.generated(generator), batch.wanted)
        return Loss({"adversarial": -fake.logits.mean()})

    def judge(self, discriminator: nn.Module, images: Tensor, labels: Tensor | None = None) -> Critique:
        """What the discriminator says about pictures, of those classes where there are any."""
        critique: Critique = discriminator(images) if labels is None else discriminator(images, labels)
        return critique

    def _opinions(self, discriminator: nn.Module, batch: Batch, fakes: Tensor) -> tuple[Tensor, Tensor]:
        """The logits [B] of real and of generated pictures.

        D judges each picture by itself, so both can be asked about at once, which costs less than twice one of them. A
        layer that compares the pictures of a batch must see them apart.
        """
        if self.options.minibatch != "none":
            real = self.judge(discriminator, batch.images, batch.labels)
            return real.logits, self.judge(discriminator, fakes, batch.wanted).logits
        images, labels = torch.cat([batch.images, fakes]), None
        if batch.labels is not None and batch.wanted is not None:
            labels = torch.cat([batch.labels, batch.wanted])
        logits = self.judge(discriminator, images, labels).logits
        return logits[: len(batch.images)], logits[len(batch.images) :]
