"""ACDCGAN: paper 3's GAN with an auxiliary classifier. G is conditioned on the class, and D has to name it.

Odena, Olah and Shlens 2017, "Conditional image synthesis with auxiliary classifier GANs", equations 2 and 3, over
strided convolutions, with the non-saturating loss for G (`objectives.non_saturating`). P(c | x) is D's second, softmax
output. For pictures x of class c, and z ~ N(0, I) of length 100:

    D minimises  -E[log D(x)] - E[log(1 - D(G(z, c)))] - E[log P(c | x)] - E[log P(c | G(z, c))]
    G minimises  -E[log D(G(z, c))] - E[log P(c | G(z, c))]

In training, G paints the classes of the real pictures in the same batch, so each comes as often as in the data. The
paper gives a range of learning rates, 1e-4 to 5e-4; the default is DCGAN's, which lies within it.
"""

from torch import Tensor, nn

from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Batch, ClassUse, Spec
from ganvas.networks import acgan as networks
from ganvas.networks.critique import Critique
from ganvas.networks.losses import class_cross_entropy
from ganvas.settings.options import Options


class ACGAN(NonSaturatingGAN):
    """The DCGAN with an auxiliary classifier: is this picture real, and which class is it?"""

    paper = "Conditional Generative Model for Art Generation (paper 3); Odena et al. 2017"
    sizes = networks.SIZES
    class_use = ClassUse.AUXILIARY
    defaults = Options(batch_size=100, width=32, latent_dim=100, g_lr=2e-4, d_lr=2e-4, beta1=0.5, beta2=0.999)

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
