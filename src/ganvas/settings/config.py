"""The typed configuration of a run: its settings and options, and how to read and combine them.

`Options` (options.py) have defaults that depend on the recipe: the networks and how they learn. `Settings` do not: how
long to train, where, and how often to evaluate. Keys are unique over both, so `--set key=value` needs no prefix.
"""

import inspect
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, Field, PlainSerializer, ValidationError, model_validator

from ganvas.foundation.errors import ConfigError, unknown
from ganvas.foundation.paths import user_path
from ganvas.foundation.yaml_text import parse_yaml
from ganvas.settings.budget import GRAMMAR, Amount
from ganvas.settings.options import Options, Typed, brief
from ganvas.settings.schedules import Plateau

# Scores of fewer pictures, real or generated, are meaningless.
MIN_SCORED = 16

# The feature network of scores; its weights are part of ganvas's dependencies.
DEFAULT_EXTRACTOR, AUTO = "efficientnet-lite2", "auto"


def _amount(value: object) -> object:
    if isinstance(value, Amount):
        return value
    try:
        return Amount.parse(value if isinstance(value, str) else brief(value))
    except ConfigError as error:
        raise ValueError(str(error)) from error


AmountField = Annotated[Amount, BeforeValidator(_amount), PlainSerializer(str)]


class Settings(Typed):
    """The settings of a run that do not depend on its recipe."""

    seed: int = Field(0, ge=0, lt=2**31, description="Seed of the weights, the latents and the data order.")
    budget: AmountField = Field(Amount(20, "m"), description=f"How long to train, as {GRAMMAR}.")
    quality: Literal["quick", "good", "best"] | None = Field(
        None,
        description="quick (5 minutes), good (20 minutes) or best (2 hours): choose budget, width, batch size, "
        "learning rates and evaluation interval for this machine and dataset, except those that you set. By default "
        "the recipe's own values apply.",
    )
    size: int | None = Field(
        None,
        ge=8,
        description="Height and width in pixels at which to train: larger pictures of the dataset are reduced, "
        "antialiased. By default the dataset's own.",
    )
    label_column: str | None = Field(
        None,
        description="Column of the dataset's index that holds the classes. By default the one it was prepared with.",
    )
    balanced_classes: bool = Field(
        False, description="Show D every class equally often, by repeating the pictures of smaller classes."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="Where to train.")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="Arithmetic of the networks; auto uses bfloat16 on processors built for it.",
    )
    threads: int = Field(
        0,
        ge=0,
        le=1024,
        description="Processor threads; 0 uses OMP_NUM_THREADS if it is set, or else all cores of this process, and if "
        "the budget is a time, fewer while other programs are busy.",
    )
    micro_batch: int = Field(
        0,
        ge=0,
        le=4096,
        description="Pictures of a batch that a process trains on at a time, to save memory; their gradients add up to "
        "those of the batch. 0 for all at once.",
    )
    sync_batch_norm: bool = Field(
        False,
        description="With several processes: compute BatchNorm's statistics over the pictures of all of them, instead "
        "of each process's own.",
    )
    log_every: AmountField = Field(Amount(5, "s"), description="Interval of lines in stats.jsonl.")
    sample_every: AmountField | None = Field(
        None, description="Interval of sample grids. By default a twentieth of the budget."
    )
    eval_every: AmountField | None = Field(
        None,
        description="Interval of evaluations, each of eval_samples pictures. By default a tenth of the budget, and "
        "as many pictures, 64 or more, as fit into a tenth of the time.",
    )
    eval_samples: int = Field(
        1000, ge=0, le=100_000, description="Most generated pictures per evaluation; 0 disables evaluation."
    )
    extractor: str = Field(
        AUTO,
        description="Feature network of evaluations: efficientnet-lite2, efficientnet-lite2-260, pixels, inception "
        "or timm:NAME; auto is the first that is not part of the discriminator, at 260 px for pictures above 128 px.",
    )
    on_trouble: Literal["warn", "stop", "rollback"] = Field(
        "warn",
        description="What to do about trouble that the verdict finds: warn and train on (warn), stop with the best "
        "snapshot (stop), or return to the best healthy evaluation with half the learning rates (rollback).",
    )
    patience: int = Field(
        2,
        ge=1,
        le=1000,
        description="Number of evaluations in a row that must find trouble before on_trouble applies.",
    )
    rollbacks: int = Field(3, ge=1, le=100, description="Number of rollbacks after which the run stops.")
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
            raise ValueError(f"eval_samples: a score needs at least {MIN_SCORED} pictures; 0 disables evaluation")
        return self

    @model_validator(mode="after")
    def _evaluations_for_verdicts(self) -> Self:
        on_trouble = self.settings.on_trouble
        if on_trouble != "warn" and not self.settings.eval_samples:
            raise ValueError(
                f"on_trouble={on_trouble}: only evaluations find trouble, and eval_samples=0 disables them"
            )
        return self

    @model_validator(mode="after")
    def _evaluations_for_schedules(self) -> Self:
        schedules = {"g_schedule": self.options.g_schedule, "d_schedule": self.options.d_schedule}
        for key, schedule in schedules.items():
            if isinstance(schedule, Plateau) and not self.settings.eval_samples:
                raise ValueError(f"{key}={schedule}: a plateau needs evaluations, and eval_samples=0 disables them")
        return self

    @model_validator(mode="after")
    def _losses_of_micro_batches(self) -> Self:
        size = self.settings.micro_batch
        for key in ("unrolled", "feature_matching"):
            if size and getattr(self.options, key):
                raise ValueError(
                    f"micro_batch={size}: {key} needs all pictures of a batch at once; use only one of the two"
                )
        return self

    def with_settings(self, **changes: object) -> "RunConfig":
        """A copy with some settings replaced, checked again."""
        return resolve(self.recipe, self.options, {**self.settings.model_dump(), **changes})


def resolve(recipe: str, defaults: Options, changes: Mapping[str, object]) -> RunConfig:
    """Combine a recipe's defaults with the values that the user changed.

    Args:
        recipe: the recipe's name, which is recorded.
        defaults: the recipe's options; their class checks the changes.
        changes: values by key, both of `Settings` and of the recipe's options; strings are converted.

    Raises:
        ConfigError: a key does not exist (the message names the nearest), or a value is out of range.
    """
    option_keys, setting_keys = type(defaults).model_fields, Settings.model_fields
    for key in changes:
        if key not in option_keys and key not in setting_keys:
            raise ConfigError(unknown("option", key, [*option_keys, *setting_keys]))
    options = defaults.model_dump() | {key: value for key, value in changes.items() if key in option_keys}
    settings = {key: value for key, value in changes.items() if key in setting_keys}
    try:
        return RunConfig(
            recipe=recipe,
            settings=Settings.model_validate(settings),
            options=type(defaults).model_validate(options),
        )
    except ValidationError as error:
        raise ConfigError(first_problem(error)) from error


class _Loader(yaml.SafeLoader):
    """Reads plain values, and refuses a key that stands twice, of which YAML's readers take the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping from a node of a file."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise ValueError(f"line {key.start_mark.line + 1} sets {key.value} a second time; set it once")
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else "")
        return super().construct_mapping(node, deep)


# Keys of a run's config.yaml that record facts about the run; they are not options.
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
    "style_classifier",
}


def read_config(path: Path) -> tuple[str | None, dict[str, Any]]:
    """Read a YAML file of options: flat, or grouped under `settings` and `options` like a run's own config.yaml.

    Returns:
        The recipe that it names, if any, and the unchecked values by key.

    Raises:
        ConfigError: the file does not exist, or is not a YAML mapping.
    """
    path = user_path(path)
    values = read_mapping(path, f"--config {path}")
    recipe = values.pop("recipe", None)
    if recipe is not None and not isinstance(recipe, str):
        raise ConfigError(f"--config {path}: recipe must be the name of a recipe, not {brief(recipe)}")
    groups = [_options_in(values.pop(group, None), f"--config {path}: {group}") for group in ("settings", "options")]
    changes: dict[str, Any] = {}
    for group in (*groups, {key: value for key, value in values.items() if key not in RECORD_KEYS}):
        if twice := sorted(changes.keys() & group.keys()):
            raise ConfigError(f"--config {path} sets {twice[0]} twice; set it once")
        changes |= group
    return recipe, changes


def is_record(path: Path) -> bool:
    """Whether a file of options is the config.yaml of a run, which has all options that its version of ganvas had.

    Raises:
        ConfigError: as `read_config`.
    """
    path = user_path(path)
    return "schema_version" in read_mapping(path, f"--config {path}")


def read_mapping(path: Path, place: str) -> dict[str, object]:
    """The values by key in a YAML file.

    Args:
        path: the file.
        place: how messages name it.

    Raises:
        ConfigError: it cannot be read, or is not a mapping from names of options.
    """
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"), _Loader)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{place} cannot be read: {error}") from error
    return _options_in(content, place)


def _options_in(content: object, place: str) -> dict[str, object]:
    """The values by key in a part of a YAML file, which may be empty."""
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{place} must hold `key: value` lines, not a {type(content).__name__}")
    for key in content:
        if not isinstance(key, str):
            raise ConfigError(f"{place} holds the key {key!r}; expected the name of an option, as in `width: 32`")
    return content


def parse_assignments(assignments: list[str]) -> dict[str, str]:
    """Read the arguments of `--set key=value`.

    Raises:
        ConfigError: an argument has no key or no "=".
    """
    changes = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set {assignment!r}: write key=value, such as --set width=32")
        changes[key.strip()] = value.strip()
    return changes


def keywords_for(function: Callable[..., object], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Options by key as keywords of a function that takes them after parameters of its own.

    Raises:
        ConfigError: a key is the name of such a parameter, which is not an option.
    """
    parameters = inspect.signature(function).parameters
    for key in changes:
        if key in parameters:
            raise ConfigError(
                f"{key} is not an option of --set or --config; the command has an argument or a flag for it"
            )
    return dict(changes)


def first_problem(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """The first of pydantic's errors as one line: the key, its value and what was expected.

    Args:
        error: pydantic's errors.
        model: the model that was checked; with it, an error about an unknown key names the nearest key.
    """
    problem = error.errors()[0]
    if model is not None and problem["type"] == "extra_forbidden":
        return unknown("option", str(problem["loc"][-1]), model.model_fields)
    key = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return f"option {key}={brief(problem['input'])}: {message}" if key else message
