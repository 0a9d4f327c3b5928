"""With which options paper 4's CAN keeps its variety: many short runs, each with other values of what it leaves open.

    python -m benchmarks.can_search DATA RESULTS [--runs 200] [--kimg 16] [--seed 0] [--set KEY=VALUE...] [--table]

DATA is a dataset directory with classes; 32 px keep a run short. Every run trains `can` with options drawn at random
from `SPACE`. It ends at the second evaluation in trouble (`--on-trouble stop`) or after KIMG thousand pictures. From
the thirtieth run on, every second one changes one to three options of one of the ten best runs instead. RESULTS is a
folder; `results.jsonl` in it keeps every finished run, and the same command continues from there.

`--table` prints two tables. The first has the best runs. The second is the map: for each value of each option, among
the runs drawn at random, how many there were, in how many G's pictures still differ at the end, and the best KID.
"""

import argparse
import random
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.results import finished
from benchmarks.workload import option_words
from ganvas.foundation.files import append_record
from ganvas.runs.directory import is_run
from ganvas.runs.logs import RunLogs

# The paper's own value comes first, where it has one.
SPACE: dict[str, tuple[object, ...]] = {
    "g_lr": (1e-3, 5e-4, 2e-4, 1e-4),
    "d_lr": (1e-4, 2e-4, 5e-4, 5e-5),
    "d_steps": (1, 1, 2),
    "g_steps": (2, 1),
    "batch_size": (200, 64, 32),
    "beta1": (0.5, 0.0, 0.9),
    "init": ("own", "he", "normal"),
    "output_map": ("picture", "batch", "bounded", "none"),
    "normalisation": ("none", "generator", "both"),
    "class_loss": ("true-class", "one-vs-rest"),
    "class_weight": (1.0, 0.3),
    "ambiguity_weight": (1.0, 0.3, 0.1, 0.0),
    "style_batch": ("shared", "own"),
    "r1": (0.0, 0.0, 0.1, 1.0),
    "minibatch": ("none", "none", "stddev"),
    "spectral_norm": (False, False, True),
}
# Runs at random before good ones are varied.
AT_RANDOM = 30
BEST = 10
# Mean distance between generated pictures, relative to real ones, below which they hardly differ.
VARIED = 0.3
MEASURING = {
    "eval_samples": 256,
    "eval_every": "3kimg",
    "sample_every": "1h",
    "checkpoint_every": "24h",
    "tensorboard": "false",
    "ema_kimg": 2,
    "threads": 1,
}
KEPT = ("kimg", "kid", "diversity", "pixel_diversity", "recall", "coverage", "verdict")


def main() -> None:
    """Do the runs that are missing, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--kimg", type=float, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="options of all runs")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    args.results.mkdir(parents=True, exist_ok=True)
    file = args.results / "results.jsonl"
    while not args.table and len(runs := finished(file)) < args.runs:
        options, origin = propose(runs, random.Random(f"{args.seed} {len(runs)}"))
        common = dict(pair.split("=", 1) for pair in args.set)
        record = measure(args.data, args.results / "run", options | common, args.kimg)
        append_record(file, {"origin": origin, "options": options, **record})
    print(table(finished(file)))


def propose(runs: list[dict[str, Any]], choice: random.Random) -> tuple[dict[str, object], str]:
    """The options of the next run, and whether they are "random" or "varied" from those of a good run."""
    if len(runs) < AT_RANDOM or len(runs) % 2:
        return {key: choice.choice(values) for key, values in SPACE.items()}, "random"
    options = dict(choice.choice(sorted(runs, key=best_kid)[:BEST])["options"])
    for key in choice.sample(sorted(SPACE), choice.randint(1, 3)):
        options[key] = choice.choice(SPACE[key])
    return options, "varied"


def measure(data: Path, out: Path, options: dict[str, object], kimg: float) -> dict[str, Any]:
    """Train one run in a process of its own. Returns its evaluations, or what made it fail."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "ganvas", "train", str(data), "--out", str(out), "--recipe", "can"]
    command += ["--budget", f"{kimg}kimg", "--on-trouble", "stop", *option_words(MEASURING | options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    records = [each.record() for each in RunLogs.open(out).evaluations] if is_run(out) else []
    kept = [{key: record.get(key) for key in KEPT} for record in records]
    return {"failure": done.stderr.strip().splitlines()[-1] if done.returncode else "", "evaluations": kept}


def best_kid(run: dict[str, Any]) -> float:
    """The lowest KID of a run whose pictures differed at the time; infinity if there was none."""
    return min((each["kid"] for each in run["evaluations"] if is_varied(each)), default=float("inf"))


def is_varied(evaluation: dict[str, Any]) -> bool:
    """Whether G's pictures differed."""
    return (evaluation["diversity"] or 0) >= VARIED


def stays_varied(run: dict[str, Any]) -> bool:
    """Whether the pictures of a run still differ at its end."""
    return bool(run["evaluations"]) and is_varied(run["evaluations"][-1])


def table(runs: list[dict[str, Any]]) -> str:
    """Both tables, in Markdown."""
    drawn = [run for run in runs if run["origin"] == "random"]
    varied = sum(map(stays_varied, drawn))
    lines = [f"{len(runs)} runs, {len(drawn)} of them at random; {varied} of these are varied at their end", ""]
    lines += ["| KID, best | diversity at the end | kimg | options |", "|---|---|---|---|"]
    for run in sorted(filter(stays_varied, runs), key=best_kid)[:BEST]:
        last = run["evaluations"][-1]
        options = " ".join(f"{key}={value}" for key, value in run["options"].items() if value != SPACE[key][0])
        lines.append(f"| {best_kid(run):.3f} | {last['diversity']:.2f} | {last['kimg']:.0f} | `{options}` |")
    lines += ["", "| option | value | runs | varied at the end | KID, best | KID, median of the varied |"]
    lines += ["|---|---|---|---|---|---|"]
    for key, values in SPACE.items():
        grouped: dict[object, list[dict[str, Any]]] = defaultdict(list)
        for run in drawn:
            grouped[run["options"][key]].append(run)
        lines += [_row(key, value, grouped[value]) for value in dict.fromkeys(values) if grouped[value]]
    return "\n".join(lines)


def _row(key: str, value: object, runs: list[dict[str, Any]]) -> str:
    varied = [run for run in runs if stays_varied(run)]
    best = f"{min(map(best_kid, varied)):.3f}" if varied else "-"
    middle = f"{statistics.median(map(best_kid, varied)):.3f}" if varied else "-"
    return f"| `{key}` | `{value}` | {len(runs)} | {len(varied)} | {best} | {middle} |"


if __name__ == "__main__":
    main()
