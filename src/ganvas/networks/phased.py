"""Discriminators that train in phases: from certain pictures on they do something else, at another cost."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Phased(nn.Module):
    """A discriminator with phases, and how far it has been trained.

    Whoever trains it calls `count` after each update. The count is part of its state, so a resumed run, or one that
    begins with its weights, goes on in the phase that was reached.

    Args:
        starts: real pictures it has been trained on when each phase after the first begins, ascending.

    Attributes:
        starts: the same.
        images_seen: real pictures it has been trained on.
    """

    def __init__(self, starts: Sequence[int] = ()) -> None:
        super().__init__()
        self.starts, self.images_seen = tuple(starts), 0

    @property
    def phase(self) -> int:
        """The number of its phase, from 0."""
        return sum(start <= self.images_seen for start in self.starts)

    def count(self, images: int) -> None:
        """Take note of an update on that many more real pictures."""
        self.images_seen += images

    def enter(self, phase: int) -> None:
        """Go to the beginning of a phase, unless it has begun: for measuring what it costs."""
        if phase > self.phase:
            self.images_seen = self.starts[phase - 1]

    def enter_last(self) -> None:
        """Go to the phase that lasts to the end of training."""
        self.enter(len(self.starts))

    def get_extra_state(self) -> Tensor:
        """The pictures seen, which a state holds next to the weights."""
        return torch.tensor(self.images_seen)

    def set_extra_state(self, state: Tensor) -> None:
        """Take over what `get_extra_state` returned."""
        self.images_seen = int(state)


def phases_of(discriminator: nn.Module) -> Phased:
    """The discriminator itself if it has phases, else a stand-in with a single phase."""
    return discriminator if isinstance(discriminator, Phased) else Phased()
