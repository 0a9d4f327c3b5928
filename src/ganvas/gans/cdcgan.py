"""cDCGAN: paper 3's conditional DCGAN, where G and D are both told the class.

Mirza and Osindero 2014, "Conditional generative adversarial nets", equation 2, over the DCGAN's body, with the
non-saturating loss for G. For pictures x of class c, and z ~ N(0, I) of length 100:

    D minimises  -E[log D(x, c)] - E[log(1 - D(G(z, c), c))]
    G minimises  -E[log D(G(z, c), c)]

The classes asked of G in training are those of the real pictures beside, so each comes as often as in the data.

The paper gives a range of learning rates, 1e-4 to 5e-4; the default is that of DCGAN, within it. Its text has a
BatchNorm after every layer but describes the first ones of D as convolution and LeakyReLU only; we follow the latter.
"""

from torch import Tensor, nn

from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks import conditional as networks
from ganvas.networks.critique import Critique
from ganvas.networks.objectives import judged_real
from ganvas.settings.options import Options


class CDCGAN(Recipe):
    """The conditional DCGAN: is this picture real, and of that class?"""

    paper = "Conditional Generative Model for Art Generation (paper 3); Mirza and Osindero 2014"
    sizes = networks.SIZES
    conditional = True
    has_targets = True
    defaults = Options(batch_size=100, width=64, latent_dim=100, g_lr=2e-4, d_lr=2e-4, beta1=0.5, beta2=0.999)

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.conditional` at the data's size and number of classes."""
        options = self.options
        generator = networks.Generator(spec.size, spec.classes, options.latent_dim, options.width)
        return generator, networks.Discriminator(spec.size, spec.classes, options.width, self.head)

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """Real and generated pictures, each with its class, in batches of their own."""
        real = discriminator(batch.images, batch.labels).logits
        fake = discriminator(batch.fakes(generator), batch.wanted).logits
        return Loss(self.targets.terms(real, fake), real_logits=real, fake_logits=fake)

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The non-saturating loss."""
        return Loss({"adversarial": judged_real(discriminator(batch.generated(generator), batch.wanted).logits)})

    def judge(self, discriminator: nn.Module, images: Tensor, labels: Tensor | None = None) -> Critique:
        """What D says about pictures of these classes."""
        critique: Critique = discriminator(images, labels)
        return critique
