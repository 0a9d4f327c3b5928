"""Adversarial objectives over a discriminator's raw outputs, each stated as in its paper.

D(x) is a probability and l(x) its logit: D(x) = sigmoid(l(x)). Every function takes logits [B], or class logits
[B, C], and returns a scalar, the mean over the batch, to be minimised.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

Range = tuple[float, float]


def logistic_real(logits: Tensor) -> Tensor:
    """-E[log D(x)]: the loss of not being called real (Goodfellow et al. 2014, equation 1, first term).

    Over real pictures it is the discriminator's; over generated ones the generator's non-saturating loss
    (section 3 of the same paper).
    """
    return F.softplus(-logits).mean()


def logistic_fake(logits: Tensor) -> Tensor:
    """-E[log(1 - D(G(z)))]: the loss of not being called generated (equation 1, second term)."""
    return F.softplus(logits).mean()


def hinge_real(logits: Tensor) -> Tensor:
    """E[max(0, 1 - l(x))]: the discriminator's hinge loss over real pictures (Lim and Ye 2017; Miyato et al. 2018)."""
    return F.relu(1 - logits).mean()


def hinge_fake(logits: Tensor) -> Tensor:
    """E[max(0, 1 + l(G(z)))]: its hinge loss over generated pictures."""
    return F.relu(1 + logits).mean()


def class_cross_entropy(class_logits: Tensor, labels: Tensor) -> Tensor:
    """-E[log P(c | x)], P = softmax: an auxiliary classifier's loss (Odena et al. 2017, equation 3; paper 3's NLL).

    Args:
        class_logits: float [B, C].
        labels: int64 [B], the true class c of real pictures or the wanted one of generated ones.
    """
    return F.cross_entropy(class_logits, labels)


def one_vs_rest(class_logits: Tensor, labels: Tensor) -> Tensor:
    """-E[log D_c(c | x) + sum over k != c of log(1 - D_c(k | x))]: every class a yes or no of its own.

    Args:
        class_logits: float [B, C].
        labels: int64 [B], the true class c.
    """
    return _summed_cross_entropy(class_logits, F.one_hot(labels, class_logits.shape[1]).to(class_logits.dtype))


def style_ambiguity(class_logits: Tensor) -> Tensor:
    """-E[sum over c of 1/C log D_c(c | x) + (1 - 1/C) log(1 - D_c(c | x))]: paper 4's equation 3, least at D_c = 1/C.

    Args:
        class_logits: float [B, C], of generated pictures.
    """
    return _summed_cross_entropy(class_logits, torch.full_like(class_logits, 1 / class_logits.shape[1]))


def _summed_cross_entropy(class_logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropies of independent class probabilities [B, C]: summed over classes, averaged over pictures."""
    return F.binary_cross_entropy_with_logits(class_logits, targets, reduction="sum") / len(class_logits)


@dataclass(frozen=True)
class Targets:
    """What the discriminator is told its probabilities should be; 1 and 0 unless a trick blurs them.

    Label smoothing (Salimans et al. 2016, section 3.4) and noisy labels (paper 2) move the targets or draw them from a
    range; label swapping (paper 3) exchanges those of real and generated pictures. A generator's loss knows none of it.

    Attributes:
        real: range of the target of real pictures, drawn uniformly for each.
        fake: the same for generated pictures.
        swap: probability with which a batch's two targets change places.
    """

    real: Range = (1.0, 1.0)
    fake: Range = (0.0, 0.0)
    swap: float = 0.0

    def terms(self, real_logits: Tensor, fake_logits: Tensor) -> dict[str, Tensor]:
        """The discriminator's two terms of equation 1, as cross-entropies with these targets."""
        real, fake = self.real, self.fake
        if self.swap and torch.rand(()).item() < self.swap:
            real, fake = fake, real
        return {"real": _cross_entropy(real_logits, real), "fake": _cross_entropy(fake_logits, fake)}


def _cross_entropy(logits: Tensor, target: Range) -> Tensor:
    low, high = target
    targets = torch.full_like(logits, low) if low == high else torch.empty_like(logits).uniform_(low, high)
    return F.binary_cross_entropy_with_logits(logits, targets)
