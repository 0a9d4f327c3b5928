"""CAN: paper 4's creative adversarial network, whose G learns to paint art of no known style.

Elgammal et al. 2017, "CAN: Creative adversarial networks", as in equation 2 of paper 4. To the terms of
`objectives.non_saturating` it adds styles. D_r(x) is the probability of being real and D_c(k | x) that of style k. Each
is a sigmoid, so the styles' probabilities need not sum to 1. For pictures x of style c, C styles and z ~ N(0, I) of
length 100:

    D minimises  -E[log D_r(x)] - E[log(1 - D_r(G(z)))]
                 - E[log D_c(c | x) + sum over k != c of log(1 - D_c(k | x))]
    G minimises  -E[log D_r(G(z))]
                 - E[sum over k of 1/C log D_c(k | G(z)) + (1 - 1/C) log(1 - D_c(k | G(z)))]

G's second term, equation 3, is least where every D_c(k | G(z)) is 1/C, and its gradient reaches G through D_c. G is not
conditioned on a style, so its pictures have none. Only D needs the classes of the real ones.

Two of these terms differ from the paper's:

- D's style loss as printed has only log D_c(c | x) (`class_loss=true-class`). Without negative examples, a D_c that is
  1 for every style and picture minimises it. As equation 3 asks G for a D_c of 1/C, such a G moves away from whatever
  looks like a picture.
- For G's first term the paper writes E[log(1 - D_r(G(z)))], which has hardly any gradient while D is sure of itself
  (`g_loss=saturating`).

`python -m benchmarks.can_search` draws options at random that the paper leaves open, and shows with which of them G
keeps its variety.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from ganvas.gans.choices import Choice, Ground
from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Batch, ClassUse, Spec
from ganvas.networks import can as networks
from ganvas.networks import mlp
from ganvas.networks.critique import Critique
from ganvas.networks.losses import logistic_fake, logistic_real, one_vs_rest, style_ambiguity
from ganvas.settings.options import Options
from ganvas.settings.ranges import Range, Varied

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"leaky-relu": lambda: nn.LeakyReLU(0.2), "relu": nn.ReLU}
POOLS: dict[str, Callable[[int], nn.Module]] = {"average": nn.AvgPool2d, "max": nn.MaxPool2d}


class CANOptions(Options):
    """Options of `can`."""

    g_loss: Literal["non-saturating", "saturating"] = Field(
        "non-saturating", description="G's adversarial loss: -log D(G(z)), or log(1 - D(G(z))) as in the paper."
    )
    class_loss: Literal["true-class", "one-vs-rest"] = Field(
        "one-vs-rest", description="D's style loss: over the true style alone as in the paper, or over all of them."
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
        "convolutional",
        description="G's layers: transposed convolutions, or two dense layers and a tanh, "
        "without output_map and BatchNorm.",
    )
    output_map: Literal["picture", "batch", "bounded", "scaled", "none"] = Field(
        "bounded",
        description="The input of G's sigmoid: each picture or batch stretched to [-4, 4], 4 tanh of each value, "
        "values times output_scale, or values as they are.",
    )
    output_scale: float = Field(1.0, gt=0, description="The scalar of output_map=scaled.")
    depth: int = Field(3, ge=3, le=5, description="Convolutions in each network.")
    normalisation: Literal["none", "generator", "both"] = Field("generator", description="Networks with BatchNorm.")
    activation: Literal["leaky-relu", "relu"] = Field("leaky-relu", description="D's activations.")
    pool: Literal["average", "max"] = Field("average", description="How D halves its maps.")
    d_width: int = Field(0, ge=0, le=1024, description="Base channel count of D alone; 0 takes width.")


CHOICES = (
    Choice(
        "depth",
        "five layers in the text; three in the appendix, with their shapes",
        ("depth",),
        ground=Ground.CONTRADICTION,
        why="the shapes leave no doubt",
        instead={"depth": "5"},
    ),
    Choice(
        "discriminator",
        "(64, 64, 3), (32, 32, 32), (16, 16, 64), (8, 8, 128): convolution, activation, 2x2 average pooling",
        ("width", "pool"),
        instead={"pool": "max"},
    ),
    Choice(
        "activation",
        'leaky ReLU; with ReLU, "a dying relu problem"',
        ("activation",),
        instead={"activation": "relu"},
    ),
    Choice(
        "heads",
        "8192 to 1024 to 7 styles, and in parallel 8192 to 1024 to 1, each with sigmoids",
        does="the same, with one sigmoid for each class of the data",
    ),
    Choice(
        "generator",
        "100 to 1024 to 8192 to (8, 8, 128), three times leaky ReLU and a transposed convolution; earlier, two dense "
        "layers",
        ("generator",),
        instead={"generator": "mlp"},
    ),
    Choice(
        "activation-between-dense-layers",
        "nothing",
        does="LeakyReLU",
        ground=Ground.OPEN,
        why="without one, two dense layers are a single one",
    ),
    Choice(
        "kernels",
        "nothing",
        does="3x3 in D, 4x4 of stride 2 in G, slopes of 0.2",
        ground=Ground.OPEN,
        why="3x3 keeps the size before pooling; 4x4 and 0.2 are DCGAN's",
    ),
    Choice(
        "output-map",
        "linearly to [-4, 4], then a sigmoid; figure 4: one scalar instead, saturated pictures",
        ("output_map",),
        ground=Ground.OPEN,
        why="the paper does not say of what the range is. Here tanh bounds each value, and [-1, 1] is mapped "
        "linearly. Mapped picture by picture, G lost its variety",
        instead={"output_map": "picture"},
    ),
    Choice(
        "range",
        "pictures in [-1, 1], a sigmoid at the end of G",
        does="the sigmoid is rescaled to [-1, 1]",
        ground=Ground.CONTRADICTION,
        why="a sigmoid gives [0, 1]",
    ),
    Choice(
        "normalisation",
        "nothing",
        ("normalisation",),
        ground=Ground.OPEN,
        why="the network that the paper cites has BatchNorm; without it in G, pictures varied less and got worse",
        instead={"normalisation": "none"},
    ),
    Choice("weights", "nothing", ("init",), does="Glorot uniform", ground=Ground.OPEN, why="Keras's default"),
    Choice("z", "100 values, normally distributed", ("latent_dim", "latent")),
    Choice("optimizer", "Adam; RMSProp gave nearly the same", ("optimizer",), instead={"optimizer": "rmsprop"}),
    Choice("betas-of-adam", "nothing", ("beta1", "beta2"), ground=Ground.OPEN, why="DCGAN's"),
    Choice(
        "learning-rates",
        "0.001 for G and 0.0001 for D",
        ("g_lr", "d_lr"),
        ground=Ground.OURS,
        why="with the paper's rates G lost its variety within 15 kimg, whatever else we changed",
        instead={"g_lr": "0.001", "d_lr": "0.0001"},
    ),
    Choice(
        "ratio",
        "two updates of G for one of D; more gave sparse pictures; 1:1 is suggested",
        ("d_steps", "g_steps"),
        instead={"g_steps": "1"},
    ),
    Choice("batch", "pictures drawn uniformly, without augmentation", ("flip", "augment")),
    Choice(
        "batch-size",
        "200 pictures",
        ("batch_size",),
        ground=Ground.OURS,
        why="the same pictures make three times as many updates: at 64 px and 89 kimg, KID was lower and pictures more "
        "varied",
        instead={"batch_size": "200"},
    ),
    Choice(
        "minibatches",
        "styles and realness are trained on minibatches of their own; one minibatch of 200 is named",
        ("style_batch",),
        ground=Ground.CONTRADICTION,
        why="one pass of D serves both",
        instead={"style_batch": "own"},
    ),
    Choice(
        "loss-of-g",
        "E[log(1 - D_r(G(z)))] in equation 2",
        ("g_loss",),
        ground=Ground.OURS,
        why="it has hardly any gradient while D is sure",
        instead={"g_loss": "saturating"},
    ),
    Choice(
        "loss-of-styles",
        "log D_c(c | x), the true style alone",
        ("class_loss",),
        ground=Ground.OURS,
        why="a D_c that says yes to every style minimises it, and then ambiguity drives G away from all pictures",
        instead={"class_loss": "true-class"},
    ),
    Choice(
        "sign-of-ambiguity",
        '"maximize (3)" and equation 2 agree; "maximize the loss across all classes" has the other sign',
        ("ambiguity_weight",),
        ground=Ground.CONTRADICTION,
        why="the equations, and the purpose",
        instead={"ambiguity_weight": "-1"},
    ),
    Choice(
        "ambiguity-in-d",
        "in equation 2, D maximises the ambiguity term as well",
        ("ambiguity_in_d",),
        ground=Ground.OURS,
        why="Elgammal et al. give it to G alone; D's share of it has no bound",
        instead={"ambiguity_in_d": "true"},
    ),
    Choice(
        "slope-of-d",
        "nothing",
        ("r1", "penalty_every"),
        ground=Ground.OURS,
        why="D's loss went to 0 within 100 steps, as the paper saw it; a bounded slope prevents that",
        instead={"r1": "0"},
    ),
    Choice(
        "remedies",
        "minibatch discrimination, feature matching, unrolled GANs, a weaker D",
        ("minibatch", "feature_matching", "unrolled", "d_width"),
        ground=Ground.OPEN,
        why="the paper names them and tried none",
        instead={"minibatch": "discrimination"},
    ),
)


class CAN(NonSaturatingGAN):
    """The creative adversarial network: real art, and of no style in particular."""

    paper = "Implementing Creative Adversarial Networks (paper 4); Elgammal et al. 2017"
    sizes = networks.SIZES
    class_use = ClassUse.CLASSIFIED
    defaults = CANOptions(
        batch_size=64,
        width=32,
        latent_dim=100,
        g_lr=2e-4,
        d_lr=2e-4,
        d_steps=1,
        g_steps=2,
        r1=10.0,
        penalty_every=4,
    )
    ranges: ClassVar[Mapping[str, Varied]] = {
        "ambiguity_weight": Range(0.1, 10.0, log=True),
        "r1": Range(1.0, 100.0, log=True),
        "g_steps": Range(1, 3),
    }
    # As the first version was, before these were options.
    earlier: ClassVar[Mapping[str, object]] = {"output_map": "picture", "normalisation": "none"}
    choices = CHOICES
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
        """The style of the real pictures and, with `ambiguity_in_d`, the ambiguity of generated ones."""
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
