"""Directions of a generator, kept in a file beside its snapshot.

`best.safetensors` has its directions in `best.directions.safetensors`: the vectors as tensors, everything else as JSON
in the metadata, with the digest of the generator that they belong to.
"""

from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError

from ganvas.artist.origin import LONGEST_NAME, Finite, Vector, decoded, encoded
from ganvas.foundation.arrays import Features
from ganvas.foundation.errors import RunError
from ganvas.foundation.paths import is_file
from ganvas.foundation.tensors import is_damaged, read_tensors, write_checked

# The key of the file's metadata.
KEY = "directions"


class Direction(BaseModel):
    """An axis of the latent space.

    Attributes:
        name: by which edits refer to it.
        vector: unit vector, float32 [latent_dim], as `origin.encoded`.
        method: how it was found: "jacobian" or "sefa".
        strength: its eigenvalue.
        pixels: mean change of a picture per unit step, in grey levels of 255.
        features: mean change of its features per unit step, Euclidean.
        extractor: name of the feature network of `features`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    vector: Vector
    method: Literal["jacobian", "sefa"]
    strength: Finite
    pixels: Finite
    features: Finite
    extractor: str

    @property
    def values(self) -> Features:
        """The vector, float32 [latent_dim]."""
        return decoded(self.vector)


class _Content(BaseModel):
    """All directions of a snapshot, without their vectors, which are tensors of the file."""

    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = 1
    snapshot: str
    directions: list[dict[str, object]]


def directions_file(snapshot: Path) -> Path:
    """The file of the directions of a snapshot."""
    return snapshot.with_name(f"{snapshot.stem}.directions.safetensors")


def read_directions(snapshot: Path, digest: str) -> list[Direction]:
    """The directions that are kept beside a snapshot, in the order in which they were written.

    Args:
        snapshot: the file of the snapshot.
        digest: identifies the generator.

    Returns:
        None of them if there is no file.

    Raises:
        RunError: the file is damaged, or belongs to another generator.
    """
    path = directions_file(snapshot)
    if not is_file(path):
        return []
    try:
        vectors, metadata = read_tensors(path)
        content = _Content.model_validate_json(metadata.get(KEY, ""))
        if is_damaged(metadata, vectors, metadata[KEY]):
            raise ValueError
        directions = [
            Direction.model_validate({**each, "vector": encoded(vectors[str(each["name"])].numpy())})
            for each in content.directions
        ]
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise RunError(f"{path} cannot be read: it is damaged or of another version; remove it") from error
    if content.snapshot != digest:
        raise RunError(
            f"{path} belongs to another snapshot than {snapshot.name}; find directions again with: "
            f"ganvas explore directions {snapshot}"
        )
    return directions


def write_directions(snapshot: Path, digest: str, directions: list[Direction]) -> Path:
    """Write directions beside a snapshot, in place of those that were there.

    Returns:
        The file.

    Raises:
        WriteError: the file system refused to write. An existing file is unchanged.
    """
    path = directions_file(snapshot)
    content = _Content(snapshot=digest, directions=[each.model_dump(exclude={"vector"}) for each in directions])
    text = content.model_dump_json()
    vectors = {each.name: torch.from_numpy(each.values) for each in directions}
    write_checked(path, vectors, text, {KEY: text})
    return path
