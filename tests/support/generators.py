"""Snapshots of every kind of generator that ganvas has, small and never trained."""

from pathlib import Path

import torch

from ganvas import baselines, gans
from ganvas.gans.recipe import Spec
from ganvas.runs.snapshot import save
from ganvas.training.baseline import fit
from support.datasets import write_dataset
from support.runs import tiny_recipe
from support.snapshots import write_snapshot

NAMES = ["sea", "forest | hill"]
CONDITIONAL = [name for name in gans.names() if gans.find(name).class_use.conditions_generator]
ALL = [*gans.names(), *baselines.names()]


def _kind(name: str) -> str:
    """What is alike in recipes with the same generator."""
    if name in baselines.names():
        return name
    recipe = tiny_recipe(name)
    with torch.device("meta"):
        return str(recipe.build_generator(Spec(max(recipe.sizes), classes=2)))


# One recipe for each network, the first by name.
EACH = list({_kind(name): name for name in reversed(ALL)}.values())[::-1]


def write_generator(folder: Path, name: str) -> Path:
    """The snapshot of a recipe or baseline at its smallest size, with classes where it takes any."""
    path = folder / f"{name}.safetensors"
    if name in baselines.names():
        fitted = fit(write_dataset(folder / f"{name}-data"), name)
        save(path, fitted.generator, fitted.card)
        return path
    return write_snapshot(path, name, NAMES if name in CONDITIONAL else (), min(gans.find(name).sizes))
