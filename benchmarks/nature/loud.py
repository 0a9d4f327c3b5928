"""A DCGAN whose initial weights are ten times too large."""

from torch import nn

from ganvas.gans.dcgan import DCGAN
from ganvas.gans.recipe import Spec

TIMES = 10.0


class LoudDCGAN(DCGAN):
    """See above. It learns like any other, if it can."""

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        """The networks of a DCGAN, with the weights of their convolutions multiplied."""
        networks = super().build(spec)
        for network in networks:
            for module in network.modules():
                if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                    module.weight.data *= TIMES
        return networks
