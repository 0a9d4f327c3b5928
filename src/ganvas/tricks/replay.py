"""Experience replay, which paper 3 tried: the discriminator sees earlier pictures of the generator again."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganvas.distributed.part import current, current_world, drawn
from ganvas.foundation.pixels import to_float, to_uint8
from ganvas.gans.recipe import Batch, Recipe
from ganvas.settings.options import Options
from ganvas.tricks.trick import State, Trick


class ExperienceReplay(Trick):
    """A few generated pictures of each batch are kept; from time to time D sees kept ones instead of new ones.

    The last `replay` pictures are kept with their classes, `replay_keep` of each batch that D is trained on. At every
    `replay_every`-th update of D, a batch drawn from them with replacement takes the place of newly generated pictures,
    as in the paper. G's updates do not change. Pictures are kept as uint8, which real ones are made of too.
    """

    order = 42

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self._updates = self._kept = 0
        # Rings: uint8 [replay, S, S, 3], made when the size is known, and int64 [replay].
        self._pictures: Tensor | None = None
        self._labels = torch.zeros(recipe.options.replay, dtype=torch.int64)
        self._noted: list[_Noted] = []

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `replay` is above 0."""
        return options.replay > 0

    def discriminator_batch(self, generator: nn.Module, batch: Batch) -> Batch:
        """The batch with earlier pictures if they are due; else as it is, after noting some of its pictures."""
        if (self._updates + 1) % self.recipe.options.replay_every == 0 and self._pictures is not None:
            return self._replayed(generator, batch, self._pictures)
        part = current()
        start = part.start if part else 0
        count = max(0, self.recipe.options.replay_keep - start)
        labels = None if batch.generated_labels is None else batch.generated_labels[:count].cpu()
        self._noted.append(_Noted(start, torch.from_numpy(to_uint8(batch.fakes(generator)[:count])), labels))
        return batch

    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        """Keep what was noted in this update: the first pictures of the whole batch, wherever they were made."""
        self._updates += 1
        if self._noted:
            self._keep(self._noted)
            self._noted = []

    def _keep(self, noted: Sequence["_Noted"]) -> None:
        size, count = self.recipe.options.replay, self.recipe.options.replay_keep
        # Each process fills in the pictures that it made, and all add up.
        pictures = noted[0].pictures.new_zeros(count, *noted[0].pictures.shape[1:])
        labels = torch.zeros(count, dtype=torch.int64)
        for each in noted:
            rows = slice(each.start, each.start + len(each.pictures))
            pictures[rows] = each.pictures
            if each.labels is not None:
                labels[rows] = each.labels
        pictures, labels = (current_world().sum_(each) for each in (pictures, labels))
        if self._pictures is None:
            self._pictures = pictures.new_zeros(size, *pictures.shape[1:])
        places = (self._kept + torch.arange(count)) % size
        self._pictures[places] = pictures
        self._labels[places] = labels
        self._kept += count

    def _replayed(self, generator: nn.Module, batch: Batch, pictures: Tensor) -> Batch:
        known = min(self._kept, len(pictures))
        rows = drawn(len(batch.images), lambda count: torch.randint(known, (count,)))
        device = batch.images.device
        labels = None if batch.generated_labels is None else self._labels[rows].to(device)
        return batch.with_generated(generator, to_float(pictures[rows].to(device)), labels)

    def state(self) -> State:
        """The counters and the buffer."""
        return {
            "updates": self._updates,
            "kept": self._kept,
            "pictures": self._pictures,
            "classes": self._labels,
        }

    def load_state(self, state: State) -> None:
        """Continue with that buffer."""
        updates, kept, pictures, labels = (state[key] for key in ("updates", "kept", "pictures", "classes"))
        assert isinstance(updates, int)
        assert isinstance(kept, int)
        assert pictures is None or isinstance(pictures, Tensor)
        assert isinstance(labels, Tensor)
        self._updates, self._kept, self._pictures, self._labels = updates, kept, pictures, labels
        self._noted = []


@dataclass(frozen=True)
class _Noted:
    """Pictures of a batch that are to be kept.

    Attributes:
        start: the number of the first in the whole batch.
        pictures: uint8 [N, S, S, 3].
        labels: their classes, int64 [N], or None.
    """

    start: int
    pictures: Tensor
    labels: Tensor | None
