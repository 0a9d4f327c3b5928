"""What style ambiguity does to a recipe: how sure an independent judge is of a style, and how good pictures are.

    python -m benchmarks.ambiguity DATA RESULTS [--weights 0 0.5 1 2] [--by head fixed] [--budget 20m] [--seeds 2]
                                   [--recipe atelier] [--samples 4000] [--set KEY=VALUE...] [--table] [--grid FILE]

DATA is a dataset directory with classes. If several pictures come from one source, prepare it with `--group`, so that
no source is on both sides. RESULTS is a folder that keeps every run, and the figures in `results.jsonl`. Finished work
is not done again, so you can stop the command and repeat it. `--table` only prints what exists. `--grid` draws samples
of each weight of the first seed, two rows for each, and needs the runs.

The sources are halved. The fixed classifier (`fixed`) is that of `ganvas classify train --model transfer`: it uses
EfficientNet-Lite2 and knows the first half. The judge is another network and knows other pictures: it is a logistic
regression on the pooled features of EfficientNet-Lite0, and knows the second half. Each is tested on the half that it
does not know. The GAN trains on all pictures.

Weight 0 is the recipe as it is, which paints the classes where it can. A weight of 1e-9 trains it without classes and
almost without the term, which tells the two effects apart. Entropies are means over pictures, in nats and as a share of
log C. SAMPLES pictures of the last snapshot are judged, and scored a thousand at a time. A grid of 64 is kept for each
run. A budget in minutes is wall-clock time with evaluations, so nothing else may run at the same time. One in kimg
gives all runs the same number of pictures, whatever runs beside them.
"""

import argparse
import math
import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from benchmarks.quality import SAMPLE_SEED, SCORED, history, mean_scores
from benchmarks.results import finished
from ganvas.artist.artist import load
from ganvas.artist.grids import grid
from ganvas.artist.png import write_painted
from ganvas.classify.fitting import FeatureInputs
from ganvas.classify.judge import entropy
from ganvas.classify.logistic import regress
from ganvas.classify.model import Silent
from ganvas.classify.network import in_batches
from ganvas.classify.train import train as train_classifier
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TEST, TRAIN
from ganvas.data.dataset.split import groups_of, hold_back
from ganvas.data.dataset.subset import write_rows
from ganvas.foundation.arrays import Features, Flags, Images
from ganvas.foundation.files import append_record
from ganvas.foundation.pixels import resize, to_float
from ganvas.metrics.evaluator import Evaluator
from ganvas.metrics.features import SLAB
from ganvas.networks.efficientnet import efficientnet_lite
from ganvas.planning.run import complete
from ganvas.settings.budget import Amount

COLUMNS = [
    "recipe",
    "budget",
    "weight",
    "styles named by",
    "seeds",
    "kimg",
    "entropy in nats (min to max)",
    "of log C",
    "ratio to weight 0",
    "KID (min to max)",
    "ratio to weight 0",
    "diversity",
    "max copies",
    "verdicts",
]
PLAIN, HEAD, FIXED = "none", "head", "fixed"
# The size to which the fixed classifier resizes pictures: a compromise of what it costs and how often it is right.
TEACHER_PIXELS = 96
# The same for the judge, and the L2 penalty of its logistic regression.
JUDGE_PIXELS, PENALTY = 128, 0.1


def main() -> None:
    """Train and measure what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--weights", nargs="+", type=float, default=[0, 0.5, 1, 2])
    parser.add_argument("--by", nargs="+", choices=[HEAD, FIXED], default=[HEAD, FIXED])
    parser.add_argument("--budget", type=Amount.parse, default=Amount(20, "m"))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--recipe", default="atelier")
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="options of the recipe")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--grid", type=Path, metavar="FILE")
    args = parser.parse_args()
    args.results.mkdir(parents=True, exist_ok=True)
    if args.grid:
        _draw(args)
        return
    if not args.table:
        _train_and_measure(args)
    print_table(finished(args.results / "results.jsonl"))


def _train_and_measure(args: argparse.Namespace) -> None:
    """Every run that is not in `results.jsonl` yet, a seed at a time."""
    results, done = args.results, finished(args.results / "results.jsonl")
    data = Dataset.open(args.data)
    teacher, judge = _teacher_and_judge(data, results)
    options = dict(pair.split("=", 1) for pair in args.set)
    names = ("recipe", "options", "by", "weight", "seed", "budget")
    for seed in range(args.seeds):
        for by, weight in _variants(args.weights, args.by):
            values = (args.recipe, "+".join(sorted(args.set)), by, weight, seed, str(args.budget))
            about = dict(zip(names, values, strict=True))
            if any(about.items() <= record.items() for record in done):
                continue
            run = _run(args, by, weight, seed)
            own: dict[str, object] = {"ambiguity": weight} if weight else {}
            own |= {"ambiguity_by": str(teacher)} if by == FIXED else {}
            print(f"training {run}", file=sys.stderr)
            if not complete(args.data, run, args.recipe, seed=seed, budget=args.budget, **(options | own)):
                raise SystemExit(f"{run} was interrupted; repeat the command to continue")
            measured = _measured(data, run, judge, args.samples)
            append_record(results / "results.jsonl", about | measured | history(run))


def _run(args: argparse.Namespace, by: str, weight: float, seed: int) -> Path:
    """The directory of a run."""
    name = "+".join([args.recipe, *sorted(args.set), f"{by}-{weight:g}-seed{seed}-{args.budget}"])
    return Path(args.results / name)


def _draw(args: argparse.Namespace) -> None:
    """Samples of the last snapshot of each run of the first seed, in the order of their weights."""
    runs = [_run(args, by, weight, seed=0) for by, weight in _variants(args.weights, args.by)]
    rows = [grid(load(run / "snapshots" / "last.safetensors").sample(24, SAMPLE_SEED), columns=12) for run in runs]
    gap = np.full((12, *rows[0].shape[1:]), 255, np.uint8)
    sheet = np.concatenate([part for row in rows for part in (row, gap)][:-1])
    Image.fromarray(sheet).save(args.grid, quality=88)


def _variants(weights: list[float], kinds: list[str]) -> list[tuple[str, float]]:
    """What names the styles, and the weight, of every run of a seed; weight 0 needs one run only."""
    plain = [(PLAIN, 0.0)] if 0 in weights else []
    return plain + [(by, weight) for weight in weights if weight for by in kinds]


def _measured(data: Dataset, run: Path, judge: "Judge", samples: int) -> dict[str, Any]:
    """The figures of a run, and its grid as a file next to it."""
    artist = load(run / "snapshots" / "last.safetensors")
    pictures = np.concatenate(list(artist.batches(samples, SAMPLE_SEED)))[:samples]
    write_painted(run.with_name(f"{run.name}.png"), grid(pictures[np.linspace(0, samples - 1, 64).astype(int)]))
    labels = artist.labels(samples) if artist.class_names else None
    scores = mean_scores(Evaluator(data, samples=min(SCORED, samples)), pictures, labels)
    return judge.figures(pictures) | judge.reference | scores


@dataclass(frozen=True)
class Judge:
    """A classifier that taught no GAN.

    Attributes:
        network: pictures, float [B, 3, S, S] in [-1, 1], to features.
        layer: features to class logits.
        reference: figures of real pictures that it does not know.
    """

    network: nn.Module
    layer: nn.Module
    reference: dict[str, float]

    @classmethod
    def of(cls, data: Dataset) -> "Judge":
        """Fit it to the training pictures of a dataset with classes, and test it on the test pictures."""
        network = efficientnet_lite("efficientnet-lite0")
        assert data.labels is not None
        train, test = data.rows(TRAIN), data.rows(TEST)
        features = _described(network, data.images[train])
        layer = _Standardised(features, len(data.class_names))
        views = layer.standardised(features)[None]
        regress(layer.linear, FeatureInputs(views, torch.from_numpy(data.labels[train])), None, PENALTY, Silent())
        judge = cls(network, layer.requires_grad_(False), {})
        probabilities = judge.probabilities(data.images[test])
        entropies = entropy(probabilities)
        reference: dict[str, float] = {
            "real_accuracy": float((probabilities.argmax(axis=1) == data.labels[test]).mean()),
            "real_entropy": float(entropies.mean()) * math.log(len(data.class_names)),
            "classes": len(data.class_names),
        }
        return cls(network, layer, reference)

    def probabilities(self, images: Images) -> Features:
        """float32 [N, C], of pictures uint8 [N, S, S, 3]."""
        probabilities: Features = self.layer(_described(self.network, images)).softmax(dim=1).numpy()
        return probabilities

    def figures(self, images: Images) -> dict[str, Any]:
        """How sure it is of the styles of generated pictures, and which it sees."""
        probabilities = self.probabilities(images)
        share = entropy(probabilities)
        return {
            "entropy": float(share.mean()) * math.log(probabilities.shape[1]),
            "entropy_se": float(share.std()) * math.log(probabilities.shape[1]) / math.sqrt(len(share)),
            "styles": np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1]).tolist(),
        }


class _Standardised(nn.Module):
    """A linear layer over features, standardised by those of the training pictures [N, F]."""

    def __init__(self, features: Tensor, classes: int) -> None:
        super().__init__()
        variance, self.mean = torch.var_mean(features, dim=0)
        self.deviation = variance.sqrt().clamp_min(1e-5)
        self.linear = nn.Linear(features.shape[1], classes)

    def standardised(self, features: Tensor) -> Tensor:
        """The same shape."""
        return (features - self.mean) / self.deviation

    def forward(self, features: Tensor) -> Tensor:
        """[B, F] -> class logits [B, C]."""
        logits: Tensor = self.linear(self.standardised(features))
        return logits


def _described(network: nn.Module, images: Images) -> Tensor:
    """Features, float32 [N, F], of pictures uint8 [N, S, S, 3]."""
    slabs = (torch.from_numpy(images[start : start + SLAB].copy()) for start in range(0, len(images), SLAB))
    return torch.cat([in_batches(network, to_float(resize(slab, JUDGE_PIXELS))) for slab in slabs])


def _teacher_and_judge(data: Dataset, results: Path) -> tuple[Path, Judge]:
    """The directory of the fixed classifier, and the judge, each made from half of the sources."""
    teacher = results / "teacher"
    if data.labels is None or len(data.class_names) < 2:
        raise SystemExit(f"{data.path} has no classes, or a single one")
    is_second, _ = hold_back(groups_of(data.index), data.labels, 0.5, seed=0)
    halves = [results / "first-half", results / "second-half"]
    for half, is_test in zip(halves, (is_second, ~is_second), strict=True):
        if not half.exists():
            write_divided(data, is_test, half)
    if not teacher.exists():
        print(train_classifier(halves[0], teacher, model="transfer", size=TEACHER_PIXELS), file=sys.stderr)
    judge = Judge.of(Dataset.open(halves[1]))
    print(f"the judge names {judge.reference['real_accuracy']:.3f} of real pictures rightly", file=sys.stderr)
    return teacher, judge


def write_divided(data: Dataset, is_test: Flags, target: Path) -> None:
    """Copy a dataset with another split."""
    index = data.index.assign(split=np.where(is_test, TEST, TRAIN))
    write_rows(data, range(len(data)), index, data.info, target)


def print_table(records: list[dict[str, Any]]) -> None:
    """A row for each kind and weight: medians over seeds, and ratios to weight 0."""
    found: dict[tuple[str, str, str, float, str], list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        found[record["recipe"], record["options"], record["budget"], record["weight"], record["by"]].append(record)
    print(f"| {' | '.join(COLUMNS)} |")
    print("|" + "---|" * len(COLUMNS))
    for (recipe, options, budget, weight, by), runs in sorted(found.items()):
        plain = found.get((recipe, options, budget, 0.0, PLAIN), [])
        name = " ".join(filter(None, [recipe, options.replace("+", " ")]))
        print(f"| {name} | {budget} | {weight:g} | {by} | {_row(runs, plain)} |")
    for record in records[-1:]:
        real = record["real_entropy"]
        print(f"\nreal pictures: entropy {real:.3f}, {real / math.log(record['classes']):.2f} of log C; ", end="")
        print(f"the judge names {record['real_accuracy']:.3f} of them rightly")


def _row(runs: list[dict[str, Any]], plain: list[dict[str, Any]]) -> str:
    """The cells of a kind and a weight, over all seeds."""
    copies = [value for run in runs for value in (run.get("most_copies"), run.get("copies")) if value is not None]
    cells = [
        str(len(runs)),
        f"{_median(runs, 'kimg'):.0f}",
        _spread(runs, "entropy"),
        f"{_median(runs, 'entropy') / math.log(runs[0]['classes']):.2f}",
        f"{_median(runs, 'entropy') / _median(plain, 'entropy'):.2f}" if plain else "",
        _spread(runs, "kid"),
        f"{_median(runs, 'kid') / _median(plain, 'kid'):.2f}" if plain else "",
        f"{_median(runs, 'diversity'):.2f}",
        f"{max(copies):.2%}" if copies else "",
        ", ".join(sorted({verdict for run in runs for verdict in run.get("verdicts", [])})),
    ]
    return " | ".join(cells)


def _median(runs: list[dict[str, Any]], key: str) -> float:
    values: list[float] = [run[key] for run in runs]
    return statistics.median(values)


def _spread(runs: list[dict[str, Any]], key: str) -> str:
    values = [run[key] for run in runs]
    return f"{_median(runs, key):.3f} ({min(values):.3f} to {max(values):.3f})"


if __name__ == "__main__":
    main()
