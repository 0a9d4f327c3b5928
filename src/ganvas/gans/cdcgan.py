"""cDCGAN: the conditional DCGAN of paper 3, whose G and D are both conditioned on the class.

Mirza and Osindero 2014, "Conditional generative adversarial nets", equation 2, over the DCGAN's body, with the
non-saturating loss for G (`objectives.non_saturating`). For pictures x of class c, and z ~ N(0, I) of length 100:

    D minimises  -E[log D(x, c)] - E[log(1 - D(G(z, c), c))]
    G minimises  -E[log D(G(z, c), c)]

In training, G paints the classes of the real pictures in the same batch, so each comes as often as in the data.
"""

from collections.abc import Mapping
from typing import ClassVar

from torch import nn

from ganvas.gans.choices import Choice, Ground
from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import ClassUse, Spec
from ganvas.networks import conditional as networks
from ganvas.settings.options import Options
from ganvas.settings.ranges import Range, Varied

# What to vary in both of paper 3's GANs. The learning rates have the paper's range.
RANGES: Mapping[str, Varied] = {
    "g_lr": Range(1e-4, 5e-4, log=True),
    "d_lr": Range(1e-4, 5e-4, log=True),
    "label_swap": Range(0.0, 0.1),
    "d_dropout": Range(0.0, 0.5),
}
# What paper 3 says of both of its GANs.
SHARED = (
    Choice("size", "64x64 RGB pictures, between -1 and 1", does="64 px, among other sizes"),
    Choice("batch", "100", ("batch_size",)),
    Choice(
        "number-of-pictures",
        "pictures removed until their number was divisible by 100",
        does="none is left out: a batch may begin at the end of one epoch and end in the next",
        ground=Ground.OURS,
        why="nothing has to be removed",
    ),
    Choice(
        "dataset",
        '"50 thousand" in the abstract, 56,800 in section 2, and classes that sum to 51,420',
        does="nothing depends on it",
        ground=Ground.CONTRADICTION,
        why="all three are in the text",
    ),
    Choice("z", "a noise vector", ("latent_dim", "latent"), ground=Ground.OPEN, why="those of its base, the tutorial"),
    Choice("weights", "N(0, 0.02) in the convolutions", does="N(0, 0.02), gains of BatchNorm N(1, 0.02)"),
    Choice(
        "learning-rates",
        "0.0001 to 0.0005",
        ("g_lr", "d_lr"),
        ground=Ground.OPEN,
        why="the paper gives a range; DCGAN's 2e-4 lies within it",
    ),
    Choice("betas-of-adam", "Adam with (0.5, 0.999)", ("optimizer", "beta1", "beta2")),
    Choice(
        "label-smoothing",
        'labels drawn from 0 to 0.2 and from 0.8 to 1: "most stable results"',
        ("real_target", "fake_target"),
    ),
    Choice(
        "one-sided-smoothing",
        '"one sided" smoothing "between, for example 0...0,1 and 0,9...1"',
        does="both sides are smoothed",
        ground=Ground.CONTRADICTION,
        why="its example has two sides, and what it trained with has, too",
        instead={"real_target": "0.9:1", "fake_target": "0:0.1"},
    ),
    Choice("loss", "binary cross-entropy over a full batch of fake and one of real pictures, summed", does="the same"),
    Choice("experience-replay", '"didn\'t find this helping", removed', ("replay",)),
    Choice(
        "label-swapping-and-dropout",
        "label swapping and dropouts: tried, no figure",
        ("label_swap", "d_dropout"),
        ground=Ground.OPEN,
        why="its final systems do not name them",
    ),
)


class CDCGAN(NonSaturatingGAN):
    """The conditional DCGAN: is this picture real, and of that class?"""

    paper = "Conditional Generative Model for Art Generation (paper 3); Mirza and Osindero 2014"
    sizes = networks.SIZES
    class_use = ClassUse.CONDITIONAL
    defaults = Options(
        batch_size=100,
        width=64,
        latent_dim=100,
        g_lr=2e-4,
        d_lr=2e-4,
        beta1=0.5,
        beta2=0.999,
        real_target=(0.8, 1.0),
        fake_target=(0.0, 0.2),
    )
    ranges: ClassVar[Mapping[str, Varied]] = RANGES
    choices: ClassVar[tuple[Choice, ...]] = (
        Choice(
            "discriminator",
            "five 4x4 convolutions of stride 2, LeakyReLU 0.2, sigmoid",
            does="the same; the sigmoid is part of the loss",
        ),
        Choice(
            "label-images",
            "the label as one-hot image through a single convolution and LeakyReLU, joined with the picture that has "
            "gone through the same",
            does="two first layers of 32 channels each, joined",
            ground=Ground.OPEN,
            why="the paper does not say how many channels each has; together they have DCGAN's 64",
        ),
        Choice(
            "batch-normalisation",
            "BatchNorm after each layer, but a first layer of convolution and LeakyReLU",
            does="no BatchNorm on the first layers of D and on its last",
            ground=Ground.CONTRADICTION,
            why="the description of the first layers has none; on a single logit it would make no sense",
        ),
        Choice(
            "generator",
            "five 4x4 transposed convolutions, BatchNorm and LeakyReLU 0.2 on four, tanh; channels from 512, halved",
            ("width",),
            "512, 256, 128, 64, 3 channels",
        ),
        Choice(
            "label-input",
            'labels fed to G "similarly as in the discriminator"',
            does="z and the one-hot label each pass a first transposed convolution of 256 channels, joined",
        ),
        *SHARED,
    )

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.conditional` at the data's size and number of classes."""
        options = self.options
        generator = networks.Generator(spec.size, spec.classes, options.latent_dim, options.width)
        return generator, networks.Discriminator(spec.size, spec.classes, options.width, self.head)
