"""Snapshots: the averaged weights of a generator and a description of them, in one file."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import nn

from ganvas import baselines, gans
from ganvas.foundation.errors import RunError
from ganvas.foundation.tensors import write_tensors
from ganvas.gans.recipe import GeneratorRecipe, Spec
from ganvas.settings.config import resolve

SCHEMA_VERSION = 1


class Card(BaseModel):
    """The description in a snapshot: how to rebuild the generator, and what it was trained on.

    Attributes:
        schema_version: layout of the file; another version is refused.
        recipe: the name of the recipe or baseline.
        options: all of its options.
        size: height and width of the pictures in pixels.
        class_names: classes in the order of their numbers; empty if unconditional.
        label_column: the dataset's column that holds the classes; None if unconditional.
        class_shares: the share of each class among the training pictures; empty if unconditional or unknown.
        kimg: thousands of real pictures that D had seen, or that a baseline was fitted to.
        data: the dataset directory.
        fingerprint: identifies the content of the dataset.
        ganvas: the version that wrote the file.
        scores: the evaluation of these weights; empty if they were not evaluated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    recipe: str
    options: dict[str, object]
    size: int
    class_names: list[str] = []
    label_column: str | None = None
    class_shares: list[float] = []
    kimg: float
    data: str
    fingerprint: str
    ganvas: str
    scores: dict[str, object] = {}


@dataclass(frozen=True)
class Snapshot:
    """A generator in evaluation mode on the CPU, with its recipe and its card."""

    card: Card
    recipe: GeneratorRecipe
    generator: nn.Module

    @classmethod
    def load(cls, path: Path) -> "Snapshot":
        """Read a snapshot and rebuild its generator.

        Raises:
            RunError: the file is not a snapshot, is cut short, has another schema version, or does not fit its recipe.
            ConfigError: its recipe is not installed.
        """
        card = read_card(path)
        recipe = _recipe(card)
        generator = recipe.build_generator(Spec(card.size, len(card.class_names)))
        try:
            generator.load_state_dict(load_file(path))
        except (SafetensorError, OSError, RuntimeError) as error:
            raise RunError(f"{path} does not fit its recipe {card.recipe}: {error}") from error
        return cls(card, recipe, generator.eval().requires_grad_(False))


def _recipe(card: Card) -> GeneratorRecipe:
    if card.recipe in baselines.names():
        return baselines.find(card.recipe).of(card.options)
    recipe = gans.find(card.recipe)
    return recipe(resolve(card.recipe, recipe.defaults, recipe.recorded(card.options)).options)


def save(path: Path, generator: nn.Module, card: Card) -> None:
    """Write a generator and its card to one file, atomically."""
    write_tensors(path, generator.state_dict(), {"ganvas": card.model_dump_json()})


def read_card(path: Path) -> Card:
    """Read the card of a snapshot, without its weights.

    Raises:
        RunError: the file does not exist, is not a snapshot, or has another schema version.
    """
    try:
        with safe_open(path, framework="pt") as file:
            content = json.loads((file.metadata() or {}).get("ganvas", "null"))
    except (OSError, SafetensorError, json.JSONDecodeError) as error:
        raise RunError(f"{path} cannot be read as a snapshot: {error}") from error
    if not isinstance(content, dict):
        raise RunError(f"{path} is not a snapshot of ganvas: its metadata names no recipe")
    if content.get("schema_version") != SCHEMA_VERSION:
        version = content.get("schema_version")
        raise RunError(f"{path} has schema version {version!r}; this ganvas reads version {SCHEMA_VERSION}")
    try:
        return Card.model_validate(content)
    except ValidationError as error:
        raise RunError(f"{path}: its metadata is damaged: {error.errors()[0]['msg']}") from error
