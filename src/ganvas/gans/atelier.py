"""Atelier: ganvas's own recipe, which learns a few hundred paintings on a laptop.

Sauer et al. 2021, "Projected GANs converge faster", equation 4, with the hinge loss: the discriminators D_l judge
pictures through fixed projections P_l of a network that knows photographs, and G, FastGAN's made lighter, is judged by
all of them. With T the differentiable augmentation, z ~ N(0, I), and c the class where the pictures have classes:

    D minimises  mean over l of  E[max(0, 1 - D_l(P_l(T(x)), c))] + E[max(0, 1 + D_l(P_l(T(G(z, c))), c))]
    G minimises  -mean over l of  E[D_l(P_l(T(G(z, c))), c)]
"""

import torch
from pydantic import Field
from torch import Tensor, nn

from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks import projected, skip_layer
from ganvas.networks.critique import Critique
from ganvas.networks.frozen import NETWORK
from ganvas.objectives import hinge_fake, hinge_real
from ganvas.options import Options


class AtelierOptions(Options):
    """Options of `atelier` alone."""

    d_width: int = Field(32, ge=1, le=1024, description="Base channel count of the discriminators.")
    seen_at: int = Field(
        0,
        ge=0,
        le=512,
        multiple_of=32,
        description="Height and width that D's feature network sees pictures at; 0 is their own, but 64 at least.",
    )


class Atelier(Recipe):
    """The default recipe: a light generator, judged through features that need not be learnt."""

    paper = "ganvas's own, after Sauer et al. 2021 and Liu et al. 2021"
    sizes = (32, 64, 128, 256)
    welcomes_classes = True
    sees_through = (NETWORK,)
    defaults = AtelierOptions(
        batch_size=64,
        width=24,
        latent_dim=64,
        beta1=0.0,
        beta2=0.99,
        g_lr=4e-4,
        d_lr=4e-4,
        flip=True,
        augment=("colour", "translation"),
    )

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """`skip_layer`'s G and `projected`'s D."""
        options = self.options
        assert isinstance(options, AtelierOptions)
        generator = skip_layer.Generator(spec.size, spec.classes, options.latent_dim, options.width)
        seen_at = options.seen_at or max(spec.size, 64)
        return generator, projected.Discriminator(spec.size, spec.classes, options.d_width, seen_at)

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The hinge loss of every scale, real and generated pictures in batches of their own."""
        real = self.judge(discriminator, batch.images, batch.labels)
        fake = self.judge(discriminator, batch.fakes(generator), batch.wanted)
        terms = {
            "real": torch.stack([hinge_real(logits) for logits in real.patches]).mean(),
            "fake": torch.stack([hinge_fake(logits) for logits in fake.patches]).mean(),
        }
        return Loss(terms, real_logits=real.logits, fake_logits=fake.logits)

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """Minus the logits of generated pictures."""
        fake = self.judge(discriminator, batch.generated(generator), batch.wanted)
        return Loss({"adversarial": -fake.logits.mean()})

    def judge(self, discriminator: nn.Module, images: Tensor, labels: Tensor | None = None) -> Critique:
        """What the discriminator says about pictures, of those classes where there are any."""
        critique: Critique = discriminator(images) if labels is None else discriminator(images, labels)
        return critique
