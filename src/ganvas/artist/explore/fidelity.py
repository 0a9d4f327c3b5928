"""What truncation costs: precision against recall of a generator whose latents are drawn shorter or longer.

Latents times a factor below 1 give typical pictures (`sampling.truncated`): precision rises, recall falls. Above 1 they
give rarer ones. The curve says which truncation to sample with.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ganvas.artist.trained import TrainedGenerator
from ganvas.data.dataset.dataset import Dataset
from ganvas.metrics.evaluator import Evaluator
from ganvas.metrics.scores import Scores

# Factors by default, and the scores that the table shows, with their digits.
TRUNCATIONS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
SHOWN = {"kid": 4, "precision": 3, "recall": 3, "coverage": 3}


@dataclass(frozen=True)
class FidelityCurve:
    """Scores at several truncations.

    Attributes:
        scores: by truncation, in the order in which they were asked for.
    """

    scores: dict[float, Scores]

    def record(self) -> list[dict[str, object]]:
        """All scores as JSON objects, each with its `truncation`."""
        return [{"truncation": factor, **scores.record()} for factor, scores in self.scores.items()]

    def __str__(self) -> str:
        """A table of the main scores with their standard errors, and how they were measured."""
        lines = [f"{'truncation':>10} {''.join(f'{name:>18}' for name in SHOWN)}"]
        for factor, scores in self.scores.items():
            cells = (
                f"{getattr(scores, name):.{digits}f} ± {getattr(scores, name + '_se'):.{digits}f}"
                for name, digits in SHOWN.items()
            )
            lines.append(f"{factor:>10g} {''.join(f'{cell:>18}' for cell in cells)}")
        last = next(reversed(self.scores.values()))
        lines += [
            "",
            f"{last.generated:,} generated against {last.real:,} real pictures; features of {last.extractor}.",
        ]
        return "\n".join(lines)


def fidelity_curve(
    artist: TrainedGenerator,
    data: Dataset,
    truncations: Sequence[float] = TRUNCATIONS,
    *,
    samples: int = 1000,
    extractor: str,
    seed: int = 0,
) -> FidelityCurve:
    """Score the same numbers of a seed at several truncations.

    Args:
        artist: the generator.
        data: the dataset with the real pictures.
        truncations: factors of the latents.
        samples: number of pictures at each.
        extractor: name of the feature network.
        seed: seed of the pictures.

    Raises:
        DataError: there are too few real pictures.
        ConfigError: the feature network is unknown.
    """
    evaluator = Evaluator(data, samples=samples, extractor=extractor, sees_through=artist.sees_through)
    labels = artist.labels(samples) if artist.class_names == data.class_names else None
    return FidelityCurve(
        {
            factor: evaluator.score(artist.batches(samples, seed, truncation=factor), labels)
            for factor in dict.fromkeys(truncations)
        }
    )
