"""Discriminators that train in phases: after some number of pictures, what they compute and cost changes."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Phased(nn.Module):
    """A discriminator with phases, which counts the real pictures that it has been trained on.

    The trainer calls `count` after each update. The count is part of the state, so a resumed run, or one that starts
    from these weights, continues in the same phase.

    Args:
        starts: the count at which each phase after the first begins, ascending.

    Attributes:
        starts: as above.
        images_seen: the count.
    """

    def __init__(self, starts: Sequence[int] = ()) -> None:
        super().__init__()
        self.starts, self.images_seen = tuple(starts), 0

    @property
    def phase(self) -> int:
        """The number of its phase, from 0."""
        return sum(start <= self.images_seen for start in self.starts)

    def count(self, images: int) -> None:
        """Count an update on `images` real pictures."""
        self.images_seen += images

    def enter(self, phase: int) -> None:
        """Skip to the beginning of a phase that has not begun, to measure its cost."""
        if phase > self.phase:
            self.images_seen = self.starts[phase - 1]

    def enter_last(self) -> None:
        """Skip to the last phase."""
        self.enter(len(self.starts))

    def get_extra_state(self) -> Tensor:
        """The count, which the state dict holds next to the weights."""
        return torch.tensor(self.images_seen)

    def set_extra_state(self, state: Tensor) -> None:
        """Take over what `get_extra_state` returned."""
        self.images_seen = int(state)


def phases_of(discriminator: nn.Module) -> Phased:
    """The discriminator itself if it has phases, else a placeholder with a single phase."""
    return discriminator if isinstance(discriminator, Phased) else Phased()
