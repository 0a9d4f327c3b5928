"""The typed configuration of a run: settings, options, and how both are read and put together.

`Options` (options.py) are what a recipe has a say in: the networks and how they learn. `Settings` are the user's: how
long, where, how often to look. Keys are unique over both, so that `--set key=value` needs no prefix.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, Field, PlainSerializer, ValidationError, model_validator

from ganvas.foundation.errors import ConfigError, unknown
from ganvas.settings.budget import GRAMMAR, Amount
from ganvas.settings.options import Options, Typed
from ganvas.settings.schedules import Plateau

# With fewer pictures on either side no score means anything.
MIN_SCORED = 16

# The feature network of scores: its weights come with ganvas.
DEFAULT_EXTRACTOR, AUTO = "efficientnet-lite2", "auto"


def _amount(value: Any) -> Any:
    if value is None or isinstance(value, Amount):
        return value
    try:
        return Amount.parse(str(value))
    except ConfigError as error:
        raise ValueError(str(error)) from error


AmountField = Annotated[Amount, BeforeValidator(_amount), PlainSerializer(str)]


class Settings(Typed):
    """What the user decides about a run, whatever its recipe."""

    seed: int = Field(0, ge=0, lt=2**31, description="Seed of the weights, the latents and the data order.")
    budget: AmountField = Field(Amount(20, "m"), description=f"How long to train: {GRAMMAR}.")
    quality: Literal["quick", "good", "best"] | None = Field(
        None,
        description="Have budget, width, batch size, learning rates and evaluation interval chosen, as far as they are "
        "not set: quick takes 5 minutes, good 20, best 2 hours. By default the recipe's own are taken.",
    )
    label_column: str | None = Field(
        None,
        description="Column of the dataset's index that holds the classes; by default the one it was prepared with.",
    )
    balanced_classes: bool = Field(
        False, description="Show D every class equally often: pictures of smaller classes come again sooner."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="Where to train.")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="Arithmetic of the networks; auto takes bfloat16 where the processor is built for it.",
    )
    threads: int = Field(
        0,
        ge=0,
        le=1024,
        description="Processor threads; 0 takes OMP_NUM_THREADS if that is set, else every core this process may use.",
    )
    log_every: AmountField = Field(Amount(5, "s"), description="Interval of lines in stats.jsonl.")
    sample_every: AmountField | None = Field(
        None, description="Interval of sample grids; by default a twentieth of the budget."
    )
    eval_every: AmountField | None = Field(
        None,
        description="Interval of evaluations; by default a tenth of the budget, and longer where evaluations would "
        "take more than a tenth of the time.",
    )
    eval_samples: int = Field(
        1000, ge=0, le=100_000, description="Generated pictures per evaluation; 0 evaluates never."
    )
    extractor: str = Field(
        AUTO,
        description="Feature network of evaluations: efficientnet-lite2, efficientnet-lite2-260, pixels, inception "
        "or timm:NAME; auto is the first that the discriminator does not see through itself.",
    )
    on_trouble: Literal["warn", "stop", "rollback"] = Field(
        "warn",
        description="What to do when the verdict names a trouble: say so and use the budget up; stop, with the best "
        "snapshot kept; or go back to the best evaluation in health with half the learning rates.",
    )
    patience: int = Field(
        2, ge=1, le=1000, description="Evaluations in a row that must name a trouble before anything is done about it."
    )
    rollbacks: int = Field(3, ge=1, le=100, description="How often a run may go back before it is stopped.")
    checkpoint_every: AmountField = Field(Amount(5, "m"), description="Interval of resumable checkpoints.")
    grid_size: int = Field(8, ge=1, le=32, description="Rows and columns of the sample grid.")
    tensorboard: bool = Field(True, description="Write TensorBoard event files.")


class RunConfig(Typed):
    """A whole run: the recipe's name, the user's settings and the training options."""

    recipe: str
    settings: Settings
    options: Options

    @model_validator(mode="after")
    def _enough_pictures_to_score(self) -> Self:
        if 0 < self.settings.eval_samples < MIN_SCORED:
            raise ValueError(f"eval_samples: at least {MIN_SCORED} pictures are needed for a score; 0 evaluates never")
        return self

    @model_validator(mode="after")
    def _evaluations_for_verdicts(self) -> Self:
        on_trouble = self.settings.on_trouble
        if on_trouble != "warn" and not self.settings.eval_samples:
            raise ValueError(
                f"on_trouble={on_trouble}: trouble is seen in evaluations, and with eval_samples=0 there are none"
            )
        return self

    @model_validator(mode="after")
    def _evaluations_for_schedules(self) -> Self:
        schedules = {"g_schedule": self.options.g_schedule, "d_schedule": self.options.d_schedule}
        for key, schedule in schedules.items():
            if isinstance(schedule, Plateau) and not self.settings.eval_samples:
                raise ValueError(f"{key}={schedule}: it waits for evaluations, and with eval_samples=0 there are none")
        return self

    def with_settings(self, **changes: Any) -> "RunConfig":
        """A copy with some settings replaced, checked again."""
        return resolve(self.recipe, self.options, {**self.settings.model_dump(), **changes})


def resolve(recipe: str, defaults: Options, changes: dict[str, Any]) -> RunConfig:
    """Put a run together from a recipe's defaults and what the user changed.

    Args:
        recipe: the recipe's name, kept for the record.
        defaults: the recipe's options; changes are checked by its own class.
        changes: values by key, of `Settings` and of the recipe's options alike; strings are converted.

    Raises:
        ConfigError: a key that does not exist (the nearest is named) or a value out of its range.
    """
    option_keys, setting_keys = type(defaults).model_fields, Settings.model_fields
    for key in changes:
        if key not in option_keys and key not in setting_keys:
            raise ConfigError(unknown("option", key, [*option_keys, *setting_keys]))
    options = defaults.model_dump() | {key: value for key, value in changes.items() if key in option_keys}
    settings = {key: value for key, value in changes.items() if key in setting_keys}
    try:
        return RunConfig(recipe=recipe, settings=Settings(**settings), options=type(defaults)(**options))
    except ValidationError as error:
        raise ConfigError(first_problem(error)) from error


# Keys of a run's config.yaml that describe what happened rather than what was asked for.
RECORD_KEYS = {
    "schema_version",
    "ganvas",
    "data",
    "dataset",
    "networks",
    "machine",
    "forecast",
    "versions",
    "command",
}


def read_config(path: Path) -> tuple[str | None, dict[str, Any]]:
    """Read a YAML file of options: flat, or grouped under `settings` and `options` as a run's own config.yaml is.

    Returns:
        The recipe it names, if any, and the values by key, unchecked.

    Raises:
        ConfigError: no such file, or not a YAML mapping.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"--config {path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"--config {path} must hold `key: value` lines, not a {type(content).__name__}")
    recipe = content.pop("recipe", None)
    changes: dict[str, Any] = {}
    for group in ("settings", "options"):
        grouped = content.pop(group, None) or {}
        if not isinstance(grouped, dict):
            raise ConfigError(f"--config {path}: {group} must hold `key: value` lines")
        changes |= grouped
    return recipe, changes | {key: value for key, value in content.items() if key not in RECORD_KEYS}


def parse_assignments(assignments: list[str]) -> dict[str, str]:
    """Read `--set key=value` words.

    Raises:
        ConfigError: a word without "=".
    """
    changes = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set {assignment!r}: write key=value, such as --set width=32")
        changes[key.strip()] = value.strip()
    return changes


def first_problem(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """Pydantic's first complaint as one line: the key, its value and what was expected.

    Args:
        error: the complaints.
        model: the model that was checked; an unknown key is then answered with the nearest of its keys.
    """
    problem = error.errors()[0]
    if model is not None and problem["type"] == "extra_forbidden":
        return unknown("option", str(problem["loc"][-1]), model.model_fields)
    key = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return f"option {key}={problem['input']!r}: {message}" if key else message
