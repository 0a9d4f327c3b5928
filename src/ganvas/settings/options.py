"""The training options common to all recipes: each with its default, its help and its checks.

docs/configuration.md lists them in the same groups. A recipe sets its own defaults and may add options.
"""

import reprlib
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ganvas.foundation.errors import ConfigError, unknown
from ganvas.settings import schedules
from ganvas.settings.schedules import Schedule

# Values of a file may be nested so deep by references that they cannot be written out.
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = 200
_BRIEF.maxlevel, _BRIEF.maxlist = 2, 4


def brief(value: object) -> str:
    """A value as Python writes it, cut short where it is long or deep."""
    return _BRIEF.repr(value)


def _range(value: object) -> object:
    """Read `0.9` or `0.8:1.0` as (low, high)."""
    if isinstance(value, str):
        low, _, high = value.partition(":")
        try:
            return float(low), float(high or low)
        except ValueError:
            raise ValueError(f"cannot read {value!r}; write a number such as 0.9, or a range such as 0.8:1.0") from None
    return (value, value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _write_range(value: tuple[float, float]) -> str:
    low, high = value
    return str(low) if low == high else f"{low}:{high}"


def _is_probability_range(value: tuple[float, float]) -> tuple[float, float]:
    low, high = value
    if not 0 <= low <= high <= 1:
        raise ValueError(f"{_write_range(value)} is out of range; write probabilities from 0 to 1, the lower first")
    return value


RangeField = Annotated[
    tuple[float, float], BeforeValidator(_range), AfterValidator(_is_probability_range), PlainSerializer(_write_range)
]


def _schedule(value: object) -> object:
    if isinstance(value, Schedule):
        return value
    try:
        return schedules.parse(value if isinstance(value, str) else brief(value))
    except ConfigError as error:
        raise ValueError(str(error)) from error


ScheduleField = Annotated[Schedule, BeforeValidator(_schedule), PlainSerializer(str)]


# What names the styles of `ambiguity`, if no classifier does.
STYLE_HEAD = "head"

# The augmentations of ganvas.networks.augment, which is not imported here because it needs torch.
AUGMENTATIONS = ("colour", "translation", "cutout")


def _names(value: object) -> object:
    """Read `colour,cutout` as a tuple of names, and `none` as an empty one."""
    if not isinstance(value, str):
        return value
    names = tuple(name.strip() for name in value.split(","))
    return () if names == ("none",) else names


def _are_augmentations(names: tuple[str, ...]) -> tuple[str, ...]:
    for place, name in enumerate(names):
        if name not in AUGMENTATIONS:
            raise ValueError(f"{unknown('augmentation', name, AUGMENTATIONS)}, or none")
        if name in names[:place]:
            raise ValueError(f"{name} is listed twice; write each of {', '.join(AUGMENTATIONS)} at most once, or none")
    return names


def _write_names(names: tuple[str, ...]) -> str:
    return ",".join(names) or "none"


AugmentField = Annotated[
    tuple[str, ...], BeforeValidator(_names), AfterValidator(_are_augmentations), PlainSerializer(_write_names)
]


class Metavar(str):
    """The name for a field's values in the help of a command, as in `--where CONDITION`."""


class Typed(BaseModel):
    """A model whose values are checked once and then immutable. Unknown keys and infinities are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, validate_default=True, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_not_a_number(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation in (int, float):
            raise ValueError("Input should be a number")
        return value


class NetworkOptions(Typed):
    """The networks."""

    width: int = Field(64, ge=1, le=1024, description="Base channel count; networks scale with it.")
    latent_dim: int = Field(100, ge=1, le=4096, description="Length of the latent vector z.")
    latent: Literal["normal", "uniform"] = Field("normal", description="Distribution of z: N(0, I) or U(-1, 1).")
    init: Literal["own", "normal", "glorot", "he"] = Field(
        "own",
        description="Initial weights: own (the recipe's), normal (N(0, 0.02)), glorot (Glorot uniform, biases 0) or he "
        "(He normal for LeakyReLU 0.2, biases 0).",
    )
    minibatch: Literal["none", "stddev", "discrimination"] = Field(
        "none", description="Layer that lets D compare the pictures of a batch."
    )
    d_dropout: float = Field(0.0, ge=0, lt=1, description="Probability of dropout after D's activations.")
    spectral_norm: bool = Field(False, description="Divide the weights of D's layers by their spectral norm.")


class LearningOptions(Typed):
    """The optimisation."""

    batch_size: int = Field(64, ge=2, le=4096, description="Real pictures per discriminator update.")
    optimizer: Literal["adam", "adamw", "rmsprop"] = Field("adam", description="Optimiser of both networks.")
    beta1: float = Field(0.5, ge=0, lt=1, description="First moment decay of Adam and AdamW.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Second moment decay of Adam and AdamW; RMSprop's alpha.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay: decoupled in AdamW, L2 in the others.")
    g_lr: float = Field(2e-4, gt=0, lt=1, description="Learning rate of the generator.")
    d_lr: float = Field(2e-4, gt=0, lt=1, description="Learning rate of the discriminator.")
    g_schedule: ScheduleField = Field(
        schedules.Constant(), description=f"How G's learning rate changes: {schedules.GRAMMAR}."
    )
    d_schedule: ScheduleField = Field(schedules.Constant(), description="How D's learning rate changes; as g_schedule.")
    d_steps: int = Field(1, ge=1, le=100, description="Discriminator updates per step.")
    g_steps: int = Field(1, ge=1, le=100, description="Generator updates per step.")
    ema_kimg: float = Field(
        10.0,
        ge=0,
        description="Half-life of the generator's moving average, in thousands of images; 0 disables the average.",
    )


class ShownOptions(Typed):
    """What the discriminator sees."""

    flip: bool = Field(False, description="Mirror each real picture with probability 1/2.")
    augment: AugmentField = Field(
        (), description="Differentiable augmentations of what D sees, such as colour,translation,cutout; or none."
    )
    augment_probability: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Probability of each augmentation; above 0.8, G may learn to generate augmented pictures.",
    )
    real_target: RangeField = Field(
        (1.0, 1.0), description="Target of D for real pictures: a probability, or a range to draw it from."
    )
    fake_target: RangeField = Field(
        (0.0, 0.0), description="Target of D for generated pictures: a probability, or a range to draw it from."
    )
    label_swap: float = Field(
        0.0, ge=0, le=1, description="Probability of swapping the targets of real and generated pictures for a batch."
    )
    replay: int = Field(
        0, ge=0, le=1_000_000, description="Generated pictures to keep for experience replay; 0 disables it."
    )
    replay_every: int = Field(
        10, ge=2, le=100_000, description="Interval, in D updates, at which kept pictures replace new ones."
    )
    replay_keep: int = Field(1, ge=1, le=4096, description="Generated pictures to keep from each batch.")


class ObjectiveOptions(Typed):
    """Additions to the recipe's objective."""

    l2: float = Field(0.0, ge=0, description="Weight of the sum of squares of each network's convolution kernels.")
    clip: float = Field(0.0, ge=0, description="Clip D's weights to [-c, c] after each update; 0 disables clipping.")
    r1: float = Field(0.0, ge=0, description="Weight gamma of D's squared gradient on real pictures.")
    r2: float = Field(0.0, ge=0, description="Weight gamma of D's squared gradient on generated pictures.")
    penalty_every: int = Field(
        1, ge=1, le=1000, description="Interval of r1 and r2 in D updates; their weights are multiplied by it."
    )
    feature_matching: float = Field(
        0.0, ge=0, description="Weight of the distance between D's mean features of real and generated pictures."
    )
    ambiguity: float = Field(
        0.0,
        ge=0,
        description="Weight of style ambiguity in G's loss: how far its pictures are from having no style.",
    )
    ambiguity_by: str = Field(
        STYLE_HEAD,
        min_length=1,
        description="What names the styles of ambiguity: head (a layer of D that learns the classes), or the directory "
        "of a classifier from ganvas classify train.",
    )
    ambiguity_over: float = Field(
        50.0, ge=0, le=1e6, description="Thousands of real pictures over which the weight of ambiguity grows from 0."
    )
    ambiguity_every: int = Field(
        8, ge=1, le=1024, description="A classifier that names the styles sees one picture in this many."
    )
    unrolled: int = Field(0, ge=0, le=100, description="Steps of D that G looks ahead and differentiates through.")
    unrolled_lr: float = Field(1e-3, gt=0, le=1, description="D's learning rate in the steps that G looks ahead.")


# In the order in which they are shown.
GROUPS: tuple[type[Typed], ...] = (NetworkOptions, LearningOptions, ShownOptions, ObjectiveOptions)


# Pydantic collects the fields of the last base first.
class Options(ObjectiveOptions, ShownOptions, LearningOptions, NetworkOptions):
    """Training options common to all recipes. A recipe sets its own defaults and may add keys in a subclass."""

    @property
    def style_classifier(self) -> str | None:
        """The directory of the classifier that names the styles of `ambiguity`; None if none does."""
        return self.ambiguity_by if self.ambiguity and self.ambiguity_by != STYLE_HEAD else None

    @property
    def has_style_head(self) -> bool:
        """Whether a layer of D names the styles of `ambiguity`."""
        return self.ambiguity > 0 and self.ambiguity_by == STYLE_HEAD

    @model_validator(mode="after")
    def _fit_each_other(self) -> Self:
        if self.clip and self.spectral_norm:
            raise ValueError("clip and spectral_norm: the norm would rescale the clipped weights; use only one of them")
        if self.clip and self.unrolled:
            raise ValueError("clip and unrolled: the steps that G looks ahead are not clipped; use only one of them")
        if self.replay and self.replay_keep > (most := min(self.replay, self.batch_size)):
            raise ValueError(f"replay_keep={self.replay_keep}: replay and batch_size allow at most {most}")
        return self
