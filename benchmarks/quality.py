"""How good the pictures are after so many minutes: recipes beside the plain tutorial loop, on the same pictures.

    python -m benchmarks.quality DATA RESULTS [--methods tutorial dcgan atelier] [--minutes 5 10 20 40] [--seeds 3]
                                 [--extractors efficientnet-lite2 pixels] [--samples 4000]
                                 [--set KEY=VALUE...] [--table]

DATA is a dataset directory and RESULTS a folder that keeps every run and, in `results.jsonl`, what was measured; what
is finished is not done again, so that the command can be stopped and repeated, and that file alone is enough to go on
from. `--table` only prints what there is. Methods are recipes, with options of their own if one likes
(`atelier+vision=0+width=48`), the tutorial loop, and other people's GANs (`peers.py`), which `make bench-peers`
installs. Measured are SAMPLES pictures of the last snapshot, not the best, a thousand at a time. The time of a recipe
is wall-clock time, evaluations and all, as a user has it; that of all others is the time of their training steps alone.
Nothing else may run beside it.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.marks import SAMPLES, keep, pictures_at, train_to_marks
from benchmarks.peers import PEERS
from benchmarks.tutorial import Tutorial
from ganvas.artist.artist import Artist, load
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.files import append_record, read_records
from ganvas.foundation.pixels import to_float, to_uint8
from ganvas.metrics.evaluator import Evaluator
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.training.loader import Loader

TUTORIAL = "tutorial"
SAMPLE_SEED = 12345
# Recall and KID of a thousand pictures of one generator differ by a tenth and more from those of its next thousand.
SCORED = 1000
# Minutes; a run ends not at a mark exactly, but with the step or the evaluation that goes beyond it.
LATE = 0.5
# What has the peers; it is not the project's own.
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
    given = parser.parse_args()
    given.results.mkdir(parents=True, exist_ok=True)
    marks = sorted(given.minutes)
    # What is set for all recipes is a part of their names, so that no result passes for another's.
    own = {TUTORIAL, *PEERS}
    methods = [each if each in own else "+".join([each, *given.set]) for each in given.methods]
    for seed in [] if given.table else range(given.seeds):
        for method in methods:
            folder = given.results / f"{method}-seed{seed}"
            if _is_measured(given.results, method, seed, marks, given.extractors):
                continue
            if method == TUTORIAL:
                _train_tutorial(given.data, folder, marks, seed, given.samples)
            elif method in PEERS:
                _train_peer(method, given.data, folder, marks, seed)
            else:
                recipe, *options = method.split("+")
                _train_recipe(recipe, given.data, folder, marks, seed, options, given.samples)
            _measure(given.data, given.results, folder, method, seed, given.extractors)
    print_tables(_records(given.results), given.extractors)


def _is_measured(results: Path, method: str, seed: int, marks: list[float], extractors: list[str]) -> bool:
    """Whether every mark has been scored by every judge."""
    return _done(results) >= {(method, seed, mark, extractor) for mark in marks for extractor in extractors}


def _are_kept(folder: Path, marks: list[float]) -> bool:
    """Whether there are pictures of every mark."""
    return all(pictures_at(folder, mark).exists() for mark in marks)


def _train_tutorial(data: Path, folder: Path, marks: list[float], seed: int, samples: int) -> None:
    """Keep pictures of the tutorial's G at every mark; a run that was interrupted begins anew."""
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
    """The same of another package's GAN, in a process of its own environment."""
    if _are_kept(folder, marks):
        return
    if not PEERS_PYTHON.exists():
        raise SystemExit(f"{name} is not installed: make bench-peers")
    words = [name, data, folder, "--seed", seed, "--minutes", *marks]
    subprocess.run([PEERS_PYTHON, "-m", "benchmarks.peers", *map(str, words)], check=True, stdout=sys.stderr)


def _train_recipe(
    recipe: str, data: Path, folder: Path, marks: list[float], seed: int, options: list[str], samples: int
) -> None:
    """Keep pictures of a recipe's last snapshot at every mark; the run goes on where it was."""
    run, settings = folder / "run", [word for option in options for word in ("--set", option)]
    for mark in marks:
        if pictures_at(folder, mark).exists():
            continue
        if (trained := _minutes(run)) is None:
            shutil.rmtree(run, ignore_errors=True)  # it was stopped before its first checkpoint
            words = ["train", data, "--out", run, "--recipe", recipe, "--seed", seed, "--budget", f"{mark}m", *settings]
            _ganvas(*words)
        elif trained < mark:
            _ganvas("resume", run, "--budget", f"{mark - trained:.6f}m")
        elif trained > mark + LATE:
            raise SystemExit(f"{run} has trained for {trained:.1f} minutes and left no pictures of {mark:g}: remove it")
        artist = load(run / "snapshots" / "last.safetensors")
        keep(folder, mark, artist.batches(samples, SAMPLE_SEED), samples)


def _ganvas(*words: object) -> None:
    """A command of ganvas; what it says goes where this one's progress goes."""
    subprocess.run([sys.executable, "-m", "ganvas", *map(str, words)], check=True, stdout=sys.stderr)


def _minutes(run: Path) -> float | None:
    """How long a run has trained by the checkpoint that it would go on from, if it has one."""
    checkpoints = CheckpointDirectory(run / "checkpoints")
    return float(checkpoints.latest()["progress"]["seconds"]) / 60 if checkpoints else None


def _measure(data: Path, results: Path, folder: Path, method: str, seed: int, extractors: list[str]) -> None:
    """Score what has not been scored: the pictures of every mark, by every judge."""
    dataset = Dataset.open(data)
    artist = None if method in (TUTORIAL, *PEERS) else _told(folder, dataset)
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


def mean_scores(
    evaluator: Evaluator, pictures: NDArray[np.uint8], labels: NDArray[np.int64] | None
) -> dict[str, float]:
    """Scores of every `SCORED` pictures, meant over all such sets; an error is that of one.

    Args:
        evaluator: takes `SCORED` pictures.
        pictures: uint8 [N, S, S, 3].
        labels: int64 [N], the classes that were asked for, if any were.

    Returns:
        Whatever is a number, by its name; beside it how many sets there were, and how many pictures.
    """
    parts = [slice(start, start + SCORED) for start in range(0, len(pictures), SCORED)]
    records = [evaluator.score([pictures[part]], None if labels is None else labels[part]).record() for part in parts]
    names = [name for name in records[0] if all(isinstance(record.get(name), float) for record in records)]
    counts = {"sets": len(parts), "generated": len(pictures)}
    return counts | {name: statistics.fmean(record[name] for record in records) for name in names}


def history(run: Path, mark: float) -> dict[str, Any]:
    """How a recipe's run had gone by a mark: what D had seen, every verdict, and the largest share of near copies."""
    if not run.exists():
        return {}
    kimg = min(read_records(run / "stats.jsonl"), key=lambda log: abs(log["seconds"] - 60 * mark))["kimg"]
    evaluations = read_records(run / "evals.jsonl") if (run / "evals.jsonl").exists() else []
    so_far = [each for each in evaluations if each["kimg"] <= kimg]
    return {
        "kimg": kimg,
        "verdicts": sorted({each["verdict"] for each in so_far}),
        "most_copies": max((each["copies"] for each in so_far), default=None),
    }


def _told(folder: Path, dataset: Dataset) -> Artist | None:
    """What a recipe's run has come to, if it was told the classes of the dataset."""
    artist = load(folder / "run" / "snapshots" / "last.safetensors")
    return artist if artist.class_names == dataset.class_names else None


def _done(results: Path) -> set[tuple[str, int, float, str]]:
    """What has been scored: method, seed, minutes and judge."""
    return {(each["method"], each["seed"], each["minutes"], each["extractor"]) for each in _records(results)}


def _records(results: Path) -> list[dict[str, Any]]:
    file = results / "results.jsonl"
    return read_records(file) if file.exists() else []


def print_tables(records: list[dict[str, Any]], extractors: list[str]) -> None:
    """A table a judge: medians over seeds, KID also over the tutorial's after 20 minutes, and how runs had gone."""
    for extractor in extractors:
        found: dict[tuple[str, float], list[dict[str, Any]]] = defaultdict(list)
        for record in records:
            if record["extractor"] == extractor:
                found[record["method"], record["minutes"]].append(record)
        yardstick = _median(found.get((TUTORIAL, 20.0), []), "kid")
        print(f"\n{extractor}\n")
        print(
            "| method | minutes | seeds | pictures of each | kimg | KID (least to most) | of the tutorial's after 20 "
            "| recall (least to most) | coverage | verdicts | copies, at most |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|---|")
        for (method, minutes), runs in sorted(found.items()):
            print(f"| {method} | {minutes:g} | {_row(runs, yardstick)} |")


def _row(runs: list[dict[str, Any]], yardstick: float | None) -> str:
    """What all seeds of a method had come to by a mark."""
    kid, kimg, coverage = (_median(runs, name) for name in ("kid", "kimg", "coverage"))
    copies = _values(runs, "most_copies") + _values(runs, "copies")
    scored = sorted({run.get("generated", SCORED * run.get("sets", 1)) for run in runs})
    cells = [
        str(len(runs)),
        " or ".join(f"{each:,}" for each in scored),
        "" if kimg is None else f"{kimg:.0f}",
        _spread(runs, "kid", 4),
        "" if yardstick is None or kid is None else f"{kid / yardstick:.2f}",
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
