"""A demonstration without downloads: paint a dataset, train on it, evaluate the run, and write its page."""

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path

from ganvas.data.prepare.prepare import prepare
from ganvas.distributed.world import ALONE
from ganvas.foundation.paths import exists, user_path
from ganvas.planning.run import DEFAULT_RECIPE, Outcome, train
from ganvas.report.run.page import write_page
from ganvas.settings.budget import Amount
from ganvas.training.display import Display

# Two cores need a few minutes to learn forms and colours at this size.
PAINTINGS, SIZE = 1200, 32
# The run is short, so the average of the weights is short too. Evaluations use few pictures and are more frequent than
# by default, so that the page has curves. The second opinion begins as late as in a long run: at this size it takes
# most of the time (docs/recipe-notes.md has what was seen).
OPTIONS: Mapping[str, object] = {
    "ema_kimg": 5.0,
    "eval_samples": 500,
    "vision_from": 100.0,
    "vision_over": 100.0,
}
EVALUATIONS = 8


def paint(out: Path, progress: Callable[[int, int], None]) -> Path:
    """Prepare the demo's dataset, unless an earlier call has done so.

    Args:
        out: the demo's folder.
        progress: called as `progress(done, total)`.

    Returns:
        The dataset directory.

    Raises:
        GanvasError: the folder cannot be used.
    """
    paintings = user_path(out) / "paintings"
    if not exists(paintings):
        prepare(f"painter:{PAINTINGS}", paintings, size=SIZE, progress=progress)
    return paintings


def demo(out: Path, paintings: Path, minutes: float, display: Display) -> tuple[Path, Outcome]:
    """Train, measure and report.

    Args:
        out: the demo's folder. Each call adds a run directory with its page.
        paintings: the dataset directory.
        minutes: of training, evaluations included.
        display: shows the progress.

    Returns:
        The page, one self-contained HTML file, and how the run ended.

    Raises:
        GanvasError: the folder or the dataset cannot be used.
    """
    run = next(path for number in itertools.count(1) if not exists(path := user_path(out) / f"run-{number}"))
    budget = Amount(minutes, "m")
    outcome = train(
        paintings,
        run,
        DEFAULT_RECIPE,
        start=None,
        referee=None,
        display=display,
        world=ALONE,
        budget=budget,
        eval_every=budget / EVALUATIONS,
        **OPTIONS,
    )
    return write_page(run, run / "page.html"), outcome
