"""The class that a generator is asked for, as an input of its network."""

from torch import Tensor
from torch.nn import functional as F


def class_weights(labels: Tensor, like: Tensor, classes: int) -> Tensor:
    """The weight of each class, [B, C] with the dtype of `like`: 1 for the class that is asked for, or else a mixture.

    Args:
        labels: int64 [B], or the weights themselves, float [B, C].
        like: any tensor of the network.
        classes: the number of classes, C.
    """
    return (labels if labels.is_floating_point() else F.one_hot(labels, classes)).to(like.dtype)
