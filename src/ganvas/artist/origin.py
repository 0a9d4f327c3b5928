"""How a picture was made: enough to make it again, as JSON that a picture file carries.

Pixels are G(t z + sum_k a_k v_k, c) with the latent z of a seed, truncation t, amounts a of directions v, and a class
or a mixture of classes c. G is named by the digest of its snapshot.

What is read from a file is untrusted. Its length is bounded, each value has a range, unknown fields are refused, and no
field is a path.
"""

import base64
import binascii
import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeAlias

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ganvas.foundation.arrays import Features
from ganvas.foundation.errors import RunError
from ganvas.foundation.version import VERSION

# Bounds of what is written and read. A number is the place of a latent among those of its seed, all of which are drawn.
MOST_CELLS, MOST_NUMBER, MOST_DRAWN = 16_384, 1_000_000, 4_000_000
LONGEST_VECTOR, LONGEST_NAME, MOST_BYTES = 4096, 1000, 16 * 2**20
MOST_TRUNCATION, MOST_AMOUNT, MOST_ENLARGEMENT = 10.0, 1000.0, 16

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Text = Annotated[str, Field(max_length=LONGEST_NAME)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
# A class, or the weight of each class that is mixed.
Label: TypeAlias = Name | dict[Name, Finite]


def encoded(vector: Features) -> str:
    """A vector, float32 [D], as text: its little-endian bytes in base64."""
    return base64.b64encode(np.ascontiguousarray(vector, "<f4").tobytes()).decode("ascii")


def decoded(text: str) -> Features:
    """The vector, float32 [D], that `encoded` made text of.

    Raises:
        ValueError: it is not base64, or not of 1 to `LONGEST_VECTOR` finite values.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"a vector is not base64: {error}") from error
    if len(content) % 4 or not 4 <= len(content) <= 4 * LONGEST_VECTOR:
        raise ValueError(f"a vector has {len(content)} bytes; expected 4 for each of 1 to {LONGEST_VECTOR} values")
    vector = np.frombuffer(content, "<f4").astype(np.float32)
    if not np.isfinite(vector).all():
        raise ValueError("a vector has values that are not finite")
    return vector


def _is_vector(text: str) -> str:
    decoded(text)
    return text


Vector = Annotated[str, Field(max_length=6 * LONGEST_VECTOR), AfterValidator(_is_vector)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Edit(_Strict):
    """A step along a direction.

    Attributes:
        direction: its name, one of `Origin.directions`.
        amount: multiple of the direction's vector that is added to the latent.
    """

    direction: Name
    amount: Annotated[Finite, Field(ge=-MOST_AMOUNT, le=MOST_AMOUNT)]


class Cell(_Strict):
    """One picture.

    Attributes:
        seed: seed of its latent.
        number: place of its latent among those of the seed, from 0.
        latent: the latent itself, where no seed gives it; `seed` and `number` then mean nothing.
        label: name of the class, or the weight of each class that is mixed; None for a generator without classes.
        truncation: factor of the latent.
        edits: steps along directions, added after truncation.
        other: what the cell shows if the generator did not paint it, such as a training picture.
    """

    seed: Annotated[int, Field(ge=0, lt=2**64)] = 0
    number: Annotated[int, Field(ge=0, lt=MOST_NUMBER)] = 0
    latent: Vector | None = None
    label: Label | None = None
    truncation: Annotated[Finite, Field(ge=0, le=MOST_TRUNCATION)] = 1.0
    edits: Annotated[list[Edit], Field(max_length=64)] = []
    other: Name | None = None

    def __str__(self) -> str:
        """A short text for people, such as `seed 3, number 5, portrait`."""
        if self.other:
            return self.other
        parts = ["a latent of its own" if self.latent else f"seed {self.seed}, number {self.number}"]
        if isinstance(self.label, dict):
            parts.append(" + ".join(f"{weight:.2f} {name}" for name, weight in self.label.items() if weight))
        elif self.label is not None:
            parts.append(self.label)
        if self.truncation != 1:
            parts.append(f"truncation {self.truncation:g}")
        return ", ".join([*parts, *(f"{edit.direction} {edit.amount:+g}" for edit in self.edits)])


class Sheet(_Strict):
    """How cells are arranged, row by row. See `ganvas.artist.grids`.

    Attributes:
        columns: cells in a row.
        rows: names in the margin, one for each row.
        captions: a text under each cell.
        enlarge: whole factor by which each cell is enlarged.
    """

    columns: Annotated[int, Field(ge=1, le=MOST_CELLS)]
    rows: Annotated[list[Text], Field(max_length=MOST_CELLS)] | None = None
    captions: Annotated[list[Text], Field(max_length=MOST_CELLS)] | None = None
    enlarge: Annotated[int, Field(ge=1, le=MOST_ENLARGEMENT)] = 1


class Origin(_Strict):
    """How the pixels of a picture file were made.

    Attributes:
        format: version of this description.
        ganvas: version of ganvas that painted it.
        snapshot: digest of the generator; see `ganvas.runs.snapshot.Snapshot.digest`.
        recipe: name of the recipe, for people.
        size: height and width of each cell in pixels.
        cells: the pictures.
        sheet: how they are arranged; None for a single picture.
        directions: vectors of the directions in use, float32 of the latent's length, by name.
    """

    format: Literal[1] = 1
    ganvas: Annotated[str, Field(max_length=40)] = VERSION
    snapshot: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    recipe: Name
    size: Annotated[int, Field(ge=1, le=4096)]
    cells: Annotated[list[Cell], Field(min_length=1, max_length=MOST_CELLS)]
    sheet: Sheet | None = None
    directions: Annotated[dict[Name, Vector], Field(max_length=64)] = {}

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.sheet is None and len(self.cells) > 1:
            raise ValueError(f"{len(self.cells)} cells without an arrangement")
        if self.sheet is not None:
            rows = -(-len(self.cells) // self.sheet.columns)
            for what, texts, count in (
                ("row names", self.sheet.rows, rows),
                ("captions", self.sheet.captions, len(self.cells)),
            ):
                if texts is not None and len(texts) != count:
                    raise ValueError(f"{len(texts)} {what} for {count}")
        used = {edit.direction for cell in self.cells for edit in cell.edits}
        if missing := sorted(used - self.directions.keys()):
            raise ValueError(f"direction {missing[0]!r} has no vector")
        drawn: dict[int, int] = defaultdict(int)
        for cell in self.cells:
            drawn[cell.seed] = max(drawn[cell.seed], cell.number)
        if sum(drawn.values()) > MOST_DRAWN:
            raise ValueError(f"more than {MOST_DRAWN:,} latents have to be drawn")
        return self

    @property
    def vectors(self) -> Mapping[str, Features]:
        """The directions, float32 [D] each."""
        return {name: decoded(text) for name, text in self.directions.items()}

    def to_json(self) -> str:
        """The description as JSON. Fields with their default are left out, but for the versions."""
        changed = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps({"format": self.format, "ganvas": self.ganvas, **changed}, separators=(",", ":"))

    @classmethod
    def from_json(cls, content: bytes, source: object) -> Self:
        """Read a description that `source`, such as a file, carries.

        Raises:
            RunError: it is too long, not JSON, of another format, or has a value out of its range.
        """
        if len(content) > MOST_BYTES:
            raise RunError(f"{source}: its description is longer than {MOST_BYTES // 2**20} MiB, so it is not read")
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            problem = error.errors()[0]
            place = ".".join(str(part) for part in problem["loc"])
            message = problem["msg"].removeprefix("Value error, ")
            raise RunError(
                f"{source}: its description cannot be used: {place + ': ' if place else ''}{message}"
            ) from error
