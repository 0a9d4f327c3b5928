"""ACDCGAN: paper 3's GAN with an auxiliary classifier; G is told the class, and D has to name it.

Odena, Olah and Shlens 2017, "Conditional image synthesis with auxiliary classifier GANs", equations 2 and 3, over
strided convolutions, with the non-saturating loss for G. P(c | x) is D's second, softmax output. For pictures x of
class c, and z ~ N(0, I) of length 100:

    D minimises  -E[log D(x)] - E[log(1 - D(G(z, c)))] - E[log P(c | x)] - E[log P(c | G(z, c))]
    G minimises  -E[log D(G(z, c))] - E[log P(c | G(z, c))]

The classes asked of G in training are those of the real pictures beside, so each comes as often as in the data. The
paper gives a range of learning rates, 1e-4 to 5e-4; the default is that of DCGAN, within it.
"""

from torch import Tensor, nn

from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks import acgan as networks
from ganvas.networks.critique import Critique
from ganvas.networks.objectives import classified, judged_real
from ganvas.settings.options import Options


class ACGAN(Recipe):
    """The DCGAN with an auxiliary classifier: is this picture real, and which class is it?"""

    paper = "Conditional Generative Model for Art Generation (paper 3); Odena et al. 2017"
    sizes = networks.SIZES
    conditional = True
    classifies = True
    has_targets = True
    defaults = Options(batch_size=100, width=32, latent_dim=100, g_lr=2e-4, d_lr=2e-4, beta1=0.5, beta2=0.999)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.acgan` at the data's size and number of classes."""
        options = self.options
        generator = networks.Generator(spec.size, spec.classes, options.latent_dim, options.width)
        return generator, networks.Discriminator(spec.size, spec.classes, options.width, self.head)

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """Origin and class of real and of generated pictures, in batches of their own."""
        real: Critique = discriminator(batch.images)
        fake: Critique = discriminator(batch.fakes(generator))
        terms = self.targets.terms(real.logits, fake.logits)
        terms["class_real"] = _class_loss(real, batch.labels)
        terms["class_fake"] = _class_loss(fake, batch.wanted)
        return Loss(terms, real_logits=real.logits, fake_logits=fake.logits)

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The non-saturating loss, and that of being taken for the class that was asked for."""
        fake: Critique = discriminator(batch.generated(generator))
        return Loss({"adversarial": judged_real(fake.logits), "class": _class_loss(fake, batch.wanted)})


def _class_loss(critique: Critique, classes: Tensor | None) -> Tensor:
    assert critique.class_logits is not None
    assert classes is not None
    return classified(critique.class_logits, classes)
