"""The DCGAN of paper 2, with noisy labels.

"Coding Art with DCGANs" (paper 2). D minimises the cross-entropy with noisy targets and G the non-saturating loss
(Goodfellow et al. 2014, equation 1 and section 3): see `objectives.non_saturating`. z ~ N(0, I) of length 100.
"""

from collections.abc import Mapping
from typing import ClassVar

from torch import nn

from ganvas.gans.choices import Choice, Ground
from ganvas.gans.objectives.non_saturating import NonSaturatingGAN
from ganvas.gans.recipe import Spec
from ganvas.networks import keras_dcgan as networks
from ganvas.settings.options import Options
from ganvas.settings.ranges import Range, Values, Varied


class KerasDCGAN(NonSaturatingGAN):
    """Paper 2's DCGAN."""

    paper = "Coding Art with DCGANs (paper 2)"
    sizes = networks.SIZES
    defaults = Options(
        batch_size=64,
        width=64,
        latent_dim=100,
        g_lr=1.5e-4,
        d_lr=2e-4,
        beta1=0.5,
        beta2=0.999,
        real_target=(0.8, 1.0),
        fake_target=(0.0, 0.2),
        flip=True,
        l2=1e-7,
    )
    ranges: ClassVar[Mapping[str, Varied]] = {
        "beta1": Values((0.0, 0.5, 0.9)),
        "d_dropout": Range(0.0, 0.5),
        "label_swap": Range(0.0, 0.1),
    }
    choices: ClassVar[tuple[Choice, ...]] = (
        Choice("generator", "the table of figure 3", does="its layers with their counts, 5,137,283 in all"),
        Choice("discriminator", "the table of figure 6", does="its layers with their counts, 4,318,337 in all"),
        Choice(
            "kernels",
            '"kernels are of 3x3" in the text; only 5x5 ones give the counts of the tables',
            does="5x5 kernels",
            ground=Ground.CONTRADICTION,
            why="the tables: 512 * 256 * 25 + 256 = 3,277,056",
        ),
        Choice("z", "827,392 weights in G's dense layer of 8,192 units", ("latent_dim",)),
        Choice(
            "distribution-of-z",
            '"noise vectors"',
            ("latent",),
            ground=Ground.OPEN,
            why="that of a base that the paper names, pavitrakumar78's Anime-Face-GAN-Keras",
        ),
        Choice("weights", '"glorot uniform initializer"', does="Glorot uniform weights, biases of 0"),
        Choice("optimizer", "Adam for both networks", ("optimizer",)),
        Choice("learning-rate-of-g", "G's learning rate is 0.00015", ("g_lr",)),
        Choice(
            "learning-rate-of-d",
            'the rate of D is "slightly bigger", "which is of 0.002"',
            ("d_lr",),
            ground=Ground.CONTRADICTION,
            why="0.002 is 13 times 0.00015 and 0.0002 is slightly more, so we take it for a misprint; "
            "pavitrakumar78's Anime-Face-GAN-Keras, a base that the paper names, has 0.0002",
            instead={"d_lr": "0.002"},
        ),
        Choice(
            "betas-of-adam",
            "nothing",
            ("beta1", "beta2"),
            ground=Ground.OPEN,
            why="beta1 is that of the same base, beta2 Adam's default",
        ),
        Choice(
            "slope-of-leaky-relu", "LeakyReLU", does="a slope of 0.2", ground=Ground.OPEN, why="that of the same base"
        ),
        Choice(
            "batch-normalisation",
            "two moving statistics for each channel, in the counts",
            does="momentum 0.99, epsilon 1e-3",
            ground=Ground.OPEN,
            why="Keras's defaults, as is the padding: one row before the picture and two after it",
        ),
        Choice(
            "labels",
            'noisy: "continuous numbers between 0 and 1"; with "discrete values" D was optimal early and G learned '
            "nothing",
            ("real_target", "fake_target"),
            ground=Ground.OPEN,
            why="the paper gives no ranges; these are those of the same base",
            instead={"real_target": "1", "fake_target": "0"},
        ),
        Choice(
            "accuracy",
            '"an accuracy of 0% all the time" against noisy labels, so "implemented manually"',
            does="D's accuracy is counted against the true origin, at a probability of 0.5",
        ),
        Choice(
            "flip",
            "horizontal flip, one of its tests: the only augmentation that did no harm",
            ("flip",),
            ground=Ground.OURS,
            why="the paper tried flip and L2 in separate tests and found that each helped; here both are on",
            instead={"flip": "false"},
        ),
        Choice(
            "l2",
            "a penalty of 1e-7 on the kernels of 2D convolutions, one of its tests: it diversified the pictures",
            ("l2",),
            ground=Ground.OURS,
            why="as for flip",
            instead={"l2": "0"},
        ),
        Choice("batch", "64 pictures, at random", ("batch_size",)),
        Choice(
            "batches-of-an-epoch",
            "175 epochs of 44 batches for 877 pictures, of 55 for 3,560",
            does="an epoch shows every training picture once: 55 batches for 3,560 pictures",
            ground=Ground.CONTRADICTION,
            why="55 is 3,560 / 64; 44 fits neither 877 / 64 nor twice that, only batches of 20; `--budget 175epochs` "
            "has 13 batches in each",
        ),
        Choice(
            "portraits",
            "2,141 self-portraits in section III, 2,142 in section V",
            does="nothing depends on it",
            ground=Ground.CONTRADICTION,
            why="both are in the text",
        ),
        Choice(
            "dimensionality-reduction",
            'pictures are "compressed into a vector", from 162,240 to 4,864 "parameters"',
            does="pictures are resized to 64x64x3, 12,288 values, and scaled to [-1, 1]",
            ground=Ground.CONTRADICTION,
            why="D's table begins with pictures of 64x64, and 4,864 is the count of its first layer",
        ),
    )

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """G and D of `networks.keras_dcgan` at the data's size."""
        generator = networks.Generator(spec.size, self.options.latent_dim, self.options.width)
        return generator, networks.Discriminator(spec.size, self.options.width, self.head)
