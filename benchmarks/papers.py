"""The papers' GANs trained as long as the papers trained them, on one dataset at 64 px.

    python -m benchmarks.papers DATA RESULTS [--only NAME...] [--hours H] [--threads 1] [--table] [--grid FILE]

DATA is a dataset directory with classes. RESULTS is a folder that keeps a run for each name in `RUNS`, and
`NAME.jsonl`, the figures of its evaluations so far. A run that is not at its end goes on where it was, so you can stop
the command and repeat it; with `--hours` it stops by itself. `--table` prints what there is. `--grid` draws samples of
each run's best snapshot, a row for each, and needs the runs.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.workload import option_words
from ganvas.artist.artist import load
from ganvas.artist.grids import grid
from ganvas.foundation.files import read_records, whole_file
from ganvas.runs.directory import is_run
from ganvas.runs.logs import RunLogs
from ganvas.verdict.evaluation import Evaluation, best_of

KEPT = ("kimg", "kid", "kid_se", "diversity", "pixel_diversity", "coverage", "recall", "copies", "verdict", "best")
EVALUATIONS = 30


@dataclass(frozen=True)
class Training:
    """One run.

    Attributes:
        recipe: its name.
        kimg: its length in thousand pictures.
        paper_kimg: the length of the paper's own training, as near as its text tells; None if it does not.
        reports: what the paper says of the outcome.
        options: of the recipe, beyond its defaults.
    """

    recipe: str
    kimg: float
    paper_kimg: float | None
    reports: str
    options: Mapping[str, object] = field(default_factory=dict)


# 1,524 pictures are an epoch of the art set. Paper 1 trained on 8,027 paintings by the tutorial, which takes 5 epochs.
# Paper 2: 175 epochs of 55 batches of 64. Paper 3: 95 epochs of four classes (44,842 pictures by its counts) for
# cdcgan, 200 epochs of fewer for acgan. Paper 4: 13,310 steps of 200.
RUNS = {
    "keras-dcgan": Training("keras-dcgan", 616, 616, "3,560 pictures: “very good”; 877: not"),
    "keras-dcgan-fast-d": Training("keras-dcgan", 616, 616, "the same, with its printed rate of D", {"d_lr": 2e-3}),
    "cdcgan": Training("cdcgan", 304.8, 4260, "four labels: resemble paintings at epoch 95, then noise"),
    "acgan": Training("acgan", 304.8, None, "three labels: “quite good”; more fail"),
    "can": Training("can", 852, 2662, "shapes like faces and bodies; a grid of almost the same picture"),
    "can-paper": Training(
        "can",
        852,
        2662,
        "the same, with every figure that it states",
        {
            "batch_size": 200,
            "output_map": "picture",
            "normalisation": "none",
            "g_lr": 1e-3,
            "d_lr": 1e-4,
            "g_loss": "saturating",
            "class_loss": "true-class",
            "r1": 0,
        },
    ),
    "dcgan": Training("dcgan", 401, 40, "collapse: three z give very similar pictures"),
    "wgan": Training("wgan", 401, 40, "collapse, too"),
    "vanilla": Training("vanilla", 305, None, "noise on paintings"),
    "atelier": Training("atelier", 616, None, "(not in a paper)"),
}


def main() -> None:
    """Train what is not at its end, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--only", nargs="+", choices=RUNS, default=list(RUNS), metavar="NAME")
    parser.add_argument("--hours", type=float, help="stop after this time")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--grid", type=Path, metavar="FILE")
    args = parser.parse_args()
    args.results.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + 3600 * args.hours if args.hours else None
    for name in [] if args.table or args.grid else args.only:
        seconds = None if deadline is None else deadline - time.monotonic()
        if seconds is not None and seconds <= 0:
            break
        train(args.data, args.results / name, RUNS[name], args.threads, seconds)
        keep(args.results, name)
    if args.grid:
        draw(args.results, args.only, args.grid)
    else:
        print(table(args.results, args.only))


def train(data: Path, out: Path, training: Training, threads: int, seconds: float | None) -> None:
    """Start or continue a run, for `seconds` at most; an interruption leaves a checkpoint.

    Raises:
        SystemExit: the training failed. It has said why.
    """
    words = [sys.executable, "-m", "ganvas"]
    if is_run(out):
        if (RunLogs.open(out).kimg or 0) >= training.kimg:
            return
        words += ["resume", str(out)]
    else:
        words += ["train", str(data), "--out", str(out), "--recipe", training.recipe]
        every = f"{training.kimg / EVALUATIONS:g}kimg"
        options = {"threads": threads, "tensorboard": "false", "eval_every": every, **training.options}
        words += ["--budget", f"{training.kimg}kimg", *option_words(options)]
    process = subprocess.Popen(words)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()
        return
    if process.returncode:
        raise SystemExit(f"the training in {out} failed; repeat the command to go on")


def keep(results: Path, name: str) -> None:
    """Write the figures of a run's evaluations to `NAME.jsonl`."""
    if not is_run(results / name):
        return
    with whole_file(results / f"{name}.jsonl") as partial:
        records = [each.record() for each in RunLogs.open(results / name).evaluations]
        lines = [json.dumps({key: record.get(key) for key in KEPT}) for record in records]
        partial.write_text("".join(f"{line}\n" for line in lines))


def table(results: Path, names: list[str]) -> str:
    """What each run came to, in Markdown."""
    lines = ["| run | kimg | of the paper's | KID, best | diversity | coverage | KID, end | verdict | the paper |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    for name in names:
        evaluations = [Evaluation.parse(record) for record in read_records(results / f"{name}.jsonl")]
        if evaluations:
            lines.append(_row(name, RUNS[name], evaluations))
    return "\n".join(lines)


def _row(name: str, training: Training, evaluations: list[Evaluation]) -> str:
    best, last = best_of(evaluations) or evaluations[-1], evaluations[-1]
    share = "-" if training.paper_kimg is None else f"{last.kimg / training.paper_kimg:.0%}"
    cells = [f"{_figure(best, 'kid', 3)} at {best.kimg:.0f}", _figure(best, "diversity", 2)]
    cells += [_figure(best, "coverage", 3), _figure(last, "kid", 3), spans(evaluations), training.reports]
    return f"| `{name}` | {last.kimg:.0f} | {share} | {' | '.join(cells)} |"


def _figure(evaluation: Evaluation, name: str, digits: int) -> str:
    value = evaluation.get(name)
    return "-" if value is None else f"{value:.{digits}f}"


def spans(evaluations: list[Evaluation]) -> str:
    """The verdicts over time, as in "warming up to 40, learning to 300, collapsed to 616"."""
    named = groupby(evaluations, lambda each: each.verdict.name if each.verdict else "none")
    return ", ".join(f"{verdict} to {list(during)[-1].kimg:.0f}" for verdict, during in named)


def draw(results: Path, names: list[str], out: Path) -> None:
    """Twelve samples of each run's best snapshot, a row for each run."""
    rows = [load(results / name).sample(12, seed=0) for name in names if is_run(results / name)]
    Image.fromarray(grid(np.concatenate(rows), columns=12)).save(out, quality=88)


if __name__ == "__main__":
    main()
