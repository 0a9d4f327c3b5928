"""What a discriminator returns, and its last layers."""

from typing import NamedTuple, Protocol

from torch import Tensor, nn

from ganvas.networks.minibatch import MinibatchLayer


class Critique(NamedTuple):
    """What a discriminator returns about B pictures.

    Attributes:
        logits: [B], above zero for "real"; a critic's score for Wasserstein GANs.
        features: [B, F], the input of the last layer, which feature matching compares.
        class_logits: [B, C] of an auxiliary classifier, or None.
        patches: logits of further heads, a tensor for each head: [B', P] for P places in B' of the pictures.
        patch_weight: weight of `patches` in G's loss, in [0, 1]; it grows while the heads are new.
    """

    logits: Tensor
    features: Tensor
    class_logits: Tensor | None = None
    patches: tuple[Tensor, ...] = ()
    patch_weight: float = 1.0


class Head(nn.Module):
    """The last layers of a discriminator: features to one logit, and to class logits where there are classes.

    Args:
        features: length of the features.
        classes: number of classes to classify; 0 for no class logits.
        minibatch: a layer that shows the whole batch to the real/fake logit.
        bias: whether the layers have a bias.
    """

    def __init__(
        self, features: int, classes: int = 0, minibatch: MinibatchLayer | None = None, bias: bool = True
    ) -> None:
        super().__init__()
        self.minibatch, self.features = minibatch, features
        seen = features + (minibatch.extra_features if minibatch else 0)
        self.score = nn.Linear(seen, 1, bias=bias)
        self.classes = nn.Linear(features, classes, bias=bias) if classes else None

    def learn_classes(self, classes: int) -> None:
        """Add a layer for class logits, which are all 0 until it is trained."""
        self.classes = nn.Linear(self.features, classes)
        nn.init.zeros_(self.classes.weight)
        nn.init.zeros_(self.classes.bias)

    def forward(self, features: Tensor) -> Critique:
        """float [B, F] -> a critique."""
        seen = features if self.minibatch is None else self.minibatch(features)
        class_logits = None if self.classes is None else self.classes(features)
        return Critique(self.score(seen).flatten(), features, class_logits)


class MakeHead(Protocol):
    """Makes the last layers of a discriminator from the length of its features, as a recipe's `head` does."""

    def __call__(self, features: int, classes: int = 0, *, bias: bool = True) -> Head:
        """The last layers over features [B, `features`]."""
