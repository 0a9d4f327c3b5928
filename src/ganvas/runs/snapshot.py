"""Snapshots: the averaged weights of a generator and a description of them, in one file.

The file's metadata has the card, and a checksum over card and weights, by which damage is told.
"""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ganvas import baselines, gans
from ganvas.foundation.errors import ConfigError, RunError
from ganvas.foundation.schema import Schema
from ganvas.foundation.tensors import digest, is_damaged, read_tensors, write_checked
from ganvas.gans.recipe import GeneratorRecipe, Spec
from ganvas.settings.config import resolve

SCHEMA_VERSION = 1
SCHEMA = Schema(SCHEMA_VERSION, RunError, "save it again with the ganvas that wrote it")
# The key of the card in the file's metadata.
CARD = "ganvas"
# What a file from others may ask for at most, far above what is trained: the side of a picture in pixels, and classes.
LARGEST, MOST_CLASSES = 8192, 65_536


class Card(BaseModel):
    """The description in a snapshot: how to rebuild the generator, and what it was trained on.

    Attributes:
        schema_version: layout of the file.
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
    size: Annotated[int, Field(ge=1, le=LARGEST)]
    class_names: Annotated[list[str], Field(max_length=MOST_CLASSES)] = []
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

    @functools.cached_property
    def digest(self) -> str:
        """What identifies the generator in the files that it painted; see `generator_digest`."""
        return generator_digest(self.card, self.generator.state_dict())

    @classmethod
    def load(cls, path: Path) -> "Snapshot":
        """Read a snapshot and rebuild its generator.

        Raises:
            RunError: the file is not a snapshot, is cut short or damaged, has another schema version, or does not fit
                its recipe.
            ConfigError: its recipe is not installed, or has no such options.
        """
        card = read_card(path)
        # The weights first, so that a damaged card is called damaged, not a mistake in an option.
        tensors = _checked_tensors(path)
        try:
            recipe = _recipe(card)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from error
        generator = recipe.build_generator(Spec(card.size, len(card.class_names)))
        try:
            generator.load_state_dict(tensors)
        except RuntimeError as error:
            first = str(error).partition("\n\t")[2].partition("\n")[0] or error
            raise RunError(f"{path} does not fit its recipe {card.recipe}: {first}") from error
        return cls(card, recipe, generator.eval().requires_grad_(False))


def _recipe(card: Card) -> GeneratorRecipe:
    if card.recipe in baselines.names():
        return baselines.find(card.recipe).of(card.options)
    recipe = gans.find(card.recipe)
    return recipe(resolve(card.recipe, recipe.defaults, recipe.recorded(card.options)).options)


def save(path: Path, generator: nn.Module, card: Card) -> None:
    """Write a generator and its card to one file, atomically."""
    tensors, content = generator.state_dict(), card.model_dump_json()
    write_checked(path, tensors, content, {CARD: content})


def generator_digest(card: Card, tensors: Mapping[str, Tensor]) -> str:
    """A sha256 of all that decides the pictures of a generator: weights, recipe, options, size and classes.

    Scores, and the place of the dataset, do not count. So the last sample grid of a run has the digest of its last
    snapshot.
    """
    facts = card.model_dump(mode="json", include={"recipe", "options", "size", "class_names"})
    return hashlib.sha256(f"{json.dumps(facts, sort_keys=True)}{digest(tensors)}".encode()).hexdigest()


def _checked_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a snapshot.

    Raises:
        RunError: the file cannot be read, its checksum is not that of its content, or a weight is not finite.
    """
    try:
        tensors, metadata = read_tensors(path)
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error
    if is_damaged(metadata, tensors, metadata[CARD]):
        raise RunError(
            f"{path} is damaged: its checksum is not that of its content; copy it again from where it was made"
        )
    if strange := next((name for name, each in tensors.items() if not each.isfinite().all()), None):
        raise RunError(f"{path} cannot be used: its tensor {strange!r} has values that are not finite")
    return tensors


def _metadata(path: Path) -> dict[str, str]:
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> RunError:
    is_short = "not fully covered" in str(error)
    reason = "it is cut short; copy it again from where it was made" if is_short else error
    return RunError(f"{path} cannot be read as a snapshot: {reason}")


def read_card(path: Path) -> Card:
    """Read the card of a snapshot, without its weights.

    Raises:
        RunError: the file does not exist, is not a snapshot, or has another schema version.
    """
    try:
        content = json.loads(_metadata(path).get(CARD, "null"))
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(content, dict):
        raise RunError(f"{path} is not a snapshot of ganvas: its metadata names no recipe")
    try:
        return Card.model_validate(SCHEMA.current(content, path))
    except ValidationError as error:
        raise RunError(f"{path}: its metadata is damaged: {error.errors()[0]['msg']}") from error
