"""Reproduce a paper: prepare its pictures, train its GANs and classifiers, and write its page.

To continue what was interrupted, repeat the command: finished experiments are skipped, and unfinished ones are resumed.
An experiment that fails leaves the others as they are, and the page says why it failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ganvas import papers
from ganvas.classify import train as classifiers
from ganvas.classify.model import Epoch
from ganvas.experiments.reproduce.configuration import check, classifier_changes, settings
from ganvas.experiments.reproduce.forecast import Forecast, forecast
from ganvas.experiments.reproduce.pictures import check_source, prepare_pictures
from ganvas.foundation.errors import ConfigError, GanvasError, WriteError
from ganvas.foundation.files import whole_file
from ganvas.foundation.locks import InUse, exclusive
from ganvas.foundation.paths import exists, new_path
from ganvas.foundation.resumable import begin
from ganvas.papers.paper import Classification, Experiment, Memorising, Training
from ganvas.planning import run as runs
from ganvas.report.paper.page import write_page
from ganvas.report.paper.reproduction import PLAN, Plan, Reproduction, memorised_as_json
from ganvas.training.display import Display, FailSafe


@dataclass(frozen=True)
class Outcome:
    """How a reproduction ended.

    Attributes:
        page: the page; None if the reproduction was interrupted.
        failures: why something could not be prepared or trained, by its key.
    """

    page: Path | None
    failures: dict[str, str]


def reproduce(
    number: int,
    source: str | Path | None,
    out: str | Path,
    *,
    scale: float = 1.0,
    only: Sequence[str] = (),
    display: Display | None = None,
    **changes: object,
) -> Outcome:
    """Reproduce a paper.

    Args:
        number: of the paper, 1 to 5.
        source: the pictures, as `prepare` takes them; None for those that are embedded in ganvas.
        out: the directory of the reproduction. If it was begun with the same arguments, it is continued.
        scale: the length of all trainings as a multiple of the paper's.
        only: the keys of the figures to make; by default all.
        display: shows the progress; by default nothing is shown.
        **changes: settings and options of all GANs that differ from the paper's.

    Raises:
        GanvasError: nothing was trained: the paper, a figure, an option or the source cannot be used, or the directory
            holds something else; or the file system refused.
        InUse: another process is working in this directory.
    """
    display, path = FailSafe(display), new_path(out)
    done = _open(number, source, path, scale, only, changes)
    with exclusive(path, "worked on"):
        begin(path, PLAN, done.plan)
        display.say(str(forecast(done)))
        _prepare(done, display)
        for experiment in done.paper.experiments:
            if not _finish(done, experiment, display):
                return Outcome(None, done.failures)
        return Outcome(write_page(done, display.say), done.failures)


def dry_run(
    number: int,
    source: str | Path | None,
    out: str | Path,
    *,
    scale: float = 1.0,
    only: Sequence[str] = (),
    **changes: object,
) -> Forecast:
    """Check what would be trained and forecast its time, without writing anything. As for `reproduce`."""
    return forecast(_open(number, source, new_path(out), scale, only, changes))


def _open(
    number: int, source: str | Path | None, path: Path, scale: float, only: Sequence[str], changes: dict[str, object]
) -> Reproduction:
    """Check everything now, since an error would otherwise come hours later."""
    if not 0 < scale < float("inf"):
        raise ConfigError(f"scale {scale} is out of range; write a number above 0, such as 0.1")
    for key in ("budget", "quality"):
        if key in changes:
            raise ConfigError(f"{key} cannot be set: the papers decide how long each GAN is trained; use --scale")
    paper = papers.find(number).only(tuple(only))
    plan = Plan(
        paper=number, source=check_source(None if source is None else str(source)), scale=scale, changes=changes
    )
    done = Reproduction(path, paper, plan)
    for experiment in paper.experiments:
        check(done, experiment)
    return done


def _prepare(done: Reproduction, display: Display) -> None:
    """Prepare every set of pictures. What fails is noted."""
    for number, chosen in enumerate(done.paper.pictures, start=1):
        target = done.pictures_path(chosen.key)
        if exists(target):
            continue
        display.say(f"pictures {number} of {len(done.paper.pictures)}: {chosen.title}")
        try:
            target.parent.mkdir(exist_ok=True)
            prepare_pictures(chosen, done.plan.source, target)
        except (InUse, WriteError):
            raise
        except GanvasError as error:
            _fail(done, chosen.key, error, display)


def _finish(done: Reproduction, experiment: Experiment, display: Display) -> bool:
    """Start an experiment, or resume it, or skip it if it is finished. What fails is noted.

    Returns:
        False if it was interrupted.

    Raises:
        WriteError: the file system refused.
        InUse: another process is working on it.
    """
    display.say(f"{done.paper.experiments.index(experiment) + 1} of {len(done.paper.experiments)}: {experiment.title}")
    try:
        done.fail_if_missing([experiment.pictures])
        if isinstance(experiment, Training):
            return _train(done, experiment, display)
        if isinstance(experiment, Classification):
            _classify(done, experiment, display)
        else:
            _memorise(done, experiment, display)
    except (InUse, WriteError):
        raise
    except GanvasError as error:
        _fail(done, experiment.key, error, display)
    return True


def _train(done: Reproduction, training: Training, display: Display) -> bool:
    data, run = done.pictures_path(training.pictures), done.run_path(training.key)
    run.parent.mkdir(exist_ok=True)
    return runs.complete(
        data, run, training.recipe, start=None, display=display, referee=None, **settings(done, training)
    )


def _classify(done: Reproduction, classification: Classification, display: Display) -> None:
    directory = done.classifier_path(classification.key)
    if exists(directory):
        return
    directory.parent.mkdir(exist_ok=True)
    classifiers.train(
        done.pictures_path(classification.pictures),
        directory,
        label=None,
        model=classification.model,
        start=done.classifier_path(classification.start) if classification.start else None,
        progress=_Lines(display),
        **classifier_changes(done, classification),
    )


def _memorise(done: Reproduction, memorising: Memorising, display: Display) -> None:
    file = done.check_path(memorising.key)
    if exists(file):
        return
    file.parent.mkdir(exist_ok=True)
    result = classifiers.overfit(
        done.pictures_path(memorising.pictures),
        memorising.count,
        model=memorising.model,
        progress=_Lines(display),
        epochs=memorising.epochs,
    )
    with whole_file(file) as partial:
        partial.write_text(memorised_as_json(result), encoding="utf-8")


def _fail(done: Reproduction, key: str, error: GanvasError, display: Display) -> None:
    done.failures[key] = str(error)
    display.say(f"{key} failed: {error}")


class _Lines:
    """Passes the messages of a classifier's training to the display of a run."""

    def __init__(self, display: Display) -> None:
        self.say = display.say

    def work(self, what: str, done: int, total: int) -> None:
        """Do nothing."""

    def epoch(self, epoch: Epoch, seconds_left: float) -> None:
        """Do nothing."""
