"""The whole way once, with nothing downloaded: paintings, training, evaluation, and a page that shows it all."""

import itertools
from pathlib import Path
from typing import Any

from ganvas.data.dataset import Dataset
from ganvas.data.prepare import prepare
from ganvas.report.page import write_page
from ganvas.training.display import Display
from ganvas.training.run import train

# Small enough that a few minutes on two cores show forms and colours, large enough to look at.
PAINTINGS, SIZE = 2000, 32
OPTIONS: dict[str, Any] = {"width": 48, "batch_size": 64, "ema_kimg": 5.0}


def demo(out: Path, minutes: float, display: Display) -> Path:
    """Paint, train, measure and report.

    Args:
        out: folder for the dataset (kept for the next time), one run directory a call, and its page.
        minutes: of training, evaluations included.
        display: who watches.

    Returns:
        The page: one self-contained HTML file.

    Raises:
        GanvasError: the folder cannot be used.
    """
    paintings = out / "paintings"
    if not paintings.exists():
        display.say(f"painting {PAINTINGS:,} pictures of {SIZE} px ...")
        display.say(str(prepare(f"painter:{PAINTINGS}", paintings, size=SIZE)))
    Dataset.open(paintings)
    run = next(path for number in itertools.count(1) if not (path := out / f"run-{number}").exists())
    train(paintings, run, display=display, budget=f"{minutes:g}m", **OPTIONS)
    return write_page(run, run / "page.html")
