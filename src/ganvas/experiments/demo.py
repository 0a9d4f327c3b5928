"""The whole way once, with nothing downloaded: paintings, training, evaluation, and a page that shows it all."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganvas.data.prepare.prepare import prepare
from ganvas.foundation.paths import exists, user_path
from ganvas.planning.run import Outcome, train
from ganvas.report.run.page import write_page
from ganvas.settings.budget import Amount
from ganvas.training.display import Display

# Small enough that a few minutes on two cores show forms and colours, large enough to look at.
PAINTINGS, SIZE = 1200, 32
OPTIONS: dict[str, Any] = {"ema_kimg": 5.0, "eval_samples": 500}
# More often than by default, and with fewer pictures: the page of a short run should have curves.
EVALUATIONS = 8


def paint(out: Path, progress: Callable[[int, int], None]) -> Path:
    """Prepare the demo's dataset, unless it is there from the last time.

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
        out: folder for one run directory a call, each with its page.
        paintings: the dataset directory.
        minutes: of training, evaluations included.
        display: who watches.

    Returns:
        The page, one self-contained HTML file, and how the run ended.

    Raises:
        GanvasError: the folder or the dataset cannot be used.
    """
    run = next(path for number in itertools.count(1) if not exists(path := user_path(out) / f"run-{number}"))
    budget = Amount(minutes, "m")
    outcome = train(paintings, run, display=display, budget=budget, eval_every=budget / EVALUATIONS, **OPTIONS)
    return write_page(run, run / "page.html"), outcome
