"""Layers that let a discriminator compare the pictures of a batch, so that it notices a collapsed generator."""

import torch
from torch import Tensor, nn


class MinibatchLayer(nn.Module):
    """A layer from features [B, F] to [B, F + extra_features].

    Attributes:
        extra_features: the number of features that it appends.
    """

    extra_features: int


class MinibatchStddev(MinibatchLayer):
    """Minibatch standard deviation (Karras et al. 2018, "Progressive growing of GANs", section 3), over features.

    It appends the standard deviation of every feature over a group of pictures, averaged over the features.

    Args:
        group: number of pictures in a group; a batch that it does not divide is a single group.
    """

    def __init__(self, group: int = 4) -> None:
        super().__init__()
        self.group, self.extra_features = group, 1

    def forward(self, features: Tensor) -> Tensor:
        """[B, F] to [B, F + 1]."""
        count = len(features)
        group = self.group if count % self.group == 0 else count
        # Pictures k, k + B / group, ... form a group. In float16, 1e-8 is 0, and the root has no derivative there.
        groups = features.float().view(group, count // group, -1)
        spread = (groups.var(0, unbiased=False) + 1e-8).sqrt().mean(1).to(features.dtype)
        return torch.cat([features, spread.repeat(group)[:, None]], dim=1)


class MinibatchDiscrimination(MinibatchLayer):
    """Minibatch discrimination (Salimans et al. 2016, "Improved techniques for training GANs", section 3.2).

    With M_i = f(x_i) T, a matrix [B, C] for every picture, it appends

        o_b(x_i) = mean over j != i of exp(-||M_i,b - M_j,b||_1),    in [0, 1]

    The paper sums over j. A sum grows with the batch: while pictures are alike, as when training starts, it is B - 1
    for each of the features, and the next layer, still untrained, makes logits of tens of units from that. The mean
    differs by a constant factor alone.

    Args:
        features: length of f.
        extra_features: B, the number of features that it appends.
        depth: C, the length of each row of M.
    """

    def __init__(self, features: int, extra_features: int = 32, depth: int = 8) -> None:
        super().__init__()
        self.extra_features, self.depth = extra_features, depth
        self.project = nn.Linear(features, extra_features * depth, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """[B, F] to [B, F + extra_features]."""
        rows = self.project(features).view(-1, self.extra_features, self.depth)
        distances = (rows[:, None] - rows[None]).abs().sum(3)
        # Without the picture's distance to itself, which is always 0.
        closeness = (torch.exp(-distances).sum(1) - 1) / max(len(features) - 1, 1)
        return torch.cat([features, closeness], dim=1)


def minibatch_layer(name: str, features: int) -> MinibatchLayer | None:
    """The layer called "stddev" or "discrimination" for features of this length; None for "none"."""
    if name == "stddev":
        return MinibatchStddev()
    return MinibatchDiscrimination(features) if name == "discrimination" else None
