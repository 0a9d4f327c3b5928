"""Asking the discriminator of a run what it thinks of pictures, long after training."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganvas import gans
from ganvas.foundation.errors import ConfigError, RunError
from ganvas.foundation.paths import user_path
from ganvas.foundation.pixels import to_float
from ganvas.gans.recipe import Recipe, Spec
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.directory import RunDirectory
from ganvas.settings.config import resolve
from ganvas.tricks.objective import Objective

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


class Critic:
    """The discriminator of a run as its newest checkpoint holds it.

    It is asked as it was trained: batches are as large as they were then, and normalised by themselves where it has
    BatchNorm, since its running statistics mix real and generated pictures and are those of neither. Whatever is random
    in training, dropout and augmentation, is off, so the same pictures in the same order get the same answer.

    Attributes:
        kimg: thousands of real pictures it had seen.

    Args:
        recipe: whose discriminator it is.
        discriminator: on the CPU.
        kimg: thousands of real pictures it has seen.
    """

    def __init__(self, recipe: Recipe, discriminator: nn.Module, kimg: float) -> None:
        self.kimg = kimg
        self._recipe, self._discriminator = recipe, discriminator.requires_grad_(False).eval()
        for module in discriminator.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.train()

    @classmethod
    def of(cls, run: str | Path) -> Self:
        """Rebuild the discriminator of a run; nothing of the run is changed.

        Raises:
            RunError: no run, no usable checkpoint in it, or one that does not fit its recipe any more.
            ConfigError: its recipe is not installed here.
        """
        directory = RunDirectory.open(user_path(run))
        record = directory.record
        kind = gans.find(record.recipe)
        recipe = kind(resolve(record.recipe, kind.defaults, record.options).options)
        state = CheckpointDirectory(directory.checkpoints).latest()
        with torch.random.fork_rng(devices=[]):  # the weights drawn here are replaced at once
            spec = Spec(record.dataset["size"], len(record.dataset["class_names"]))
            _, discriminator = Objective(recipe).build(spec)
        try:
            discriminator.load_state_dict(state["discriminator"])
        except (KeyError, RuntimeError) as error:
            raise RunError(f"the newest checkpoint of {run} does not fit its recipe {record.recipe}") from error
        return cls(recipe, discriminator, state["progress"]["images"] / 1000)

    @property
    def gives_probabilities(self) -> bool:
        """Whether the sigmoid of what it says is a probability; that of a Wasserstein critic is a mere score."""
        return self._recipe.has_targets

    def logits(self, images: Images, labels: Labels | None = None) -> Floats:
        """What it says of pictures of one origin, best in an order that mixes the classes.

        Args:
            images: uint8 [N, S, S, 3], two or more.
            labels: int64 [N], the classes they were painted as, for conditional recipes.

        Returns:
            float64 [N], above 0 for "real".

        Raises:
            ConfigError: it cannot be asked picture by picture, as recipes of one's own may have it.
        """
        parts = np.array_split(np.arange(len(images)), math.ceil(len(images) / self._recipe.options.batch_size))
        with torch.no_grad():
            said = [self._judged(images[part], None if labels is None else labels[part]) for part in parts]
        return torch.cat(said).double().numpy()

    def activation_maps(self, images: Images, labels: Labels | None = None) -> list[NDArray[np.float32]]:
        """What the channels of two of its convolutions answer to in the first of some pictures.

        Args:
            images: uint8 [N, S, S, 3], two or more: the company that it is normalised in.
            labels: int64 [N], the classes they were painted as, for conditional recipes.

        Returns:
            float32 [K, h, w] of the first convolution over pictures, and of one halfway to the last if there are more.

        Raises:
            ConfigError: it has no convolutions over pictures, or cannot be asked.
        """
        answers: list[NDArray[np.float32]] = []

        def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            # Layers over labels have none of a picture's places to show.
            if inputs[0].ndim == 4:
                answers.append(output[0].float().numpy().copy())  # what follows may overwrite it

        hooks = [
            module.register_forward_hook(note)
            for module in self._discriminator.modules()
            if isinstance(module, nn.Conv2d)
        ]
        try:
            with torch.no_grad():
                self._judged(images, labels)
        finally:
            for hook in hooks:
                hook.remove()
        if not answers:
            raise ConfigError(f"the discriminator of recipe {self._recipe.name()} has no convolutions")
        return _first_and_deeper(answers)

    def _judged(self, images: Images, labels: Labels | None) -> Tensor:
        pictures = to_float(torch.from_numpy(np.ascontiguousarray(images)))
        classes = None if labels is None else torch.from_numpy(labels)
        critique = self._recipe.judge(self._discriminator, pictures, classes)
        if critique is None:
            raise ConfigError(f"the discriminator of recipe {self._recipe.name()} returns no Critique")
        return critique.logits


def _first_and_deeper(answers: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    return [answers[0], answers[len(answers) // 2]] if len(answers) > 1 else [answers[0]]
