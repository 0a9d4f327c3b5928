"""What fidelity costs in variety: scores of trained generators whose latents are drawn shorter or longer.

    python -m benchmarks.frontier DATA SNAPSHOT... [--scales 0.7 0.85 1 1.15 1.3 1.5]
                                  [--extractors efficientnet-lite2 pixels] [--samples 4000]

SNAPSHOTs are runs or snapshot files. The scale is the truncation of `ganvas sample`. Scores are means over the
generators and over each thousand of their SAMPLES pictures; `ganvas explore truncation` measures a single one.
"""

import argparse
import statistics
from pathlib import Path

from benchmarks.marks import SAMPLES
from benchmarks.quality import SAMPLE_SEED, SCORED, mean_scores
from ganvas.artist.artist import Artist, load
from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.arrays import Images, Integers
from ganvas.metrics.evaluator import Evaluator

# The scores that are printed, with their numbers of digits.
SCORES = {"kid": 4, "precision": 3, "recall": 3, "coverage": 3}
# Pictures and their classes.
Painted = tuple[Images, Integers | None]


def main() -> None:
    """Paint, score and print a row for each scale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("snapshots", type=Path, nargs="+", metavar="SNAPSHOT")
    parser.add_argument("--scales", type=float, nargs="+", default=[0.7, 0.85, 1.0, 1.15, 1.3, 1.5])
    parser.add_argument("--extractors", nargs="+", default=["efficientnet-lite2", "pixels"])
    parser.add_argument("--samples", type=int, default=SAMPLES, help="pictures of each generator to score")
    args = parser.parse_args()
    data, artists = Dataset.open(args.data), [load(path) for path in args.snapshots]
    evaluators = [Evaluator(data, samples=SCORED, extractor=extractor) for extractor in args.extractors]
    names = [f"KID by {extractor} | precision | recall | coverage" for extractor in args.extractors]
    print(f"| latent scale | {' | '.join(names)} |\n|---|{'---|' * len(SCORES) * len(names)}")
    for scale in args.scales:
        painted = [_painted(artist, scale, args.samples) for artist in artists]
        cells = [cell for evaluator in evaluators for cell in _cells(evaluator, painted)]
        print(f"| {scale:g} | {' | '.join(cells)} |", flush=True)


def _cells(evaluator: Evaluator, painted: list[Painted]) -> list[str]:
    """Each of `SCORES`, averaged over the generators."""
    scores = [mean_scores(evaluator, *each) for each in painted]
    return [f"{statistics.fmean(each[name] for each in scores):.{digits}f}" for name, digits in SCORES.items()]


def _painted(artist: Artist, scale: float, count: int) -> Painted:
    """Pictures of latents times a scale, uint8 [count, S, S, 3], and their classes."""
    labels = artist.labels(count)
    return artist.sample(count, SAMPLE_SEED, truncation=scale), labels


if __name__ == "__main__":
    main()
