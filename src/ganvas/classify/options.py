"""The options that classifiers have in common: each with its default, its range and its help.

The options of a single model lie in its file in `ganvas.classify.models`. A model has only the options that it uses.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ClassifierOptions(BaseModel):
    """Options common to all models."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    seed: int = Field(0, ge=0, lt=2**31, description="Seed of the split, the weights, the order and the augmentation.")
    size: int = Field(72, ge=8, le=512, description="Resize pictures to this height and width in pixels.")
    balance: Literal["none", "down", "weights"] = Field(
        "none",
        description="How to balance classes of unequal size: not at all (none), by leaving out training pictures until "
        "all are as small as the smallest (down), or by a higher weight for pictures of rare classes (weights).",
    )
    test_share: float = Field(
        0.2,
        gt=0,
        le=0.9,
        description="Share of the pictures held back for testing, if the dataset has no test pictures.",
    )
    validation_share: float = Field(
        0.15,
        ge=0,
        le=0.9,
        description="Share of the other pictures to validate with, if the dataset has no validation pictures.",
    )
    threads: int = Field(
        0,
        ge=0,
        le=1024,
        description="Processor threads; 0 means OMP_NUM_THREADS if it is set, or else all cores this process may use.",
    )


class NetworkOptions(ClassifierOptions):
    """Options of the models that are trained by gradient descent."""

    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="Device to train on.")
    epochs: int = Field(50, ge=1, le=100_000, description="Largest number of passes over the training pictures.")
    batch_size: int = Field(32, ge=1, le=4096, description="Pictures in each update.")
    optimizer: Literal["adam", "adamw", "rmsprop"] = Field("adam", description="Optimiser.")
    learning_rate: float = Field(1e-3, gt=0, lt=1, description="Learning rate.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay: decoupled with adamw, L2 with the others.")
    patience: int = Field(
        10,
        ge=0,
        le=100_000,
        description="Stop after this many epochs without a lower validation loss; 0 turns early stopping off. The "
        "weights of the best epoch are kept either way.",
    )
    augment: bool = Field(True, description="Transform every picture at random, in each epoch anew.")
    rotation: float = Field(10.0, ge=0, le=180, description="Largest rotation of the augmentation, in degrees.")
    shift: float = Field(0.1, ge=0, le=0.5, description="Largest shift along each axis, as a share of the side.")
    zoom: float = Field(0.1, ge=0, le=0.5, description="Largest change of scale, up or down, as a share.")
    flip: bool = Field(False, description="Mirror half of the pictures, left to right; not for digits or letters.")
    fill: Literal["reflect", "nearest"] = Field(
        "reflect", description="What to put beyond the edge: the mirrored picture, or copies of its last pixel."
    )
