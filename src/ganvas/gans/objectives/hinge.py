"""The hinge loss over the logit of each picture, and over the logits of places in it where D has some.

Lim and Ye 2017, "Geometric GAN"; Miyato et al. 2018, equations 16 and 17. For the logit l(x) of a picture and the
logits l_k(x, p) of further heads at places p:

    D minimises  E[max(0, 1 - l(x))] + E[max(0, 1 + l(G(z)))] + the same over each l_k, averaged over places
    G minimises  -E[l(G(z))] - the weighted means of l_k(G(z), p)
"""

import torch
from torch import Tensor, nn

from ganvas.gans.recipe import Batch, Loss, Recipe
from ganvas.networks.critique import Critique
from ganvas.networks.losses import hinge_fake, hinge_real
from ganvas.networks.vision_aided import halves


class HingeGAN(Recipe):
    """A recipe with this objective states its networks, and how much G follows the heads (`patch_score`)."""

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The hinge loss over pictures and over places."""
        real, fake = self._critiques(discriminator, batch, batch.fakes(generator))
        terms = {"real": hinge_real(real.logits), "fake": hinge_fake(fake.logits)}
        if real.patches:
            terms["seen_real"] = torch.stack([hinge_real(logits) for logits in real.patches]).sum()
            terms["seen_fake"] = torch.stack([hinge_fake(logits) for logits in fake.patches]).sum()
        return Loss(terms, real_logits=real.logits, fake_logits=fake.logits, class_logits=real.class_logits)

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """Minus the mean logits of generated pictures, with those of the heads weighted."""
        fake: Critique = self.discriminate(discriminator, batch.generated(generator), batch.generated_labels)
        terms = {"adversarial": -fake.logits.mean()}
        if fake.patches:
            terms["seen"] = -self.patch_score(fake)
        return Loss(terms, class_logits=fake.class_logits)

    def patch_score(self, critique: Critique) -> Tensor:
        """What G maximises over the places of generated pictures: the weighted means of `critique.patches`, summed."""
        return critique.patch_weight * torch.stack([logits.mean() for logits in critique.patches]).sum()

    def _critiques(self, discriminator: nn.Module, batch: Batch, fakes: Tensor) -> tuple[Critique, Critique]:
        """D's critiques of the real and of the generated pictures.

        D judges each picture by itself, so one forward pass takes both, which costs less than two passes. A layer that
        compares the pictures of a batch must see real and generated ones in batches of their own.
        """
        if self.options.minibatch != "none":
            real = self.discriminate(discriminator, batch.images, batch.labels)
            return real, self.discriminate(discriminator, fakes, batch.generated_labels)
        images, labels = torch.cat([batch.images, fakes]), None
        if batch.labels is not None and batch.generated_labels is not None:
            labels = torch.cat([batch.labels, batch.generated_labels])
        return halves(self.discriminate(discriminator, images, labels))
