"""Large pictures: the second stage against what else makes 256 px of the same pictures in the same time.

    python -m benchmarks.large DATA RESULTS [--methods NAME...] [--first 20] [--second 15] [--size 64] [--seeds 3]
                               [--samples 512] [--extractors efficientnet-lite2-260 pixels] [--patches 128]
                               [--set KEY=VALUE...] [--table]

DATA is a dataset directory of large pictures. For each seed, a first stage trains for FIRST minutes at SIZE pixels. The
methods:

    bicubic, lanczos    the first stage's pictures, resized
    longer              a first stage of FIRST + SECOND minutes, resized bicubically
    straight            the default recipe at the full size, for FIRST + SECOND minutes
    real-esrgan         the first stage's pictures, enlarged by a general network (`real_esrgan.py`), if it is installed
    brushwork           a second stage of SECOND minutes; `brushwork+vision=0` for one with other options

SAMPLES pictures of the best snapshots are scored against all training pictures, whole and cut into patches. RESULTS
keeps every run, the pictures, a grid of 16 for each method, and the scores in `results.jsonl`. What is finished is not
done again, so you can stop the command and repeat it. `--table` only prints the scores that exist. Nothing else may run
at the same time.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.real_esrgan import RealESRGAN, is_installed
from benchmarks.results import finished
from ganvas.artist.artist import load
from ganvas.artist.grids import grid
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.patches import cut_up, patches_of
from ganvas.foundation.arrays import Images
from ganvas.foundation.files import append_record, whole_file
from ganvas.metrics.evaluator import Evaluator
from ganvas.planning.run import is_spent
from ganvas.runs.checkpoint import CheckpointDirectory

BRUSHWORK, REAL_ESRGAN, STRAIGHT, LONGER = "brushwork", "real-esrgan", "straight", "longer"
FILTERS = {"bicubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}
METHODS = [*FILTERS, LONGER, STRAIGHT, REAL_ESRGAN, BRUSHWORK]
SAMPLE_SEED = 12345
# Pictures of a grid.
SHOWN = 16
FIGURES = ("kid", "recall", "copies", "real_copies", "sharpness", "spectrum_db", "shared_detail")


def main() -> None:
    """Train, paint and measure what is missing, then print the tables."""
    args = _arguments()
    args.results.mkdir(parents=True, exist_ok=True)
    methods = [each for each in args.methods if each != REAL_ESRGAN or is_installed()]
    for seed in [] if args.table else range(args.seeds):
        for method in methods:
            wanted = {(method, seed, extractor, side) for extractor in args.extractors for side in (0, args.patches)}
            if missing := wanted - _done(args.results):
                pictures = _pictures(args, method, seed)
                for _, _, extractor, side in sorted(missing):
                    record = {"method": method, "seed": seed, "extractor": extractor, "patches": side}
                    record |= _scores(args.data, pictures, extractor, side)
                    append_record(args.results / "results.jsonl", record)
    print_tables(finished(args.results / "results.jsonl"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--first", type=float, default=20, help="minutes of the first stage")
    parser.add_argument("--second", type=float, default=15, help="minutes of the second stage")
    parser.add_argument("--size", type=int, default=64, help="of the first stage's pictures")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=512)
    parser.add_argument("--extractors", nargs="+", default=["efficientnet-lite2-260", "pixels"])
    parser.add_argument("--patches", type=int, default=128)
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="settings of all runs")
    parser.add_argument("--table", action="store_true")
    return parser.parse_args()


def _pictures(args: argparse.Namespace, method: str, seed: int) -> Images:
    """The pictures of a method, uint8 [N, S, S, 3], from its file or painted now."""
    file = args.results / f"{method}-seed{seed}.npy"
    if not file.exists():
        pictures = np.concatenate(list(_painted(args, method, seed)))[: args.samples]
        with whole_file(args.results / f"{method}-seed{seed}.png") as partial:
            Image.fromarray(grid(pictures[:SHOWN])).save(partial, format="PNG")
        with whole_file(file) as partial, partial.open("wb") as opened:
            np.save(opened, pictures)
    kept: Images = np.load(file, allow_pickle=False)
    return kept


def _painted(args: argparse.Namespace, method: str, seed: int) -> Iterator[Images]:
    """Pictures of a method, in batches."""
    size = Dataset.open(args.data).size
    small, both = ["--size", args.size], args.first + args.second
    if method == LONGER:
        return _enlarged(args, _trained(args, f"longer-seed{seed}", seed, both, *small), _resizing("bicubic", size))
    if method == STRAIGHT:
        return load(_trained(args, f"straight-seed{seed}", seed, both)).batches(args.samples, SAMPLE_SEED)
    first = _trained(args, f"first-seed{seed}", seed, args.first, *small)
    if method in FILTERS:
        return _enlarged(args, first, _resizing(method, size))
    if method == REAL_ESRGAN:
        return _enlarged(args, first, RealESRGAN(torch.get_num_threads()))
    options = [word for option in method.split("+")[1:] for word in ("--set", option)]
    run = _trained(args, f"{method}-seed{seed}-run", seed, args.second, "--enlarge", first, *options)
    return load(run).batches(args.samples, SAMPLE_SEED)


def _trained(args: argparse.Namespace, name: str, seed: int, minutes: float, *words: object) -> Path:
    """A run that has trained for some minutes; an interrupted one is resumed."""
    run: Path = args.results / name
    settings = [word for option in args.set for word in ("--set", option)]
    if not CheckpointDirectory(run / "checkpoints"):
        shutil.rmtree(run, ignore_errors=True)  # stopped before its first checkpoint
        _ganvas("train", args.data, "--out", run, "--seed", seed, "--budget", f"{minutes}m", *words, *settings)
    elif not is_spent(run):
        _ganvas("resume", run)
    return run


def _ganvas(*words: object) -> None:
    """Run a command of ganvas; its output goes to stderr."""
    subprocess.run([sys.executable, "-m", "ganvas", *map(str, words)], check=True, stdout=sys.stderr)


def _enlarged(args: argparse.Namespace, run: Path, enlarge: Callable[[Images], Images]) -> Iterator[Images]:
    """The pictures of a run, each enlarged."""
    for batch in load(run).batches(args.samples, SAMPLE_SEED):
        yield np.stack([enlarge(picture) for picture in batch])


def _resizing(name: str, size: int) -> Callable[[Images], Images]:
    return lambda picture: np.asarray(Image.fromarray(picture).resize((size, size), FILTERS[name]))


def _scores(data: Path, pictures: Images, extractor: str, side: int) -> dict[str, float | None]:
    """Scores of whole pictures, or of patches of `side` pixels unless that is 0."""
    real = Dataset.open(data)
    if side:
        real, pictures = patches_of(real, side), cut_up(pictures, side)
    record = Evaluator(real, samples=len(pictures), extractor=extractor).score([pictures]).record()
    return {name: value for name in FIGURES if isinstance(value := record.get(name), float | int)}


def _done(results: Path) -> set[tuple[str, int, str, int]]:
    """What has been scored: method, seed, extractor and side of patches."""
    records = finished(results / "results.jsonl")
    return {(each["method"], each["seed"], each["extractor"], each["patches"]) for each in records}


def print_tables(records: list[dict[str, Any]]) -> None:
    """A table for each extractor, of whole pictures and of patches: medians over seeds, and the range of KID."""
    groups: dict[tuple[str, int], dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        groups[record["extractor"], record["patches"]][record["method"]].append(record)
    for (extractor, side), methods in sorted(groups.items()):
        print(f"\n{extractor}, {f'patches of {side} px' if side else 'whole pictures'}\n")
        print("| method | seeds | KID (min to max) | recall | copies | of real | sharpness | spectrum, dB | shared |")
        print("|---|---|---|---|---|---|---|---|---|")
        for method, runs in methods.items():
            kid = [run["kid"] for run in runs]
            cells = [f"{statistics.median(kid):.4f} ({min(kid):.4f} to {max(kid):.4f})"]
            cells += [_median(runs, name) for name in FIGURES[1:]]
            print(f"| {method} | {len(runs)} | {' | '.join(cells)} |")


def _median(runs: list[dict[str, Any]], name: str) -> str:
    values = [run[name] for run in runs if run.get(name) is not None]
    return f"{statistics.median(values):.3f}" if values else ""


if __name__ == "__main__":
    main()
