"""Experience replay, which paper 3 tried: the discriminator sees earlier pictures of the generator again."""

import torch
from torch import Tensor, nn

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

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `replay` is above 0."""
        return options.replay > 0

    def discriminator_batch(self, generator: nn.Module, batch: Batch) -> Batch:
        """The batch with earlier pictures if they are due; else as it is, after keeping some of its pictures."""
        self._updates += 1
        if self._updates % self.recipe.options.replay_every == 0 and self._pictures is not None:
            return self._replayed(generator, batch, self._pictures)
        self._keep(generator, batch)
        return batch

    def _keep(self, generator: nn.Module, batch: Batch) -> None:
        size, count = self.recipe.options.replay, self.recipe.options.replay_keep
        pictures = torch.from_numpy(to_uint8(batch.fakes(generator)[:count]))
        if self._pictures is None:
            self._pictures = pictures.new_zeros(size, *pictures.shape[1:])
        places = (self._kept + torch.arange(count)) % size
        self._pictures[places] = pictures
        if batch.generated_labels is not None:
            self._labels[places] = batch.generated_labels[:count].cpu()
        self._kept += count

    def _replayed(self, generator: nn.Module, batch: Batch, pictures: Tensor) -> Batch:
        drawn = torch.randint(min(self._kept, len(pictures)), (len(batch.images),))
        device = batch.images.device
        labels = None if batch.generated_labels is None else self._labels[drawn].to(device)
        return batch.with_generated(generator, to_float(pictures[drawn].to(device)), labels)

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
