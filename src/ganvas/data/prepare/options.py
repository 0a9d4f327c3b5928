"""The options of `prepare`: each with its type, default, help and checks.

`ganvas.prepare`, the command and its page follow from these fields.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Self

import PIL
from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from ganvas.data.pictures.frame import MAX_ASPECT, SMALLEST_SIDE, Frame, frame_for
from ganvas.data.prepare.duplicates import DEDUPES
from ganvas.data.prepare.holdout import read_split
from ganvas.data.sources import Request
from ganvas.data.sources.opening import SourceSpec
from ganvas.foundation.errors import DataError, unknown
from ganvas.foundation.paths import exists, user_path
from ganvas.foundation.version import VERSION
from ganvas.settings.options import Metavar, Typed

# Called with the number of items done and the number of all items.
Progress = Callable[[int, int], None]

# Options that select pictures and labels; `dataset.json` omits those that were not used.
SELECTIONS = ("labels", "where", "limit", "min_per_class", "balance", "path_column", "root")


def _label_names(labels: str | Iterable[str] | None) -> tuple[str, ...]:
    """The names in a text such as `artist, style`, or in a list."""
    if labels is None:
        return ()
    names = labels.split(",") if isinstance(labels, str) else labels
    return tuple(name.strip() for name in names if name.strip())


class PrepareOptions(Typed):
    """What a dataset should hold.

    Raises:
        DataError: a value is unknown or out of range, or two options contradict each other.
        pydantic.ValidationError: an option does not exist, or a value has the wrong type.
    """

    # `frame_for` refuses an infinite aspect with a better message.
    model_config = ConfigDict(allow_inf_nan=True)

    size: int = Field(64, description="Height and width of the prepared pictures in pixels.")
    fit: str = Field(
        "crop",
        description="How to make a picture square: crop, pad, squash, or multicrop to cut several squares from a "
        "long one.",
    )
    classes: Annotated[str | int, Metavar("folders|none|LEVEL")] = Field(
        "folders",
        description="Where classes come from: folders (or what a table or collection says), none, or the number of a "
        "folder level, such as 2 for the second or -1 for the folder that holds the picture.",
    )
    labels: Annotated[tuple[str, ...], BeforeValidator(_label_names), Metavar("COLUMN[,COLUMN...]")] = Field(
        (),
        description="Labels to keep; the first is the class. By default all labels, and the class that the source has.",
    )
    where: Annotated[str | None, Metavar("CONDITION")] = Field(
        None,
        description='Use only pictures whose labels meet this condition, such as \'artist == "Vincent van Gogh" and '
        "year > 1886'.",
    )
    limit: int | None = Field(
        None,
        description="Use at most this many pictures, chosen at random in proportion to the classes. Of a dataset on "
        "the hub, the first ones are used.",
    )
    min_per_class: int = Field(0, description="Leave out classes with fewer pictures.")
    balance: bool = Field(
        False,
        description="Use as many training pictures of each class as the smallest class has, chosen at random.",
    )
    path_column: Annotated[str | None, Metavar("COLUMN")] = Field(
        None, description="The column of a table that holds the paths of the pictures."
    )
    root: Path | None = Field(
        None,
        description="The folder that the paths of a table are relative to (by default the table's own), or the folder "
        "that holds torchvision's files.",
    )
    background: str = Field(
        "white",
        description="Colour behind transparent pictures and padding: a CSS colour name, or a code such as #ffcc00.",
    )
    focus: str = Field(
        "centre", description="Where to crop: centre, entropy (most detail) or saliency (what stands out)."
    )
    alpha: str = Field(
        "background",
        description="What to do with transparent pictures: background shows all of them on the background, subject "
        "crops them to what is visible.",
    )
    linear: bool = Field(False, description="Resize in linear light instead of in sRGB values.")
    smallest_side: int = Field(
        SMALLEST_SIDE, description="Leave out pictures with a side shorter than this many pixels."
    )
    # Not float alone: 3 and 3.0 differ in dataset.json and in the key of an interrupted preparation.
    max_aspect: int | float = Field(
        MAX_ASPECT, description="Leave out pictures whose long side is more than this many times the short one."
    )
    dedupe: str = Field(
        "none",
        description="Duplicates to leave out: none, exact (same pixels) or near (also those that look alike). The "
        "largest original of each set stays.",
    )
    split: Annotated[str | int | float | None, Metavar("COLUMN|FRACTION")] = Field(
        None,
        description="What to hold back from training: a fraction of every class, such as 0.2, or the label (class for "
        "a folder) whose values are train, validation and test. By default the split that a published collection "
        "has; none ignores it.",
    )
    group: Annotated[str | None, Metavar("COLUMN|REGEX")] = Field(
        None,
        description="Pictures that the split must keep together: a label, or a regular expression whose match in a "
        "picture's name is its group. By default near-duplicates.",
    )
    seed: int = Field(0, description="Seed of the embedded paintings and of every random choice of pictures.")

    @field_validator("root")
    @classmethod
    def _expand(cls, root: Path | None) -> Path | None:
        return None if root is None else user_path(root)

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        _ = self.frame, self.held_back
        if self.dedupe not in DEDUPES:
            raise DataError(unknown("dedupe", self.dedupe, DEDUPES))
        if self.seed < 0:
            raise DataError(f"seed {self.seed} is out of range; choose 0 or more")
        return self

    @functools.cached_property
    def frame(self) -> Frame:
        """The frame that every picture fills."""
        return frame_for(
            self.size,
            self.fit,
            self.background,
            focus=self.focus,
            alpha=self.alpha,
            linear=self.linear,
            smallest_side=self.smallest_side,
            max_aspect=self.max_aspect,
        )

    @functools.cached_property
    def held_back(self) -> tuple[float | None, str | None]:
        """The fraction to hold back or None, and the column that says what to hold back or None."""
        return read_split(self.split)

    @property
    def request(self) -> Request:
        """The request to the source."""
        fraction, split_column = self.held_back
        return Request(
            classes=str(self.classes),
            seed=self.seed,
            split=split_column if fraction is None else "none",
            group=self.group,
            labels=self.labels,
            where=self.where,
            limit=self.limit,
            min_per_class=self.min_per_class,
            balance=self.balance,
            path_column=self.path_column,
            root=self.root,
        )

    def key(self, source: SourceSpec) -> dict[str, object]:
        """Everything that prepared pictures depend on, apart from the contents of their files."""
        named = source if isinstance(source, Mapping) else {"": source}
        return {
            "source": {name: _place(each) for name, each in named.items()},
            # These decide which files the paths of a table refer to.
            "path_column": self.path_column,
            "root": None if self.root is None else str(self.root.resolve()),
            "frame": asdict(self.frame),
            "seed": self.seed,
            "versions": [VERSION, PIL.__version__],
        }

    def record(self, source: SourceSpec) -> dict[str, object]:
        """The source and the options for `dataset.json`, where the size is a separate field."""
        fraction, split_column = self.held_back
        named = {key: str(each) for key, each in source.items()} if isinstance(source, Mapping) else str(source)
        values = {name: getattr(self, name) for name in PrepareOptions.model_fields if name != "size"}
        values |= {
            "labels": list(self.labels),
            "root": None if self.root is None else str(self.root),
            "split": split_column if fraction is None else fraction,
        }
        used = {name: value for name, value in values.items() if value or name not in SELECTIONS}
        return {"source": named} | used


class PrepareArguments(PrepareOptions):
    """The options, and how to do the work, which does not affect the dataset."""

    workers: int = Field(
        0, description="Number of processes; 0 chooses it automatically. The dataset does not depend on it."
    )
    progress: Progress | None = Field(
        None, description="Called as progress(done, total) after every item of the source."
    )

    @model_validator(mode="after")
    def _count_workers(self) -> Self:
        if self.workers < 0:
            raise DataError(f"{self.workers} workers are out of range; choose 1 or more, or 0 for the default")
        return self


def _place(source: str | Path) -> str:
    """The absolute path of a source that is a file or folder; any other source as it is."""
    return str(Path(source).resolve()) if exists(Path(source)) else str(source)
