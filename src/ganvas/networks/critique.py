"""What a discriminator says about pictures, and the last layers that say it."""

from typing import NamedTuple, Protocol

from torch import Tensor, nn

from ganvas.networks.minibatch import MinibatchLayer


class Critique(NamedTuple):
    """What a discriminator says about B pictures.

    Attributes:
        logits: [B], above zero for "real"; a critic's score for Wasserstein GANs.
        features: [B, F], what the last layer saw: what feature matching compares.
        class_logits: [B, C] of an auxiliary classifier, or None.
        patches: further logits, of places in some of the pictures: [B', P] for each of several judges beside the first.
        trust: how much of their weight those judges have been given so far, in [0, 1].
    """

    logits: Tensor
    features: Tensor
    class_logits: Tensor | None = None
    patches: tuple[Tensor, ...] = ()
    trust: float = 1.0


class Head(nn.Module):
    """The end of a discriminator: features to one logit, and to class logits where there are classes.

    Args:
        features: length of the features.
        classes: how many classes to tell apart; 0 for none.
        minibatch: a layer that lets the real/fake logit see a whole batch.
        bias: whether the layers have one.
    """

    def __init__(
        self, features: int, classes: int = 0, minibatch: MinibatchLayer | None = None, bias: bool = True
    ) -> None:
        super().__init__()
        self.minibatch = minibatch
        seen = features + (minibatch.added if minibatch else 0)
        self.score = nn.Linear(seen, 1, bias=bias)
        self.classes = nn.Linear(features, classes, bias=bias) if classes else None

    def forward(self, features: Tensor) -> Critique:
        """Features [B, F] to what is said about them."""
        seen = features if self.minibatch is None else self.minibatch(features)
        class_logits = None if self.classes is None else self.classes(features)
        return Critique(self.score(seen).flatten(), features, class_logits)


class MakeHead(Protocol):
    """Makes the end of a discriminator once it knows how long its features are, as a recipe's `head` does."""

    def __call__(self, features: int, classes: int = 0, *, bias: bool = True) -> Head:
        """The end over features [B, `features`]."""
