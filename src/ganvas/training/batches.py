"""The batches of a training step: real pictures on the device, and latents."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from ganvas.distributed.part import Part, working_on
from ganvas.foundation.pixels import to_float
from ganvas.foundation.state import State
from ganvas.gans.recipe import Batch, Recipe
from ganvas.machine.device import Machine


class BatchMaker:
    """Makes the batches of one run, with latents from its own random generator.

    Args:
        recipe: draws the latents, and selects the labels that it needs.
        machine: where the networks are.
        seed: of the latents.
        part: the part of each batch that this process has.
    """

    def __init__(self, recipe: Recipe, machine: Machine, seed: int, part: Part) -> None:
        self._recipe, self._machine, self._part = recipe, machine, part
        self._random = torch.Generator().manual_seed(seed)

    def step(self, pictures: Iterator[tuple[Tensor, Tensor | None]]) -> list[Batch]:
        """One batch for each discriminator update, then one for each generator update after the first.

        Each discriminator update gets new pictures. The generator updates all use the last of these batches, with new
        latents after the first update.

        Args:
            pictures: batches of the loader: uint8 [B, S, S, 3], and labels int64 [B] or None.
        """
        options = self._recipe.options
        # All pictures come first: if some are missing, no latents have been drawn, and a resumed run draws the same.
        batches = [self._batch(*each) for each in [next(pictures) for _ in range(options.d_steps)]]
        last = batches[-1]
        with self._drawing():
            shared = [self._recipe.batch(last.images, self._latents(), last.labels) for _ in range(options.g_steps - 1)]
        return batches + shared

    def _batch(self, pictures: Tensor, labels: Tensor | None) -> Batch:
        """Convert a batch of the loader for the networks, on their device."""
        device = self._machine.device
        images = to_float(pictures.to(device, non_blocking=True)).contiguous(memory_format=self._machine.memory_format)
        if labels is not None:
            labels = labels.to(device, non_blocking=True)
        with self._drawing():
            return self._recipe.batch(images, self._latents(), labels)

    def _drawing(self) -> AbstractContextManager[None]:
        """A context in which random numbers are those of the whole batch."""
        return working_on(self._part if self._part.count < self._part.total else None)

    def _latents(self) -> Tensor:
        latents = self._recipe.latents(self._part.total, self._random)
        return latents[self._part.start :][: self._part.count].to(self._machine.device)

    def state(self) -> State:
        """The state from which the next latents follow."""
        return {"latents": self._random.get_state()}

    def load_state(self, state: State) -> None:
        """Restore what `state` returned."""
        self._random.set_state(state["latents"])
