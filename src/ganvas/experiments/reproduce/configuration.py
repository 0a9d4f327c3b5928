"""The settings and options of a paper's experiments: those of the paper, and those that its length here asks for."""

from ganvas import gans
from ganvas.classify import models
from ganvas.papers.paper import Classification, Experiment, Training
from ganvas.report.paper.reproduction import Reproduction
from ganvas.settings.config import RunConfig, resolve

# The GANs of shorter trainings, in kimg, are scored with fewer pictures, and have so many lines in their logs.
SHORT, FEW_SAMPLES, LOG_LINES = 100.0, 250, 100
# What can be set of GANs and of classifiers alike, and means the same for both.
COMMON = {"seed", "device", "threads"}


def configuration(done: Reproduction, training: Training) -> RunConfig:
    """The settings and options of a GAN.

    Raises:
        ConfigError: an option does not exist, or does not fit the recipe.
    """
    return resolve(training.recipe, gans.find(training.recipe).defaults, settings(done, training))


def check(done: Reproduction, experiment: Experiment) -> None:
    """Check the settings and options of an experiment.

    Raises:
        ConfigError: an option does not exist or is out of range, or does not fit the recipe or model.
    """
    if isinstance(experiment, Training):
        config = configuration(done, experiment)
        gans.find(experiment.recipe)(config.options)
    elif isinstance(experiment, Classification):
        models.resolve(experiment.model, classifier_changes(done, experiment))


def settings(done: Reproduction, training: Training) -> dict[str, object]:
    """The settings and options of a GAN that differ from the defaults of its recipe."""
    budget = done.budget(training)
    chosen: dict[str, object] = {"budget": str(budget), "grid_size": training.grid_size}
    chosen["sample_every"] = str(budget / training.grids)
    if not training.is_averaged:
        chosen["ema_kimg"] = 0.0
    if budget.value < SHORT:
        chosen |= {"eval_samples": FEW_SAMPLES, "log_every": str(budget / LOG_LINES)}
    return chosen | dict(training.options) | done.plan.changes


def classifier_changes(done: Reproduction, classification: Classification) -> dict[str, object]:
    """The options of a classifier that differ from the defaults of its model."""
    known, epochs = models.find(classification.model).options_class.model_fields, done.epochs(classification)
    common = {key: value for key, value in done.plan.changes.items() if key in COMMON and key in known}
    return dict(classification.options) | ({} if epochs is None else {"epochs": epochs}) | common
