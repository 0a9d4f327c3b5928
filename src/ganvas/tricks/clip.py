"""Weight clipping (Arjovsky et al. 2017, algorithm 1, line 7), as in paper 1's WGAN."""

import torch
from torch import nn

from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick


class Clip(Trick):
    """All parameters of D are clipped to [-c, c] after each of its updates, biases and gains too."""

    order = 90

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `clip` is above 0."""
        return options.clip > 0

    @torch.no_grad()
    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        """Clip D's parameters in place."""
        limit = self.recipe.options.clip
        for parameter in discriminator.parameters():
            parameter.clamp_(-limit, limit)
