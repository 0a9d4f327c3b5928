"""The options of the classifiers: each option with its default, its range and its help.

A model has only the options that it uses. The defaults of forest, cnn and deep-cnn are those of paper 5
("Paint by GAN").
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ganvas.foundation.errors import ConfigError, unknown
from ganvas.settings.config import first_problem


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


class ForestOptions(ClassifierOptions):
    """Options of the random forest."""

    trees: int = Field(100, ge=1, le=10_000, description="Number of trees.")


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


class CnnOptions(NetworkOptions):
    """Options of the small convolutional network."""

    optimizer: Literal["adam", "adamw", "rmsprop"] = Field("rmsprop", description="Optimiser.")


class DeepCnnOptions(NetworkOptions):
    """Options of the deeper convolutional network."""

    # Four 3x3 convolutions without padding, each followed by a halving, need at least this size.
    size: int = Field(72, ge=46, le=512, description="Resize pictures to this height and width in pixels.")
    epochs: int = Field(100, ge=1, le=100_000, description="Largest number of passes over the training pictures.")
    dropout: float = Field(0.25, ge=0, lt=1, description="Dropout rate of the dense layer in training.")


class TransferOptions(NetworkOptions):
    """Options of transfer learning: a small head on the features of a network trained on ImageNet."""

    # The best of 128, 192 and 256, even for pictures of 128 px (docs/classify.md).
    size: int = Field(192, ge=32, le=512, description="Resize pictures to this height and width in pixels.")
    validation_share: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="Share of the other pictures to validate with, if the dataset has no validation pictures. By "
        "default 0 for logistic regression, which has no epochs to choose from, and 0.15 for an mlp or fine-tuning.",
    )
    epochs: int = Field(100, ge=1, le=100_000, description="Largest number of passes of an mlp over the features.")
    optimizer: Literal["adam", "adamw", "rmsprop"] = Field("adamw", description="Optimiser of mlp and fine-tuning.")
    weight_decay: float = Field(1e-2, ge=0, description="Weight decay: decoupled with adamw, L2 with the others.")
    head: Literal["linear", "mlp"] = Field(
        "linear",
        description="What classifies the features: logistic regression, fitted by L-BFGS to all pictures at once, or "
        "an mlp of two layers, trained by the optimiser in batches.",
    )
    flip: bool = Field(True, description="Also train on the mirror image of every picture.")
    penalty: float = Field(0.1, ge=0, description="L2 penalty of the logistic regression, on standardised features.")
    hidden: int = Field(128, ge=1, le=4096, description="Width of the hidden layer of an mlp.")
    fine_tune_epochs: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Largest number of passes that then fine-tune the whole network; 0 turns fine-tuning off.",
    )
    fine_tune_rate: float = Field(1e-4, gt=0, lt=1, description="Learning rate of fine-tuning.")

    @model_validator(mode="before")
    @classmethod
    def _validate_if_there_are_epochs(cls, options: dict[str, object]) -> dict[str, object]:
        """By default, hold back validation pictures if there are epochs to choose from."""
        if options.get("head") == "mlp" or str(options.get("fine_tune_epochs", 0)) != "0":
            return {"validation_share": ClassifierOptions.model_fields["validation_share"].default, **options}
        return options


OPTIONS: dict[str, type[ClassifierOptions]] = {
    "forest": ForestOptions,
    "cnn": CnnOptions,
    "deep-cnn": DeepCnnOptions,
    "transfer": TransferOptions,
}


def resolve(model: str, changes: Mapping[str, object]) -> ClassifierOptions:
    """The options of a model, with changes to the defaults.

    Args:
        model: its name, a key of `OPTIONS`.
        changes: values by key; strings are converted.

    Raises:
        ConfigError: unknown model or key (the message names the nearest), or a value out of its range.
    """
    if model not in OPTIONS:
        raise ConfigError(unknown("model", model, OPTIONS))
    options = OPTIONS[model]
    for key in changes:
        if key not in options.model_fields:
            raise ConfigError(unknown(f"option of {model}", key, options.model_fields))
    try:
        return options.model_validate(dict(changes))
    except ValidationError as error:
        raise ConfigError(first_problem(error)) from error
