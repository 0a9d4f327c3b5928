"""What a reproduction will train and how long that takes, before it starts."""

import functools
import time
from dataclasses import dataclass

import numpy as np

from ganvas import gans
from ganvas.classify import models
from ganvas.classify.model import Examples, Silent
from ganvas.experiments.reproduce.configuration import configuration
from ganvas.gans.recipe import Recipe, Spec
from ganvas.machine.device import Machine, choose
from ganvas.papers.paper import Classification, Experiment, Pictures, Training
from ganvas.planning.costs import estimate
from ganvas.planning.run import is_spent
from ganvas.report import html
from ganvas.report.comparison.page import markdown
from ganvas.report.html import ABSENT
from ganvas.report.paper.reproduction import Reproduction
from ganvas.settings.options import Options
from ganvas.training.pace import EVALUATION_SHARE

# Pictures that the speed of a classifier is measured with.
MEASURED = 64

HEADS = ("experiment", "what", "pictures", "the paper", "here", "share", "about")


@dataclass(frozen=True)
class Entry:
    """The forecast of one experiment.

    Attributes:
        title: of the experiment.
        what: the recipe or model.
        pictures: what it is trained on.
        paper: how long the paper trained it.
        here: how long it is trained here.
        share: the ratio of the two; None if they cannot be compared.
        seconds: the expected time for what is left of it.
    """

    title: str
    what: str
    pictures: str
    paper: str
    here: str
    share: float | None
    seconds: float

    def cells(self) -> list[str]:
        """The cells of the table, in the order of `HEADS`."""
        share = ABSENT if self.share is None else f"{100 * self.share:.3g} %"
        about = "done" if self.seconds == 0 else html.duration(self.seconds)
        return [self.title, self.what, self.pictures, self.paper, self.here, share, about]


@dataclass(frozen=True)
class Forecast:
    """What a reproduction will train. The time to prepare pictures and to draw the page is not included."""

    entries: list[Entry]

    @property
    def seconds(self) -> float:
        """The expected time of all experiments."""
        return sum(entry.seconds for entry in self.entries)

    def __str__(self) -> str:
        table = markdown(HEADS, [entry.cells() for entry in self.entries])
        total = f"in all about {html.duration(self.seconds)}, besides preparing the pictures and drawing the page"
        return f"{table}\n{total}" if self.entries else "nothing to train"


def forecast(done: Reproduction) -> Forecast:
    """Measure the speed of every recipe and model of a paper for a second or two each, and forecast its experiments.

    Raises:
        ConfigError: an option does not exist, or does not fit a recipe.
    """
    return Forecast([_entry(done, each) for each in done.paper.experiments])


def _entry(done: Reproduction, experiment: Experiment) -> Entry:
    chosen = done.paper.set_of(experiment.pictures)
    if isinstance(experiment, Training):
        kimg, paper = done.budget(experiment).value, experiment.length.kimg
        lengths = f"{paper:,.1f} kimg", f"{kimg:.3g} kimg"
        seconds = _training_seconds(done, experiment, _spec(done, chosen))
        return Entry(experiment.title, experiment.recipe, chosen.title, *lengths, kimg / paper, seconds)
    if isinstance(experiment, Classification):
        epochs, here = experiment.epochs, done.epochs(experiment)
        words = ("-", "-") if epochs is None or here is None else (f"{epochs} epochs", f"{here} epochs")
        share = None if epochs is None or here is None else here / epochs
        is_done = done.has_classifier(experiment.key)
        seconds = 0.0 if is_done else _speed(experiment.model) * chosen.count * (here or 1)
        return Entry(experiment.title, experiment.model, chosen.title, *words, share, seconds)
    is_done = done.check_path(experiment.key).exists()
    seconds = 0.0 if is_done else _speed(experiment.model) * experiment.count * experiment.epochs
    words = f"{experiment.count} pictures", f"{experiment.epochs} epochs"
    return Entry(experiment.title, experiment.model, chosen.title, *words, None, seconds)


def _spec(done: Reproduction, chosen: Pictures) -> Spec:
    """What the networks of a set of pictures must fit, before it is prepared."""
    is_embedded = done.plan.source is None or chosen.is_fixed
    return Spec(chosen.stand_in.size if is_embedded else chosen.size, chosen.classes or 0)


def _training_seconds(done: Reproduction, training: Training, spec: Spec) -> float:
    """The time for what is left of a GAN; 0 if it is finished."""
    config = configuration(done, training)
    kind = gans.find(training.recipe)
    kind.check(spec)
    left = done.budget(training).value
    if done.has_run(training.key):
        run = done.run_path(training.key)
        if any((run / "checkpoints").glob("*.safetensors")) and is_spent(run):
            return 0.0
        left = max(0.0, left - (done.run(training.key).logs.kimg or 0.0))
    speed = _img_per_s(kind, config.options, spec, choose(config.settings))
    return 1000 * left / speed * (1 + EVALUATION_SHARE) if speed else float("inf")


@functools.cache
def _img_per_s(kind: type[Recipe], options: Options, spec: Spec, machine: Machine) -> float:
    """The speed of training, which is measured once for equal networks."""
    return estimate(kind(options), spec, machine).img_per_s


@functools.cache
def _speed(model: str) -> float:
    """Seconds that a classifier takes for a picture in an epoch, measured with noise."""
    options = models.resolve(model, {"epochs": 1} if "epochs" in models.find(model).options_class.model_fields else {})
    images = np.random.default_rng(0).integers(0, 256, (MEASURED, options.size, options.size, 3), np.uint8)
    examples = Examples(images, np.arange(MEASURED) % 2)
    learner, started = models.find(model)(options, 2), time.perf_counter()
    learner.fit(examples, None, Silent())
    return (time.perf_counter() - started) / MEASURED
