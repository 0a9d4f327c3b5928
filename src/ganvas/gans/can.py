"""CAN: paper 4's creative adversarial network, whose G learns to paint art of no known style.

Elgammal et al. 2017, "CAN: Creative adversarial networks", as in equation 2 of paper 4. To the terms of
`objectives.non_saturating` it adds styles. D_r(x) is the probability of being real and D_c(k | x) that of style k. Each
is a sigmoid, so the styles' probabilities need not sum to 1. For pictures x of style c, C styles and z ~ N(0, I) of
length 100:

    D minimises  -E[log D_r(x) + log D_c(c | x)] - E[log(1 - D_r(G(z)))]
    G minimises  -E[log D_r(G(z))]
                 - E[sum over k of 1/C log D_c(k | G(z)) + (1 - 1/C) log(1 - D_c(k | G(z)))]

For G's first term the paper writes E[log(1 - D_r(G(z)))], which has hardly any gradient while D is sure of itself; that
form is `g_loss=saturating`. The second term is least where every D_c(k | G(z)) is 1/C, and its gradient reaches G
through D_c.

D's class term as printed has no negative examples: a D_c that is 1 for every style and picture minimises it. With
`class_loss=one-vs-rest` the other styles count too, each as a binary decision:

    D minimises  ... - E[log D_c(c | x) + sum over k != c of log(1 - D_c(k | x))] ...

G is not conditioned on a style, so its pictures have none. Only D needs the classes of the real ones.
"""

from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Batch, ClassUse, Spec
from ganvas.networks import can as networks
from ganvas.networks.critique import Critique
from ganvas.networks.losses import logistic_fake, logistic_real, one_vs_rest, style_ambiguity
from ganvas.settings.options import Options


class CANOptions(Options):
    """Options of `can`."""

    g_loss: Literal["non-saturating", "saturating"] = Field(
        "non-saturating", description="G's adversarial loss: -log D(G(z)), or log(1 - D(G(z))) as in the paper."
    )
    class_loss: Literal["true-class", "one-vs-rest"] = Field(
        "true-class", description="D's style loss: over the true style alone as in the paper, or over all of them."
    )


class CAN(NonSaturatingGAN):
    """The creative adversarial network: real art, and of no style in particular."""

    paper = "Implementing Creative Adversarial Networks (paper 4); Elgammal et al. 2017"
    sizes = networks.SIZES
    class_use = ClassUse.CLASSIFIED
    defaults = CANOptions(batch_size=200, width=32, latent_dim=100, g_lr=1e-3, d_lr=1e-4, d_steps=1, g_steps=2)
    options: CANOptions

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.can` at the data's size."""
        discriminator = networks.Discriminator(spec.size, spec.classes, self.options.width, self.head)
        return self.build_generator(spec), discriminator

    def build_generator(self, spec: Spec) -> nn.Module:
        """G alone, which takes no classes."""
        return networks.Generator(spec.size, self.options.latent_dim, self.options.width)

    def discriminator_terms(self, real: Critique, fake: Critique, batch: Batch) -> dict[str, Tensor]:
        """The style of the real pictures."""
        assert real.class_logits is not None
        assert batch.labels is not None
        return {"class": self._class_loss(real.class_logits, batch.labels)}

    def generator_terms(self, fake: Critique, batch: Batch) -> dict[str, Tensor]:
        """Style ambiguity."""
        assert fake.class_logits is not None
        return {"ambiguity": style_ambiguity(fake.class_logits)}

    def adversarial_loss(self, fake_logits: Tensor) -> Tensor:
        """The non-saturating loss, or the paper's minimax loss log(1 - D_r(G(z)))."""
        if self.options.g_loss == "saturating":
            return -logistic_fake(fake_logits)
        return super().adversarial_loss(fake_logits)

    def _class_loss(self, class_logits: Tensor, labels: Tensor) -> Tensor:
        if self.options.class_loss == "one-vs-rest":
            return one_vs_rest(class_logits, labels)
        return logistic_real(class_logits.gather(1, labels[:, None]))
