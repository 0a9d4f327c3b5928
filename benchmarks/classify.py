"""The classifiers side by side: accuracy, F1 and training time of each model on each dataset, over seeds.

    python -m benchmarks.classify DATA... --out FOLDER [--models forest cnn deep-cnn transfer] [--seeds 1]
        [--set MODEL.KEY=VALUE ...]

DATA are dataset directories with classes. FOLDER keeps what is finished, so you can stop the command and repeat it. A
seed determines the weights, the order of the pictures and, if a dataset holds nothing back, the split. Standard errors
are bootstrapped over groups of pictures. Figures are means over seeds.
"""

import argparse
import statistics
from pathlib import Path
from typing import Any

from benchmarks.results import finished
from ganvas.classify.classifier import Classifier
from ganvas.classify.evaluate import evaluate
from ganvas.classify.models import MODELS
from ganvas.classify.train import train
from ganvas.foundation.files import append_record
from ganvas.settings.config import parse_assignments

# Fields of a record that are not figures.
NAMES = {"data", "model"}


def main() -> None:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="MODEL.KEY=VALUE")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    results = args.out / "results.jsonl"
    for data in args.data:
        for model in args.models:
            changes = parse_assignments(
                [each.removeprefix(f"{model}.") for each in args.set if each.startswith(f"{model}.")]
            )
            for seed in range(args.seeds):
                if not any(_is(record, data, model, seed) for record in finished(results)):
                    append_record(results, measure(data, model, seed, changes, args.out))
    print_table(finished(results), args.data, args.models)


def measure(data: Path, model: str, seed: int, changes: dict[str, Any], out: Path) -> dict[str, Any]:
    """Train one classifier and test it."""
    directory = out / f"{data.name}-{model}-seed{seed}"
    classifier = (
        Classifier.open(directory) if directory.exists() else train(data, directory, model=model, seed=seed, **changes)
    )
    scores = evaluate(directory).scores
    print(f"{data.name}, {model}, seed {seed}: accuracy {scores.accuracy.value:.3f}", flush=True)
    return {
        "data": data.name,
        "model": model,
        "seed": seed,
        "accuracy": scores.accuracy.value,
        "accuracy_se": scores.accuracy.se,
        "f1": scores.f1.value,
        "f1_se": scores.f1.se,
        "majority": scores.baseline.accuracy,
        "pictures": scores.pictures,
        "groups": scores.groups,
        "seconds": classifier.card.seconds,
        "leaky": len(classifier.card.leaky),
    }


def print_table(records: list[dict[str, Any]], datasets: list[Path], models: list[str]) -> None:
    """The table of docs/classify.md."""
    print("| data | model | accuracy | F1, macro | majority | test pictures (groups) | seconds |")
    print("|---|---|---|---|---|---|---|")
    for data in datasets:
        for model in models:
            runs = [record for record in records if (record["data"], record["model"]) == (data.name, model)]
            if not runs:
                continue
            figures = {key: statistics.fmean(run[key] or 0 for run in runs) for key in runs[0] if key not in NAMES}
            print(
                f"| {data.name} | `{model}` | {figures['accuracy']:.3f} ± {figures['accuracy_se']:.3f} "
                f"| {figures['f1']:.3f} ± {figures['f1_se']:.3f} | {figures['majority']:.3f} "
                f"| {figures['pictures']:.0f} ({figures['groups']:.0f}) | {figures['seconds']:.0f} |"
            )


def _is(record: dict[str, Any], data: Path, model: str, seed: int) -> bool:
    return (record["data"], record["model"], record["seed"]) == (data.name, model, seed)


if __name__ == "__main__":
    main()
