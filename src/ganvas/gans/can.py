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

from collections.abc import Callable
from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Batch, ClassUse, Spec
from ganvas.networks import can as networks
from ganvas.networks import mlp
from ganvas.networks.critique import Critique
from ganvas.networks.losses import logistic_fake, logistic_real, one_vs_rest, style_ambiguity
from ganvas.settings.options import Options

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"leaky-relu": lambda: nn.LeakyReLU(0.2), "relu": nn.ReLU}
POOLS: dict[str, Callable[[int], nn.Module]] = {"average": nn.AvgPool2d, "max": nn.MaxPool2d}


class CANOptions(Options):
    """Options of `can`."""

    g_loss: Literal["non-saturating", "saturating"] = Field(
        "non-saturating", description="G's adversarial loss: -log D(G(z)), or log(1 - D(G(z))) as in the paper."
    )
    class_loss: Literal["true-class", "one-vs-rest"] = Field(
        "true-class", description="D's style loss: over the true style alone as in the paper, or over all of them."
    )
    class_weight: float = Field(1.0, ge=0, description="Weight of D's style loss.")
    ambiguity_weight: float = Field(
        1.0, description="Weight of the style ambiguity in G's loss; negative for the opposite sign."
    )
    ambiguity_in_d: bool = Field(False, description="Let D maximise the ambiguity that G minimises (equation 2).")
    style_batch: Literal["shared", "own"] = Field(
        "shared",
        description="The pictures from which D learns styles: those that it calls real, or the other half of a batch.",
    )
    generator: Literal["convolutional", "mlp"] = Field(
        "convolutional", description="G's layers: transposed convolutions, or two dense layers."
    )
    output_map: Literal["picture", "batch", "bounded", "scaled", "none"] = Field(
        "picture",
        description="The input of G's sigmoid: each picture or batch stretched to [-4, 4], 4 tanh of each value, "
        "values times output_scale, or values as they are.",
    )
    output_scale: float = Field(1.0, gt=0, description="The scalar of output_map=scaled.")
    depth: Literal[3, 5] = Field(3, description="Convolutions in each network.")
    normalisation: Literal["none", "generator", "both"] = Field("none", description="Networks with BatchNorm.")
    activation: Literal["leaky-relu", "relu"] = Field("leaky-relu", description="D's activations.")
    pool: Literal["average", "max"] = Field("average", description="How D halves its maps.")
    d_width: int = Field(0, ge=0, le=1024, description="Base channel count of D alone; 0 takes width.")


class CAN(NonSaturatingGAN):
    """The creative adversarial network: real art, and of no style in particular."""

    paper = "Implementing Creative Adversarial Networks (paper 4); Elgammal et al. 2017"
    sizes = networks.SIZES
    class_use = ClassUse.CLASSIFIED
    defaults = CANOptions(batch_size=200, width=32, latent_dim=100, g_lr=1e-3, d_lr=1e-4, d_steps=1, g_steps=2)
    options: CANOptions

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.can` at the data's size; with `generator=mlp`, G of `networks.mlp`."""
        options = self.options
        discriminator = networks.Discriminator(
            spec.size,
            spec.classes,
            options.d_width or options.width,
            self.head,
            depth=options.depth,
            activation=ACTIVATIONS[options.activation],
            pool=POOLS[options.pool],
            is_normalised=options.normalisation == "both",
        )
        return self.build_generator(spec), discriminator

    def build_generator(self, spec: Spec) -> nn.Module:
        """G alone, which takes no classes."""
        options = self.options
        if options.generator == "mlp":
            return mlp.Generator(spec.size, options.latent_dim, 2 * options.width)  # 1024 units, as in the recipe mlp
        return networks.Generator(
            spec.size,
            options.latent_dim,
            options.width,
            depth=options.depth,
            is_normalised=options.normalisation != "none",
            output_map=self._output_map(),
        )

    def discriminator_terms(self, real: Critique, fake: Critique, batch: Batch) -> dict[str, Tensor]:
        """The style of the real pictures, and the ambiguity of generated ones if equation 2 is taken at its word."""
        assert real.class_logits is not None
        assert fake.class_logits is not None
        assert batch.labels is not None
        first = self._style_half(len(batch.labels))
        class_loss = self._class_loss(real.class_logits[first:], batch.labels[first:])
        terms = {"class": self.options.class_weight * class_loss}
        if self.options.ambiguity_in_d:
            terms["ambiguity"] = -self.options.ambiguity_weight * style_ambiguity(fake.class_logits)
        return terms

    def called_real(self, real_logits: Tensor) -> Tensor:
        """All of them, or the half from which D does not learn styles."""
        return real_logits[: self._style_half(len(real_logits)) or None]

    def generator_terms(self, fake: Critique, batch: Batch) -> dict[str, Tensor]:
        """Style ambiguity."""
        assert fake.class_logits is not None
        return {"ambiguity": self.options.ambiguity_weight * style_ambiguity(fake.class_logits)}

    def adversarial_loss(self, fake_logits: Tensor) -> Tensor:
        """The non-saturating loss, or the paper's minimax loss log(1 - D_r(G(z)))."""
        if self.options.g_loss == "saturating":
            return -logistic_fake(fake_logits)
        return super().adversarial_loss(fake_logits)

    def _style_half(self, count: int) -> int:
        """Where the pictures begin from which D learns styles, in a batch of `count`."""
        return count // 2 if self.options.style_batch == "own" else 0

    def _class_loss(self, class_logits: Tensor, labels: Tensor) -> Tensor:
        if self.options.class_loss == "one-vs-rest":
            return one_vs_rest(class_logits, labels)
        return logistic_real(class_logits.gather(1, labels[:, None]))

    def _output_map(self) -> nn.Module:
        """From G's last map to the input of its sigmoid."""
        if self.options.output_map == "picture":
            return networks.MapPictures()
        if self.options.output_map == "batch":
            return networks.MapBatch()
        if self.options.output_map == "bounded":
            return networks.MapBounded()
        return networks.Scale(self.options.output_scale if self.options.output_map == "scaled" else 1.0)
