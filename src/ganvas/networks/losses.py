"""Losses over a discriminator's logits, each stated as in its paper.

D(x) is a probability and l(x) its logit: D(x) = sigmoid(l(x)). Every function takes float logits [B], or class logits
[B, C], and returns a scalar to minimise: the mean over the batch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ganvas.distributed.part import drawn

Range = tuple[float, float]


def logistic_real(logits: Tensor) -> Tensor:
    """-E[log D(x)]: the logistic loss of pictures that D should call real (Goodfellow et al. 2014, equation 1).

    Over real pictures it is the first term of D's loss. Over generated ones it is G's non-saturating loss (section 3 of
    the same paper).
    """
    return F.softplus(-logits).mean()


def logistic_fake(logits: Tensor) -> Tensor:
    """-E[log(1 - D(G(z)))]: the logistic loss of pictures that D should call generated (equation 1, second term)."""
    return F.softplus(logits).mean()


def hinge_real(logits: Tensor) -> Tensor:
    """E[max(0, 1 - l(x))]: the discriminator's hinge loss over real pictures (Lim and Ye 2017; Miyato et al. 2018)."""
    return F.relu(1 - logits).mean()


def hinge_fake(logits: Tensor) -> Tensor:
    """E[max(0, 1 + l(G(z)))]: the discriminator's hinge loss over generated pictures."""
    return F.relu(1 + logits).mean()


def class_cross_entropy(class_logits: Tensor, labels: Tensor) -> Tensor:
    """-E[log P(c | x)], P = softmax: an auxiliary classifier's loss (Odena et al. 2017, equation 3; paper 3's NLL).

    Args:
        class_logits: float [B, C].
        labels: int64 [B], the classes c of real pictures, or those that G was conditioned on.
    """
    return F.cross_entropy(class_logits, labels)


def one_vs_rest(class_logits: Tensor, labels: Tensor) -> Tensor:
    """-E[log D_c(c | x) + sum over k != c of log(1 - D_c(k | x))]: a binary decision for each class.

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


def uniform_cross_entropy(class_logits: Tensor) -> Tensor:
    """-E[1/C sum over c of log P(c | x)], P = softmax: style ambiguity for classes that exclude each other.

    It is the cross-entropy of P with the uniform distribution, at least log C, where every P(c | x) is 1/C (Elgammal et
    al. 2017, section 3.2; Sbai et al. 2018, "DeSIGN: Design inspiration from generative networks", equation 4).

    Args:
        class_logits: float [B, C], of generated pictures.
    """
    return -F.log_softmax(class_logits, dim=1).mean()


def _summed_cross_entropy(class_logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropies of independent class probabilities [B, C]: summed over classes, averaged over pictures."""
    return F.binary_cross_entropy_with_logits(class_logits, targets, reduction="sum") / len(class_logits)


@dataclass(frozen=True)
class Targets:
    """The probabilities that the discriminator learns: by default 1 for real and 0 for generated pictures.

    Label smoothing (Salimans et al. 2016, section 3.4) and noisy labels (paper 2) move the targets or draw them from a
    range. Label swapping (paper 3) exchanges those of real and generated pictures. None of it affects G's loss.

    Attributes:
        real: range of the target of real pictures, drawn uniformly for each picture.
        fake: the same for generated pictures.
        swap: probability with which the two targets of a batch change places.
    """

    real: Range = (1.0, 1.0)
    fake: Range = (0.0, 0.0)
    swap: float = 0.0

    def terms(self, real_logits: Tensor, fake_logits: Tensor) -> dict[str, Tensor]:
        """The discriminator's two terms of equation 1, as cross-entropies of logits [B] with these targets."""
        real, fake = self.real, self.fake
        if self.swap and torch.rand(()).item() < self.swap:
            real, fake = fake, real
        return {"real": _cross_entropy(real_logits, real), "fake": _cross_entropy(fake_logits, fake)}


def _cross_entropy(logits: Tensor, target: Range) -> Tensor:
    low, high = target
    if low == high:
        targets = torch.full_like(logits, low)
    else:
        targets = drawn(len(logits), lambda count: logits.new_empty(count).uniform_(low, high))
    return F.binary_cross_entropy_with_logits(logits, targets)
