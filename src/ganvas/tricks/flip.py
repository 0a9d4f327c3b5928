"""Mirrored pictures: the one augmentation that did not harm paper 2's data."""

import dataclasses

import torch

from ganvas.distributed.part import drawn
from ganvas.gans.recipe import Batch
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick


class Flip(Trick):
    """Each real picture is mirrored, left to right, with probability 1/2."""

    order = 40

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `flip` is set."""
        return options.flip

    def batch(self, batch: Batch) -> Batch:
        """The batch with about half of its real pictures mirrored."""
        images = batch.images
        # Drawn on the CPU, because every checkpoint holds the CPU's random state.
        is_mirrored = (drawn(len(images), lambda count: torch.rand(count, 1, 1, 1)) < 0.5).to(images.device)
        return dataclasses.replace(batch, images=torch.where(is_mirrored, images.flip(3), images))
