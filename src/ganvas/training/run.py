"""Starting a run, and going on with one: from a dataset and a recipe's name to a trained run directory."""

import dataclasses
import platform
import shlex
import shutil
import time
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas import __version__, baselines, gans
from ganvas.budget import Amount, Progress
from ganvas.config import AUTO, MIN_SCORED, RunConfig, resolve
from ganvas.data.dataset import TRAIN, Dataset
from ganvas.data.labels import labelled_by
from ganvas.errors import ConfigError, DataError, RunError
from ganvas.gans.recipe import Recipe, Spec
from ganvas.metrics.independence import independent
from ganvas.options import Options
from ganvas.snapshot import Snapshot
from ganvas.training import presets
from ganvas.training.checkpoint import CheckpointDirectory
from ganvas.training.directory import CONFIG, Record, RunDirectory, is_run, refuse_existing
from ganvas.training.display import Display, Silent
from ganvas.training.engine import Machine, choose, launch
from ganvas.training.forecast import glance, measure
from ganvas.training.step import AdversarialStep
from ganvas.training.timeline import Forecast, foresee

if TYPE_CHECKING:
    from ganvas.training.trainer import Trainer

DEFAULT_RECIPE = "atelier"
RECORDED_LIBRARIES = ("torch", "torchvision", "lightning-fabric", "timm", "torch-fidelity", "numpy")


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        run: its directory.
        finished: whether the budget was spent, or a verdict ended it; False if it was interrupted.
        kimg: thousands of real pictures D has seen.
        best_kid: the lowest KID of all evaluations, if there was one.
        verdict: the last one, if there was one.
        stopped: the verdict that ended the run before its budget was spent, if one did.
    """

    run: Path
    finished: bool
    kimg: float
    best_kid: float | None
    verdict: str | None = None
    stopped: str | None = None


def train(
    data: str | Path,
    out: str | Path,
    recipe: str = DEFAULT_RECIPE,
    *,
    start: str | Path | None = None,
    display: Display | None = None,
    **changes: Any,
) -> Outcome:
    """Train a recipe on a dataset.

    Args:
        data: a dataset directory.
        out: the run directory to make.
        recipe: a recipe's name, or module:Class for one of your own.
        start: a snapshot whose generator, or a run whose networks, to begin with instead of random weights.
        display: who watches; nobody by default.
        **changes: settings and options by key (`budget="20m"`, `width=32` ...), see docs/configuration.md.

    Returns:
        How it ended.

    Raises:
        GanvasError: nothing was trained, and why; or training diverged, or the disk is full.
    """
    began, display = time.perf_counter(), display or Silent()
    plan, forecast = _foreseen(prepare_run(data, out, recipe, start, changes), began)
    display.say(plan.describe(forecast))
    run = RunDirectory(Path(out), plan.record(forecast, Path(out)))
    trainer = plan.trainer(run, display)
    if plan.start:
        _load_weights(trainer.step, plan.start)
    run.create()
    return _train(trainer)


def rehearse(
    data: str | Path,
    out: str | Path,
    recipe: str = DEFAULT_RECIPE,
    *,
    start: str | Path | None = None,
    **changes: Any,
) -> str:
    """Check a run and measure its speed without writing anything; the arguments are those of `train`.

    Returns:
        What would happen, for a person.

    Raises:
        GanvasError: it could not be trained, and why.
    """
    began = time.perf_counter()
    plan, forecast = _foreseen(prepare_run(data, out, recipe, start, changes), began)
    return plan.describe(forecast)


def _foreseen(plan: "Plan", began: float) -> tuple["Plan", Forecast]:
    """What to expect of a run that was asked for at `began`, once its quality, if it has one, has chosen."""
    pictures = plan.data.splits[TRAIN]
    kind, spec, machine, wish = type(plan.recipe), Spec.of(plan.data), plan.machine, plan.config.settings.quality
    if wish:
        # Weights to begin with fit networks of one width only.
        given = plan.given | {"width"} if plan.origin else plan.given
        chosen = presets.choose_networks(
            plan.config, given, kind, pictures, lambda options: glance(kind(options), spec, machine)
        )
        plan = plan.with_chosen(chosen)
    costs = measure(plan.recipe, plan.data, machine, plan.config.settings)
    if wish:
        plan = plan.with_chosen(presets.choose_evaluations(plan.config, plan.given, costs, pictures))
    return plan, foresee(plan.config.settings, costs, plan.data, time.perf_counter() - began)


def resume(
    run: str | Path,
    *,
    budget: str | None = None,
    data: str | Path | None = None,
    display: Display | None = None,
) -> Outcome:
    """Go on with a run where its newest checkpoint left it, exactly.

    Args:
        run: the run directory.
        budget: how much more; by default what is left of the budget it was started with.
        data: where the dataset is now, if it has moved.
        display: who watches; nobody by default.

    Raises:
        RunError: no run, no checkpoint, or another dataset than it was trained on.
        ConfigError: its budget is spent and no further one given.
    """
    directory = RunDirectory.open(Path(run))
    record, display = directory.record, display or Silent()
    more = Amount.parse(budget) if budget else None
    plan = check(data or record.data, record.recipe, record.settings | record.options)
    if plan.data.fingerprint != record.dataset["fingerprint"]:
        raise RunError(f"{plan.data.path} has changed since {run} was trained on it: start a new run, or restore it")
    if plan.data.class_names != record.dataset["class_names"]:
        raise RunError(f"the classes of {plan.data.path} have changed since {run} was trained on it: start a new run")
    state = CheckpointDirectory(directory.checkpoints).latest()
    progress = Progress(plan.data.splits[TRAIN], **state["progress"])
    total = more.after(progress) if more else plan.config.settings.budget
    if total.fraction(progress) >= 1:
        raise ConfigError(f"{run} has spent its budget of {total}; give it more, such as --budget 10m")
    plan = dataclasses.replace(plan, config=plan.config.with_settings(budget=str(total)))
    trainer = plan.trainer(directory, display)
    trainer.restore(state)
    directory.rewrite(
        record.model_copy(
            update={"settings": record.settings | {"budget": str(total)}, "data": str(plan.data.path.resolve())}
        )
    )
    for key, value in plan.machine.record().items():
        if value != record.machine[key]:
            display.say(
                f"note: {key} was {record.machine[key]} and is {value} here; results may differ in the last bits"
            )
    display.say(f"going on at {progress.kimg:.1f} kimg on {plan.machine}, up to a budget of {total}")
    return _train(trainer)


def complete(
    data: str | Path,
    out: str | Path,
    recipe: str = DEFAULT_RECIPE,
    *,
    start: str | Path | None = None,
    display: Display | None = None,
    **changes: Any,
) -> bool:
    """Bring a run to its end, whether it is yet to begin, was interrupted or is there already.

    The arguments are those of `train`.

    Returns:
        Whether its budget is spent; False if it was interrupted.

    Raises:
        GanvasError: as `train` and `resume` do.
    """
    run = Path(out)
    if run.exists():
        if is_run(run) and not CheckpointDirectory(RunDirectory.open(run).checkpoints):
            shutil.rmtree(run)  # it was stopped before its first checkpoint: there is nothing to go on with
        else:
            return is_spent(run) or resume(run, data=data, display=display).finished
    return train(data, run, recipe, start=start, display=display, **changes).finished


def is_spent(run: str | Path) -> bool:
    """Whether the newest checkpoint of a run has spent its budget, or was ended by a verdict.

    Raises:
        RunError: no run, or no checkpoint in it.
    """
    directory = RunDirectory.open(Path(run))
    state = CheckpointDirectory(directory.checkpoints).latest()
    budget = Amount.parse(directory.record.settings["budget"])
    spent = budget.fraction(Progress(directory.record.training_count, **state["progress"])) >= 1
    return spent or state["stopped"] is not None


def _train(trainer: "Trainer") -> Outcome:
    finished = trainer.run()
    return Outcome(
        run=trainer.run_directory.path,
        finished=finished,
        kimg=trainer.progress.kimg,
        best_kid=trainer.best_kid,
        verdict=trainer.verdict.name if trainer.verdict else None,
        stopped=trainer.stopped,
    )


@dataclass(frozen=True)
class Plan:
    """A run that has been checked but not begun: nothing is written yet.

    Attributes:
        data: what it learns from.
        config: its recipe, settings and options.
        recipe: the recipe with those options.
        machine: what it will run on.
        origin: the snapshot or run it begins with, or None.
        start: the weights found there, by network.
        given: keys of the settings and options that the user set.
        chosen: what the quality chose that was asked for.
    """

    data: Dataset
    config: RunConfig
    recipe: Recipe
    machine: Machine
    origin: Path | None = None
    start: dict[str, Any] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    chosen: tuple[presets.Chosen, ...] = ()

    def with_chosen(self, chosen: list[presets.Chosen]) -> "Plan":
        """The plan with what a quality chose, beside what it had chosen before."""
        config = presets.with_chosen(self.config, chosen)
        recipe = type(self.recipe)(config.options)
        return dataclasses.replace(self, config=config, recipe=recipe, chosen=(*self.chosen, *chosen))

    def trainer(self, run: RunDirectory, display: Display) -> "Trainer":
        """The trainer of this plan, seeded and at step 0."""
        from ganvas.training.trainer import Trainer  # seconds of import that a mistyped option should not wait for

        return Trainer(run, self.config, self.recipe, self.data, self.machine, launch(self.machine), display)

    def describe(self, forecast: Forecast) -> str:
        """What will happen, for a person, a line each."""
        settings, data, pictures, costs = self.config.settings, self.data, self.data.splits[TRAIN], forecast.costs
        common, own = Options().model_dump(), self.config.options.model_dump()
        options = ", ".join(f"{key}={own[key]}" for key in own if own[key] != common.get(key))
        lines = {
            "data": f"{data.path}: {pictures:,} pictures of {data.size} px"
            + (f", {held_back:,} more held back" if (held_back := len(data) - pictures) else ""),
            "classes": f"{len(data.class_names)} ({', '.join(data.class_names)})" if data.class_names else "none",
            "recipe": f"{self.config.recipe}: generator {costs.generator_parameters:,} and discriminator "
            f"{costs.discriminator_parameters:,} parameters",
            "start": f"the weights of {self.origin}" if self.origin else f"random weights of seed {settings.seed}",
            "options": f"{options or 'none'} beyond the common defaults",
            "machine": str(self.machine),
            "speed": f"{costs.img_per_s:.0f} img/s measured"
            + (
                f", {costs.early_img_per_s:.0f} for the first {early / 1000:g} kimg"
                if (early := costs.early_images)
                else ""
            ),
            "budget": f"{settings.budget}: about {forecast.kimg:.1f} kimg "
            f"({forecast.kimg * 1000 / pictures:.1f} epochs) in about {forecast.time()}",
            "evaluate": self._evaluations(forecast),
            "memory": f"about {forecast.memory()}",
        }
        if settings.quality:
            lines = {"quality": self._quality()} | lines
        return "\n".join(f"{name:10} {text}" for name, text in lines.items())

    def _evaluations(self, forecast: Forecast) -> str:
        settings = self.config.settings
        if not settings.eval_samples:
            return "never"
        every = settings.eval_every or f"{settings.budget / 10}, or less often if that took over a tenth of the time"
        return f"{settings.eval_samples:,} pictures every {every}: {forecast.evaluations} times"

    def _quality(self) -> str:
        wish = self.config.settings.quality
        if not self.chosen:
            return f"{wish} found everything set"
        return "\n".join([f"{wish} chose these; set any yourself:", *(f"{'':10} {each}" for each in self.chosen)])

    def record(self, forecast: Forecast, out: Path) -> Record:
        """What `config.yaml` will hold."""
        info = self.data.info
        libraries = {name: metadata.version(name) for name in RECORDED_LIBRARIES}
        return Record(
            ganvas=__version__,
            recipe=self.config.recipe,
            data=str(self.data.path.resolve()),
            dataset=info.model_dump(include={"fingerprint", "count", "size", "label_column", "class_names"})
            | {"training": self.data.splits[TRAIN]},
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
        )

    def _command(self, out: Path) -> str:
        """The command line that repeats this run under another name."""
        words = ["ganvas", "train", str(self.data.path), "--config", str(out / CONFIG), "--out", f"{out}-again"]
        return shlex.join(words + (["--from", str(self.origin)] if self.origin else []))


def prepare_run(
    data: str | Path, out: str | Path, recipe: str, start: str | Path | None, changes: dict[str, Any]
) -> Plan:
    """Check everything that can be checked before a run is measured or anything written.

    Raises:
        GanvasError: a dataset, recipe, option, device or start that does not exist or does not fit, or a run that
            would be overwritten.
    """
    plan = check(data, recipe, changes)
    refuse_existing(Path(out))
    if start is None:
        return plan
    return dataclasses.replace(plan, origin=Path(start), start=_read_weights(Path(start)))


def check(data: str | Path, recipe: str, changes: dict[str, Any]) -> Plan:
    """Check all that does not depend on where the run will be or what it begins with.

    Raises:
        GanvasError: a dataset, recipe, option or device that does not exist, or that do not fit each other.
    """
    if recipe in baselines.names():
        raise ConfigError(
            f"{recipe} is a baseline, which is fitted and not trained: "
            f"ganvas baseline {data} --kind {recipe} --out {recipe}.safetensors"
        )
    recipe_class = gans.find(recipe)
    config = presets.with_budget(resolve(recipe, recipe_class.defaults, changes), changes)
    dataset = Dataset.open(data)
    if column := config.settings.label_column:
        dataset = labelled_by(dataset, column)
    recipe_class.check(Spec.of(dataset))
    pictures = dataset.splits[TRAIN]
    if not pictures:
        raise ConfigError(f"{dataset.path} has no training pictures: prepare it again with another --split")
    if config.settings.eval_samples and pictures < MIN_SCORED:
        raise ConfigError(
            f"{dataset.path} has {pictures} pictures, too few to evaluate against ({MIN_SCORED} are needed): "
            "add pictures, or train without evaluations with --set eval_samples=0"
        )
    if config.settings.extractor == AUTO:
        config = config.with_settings(extractor=independent(recipe_class.sees_through))
    if config.settings.eval_samples:
        from ganvas.metrics.extractors import fetch  # for the same reason as the trainer's

        fetch(config.settings.extractor)
    if recipe_class.needs_classes() or config.settings.balanced_classes:
        _require_classes(dataset)
    return Plan(dataset, config, recipe_class(config.options), choose(config.settings), given=frozenset(changes))


def _require_classes(data: Dataset) -> None:
    if not data.class_names:
        raise ConfigError(f"balanced_classes: {data.path} has no classes; name a column with --label-column")
    empty = [name for name, count in zip(data.class_names, data.class_counts, strict=True) if not count]
    if empty:
        raise DataError(f"{data.path}: no training picture is of class {empty[0]!r}: prepare it again")


def _read_weights(start: Path) -> dict[str, Any]:
    """A run's networks from its newest checkpoint, or a snapshot's generator, as state dicts by network.

    Raises:
        RunError: there is nothing to begin with.
    """
    if start.is_dir():
        state = CheckpointDirectory(RunDirectory.open(start).checkpoints).latest()
        return {name: state[name] for name in ("generator", "discriminator", "average")}
    weights = Snapshot.load(start).generator.state_dict()
    return {"generator": weights, "average": weights}


def _load_weights(step: AdversarialStep, weights: dict[str, Any]) -> None:
    """Let fresh networks begin with those weights; a discriminator that is not among them stays as it is.

    Raises:
        RunError: they are of another shape.
    """
    networks = {"generator": step.generator, "discriminator": step.discriminator, "average": step.average.module}
    try:
        for name, state in weights.items():
            networks[name].load_state_dict(state)
    except RuntimeError as error:
        raise RunError(
            "the weights to begin with do not fit this run: give it the same recipe, picture size and options"
        ) from error
