"""Snapshots of small generators that were never trained, which take no time to make."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ganvas import gans
from ganvas.foundation.version import VERSION
from ganvas.gans.recipe import Spec, generate
from ganvas.runs.snapshot import Card, save
from support.runs import tiny_recipe


def write_snapshot(
    path: Path, recipe: str = "dcgan", class_names: Sequence[str] = (), size: int = 16, seed: int = 0, **changes: Any
) -> Path:
    """A snapshot of a recipe with random weights, large enough for varied pictures.

    Args:
        path: the file.
        recipe: name of the recipe.
        class_names: classes of a conditional generator.
        size: height and width of the pictures in pixels.
        seed: of the weights.
        changes: options.
    """
    made = tiny_recipe(recipe, **changes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = made.build_generator(Spec(size, len(class_names)))
        with torch.no_grad():
            for parameter in generator.parameters():
                if parameter.dim() > 1:
                    parameter.normal_(0, 0.3)
        # Batch normalisation learns its statistics.
        labels = torch.arange(64) % len(class_names) if class_names else None
        for _ in range(20):
            generate(generator.train(), made.latents(64, torch.Generator().manual_seed(seed)), labels)
    card = Card(
        recipe=recipe,
        options=made.options.model_dump(),
        size=size,
        class_names=list(class_names),
        label_column="class" if class_names else None,
        kimg=1,
        data="nowhere",
        fingerprint="none",
        ganvas=VERSION,
    )
    save(path, generator.eval(), card)
    return path


def first_stage(recipe: str, folder: Path, class_names: Sequence[str] = ("class0", "class1")) -> dict[str, str]:
    """The option `first` of a recipe that needs one, with a snapshot of 16 px made for it; empty for all others."""
    if not gans.find(recipe).has_first_stage:
        return {}
    return {"first": str(write_snapshot(folder / "first.safetensors", "atelier", class_names))}
