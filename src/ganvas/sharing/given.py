"""What is exported: a snapshot, and the run that it came from where that is known."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from torch import Tensor

from ganvas.artist.artist import Artist, load
from ganvas.artist.sampling import latents_of
from ganvas.foundation.errors import GanvasError
from ganvas.foundation.paths import is_directory, user_path
from ganvas.report.run.run import Run
from ganvas.runs.directory import run_of
from ganvas.runs.snapshot import Card, Snapshot
from ganvas.verdict.evaluation import Verdict


@dataclass(frozen=True)
class Given:
    """What is exported.

    Attributes:
        artist: the generator, on the CPU.
        path: the file of its snapshot.
        run: the run that it came from; None if it lies outside of one.
    """

    artist: Artist
    path: Path
    run: Run | None

    @classmethod
    def open(cls, source: str | Path) -> Self:
        """Open a snapshot, or the best snapshot of a run.

        Raises:
            RunError: there is none, or it cannot be read.
            ConfigError: its recipe is not installed.
        """
        artist = load(source)
        assert artist.path is not None
        home = user_path(source) if is_directory(user_path(source)) else run_of(artist.path)
        run = None
        with contextlib.suppress(GanvasError):  # the snapshot alone will do
            run = Run.open(home) if home else None
        return cls(artist, artist.path, run)

    @property
    def snapshot(self) -> Snapshot:
        """The generator with its recipe and card."""
        return self.artist.snapshot

    @property
    def card(self) -> Card:
        """The description in the snapshot."""
        return self.snapshot.card

    @property
    def data_name(self) -> str:
        """The name of the dataset directory. Where that lies is nobody else's business."""
        return Path(self.card.data).name

    @property
    def title(self) -> str:
        """Such as "atelier on portraits"."""
        return f"{self.card.recipe} on {self.data_name}"

    @property
    def parameters(self) -> int:
        """The number of values in its weights."""
        return sum(tensor.numel() for tensor in self.snapshot.generator.state_dict().values())

    @property
    def scores(self) -> Mapping[str, object]:
        """The evaluation of these weights; empty if they were not evaluated."""
        return self.card.scores

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of that evaluation; None without one."""
        return Verdict.parse({"kimg": self.card.kimg, **self.scores})

    def latents(self, count: int, seed: int = 0) -> Tensor:
        """The first latents of a seed, float32 [count, latent_dim], as `ganvas sample` draws them."""
        return latents_of(self.snapshot.recipe, seed, range(count)).float()
