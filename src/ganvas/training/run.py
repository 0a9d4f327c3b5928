"""Starting a run, and going on with one: from a dataset and a recipe's name to a trained run directory."""

import platform
import shlex
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas import __version__, gans
from ganvas.budget import Amount
from ganvas.config import RunConfig, resolve
from ganvas.data.dataset import Dataset
from ganvas.errors import ConfigError, RunError
from ganvas.gans.recipe import Recipe, Spec
from ganvas.snapshot import Snapshot
from ganvas.training.checkpoint import CheckpointDirectory
from ganvas.training.directory import CONFIG, Record, RunDirectory, refuse_existing
from ganvas.training.display import Display, Silent
from ganvas.training.engine import Machine, choose, launch
from ganvas.training.forecast import Forecast, measure

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from ganvas.training.trainer import Trainer

DEFAULT_RECIPE = "dcgan"
RECORDED_LIBRARIES = ("torch", "torchvision", "lightning-fabric", "timm", "torch-fidelity", "numpy")


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        run: its directory.
        finished: whether the budget was spent; False if it was interrupted.
        kimg: thousands of real pictures D has seen.
        best_kid: the lowest KID of all evaluations, if there was one.
    """

    run: Path
    finished: bool
    kimg: float
    best_kid: float | None


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
    plan = prepare_run(data, recipe, changes)
    out = Path(out)
    refuse_existing(out)
    display = display or Silent()
    fabric = launch(plan.machine)
    forecast = measure(plan.recipe, plan.spec, plan.machine, fabric)
    display.say(plan.describe(forecast))
    run = RunDirectory(out, plan.record(forecast, out, start))
    trainer = plan.trainer(run, fabric, display)
    if start:
        _begin_from(trainer, Path(start))
    run.create()
    return _train(trainer)


def rehearse(data: str | Path, out: str | Path, recipe: str = DEFAULT_RECIPE, **changes: Any) -> str:
    """Check a run and measure its speed without writing anything; the arguments are those of `train`.

    Returns:
        What would happen, for a person.

    Raises:
        GanvasError: it could not be trained, and why.
    """
    plan = prepare_run(data, recipe, changes)
    refuse_existing(Path(out))
    return plan.describe(measure(plan.recipe, plan.spec, plan.machine, launch(plan.machine)))


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
    record = directory.record
    plan = prepare_run(data or record.data, record.recipe, record.settings | record.options)
    if plan.data.fingerprint != record.dataset["fingerprint"]:
        raise RunError(f"{plan.data.path} has changed since {run} was trained on it: start a new run, or restore it")
    state = CheckpointDirectory(directory.path / "checkpoints").latest()
    trainer = plan.trainer(directory, launch(plan.machine), display or Silent())
    trainer.restore(state)
    if budget:
        total = Amount.parse(budget).after(trainer.progress)
        trainer.config = plan.config.with_settings(budget=str(total))
        directory.rewrite(record.model_copy(update={"settings": record.settings | {"budget": str(total)}}))
    elif plan.config.settings.budget.fraction(trainer.progress) >= 1:
        spent = plan.config.settings.budget
        raise ConfigError(f"{run} has spent its budget of {spent}; give it more, such as --budget 10m")
    trainer.display.say(f"going on at {trainer.progress.kimg:.1f} kimg")
    return _train(trainer)


def _train(trainer: "Trainer") -> Outcome:
    finished = trainer.run()
    return Outcome(trainer.run_directory.path, finished, trainer.progress.kimg, trainer.best_kid)


@dataclass(frozen=True)
class Plan:
    """A run that has been checked but not begun: nothing is written yet."""

    data: Dataset
    config: RunConfig
    recipe: Recipe
    machine: Machine

    @property
    def spec(self) -> Spec:
        """What the data asks of the networks."""
        return Spec(self.data.size, len(self.data.class_names))

    def trainer(self, run: RunDirectory, fabric: "Fabric", display: Display) -> "Trainer":
        """The trainer of this plan, seeded and at step 0."""
        from ganvas.training.trainer import Trainer  # seconds of import that a mistyped option should not wait for

        return Trainer(run, self.config, self.recipe, self.data, self.machine, fabric, display)

    def describe(self, forecast: Forecast) -> str:
        """What will happen, for a person, a line each."""
        settings, options, machine = self.config.settings, self.config.options, self.machine
        kimg, seconds = forecast.extent(settings.budget, len(self.data))
        classes = ", ".join(self.data.class_names) or "none"
        changed = ", ".join(f"{key}={value}" for key, value in options.model_dump().items())
        return "\n".join(
            [
                f"data       {self.data.path}: {len(self.data):,} pictures of {self.data.size} px",
                f"classes    {len(self.data.class_names)} ({classes})",
                f"recipe     {self.config.recipe}: generator {forecast.generator_parameters:,} and discriminator "
                f"{forecast.discriminator_parameters:,} parameters",
                f"options    {changed}",
                f"machine    {machine.device} ({machine.device_name}), {machine.precision}, {machine.threads} threads",
                f"speed      {forecast.img_per_s:.0f} img/s measured",
                f"budget     {settings.budget}: about {kimg:.1f} kimg ({kimg * 1000 / len(self.data):.1f} epochs) in "
                f"{seconds / 60:.1f} minutes of training",
                f"memory     about {forecast.memory_bytes / 2**30:.1f} GiB",
            ]
        )

    def record(self, forecast: Forecast, out: Path, start: str | Path | None) -> Record:
        """What `config.yaml` will hold."""
        info = self.data.info
        return Record(
            ganvas=__version__,
            recipe=self.config.recipe,
            data=str(self.data.path.resolve()),
            dataset=info.model_dump(include={"fingerprint", "count", "size", "label_column", "class_names"}),
            networks={
                "generator_parameters": forecast.generator_parameters,
                "discriminator_parameters": forecast.discriminator_parameters,
            },
            machine=self.machine.record(),
            versions={"python": platform.python_version()}
            | {name: metadata.version(name) for name in RECORDED_LIBRARIES},
            settings=self.config.settings.model_dump(),
            options=self.config.options.model_dump(),
            command=self._command(out, start),
        )

    def _command(self, out: Path, start: str | Path | None) -> str:
        """The command line that repeats this run under another name."""
        words = [
            "ganvas",
            "train",
            str(self.data.path),
            "--config",
            str(out / CONFIG),
            "--out",
            f"{out}-again",
        ]
        return shlex.join(words + (["--from", str(start)] if start else []))


def prepare_run(data: str | Path, recipe: str, changes: dict[str, Any]) -> Plan:
    """Check everything that can be checked before anything is written.

    Raises:
        GanvasError: a dataset, recipe, option or device that does not exist or does not fit.
    """
    recipe_class = gans.find(recipe)
    config = resolve(recipe, recipe_class.defaults, changes)
    dataset = Dataset.open(data)
    recipe_class.check(Spec(dataset.size, len(dataset.class_names)))
    return Plan(dataset, config, recipe_class(config.options), choose(config.settings))


def _begin_from(trainer: "Trainer", start: Path) -> None:
    """Load another run's networks (or a snapshot's generator alone) into a fresh trainer.

    Raises:
        RunError: nothing to load, or its networks are of another shape.
    """
    step = trainer.step
    try:
        if start.is_dir():
            RunDirectory.open(start)
            state = CheckpointDirectory(start / "checkpoints").latest()
            for name, network in (("generator", step.generator), ("discriminator", step.discriminator)):
                network.load_state_dict(state[name])
            step.average.module.load_state_dict(state["average"])
        else:
            weights = Snapshot.load(start).generator.state_dict()
            step.generator.load_state_dict(weights)
            step.average.module.load_state_dict(weights)
    except RuntimeError as error:
        raise RunError(
            f"the weights of {start} do not fit this run: give it the same recipe, picture size and options"
        ) from error
