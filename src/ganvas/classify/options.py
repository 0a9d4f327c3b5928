"""The options of the classifiers: one place for every option, its default, its help and its range.

Each model has the options that it heeds and no others; its defaults are those of the paper it comes from
("Paint by GAN" for forest, cnn and deep-cnn).
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ganvas.foundation.errors import ConfigError, unknown
from ganvas.settings.config import first_problem


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


class ForestOptions(ClassifierOptions):
    """Options of the random forest."""

    trees: int = Field(100, ge=1, le=10_000, description="Trees in the forest.")


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


class CnnOptions(NetworkOptions):
    """Options of the small convolutional network."""

    optimizer: Literal["adam", "adamw", "rmsprop"] = Field("rmsprop", description="Optimiser.")


class DeepCnnOptions(NetworkOptions):
    """Options of the deeper convolutional network."""

    # Four times a 3x3 convolution and a halving leave nothing of less.
    size: int = Field(72, ge=46, le=512, description="Height and width in pixels that pictures are resized to.")
    epochs: int = Field(100, ge=1, le=100_000, description="Passes over the training pictures, at most.")
    dropout: float = Field(0.25, ge=0, lt=1, description="Share of the dense layer dropped while training.")


class TransferOptions(NetworkOptions):
    """Options of a small network on the features of one that has seen a million photographs."""

    # Of 128, 192 and 256 the best, even for pictures of 128 (docs/classify.md).
    size: int = Field(192, ge=32, le=512, description="Height and width in pixels that pictures are resized to.")
    validation_share: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="Share of the other pictures to validate with; a dataset's own split wins. By default none for "
        "logistic regression, which has nothing to choose, and 0.15 for an mlp or fine-tuning, which have an epoch.",
    )
    epochs: int = Field(100, ge=1, le=100_000, description="Passes of an mlp over the training features, at most.")
    optimizer: Literal["adam", "adamw", "rmsprop"] = Field("adamw", description="Optimiser of mlp and fine-tuning.")
    weight_decay: float = Field(1e-2, ge=0, description="Weight decay: decoupled in AdamW, L2 in the others.")
    head: Literal["linear", "mlp"] = Field(
        "linear",
        description="What reads the features: logistic regression, by L-BFGS over all pictures at once, or a network "
        "of two layers, by the optimiser in batches.",
    )
    flip: bool = Field(True, description="The mirror image of every picture is learnt from, too.")
    penalty: float = Field(0.1, ge=0, description="L2 penalty of the logistic regression, on standardised features.")
    hidden: int = Field(128, ge=1, le=4096, description="Width of the inner layer of an mlp.")
    fine_tune_epochs: int = Field(
        0, ge=0, le=100_000, description="Passes, at most, in which the whole network learns afterwards."
    )
    fine_tune_rate: float = Field(1e-4, gt=0, lt=1, description="Learning rate of those passes.")

    @model_validator(mode="before")
    @classmethod
    def _validate_what_has_epochs(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Hold pictures back by default where there is an epoch to choose by them."""
        if given.get("head") == "mlp" or str(given.get("fine_tune_epochs", 0)) != "0":
            return {"validation_share": ClassifierOptions.model_fields["validation_share"].default, **given}
        return given


OPTIONS: dict[str, type[ClassifierOptions]] = {
    "forest": ForestOptions,
    "cnn": CnnOptions,
    "deep-cnn": DeepCnnOptions,
    "transfer": TransferOptions,
}


def resolve(model: str, changes: dict[str, Any]) -> ClassifierOptions:
    """The options of a model by name, with what the user changed; strings are converted.

    Raises:
        ConfigError: no such model, a key that it does not have (the nearest is named), or a value out of its range.
    """
    if model not in OPTIONS:
        raise ConfigError(unknown("model", model, OPTIONS))
    options = OPTIONS[model]
    for key in changes:
        if key not in options.model_fields:
            raise ConfigError(unknown(f"option of {model}", key, options.model_fields))
    try:
        return options(**changes)
    except ValidationError as error:
        raise ConfigError(first_problem(error)) from error
