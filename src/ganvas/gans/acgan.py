"""ACDCGAN: paper 3's GAN with an auxiliary classifier. G is conditioned on the class, and D has to name it.

Odena, Olah and Shlens 2017, "Conditional image synthesis with auxiliary classifier GANs", equations 2 and 3, over
strided convolutions, with the non-saturating loss for G (`objectives.non_saturating`). P(c | x) is D's second, softmax
output. For pictures x of class c, and z ~ N(0, I) of length 100:

    D minimises  -E[log D(x)] - E[log(1 - D(G(z, c)))] - E[log P(c | x)] - E[log P(c | G(z, c))]
    G minimises  -E[log D(G(z, c))] - E[log P(c | G(z, c))]

In training, G paints the classes of the real pictures in the same batch, so each comes as often as in the data.
"""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from ganvas.gans.cdcgan import RANGES, SHARED
from ganvas.gans.choices import Choice, Ground
from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Batch, ClassUse, Spec
from ganvas.networks import acgan as networks
from ganvas.networks.critique import Critique
from ganvas.networks.losses import class_cross_entropy
from ganvas.settings.budget import Amount
from ganvas.settings.options import Options
from ganvas.settings.ranges import Varied
from ganvas.settings.schedules import Step

# Paper 3's schedule of both learning rates.
SCHEDULE = Step(Amount(50, "epochs"), 0.75)


class ACGAN(NonSaturatingGAN):
    """The DCGAN with an auxiliary classifier: is this picture real, and which class is it?"""

    paper = "Conditional Generative Model for Art Generation (paper 3); Odena et al. 2017"
    sizes = networks.SIZES
    class_use = ClassUse.AUXILIARY
    defaults = Options(
        batch_size=100,
        width=32,
        latent_dim=100,
        g_lr=2e-4,
        d_lr=2e-4,
        g_schedule=SCHEDULE,
        d_schedule=SCHEDULE,
        beta1=0.5,
        beta2=0.999,
        real_target=(0.8, 1.0),
        fake_target=(0.0, 0.2),
    )
    ranges: ClassVar[Mapping[str, Varied]] = RANGES
    choices: ClassVar[tuple[Choice, ...]] = (
        Choice(
            "discriminator",
            "five 5x5 convolutions of stride 2 and padding 2, LeakyReLU 0.2, BatchNorm on all but the first",
            does="the same, from the picture to 2x2",
        ),
        Choice(
            "heads",
            "two dense layers: sigmoid for true or fake, log-softmax for the class",
            does="the same; both are part of the losses",
        ),
        Choice(
            "generator",
            "a dense layer, five 4x4 transposed convolutions of stride 2, BatchNorm and LeakyReLU on four, tanh",
            does="the same, from 2x2",
        ),
        Choice(
            "label-input",
            "the one-hot label goes through the dense layer; of z it says nothing",
            does="the label and z go through it together",
            ground=Ground.OPEN,
            why="as in Odena et al.",
        ),
        Choice(
            "channels",
            "nothing",
            ("width",),
            "doubled from 32 at half the picture's size up to 512",
            Ground.OPEN,
            "as in its other GAN, whose channels end at 512",
        ),
        Choice(
            "class-loss",
            "negative log-likelihood of the class, over fake and real pictures, added",
            does="the same, with a weight of 1",
        ),
        Choice(
            "schedules",
            "both rates times 0.75 every 50 epochs: worked with three labels",
            ("g_schedule", "d_schedule"),
        ),
        *SHARED,
    )

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.acgan` at the data's size and number of classes."""
        options = self.options
        generator = networks.Generator(spec.size, spec.classes, options.latent_dim, options.width)
        return generator, networks.Discriminator(spec.size, spec.classes, options.width, self.head)

    def discriminator_terms(self, real: Critique, fake: Critique, batch: Batch) -> dict[str, Tensor]:
        """The classifier's loss over real and over generated pictures."""
        return {"class_real": _class_loss(real, batch.labels), "class_fake": _class_loss(fake, batch.generated_labels)}

    def generator_terms(self, fake: Critique, batch: Batch) -> dict[str, Tensor]:
        """The classifier's loss on the classes that G was conditioned on."""
        return {"class": _class_loss(fake, batch.generated_labels)}


def _class_loss(critique: Critique, classes: Tensor | None) -> Tensor:
    assert critique.class_logits is not None
    assert classes is not None
    return class_cross_entropy(critique.class_logits, classes)
