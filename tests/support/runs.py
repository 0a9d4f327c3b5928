"""Options of tiny runs, and tools to inspect their checkpoints."""

import os
import signal
from pathlib import Path
from typing import Any

import torch

from ganvas import gans
from ganvas.gans.recipe import Recipe
from ganvas.runs import checkpoint
from ganvas.settings.budget import Progress
from ganvas.settings.config import resolve

# What a training test sets to take a second: a narrow network, no evaluation, no event files.
TINY: dict[str, Any] = {"width": 4, "batch_size": 8, "latent_dim": 6, "threads": 1}
TINY |= {"eval_samples": 0, "tensorboard": False}
TINY_WORDS = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]


def tiny_recipe(name: str, **changes: Any) -> Recipe:
    """A recipe by name with narrow networks, batches of four and six latents. Changes override these options."""
    recipe = gans.find(name)
    return recipe(resolve(name, recipe.defaults, {"width": 4, "batch_size": 4, "latent_dim": 6} | changes).options)


def newest(run: Path) -> dict[str, Any]:
    """The last checkpoint of a run. The one kept for a rollback does not count."""
    return checkpoint.load(max((run / "checkpoints").glob("[0-9]*")))


def tensors(state: Any, path: str = "") -> dict[str, torch.Tensor]:
    """Every tensor of a checkpoint by its path."""
    if isinstance(state, torch.Tensor):
        return {path: state}
    items = state.items() if isinstance(state, dict) else enumerate(state) if isinstance(state, list) else ()
    return {key: value for name, each in items for key, value in tensors(each, f"{path}.{name}").items()}


class Interrupter:
    """A display that presses Ctrl-C at the first line of statistics."""

    def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    def say(self, line: str) -> None:
        pass
