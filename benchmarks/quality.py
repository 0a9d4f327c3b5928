"""How good pictures are after some minutes of training: recipes and other GANs on the same dataset.

    python -m benchmarks.quality DATA RESULTS [--methods tutorial dcgan atelier] [--minutes 5 10 20 40] [--seeds 3]
                                 [--extractors efficientnet-lite2 pixels] [--samples 4000]
                                 [--set KEY=VALUE...] [--table]

DATA is a dataset directory. RESULTS is a folder that keeps every run, and the scores in `results.jsonl`. Finished work
is not done again, so you can stop the command and repeat it; `results.jsonl` alone is enough to continue from.
`--table` only prints the scores that exist. Methods are recipes, with options if you like
(`atelier+vision=0+width=48`), the tutorial loop, and GANs of other packages (`peers.py`), which `make bench-peers`
installs. SAMPLES pictures of the last snapshot, not the best, are scored a thousand at a time. The time of a recipe is
wall-clock time with its evaluations; that of all others is the time of their training steps alone. Nothing else may run
at the same time.
"""

import argparse
import math
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.marks import SAMPLES, keep, pictures_at, train_to_marks
from benchmarks.peers import PEERS
from benchmarks.results import finished
from benchmarks.tutorial import Tutorial
from ganvas.artist.artist import Artist, load
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.files import append_record
from ganvas.foundation.pixels import to_float, to_uint8
from ganvas.metrics.evaluator import Evaluator
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.logs import RunLogs
from ganvas.training.loader import Loader

TUTORIAL = "tutorial"
SAMPLE_SEED = 12345
# Pictures that are scored together. Scores of two sets of a thousand pictures differ by a tenth or more.
SCORED = 1000
# Minutes that a run may exceed a mark by: it ends with the step or evaluation in which the mark passes.
LATE = 0.5
# The interpreter of the environment that has the peers.
PEERS_PYTHON = Path("build", "peers", "bin", "python")


def main() -> None:
    """Train and measure what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--methods", nargs="+", default=[TUTORIAL, "dcgan", "atelier"])
    parser.add_argument("--minutes", nargs="+", type=float, default=[5, 10, 20, 40])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--extractors", nargs="+", default=["efficientnet-lite2", "pixels"])
    parser.add_argument("--samples", type=int, default=SAMPLES, help="to score; peers paint the default")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="options of the recipes")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    args.results.mkdir(parents=True, exist_ok=True)
    marks = sorted(args.minutes)
    # Options set for all recipes are a part of their names, so that results of different options are kept apart.
    own = {TUTORIAL, *PEERS}
    methods = [each if each in own else "+".join([each, *args.set]) for each in args.methods]
    for seed in [] if args.table else range(args.seeds):
        for method in methods:
            folder = args.results / f"{method}-seed{seed}"
            if _is_measured(args.results, method, seed, marks, args.extractors):
                continue
            if method == TUTORIAL:
                _train_tutorial(args.data, folder, marks, seed, args.samples)
            elif method in PEERS:
                _train_peer(method, args.data, folder, marks, seed)
            else:
                recipe, *options = method.split("+")
                _train_recipe(recipe, args.data, folder, marks, seed, options, args.samples)
            _measure(args.data, args.results, folder, method, seed, args.extractors)
    print_tables(_records(args.results), args.extractors)


def _is_measured(results: Path, method: str, seed: int, marks: list[float], extractors: list[str]) -> bool:
    """Whether every mark has been scored with every extractor."""
    return _done(results) >= {(method, seed, mark, extractor) for mark in marks for extractor in extractors}


def _are_kept(folder: Path, marks: list[float]) -> bool:
    """Whether the pictures of every mark exist."""
    return all(pictures_at(folder, mark).exists() for mark in marks)


def _train_tutorial(data: Path, folder: Path, marks: list[float], seed: int, samples: int) -> None:
    """Keep pictures of the tutorial's G at every mark; an interrupted run starts again."""
    if _are_kept(folder, marks):
        return
    torch.manual_seed(seed)
    dataset, batch_size = Dataset.open(data), 128
    tutorial = Tutorial(dataset.size, 64)
    with Loader(dataset, batch_size, seed) as loader:
        batches = iter(loader)

        def step() -> int:
            tutorial.step(to_float(next(batches)[0]).contiguous())
            return batch_size

        train_to_marks(folder, marks, step, lambda: map(to_uint8, tutorial.paint(samples)), samples)


def _train_peer(name: str, data: Path, folder: Path, marks: list[float], seed: int) -> None:
    """Keep pictures of another package's GAN at every mark; it trains in its own environment."""
    if _are_kept(folder, marks):
        return
    if not PEERS_PYTHON.exists():
        raise SystemExit(f"{name} is not installed: make bench-peers")
    words = [name, data, folder, "--seed", seed, "--minutes", *marks]
    subprocess.run([PEERS_PYTHON, "-m", "benchmarks.peers", *map(str, words)], check=True, stdout=sys.stderr)


def _train_recipe(
    recipe: str, data: Path, folder: Path, marks: list[float], seed: int, options: list[str], samples: int
) -> None:
    """Keep pictures of a recipe's last snapshot at every mark; an interrupted run is resumed."""
    run, settings = folder / "run", [word for option in options for word in ("--set", option)]
    for mark in marks:
        if pictures_at(folder, mark).exists():
            continue
        if (trained := _minutes(run)) is None:
            shutil.rmtree(run, ignore_errors=True)  # stopped before its first checkpoint
            words = ["train", data, "--out", run, "--recipe", recipe, "--seed", seed, "--budget", f"{mark}m", *settings]
            _ganvas(*words)
        elif trained < mark:
            _ganvas("resume", run, "--budget", f"{mark - trained:.6f}m")
        elif trained > mark + LATE:
            raise SystemExit(
                f"{run} has trained for {trained:.1f} minutes and has no pictures of minute {mark:g}: remove it"
            )
        artist = load(run / "snapshots" / "last.safetensors")
        keep(folder, mark, artist.batches(samples, SAMPLE_SEED), samples)


def _ganvas(*words: object) -> None:
    """Run a command of ganvas; its output goes to stderr."""
    subprocess.run([sys.executable, "-m", "ganvas", *map(str, words)], check=True, stdout=sys.stderr)


def _minutes(run: Path) -> float | None:
    """Minutes of training in the latest checkpoint of a run; None if it has none."""
    checkpoints = CheckpointDirectory(run / "checkpoints")
    return float(checkpoints.latest()["progress"]["seconds"]) / 60 if checkpoints else None


def _measure(data: Path, results: Path, folder: Path, method: str, seed: int, extractors: list[str]) -> None:
    """Score the pictures of every mark with every extractor, unless that is done."""
    dataset = Dataset.open(data)
    artist = None if method in (TUTORIAL, *PEERS) else _conditional(folder, dataset)
    done = _done(results)
    for extractor in extractors:
        evaluator = Evaluator(dataset, samples=SCORED, extractor=extractor)
        for file in sorted(folder.glob("*m.npy")):
            key = (method, seed, float(file.stem[:-1]), extractor)
            if key in done:
                continue
            names = ("method", "seed", "minutes", "extractor")
            record = dict(zip(names, key, strict=True)) | {"pictures": len(dataset.rows(TRAIN))}
            pictures = np.load(file, allow_pickle=False)
            record |= mean_scores(evaluator, pictures, None if artist is None else artist.labels(len(pictures)))
            append_record(results / "results.jsonl", record | history(folder / "run", key[2]))


def mean_scores(evaluator: Evaluator, pictures: Images, labels: Integers | None) -> dict[str, float]:
    """Scores of sets of `SCORED` pictures, averaged over the sets; standard errors are those of one set.

    Args:
        evaluator: scores `SCORED` pictures.
        pictures: uint8 [N, S, S, 3].
        labels: int64 [N], the classes of the pictures, or None.

    Returns:
        The mean of every numeric score by its name, and the number of `sets` and of `generated` pictures.
    """
    parts = [slice(start, start + SCORED) for start in range(0, len(pictures), SCORED)]
    records = [evaluator.score([pictures[part]], None if labels is None else labels[part]).record() for part in parts]
    values = {
        name: [value for record in records if isinstance(value := record.get(name), float)] for name in records[0]
    }
    means = {name: statistics.fmean(each) for name, each in values.items() if len(each) == len(records)}
    return {"sets": len(parts), "generated": len(pictures), **means}


def history(run: Path, mark: float = math.inf) -> dict[str, Any]:
    """kimg, verdicts and the largest share of near copies of a run by a mark in minutes; empty if there is no run."""
    if not run.exists():
        return {}
    logs = RunLogs.open(run)
    seconds = min(60 * mark, logs.stats[-1].number("seconds"))
    kimg = min(logs.stats, key=lambda line: abs(line.number("seconds") - seconds)).kimg
    evaluations = [each for each in logs.evaluations if each.kimg <= kimg]
    copies = [share for each in evaluations if (share := each.get("copies")) is not None]
    return {
        "kimg": kimg,
        "verdicts": sorted({each.verdict.name for each in evaluations if each.verdict}),
        "most_copies": max(copies, default=None),
    }


def _conditional(folder: Path, dataset: Dataset) -> Artist | None:
    """The generator of a recipe's run if it is conditioned on the classes of the dataset, else None."""
    artist = load(folder / "run" / "snapshots" / "last.safetensors")
    return artist if artist.class_names == dataset.class_names else None


def _done(results: Path) -> set[tuple[str, int, float, str]]:
    """What has been scored: method, seed, minutes and extractor."""
    return {(each["method"], each["seed"], each["minutes"], each["extractor"]) for each in _records(results)}


def _records(results: Path) -> list[dict[str, Any]]:
    return finished(results / "results.jsonl")


def print_tables(records: list[dict[str, Any]], extractors: list[str]) -> None:
    """A table for each extractor: medians over seeds, the ratio to the tutorial's KID at 20 minutes, and verdicts."""
    for extractor in extractors:
        found: dict[tuple[str, float], list[dict[str, Any]]] = defaultdict(list)
        for record in records:
            if record["extractor"] == extractor:
                found[record["method"], record["minutes"]].append(record)
        reference = _median(found.get((TUTORIAL, 20.0), []), "kid")
        print(f"\n{extractor}\n")
        print(
            "| method | minutes | seeds | pictures | kimg | KID (min to max) | ratio to tutorial at 20 min "
            "| recall (min to max) | coverage | verdicts | max copies |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|---|")
        for (method, minutes), runs in sorted(found.items()):
            print(f"| {method} | {minutes:g} | {_row(runs, reference)} |")


def _row(runs: list[dict[str, Any]], reference: float | None) -> str:
    """The cells of a method at a mark, over all seeds."""
    kid, kimg, coverage = (_median(runs, name) for name in ("kid", "kimg", "coverage"))
    copies = _values(runs, "most_copies") + _values(runs, "copies")
    scored = sorted({run.get("generated", SCORED * run.get("sets", 1)) for run in runs})
    cells = [
        str(len(runs)),
        " or ".join(f"{each:,}" for each in scored),
        "" if kimg is None else f"{kimg:.0f}",
        _spread(runs, "kid", 4),
        "" if reference is None or kid is None else f"{kid / reference:.2f}",
        _spread(runs, "recall", 3),
        f"{coverage:.3f}",
        ", ".join(sorted({verdict for run in runs for verdict in run.get("verdicts", [])})),
        f"{max(copies):.2%}" if copies else "",
    ]
    return " | ".join(cells)


def _spread(runs: list[dict[str, Any]], score: str, digits: int) -> str:
    values = _values(runs, score)
    median, least, most = (f"{each:.{digits}f}" for each in (statistics.median(values), min(values), max(values)))
    return f"{median} ({least} to {most})"


def _median(runs: list[dict[str, Any]], score: str) -> float | None:
    values = _values(runs, score)
    return statistics.median(values) if values else None


def _values(runs: list[dict[str, Any]], score: str) -> list[float]:
    return [run[score] for run in runs if run.get(score) is not None]


if __name__ == "__main__":
    main()
