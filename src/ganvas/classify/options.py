"""The options that classifiers have in common, each with its default, its help and its range.

The options of a single model lie in its file in `ganvas.classify.models`. A model has the options that it uses and no
others.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ClassifierOptions(BaseModel):
    """Options common to all models."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    seed: int = Field(0, ge=0, lt=2**31, description="Seed of the split, the weights, the order and the augmentation.")
    size: int = Field(72, ge=8, le=512, description="Height and width in pixels that pictures are resized to.")
    balance: Literal["none", "down", "weights"] = Field(
        "none",
        description="What to do about classes of unequal size: nothing, leave out pictures until all are as rare as "
        "the rarest (down), or let the pictures of rare classes count more (weights).",
    )
    test_share: float = Field(
        0.2, gt=0, le=0.9, description="Share of the pictures held back for testing; a dataset's own split wins."
    )
    validation_share: float = Field(
        0.15, ge=0, le=0.9, description="Share of the other pictures to validate with; a dataset's own split wins."
    )
    threads: int = Field(
        0,
        ge=0,
        le=1024,
        description="Processor threads; 0 takes OMP_NUM_THREADS if that is set, else every core this process may use.",
    )


class NetworkOptions(ClassifierOptions):
    """Options of everything that learns by gradient descent."""

    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="Where to train.")
    epochs: int = Field(50, ge=1, le=100_000, description="Passes over the training pictures, at most.")
    batch_size: int = Field(32, ge=1, le=4096, description="Pictures an update.")
    optimizer: Literal["adam", "adamw", "rmsprop"] = Field("adam", description="Optimiser.")
    learning_rate: float = Field(1e-3, gt=0, lt=1, description="Learning rate.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay: decoupled in AdamW, L2 in the others.")
    patience: int = Field(
        10,
        ge=0,
        le=100_000,
        description="Stop after this many epochs without a lower validation loss; 0 never stops early. The weights "
        "of the best epoch are kept either way.",
    )
    augment: bool = Field(True, description="Show every picture randomly transformed, another way each epoch.")
    rotation: float = Field(10.0, ge=0, le=180, description="Augmentation turns by up to this many degrees.")
    shift: float = Field(0.1, ge=0, le=0.5, description="It shifts by up to this share of the side, both ways.")
    zoom: float = Field(0.1, ge=0, le=0.5, description="It scales by up to this share, up or down.")
    flip: bool = Field(False, description="It mirrors every other picture, left to right; not for digits or letters.")
    fill: Literal["reflect", "nearest"] = Field(
        "reflect", description="What it puts beyond the edge: the picture mirrored, or its last pixel drawn out."
    )
