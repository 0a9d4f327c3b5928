"""Paper 4's first try: a GAN with two fully connected layers in G and two in D.

"Implementing Creative Adversarial Networks" (paper 4), section 3. D minimises the cross-entropy and G the
non-saturating loss (Goodfellow et al. 2014, equation 1 and section 3): see `objectives.non_saturating`. z ~ N(0, I) of
length 100.
"""

from collections.abc import Mapping
from typing import ClassVar

from torch import nn

from ganvas.gans.choices import Choice, Ground
from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Spec
from ganvas.networks import mlp as networks
from ganvas.settings.options import Options
from ganvas.settings.ranges import Values, Varied


class MLP(NonSaturatingGAN):
    """Paper 4's two-layer GAN."""

    paper = "Implementing Creative Adversarial Networks (paper 4), its first try"
    sizes = networks.SIZES
    defaults = Options(batch_size=200)
    ranges: ClassVar[Mapping[str, Varied]] = {"width": Values((32, 64, 128)), "beta1": Values((0.0, 0.5, 0.9))}
    choices: ClassVar[tuple[Choice, ...]] = (
        Choice(
            "layers", '"a naive two layer fully connected network" for G and for D', does="two dense layers in each"
        ),
        Choice(
            "hidden-units",
            "nothing",
            ("width",),
            "1024 between the layers, 16 for each unit of `width`",
            Ground.OPEN,
            "as the dense layers of its later networks",
        ),
        Choice(
            "activations",
            "nothing",
            does="LeakyReLU 0.2 between the layers, tanh at G's end",
            ground=Ground.OPEN,
            why="as in DCGAN",
        ),
        Choice("z", "nothing", ("latent_dim", "latent"), ground=Ground.OPEN, why="those of its later network"),
        Choice("batch", "nothing", ("batch_size",), ground=Ground.OPEN, why="that of its later system"),
        Choice(
            "training",
            "nothing",
            ("optimizer", "g_lr", "d_lr", "beta1", "beta2", "d_steps", "g_steps"),
            ground=Ground.OPEN,
            why="DCGAN's; the ratio of 1:2 came later",
        ),
    )

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.mlp` at the data's size."""
        generator = networks.Generator(spec.size, self.options.latent_dim, self.options.width)
        return generator, networks.Discriminator(spec.size, self.options.width, self.head)
