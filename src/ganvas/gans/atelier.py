"""Atelier: ganvas's own recipe, which learns a few hundred paintings on a laptop.

The hinge loss of Lim and Ye 2017 ("Geometric GAN"), with a discriminator that is bounded by spectral normalisation
(Miyato et al. 2018) and sees everything through differentiable augmentation T (Zhao et al. 2020), z ~ N(0, I), and c
the class where the pictures have classes. Beside D, which looks at pixels, heads D_k look at the maps F_k that a frozen
network makes of some of the pictures (Kumari et al. 2022, equation 2), each giving a logit for every place of its map.
They are asked after some time, with a weight v that grows from 0, and begin anew every now and then:

    D minimises  E[max(0, 1 - D(T(x), c))] + E[max(0, 1 + D(T(G(z, c)), c))]
                 + sum over k of E[max(0, 1 - D_k(F_k(T(x)), c))] + E[max(0, 1 + D_k(F_k(T(G(z, c))), c))]
    G minimises  -E[D(T(G(z, c)), c)] - v * sum over k of E[D_k(F_k(T(G(z, c))), c)]

Networks are narrow and batches small, because what counts is how much is learnt in a minute. docs/recipe-notes.md says
what was tried, what each choice brings and what it costs.
"""

import torch
from pydantic import Field
from torch import Tensor, nn

from ganvas.gans.recipe import Batch, ClassUse, Loss, Recipe, Spec
from ganvas.networks import projection, skip_layer, vision_aided
from ganvas.networks.critique import Critique
from ganvas.networks.frozen import NETWORK
from ganvas.networks.losses import hinge_fake, hinge_real
from ganvas.settings.options import Options


class AtelierOptions(Options):
    """Options of `atelier` alone."""

    d_width: int = Field(32, ge=1, le=1024, description="Base channel count of the discriminator.")
    vision: float = Field(
        1.0,
        ge=0,
        le=100,
        description="Weight in G's loss of what frozen features say of its pictures; 0 for none.",
    )
    vision_from: float = Field(
        100.0,
        ge=0,
        le=1e6,
        description="Real pictures that D sees, in thousands, before frozen features are looked at.",
    )
    vision_over: float = Field(
        100.0, ge=0, le=1e6, description="Thousands of pictures from then on, over which that weight grows from 0."
    )
    vision_renewed: float = Field(
        30.0,
        ge=0,
        le=1e6,
        description="Thousands of pictures after which the judges of frozen features begin anew, always; 0 for never.",
    )
    # It makes more of one picture that it sees well than of four that it sees badly, which cost as much.
    vision_every: int = Field(
        8,
        ge=1,
        le=1024,
        description="One in so many pictures is looked at by frozen features, one in each half of a batch at least.",
    )
    vision_size: int = Field(
        128,
        ge=32,
        le=512,
        multiple_of=32,
        description="Pixels of the side to which smaller pictures are enlarged for frozen features; a multiple of 32.",
    )


class Atelier(Recipe):
    """The default recipe: light networks, a bounded discriminator with a second opinion, classes if there are any."""

    paper = "ganvas's own, after Miyato et al. 2018, Zhao et al. 2020, Liu et al. 2021 and Kumari et al. 2022"
    sizes = (16, 32, 64, 128, 256)
    class_use = ClassUse.OPTIONAL
    sees_through = (NETWORK,)
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
    options: AtelierOptions

    def build_generator(self, spec: Spec) -> nn.Module:
        """`skip_layer`'s G."""
        return skip_layer.Generator(spec.size, spec.classes, self.options.latent_dim, self.options.width)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """`skip_layer`'s G and `projection`'s D, with `vision_aided`'s heads beside it."""
        own = self.options
        discriminator: nn.Module = projection.Discriminator(spec.size, spec.classes, own.d_width, self.head)
        if own.vision:
            discriminator = vision_aided.Discriminator(
                discriminator,
                spec.classes,
                wait_kimg=own.vision_from,
                ramp_kimg=own.vision_over,
                renew_kimg=own.vision_renewed,
                every=own.vision_every,
                size=own.vision_size,
            )
        return self.build_generator(spec), discriminator

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The hinge loss, of pixels and of frozen features."""
        real, fake = self._opinions(discriminator, batch, batch.fakes(generator))
        terms = {"real": hinge_real(real.logits), "fake": hinge_fake(fake.logits)}
        if real.patches:
            terms["seen_real"] = torch.stack([hinge_real(logits) for logits in real.patches]).sum()
            terms["seen_fake"] = torch.stack([hinge_fake(logits) for logits in fake.patches]).sum()
        return Loss(terms, real_logits=real.logits, fake_logits=fake.logits)

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """Minus the logits of generated pictures."""
        fake: Critique = self.discriminate(discriminator, batch.generated(generator), batch.wanted)
        terms = {"adversarial": -fake.logits.mean()}
        if fake.patches:
            seen = torch.stack([logits.mean() for logits in fake.patches]).sum()
            terms["seen"] = -self.options.vision * fake.trust * seen
        return Loss(terms)

    def _opinions(self, discriminator: nn.Module, batch: Batch, fakes: Tensor) -> tuple[Critique, Critique]:
        """What is said about real and about generated pictures.

        D judges each picture by itself, so both can be asked about at once, which costs less than twice one of them. A
        layer that compares the pictures of a batch must see them apart.
        """
        if self.options.minibatch != "none":
            real = self.discriminate(discriminator, batch.images, batch.labels)
            return real, self.discriminate(discriminator, fakes, batch.wanted)
        images, labels = torch.cat([batch.images, fakes]), None
        if batch.labels is not None and batch.wanted is not None:
            labels = torch.cat([batch.labels, batch.wanted])
        return vision_aided.halves(self.discriminate(discriminator, images, labels))
