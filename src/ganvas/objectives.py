"""Adversarial objectives over a discriminator's raw outputs, each stated as in its paper.

D(x) is a probability and l(x) its logit: D(x) = sigmoid(l(x)). Every function takes logits [B] and returns a
scalar, the mean over the batch, to be minimised.
"""

from torch import Tensor
from torch.nn import functional as F


def judged_real(logits: Tensor) -> Tensor:
    """-E[log D(x)]: the loss of not being called real (Goodfellow et al. 2014, equation 1, first term).

    Over real pictures it is the discriminator's; over generated ones the generator's non-saturating loss
    (section 3 of the same paper).
    """
    return F.softplus(-logits).mean()


def judged_fake(logits: Tensor) -> Tensor:
    """-E[log(1 - D(G(z)))]: the loss of not being called generated (equation 1, second term)."""
    return F.softplus(logits).mean()
