"""A run that has been checked but not started, and its description."""

import dataclasses
import platform
import shlex
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas import baselines, gans
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import labelled_by, labels_digest
from ganvas.data.dataset.layout import TRAIN
from ganvas.data.dataset.reduced import reduced
from ganvas.distributed.part import Division
from ganvas.distributed.world import ALONE, World
from ganvas.foundation.errors import ConfigError, DataError, GanvasError
from ganvas.foundation.paths import quoted, user_path
from ganvas.foundation.version import VERSION
from ganvas.gans.recipe import Recipe, Spec
from ganvas.machine.device import Machine, choose, launch
from ganvas.machine.load import HEAVY
from ganvas.metrics.independence import independent_extractor
from ganvas.planning import quality
from ganvas.planning.first_stage import check_first_stage, with_first_stage
from ganvas.planning.timeline import Forecast
from ganvas.runs.directory import CONFIG, Record, RunDirectory
from ganvas.settings.config import AUTO, MIN_SCORED, RunConfig, resolve
from ganvas.settings.options import Options
from ganvas.settings.schedules import Plateau
from ganvas.training.display import Display
from ganvas.training.referee import Referee

if TYPE_CHECKING:
    from ganvas.training.step import Weights
    from ganvas.training.trainer import Trainer

RECORDED_LIBRARIES = ("torch", "torchvision", "lightning-fabric", "timm", "torch-fidelity", "numpy")


@dataclass(frozen=True)
class RunPlan:
    """A run that has been checked but not started. Nothing is written yet.

    Attributes:
        data: what the run learns from.
        config: its recipe, settings and options.
        recipe: the recipe with those options.
        machine: what it will run on.
        origin: the snapshot or run that its initial weights come from, or None.
        start: these weights, by network.
        user_keys: settings and options that the user set.
        chosen: the choices of the quality.
        world: the processes that train it.
        schedule: the options that follow the length of the run.
    """

    data: Dataset
    config: RunConfig
    recipe: Recipe
    machine: Machine
    origin: Path | None = None
    start: "Weights" = field(default_factory=dict)
    user_keys: frozenset[str] = frozenset()
    chosen: tuple[quality.Chosen, ...] = ()
    world: World = ALONE
    schedule: tuple[quality.Chosen, ...] = ()

    def with_chosen(self, chosen: list[quality.Chosen]) -> "RunPlan":
        """The plan with additional choices of the quality."""
        return dataclasses.replace(self._changed(chosen), chosen=(*self.chosen, *chosen))

    def with_schedule(self, schedule: list[quality.Chosen]) -> "RunPlan":
        """The plan with options that follow the length of the run."""
        return dataclasses.replace(self._changed(schedule), schedule=tuple(schedule))

    def _changed(self, chosen: list[quality.Chosen]) -> "RunPlan":
        config = quality.with_chosen(self.config, chosen)
        plan = dataclasses.replace(self, config=config, recipe=type(self.recipe)(config.options))
        plan.division.check(config.options.batch_size)
        return plan

    @property
    def division(self) -> Division:
        """How each batch is divided."""
        settings = self.config.settings
        return Division(self.world, settings.micro_batch, settings.sync_batch_norm)

    def trainer(self, run: RunDirectory, display: Display, referee: Referee | None = None) -> "Trainer":
        """Build the trainer of this plan, at step 0."""
        from ganvas.training.trainer import Trainer  # imported late: it takes seconds, and options are checked first

        machine, division = self.machine, self.division
        return Trainer(run, self.config, self.recipe, self.data, machine, launch(machine), display, division, referee)

    def describe(self, forecast: Forecast) -> str:
        """The plan and its forecast, as lines of text."""
        settings, data, pictures, costs = self.config.settings, self.data, self.data.splits[TRAIN], forecast.costs
        common, own = Options().model_dump(), self.config.options.model_dump()
        options = ", ".join(f"{key}={own[key]}" for key in own if own[key] != common.get(key) and key != "first_stage")
        lines = {
            "data": f"{data.path}: {pictures:,} pictures of {data.size} px"
            + (f", {held_back:,} more held back" if (held_back := len(data) - pictures) else ""),
            "classes": f"{len(data.class_names)} ({', '.join(data.class_names)})" if data.class_names else "none",
            "recipe": f"{self.config.recipe}: generator {costs.generator_parameters:,} and discriminator "
            f"{costs.discriminator_parameters:,} parameters",
            "start": f"the weights of {self.origin}" if self.origin else f"random weights of seed {settings.seed}",
            "options": f"{options or 'none'} beyond the common defaults",
            "machine": str(self.machine),
            "processes": self._processes(),
            "speed": f"{costs.img_per_s:.0f} img/s measured{self._earlier_phases(forecast)}",
            "budget": f"{settings.budget}: about {forecast.kimg:.1f} kimg "
            f"({forecast.kimg * 1000 / pictures:.1f} epochs) in about {forecast.time()}",
            "evaluate": self._evaluations(forecast),
            "memory": f"about {forecast.memory()}",
        }
        if self.world.size == 1 and not settings.micro_batch:
            del lines["processes"]
        if costs.other_load >= HEAVY:
            lines["load"] = f"other programs kept {costs.other_load:.1f} cores busy while the speed was measured"
        if self.schedule:
            values = ", ".join(f"{each.key}={each.value}" for each in self.schedule)
            lines["schedule"] = f"{values} {self.schedule[0].reason}; what you set yourself stays"
        if settings.quality:
            lines = {"quality": self._quality()} | lines
        return "\n".join(f"{name:10} {text}" for name, text in lines.items())

    @staticmethod
    def _earlier_phases(forecast: Forecast) -> str:
        """The speed of each phase before the last, as text."""
        phases = forecast.costs.earlier_phases
        if not phases:
            return ""
        speeds = [
            f", {phase.img_per_s:.0f} for the {'next' if number else 'first'} {phase.images / 1000:g} kimg"
            for number, phase in enumerate(phases)
        ]
        is_all = forecast.kimg <= sum(phase.images for phase in phases) / 1000
        return "".join(speeds) + ("; this budget ends before the last phase" if is_all else "")

    def _processes(self) -> str:
        """How batches are divided, as text."""
        size, micro_batch = self.world.size, self.config.settings.micro_batch
        share = self.recipe.options.batch_size // size
        text = f"{size}, each with {share} of the {self.recipe.options.batch_size} pictures of a batch"
        text += f", {micro_batch} at a time" if micro_batch else ""
        if size == 1:
            return text
        kind = "of all processes" if self.config.settings.sync_batch_norm else "of each process by itself"
        return f"{text}; BatchNorm looks at the pictures {kind}; the speed leaves out the time for exchanges"

    def _evaluations(self, forecast: Forecast) -> str:
        settings = self.config.settings
        if not settings.eval_samples:
            pictures = self.data.splits[TRAIN]
            reason = (
                f": {pictures} training pictures are too few to evaluate against ({MIN_SCORED} are needed), so KID, "
                "recall, copies and the verdict cannot be measured"
            )
            return f"never{reason if pictures < MIN_SCORED else ''}"
        samples, times = f"{settings.eval_samples:,} pictures", f"{forecast.evaluations} times"
        if settings.eval_every:
            return f"{samples} every {settings.eval_every}: {times}"
        return f"up to {samples}, as many as fit into a tenth of the time, every {settings.budget / 10}: {times}"

    def _quality(self) -> str:
        name = self.config.settings.quality
        if not self.chosen:
            return f"{name} chose nothing, since you set every option that it chooses"
        return "\n".join(
            [f"{name} chose these options, which you can set yourself:", *(f"{'':10} {each}" for each in self.chosen)]
        )

    def record(self, forecast: Forecast, out: Path) -> Record:
        """The content of `config.yaml`.

        Args:
            forecast: of the run.
            out: the run directory.
        """
        info = self.data.info
        libraries = {name: metadata.version(name) for name in RECORDED_LIBRARIES}
        return Record(
            ganvas=VERSION,
            recipe=self.config.recipe,
            data=str(self.data.path.resolve()),
            dataset=info.model_dump(include={"fingerprint", "count", "size", "label_column", "class_names"})
            | {"training": self.data.splits[TRAIN], "labels": labels_digest(self.data, info.label_column)},
            networks={
                "generator_parameters": forecast.costs.generator_parameters,
                "discriminator_parameters": forecast.costs.discriminator_parameters,
            },
            machine=self.machine.record(),
            forecast=forecast.record(),
            versions={"python": platform.python_version()} | libraries,
            settings=self.config.settings.model_dump(),
            options=self.config.options.model_dump(),
            command=self._command(out),
            style_classifier=style_classifier_digest(self.config.options),
        )

    def _command(self, out: Path) -> str:
        """The command that repeats this run in another directory."""
        words = ["ganvas", "train", str(self.data.path), "--config", str(out / CONFIG), "--out", f"{out}-again"]
        return shlex.join(words + (["--from", str(self.origin)] if self.origin else []))


def check(data: str | Path, recipe: str, changes: dict[str, object], world: World = ALONE) -> RunPlan:
    """Check the dataset, the recipe and the options of a run.

    Args:
        data: a dataset directory.
        recipe: a recipe's name, or module:Class.
        changes: settings and options by key.
        world: the processes that will train it.

    Raises:
        GanvasError: the dataset, recipe, device or an option does not exist, or they do not fit each other.
    """
    if recipe in baselines.names():
        raise ConfigError(
            f"{recipe} is a baseline, which is fitted, not trained; use "
            f"ganvas baseline {quoted(data)} --kind {recipe} --out {recipe}.safetensors"
        )
    recipe_class = gans.find(recipe)
    config = quality.with_budget(resolve(recipe, recipe_class.defaults, changes), changes)
    dataset = Dataset.open(data)
    if column := config.settings.label_column:
        dataset = labelled_by(dataset, column)
    recipe_class.check(Spec(config.settings.size or dataset.size, len(dataset.class_names)))
    config = with_first_stage(config)
    check_first_stage(config, dataset)
    dataset = reduced(dataset, config.settings.size)
    pictures = dataset.splits[TRAIN]
    if not pictures:
        raise ConfigError(f"{dataset.path} has no training pictures: prepare it again with another --split")
    if config.settings.eval_samples and pictures < MIN_SCORED:
        if key := option_requesting_evaluations(config, changes):
            raise ConfigError(
                f"{key}: {dataset.path} has {pictures} pictures, too few to evaluate against "
                f"({MIN_SCORED} are needed): add pictures, or train without evaluations with --set eval_samples=0"
            )
        config = config.with_settings(eval_samples=0)
    if config.settings.extractor == AUTO:
        config = config.with_settings(extractor=independent_extractor(recipe_class.sees_through, dataset.size))
    if config.settings.eval_samples:
        from ganvas.metrics.extractors import fetch  # imported late, like the trainer

        fetch(config.settings.extractor)
    class_use = recipe_class(config.options).effective_class_use
    if class_use.is_required or config.settings.balanced_classes:
        _require_classes(dataset, "balanced_classes" if config.settings.balanced_classes else "ambiguity")
    config = _with_style_classifier(config)
    machine = choose(config.settings)
    plan = RunPlan(dataset, config, recipe_class(config.options), machine, user_keys=frozenset(changes), world=world)
    plan.division.check(config.options.batch_size)
    return plan


def option_requesting_evaluations(config: RunConfig, changes: dict[str, object]) -> str | None:
    """The option by which the user requests evaluations; None if evaluation is only the default.

    Args:
        config: of the run.
        changes: settings and options that the user set, by key.
    """
    if config.settings.on_trouble != "warn":
        return "on_trouble"
    for key in ("g_schedule", "d_schedule"):
        if isinstance(getattr(config.options, key), Plateau):
            return key
    return next((key for key in ("eval_samples", "eval_every") if changes.get(key) not in (None, 0, "0")), None)


def _with_style_classifier(config: RunConfig) -> RunConfig:
    """The configuration with the whole path of the classifier that names styles, which must be usable."""
    if (named := config.options.style_classifier) is None:
        return config
    from ganvas.classify.frozen import FrozenClassifier  # imported late, because few runs need one

    try:
        FrozenClassifier.open(named)
    except GanvasError as error:
        raise type(error)(f"ambiguity_by: {error}") from error
    whole = {"ambiguity_by": str(user_path(named).resolve())}
    return resolve(config.recipe, config.options, config.settings.model_dump() | whole)


def style_classifier_digest(options: Options) -> str | None:
    """The digest of the classifier that names styles; None if none does."""
    if options.style_classifier is None:
        return None
    from ganvas.classify.frozen import digest  # imported late, because few runs need one

    return digest(options.style_classifier)


def _require_classes(data: Dataset, option: str) -> None:
    """Refuse a dataset in which a class of training pictures is missing, or all of them, for an option."""
    if not data.class_names:
        raise ConfigError(f"{option}: {data.path} has no classes; name a column with --label-column")
    empty = [name for name, count in zip(data.class_names, data.class_counts, strict=True) if not count]
    if empty:
        raise DataError(f"{data.path}: no training picture is of class {empty[0]!r}: prepare it again")
