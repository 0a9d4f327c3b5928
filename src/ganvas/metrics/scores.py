"""The scores of an evaluation, all for the same pictures and features."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from ganvas.metrics.classes import ClassScores
from ganvas.metrics.distances import Distances
from ganvas.metrics.diversity import Diversity
from ganvas.metrics.leaks import Leaks
from ganvas.metrics.measures import in_order
from ganvas.metrics.memorisation import Memorisation

# The feature network of published FID and KID.
PUBLISHED = "inception"

# Shares with a larger standard error are too vague to be useful.
MAX_ERROR = 0.05

# Keys of a line of `evals.jsonl` that say how it was measured. A metric cannot use them.
RESERVED = frozenset(
    [
        "kimg",
        "classes",
        "extractor",
        "independent",
        "features",
        "generated",
        "real",
        "held_back",
        "seconds",
        "others",
        "verdict",
        "better",
        "worse",
        "evidence",
        "best",
    ]
)


@dataclass(frozen=True)
class Scores(Leaks, Memorisation, Diversity, Distances):
    """The result of an evaluation.

    Attributes:
        extractor: name of the feature network.
        independent: whether that network had no part in the training of the generator.
        features: number of features of the network.
        generated: number of generated pictures.
        real: number of training pictures that they were compared with.
        held_back: number of held-back pictures that they were compared with.
        seconds: wall-clock time, including the generation of the pictures.
        modes_covered: number of the dataset's known modes that the pictures cover; None if no modes are known.
        modes_total: number of known modes.
        classes: scores of each class by name; empty without classes.
        others: figures of metrics that are not attributes here, by key.
    """

    extractor: str
    independent: bool
    features: int
    generated: int
    real: int
    held_back: int
    seconds: float
    modes_covered: int | None = None
    modes_total: int | None = None
    classes: dict[str, ClassScores] = field(default_factory=dict)
    others: dict[str, float | None] = field(default_factory=dict)

    @classmethod
    def of(cls, measured: Mapping[str, float | None], **about: Any) -> Self:
        """Create scores from the figures of all metrics, by key, and the values of the other fields."""
        attributes = {field.name for field in fields(cls)}
        own: dict[str, Any] = {key: value for key, value in measured.items() if key in attributes}
        others = {key: value for key, value in measured.items() if key not in attributes}
        return cls(**own, **about, others=others)

    def record(self) -> dict[str, object]:
        """All figures as one JSON object, including `others`. Unknown values are left out."""
        record = asdict(self)
        record |= record.pop("others")
        return {name: value for name, value in record.items() if value not in (None, {})}

    def line(self) -> str:
        """The main scores on one line."""
        modes = "" if self.modes_total is None else f", modes {self.modes_covered}/{self.modes_total}"
        return (
            f"KID {self.kid:.4f} ± {self.kid_se:.4f}, recall {self.recall:.3f}, coverage {self.coverage:.3f}, "
            f"diversity {self.diversity:.2f}, copies {self.copies:.1%}{modes}"
        )

    def __str__(self) -> str:
        """A table of the scores, the conditions of the evaluation, and warnings."""
        record = self.record()
        rows = (figure.row(record) for metric in in_order() for figure in metric.figures)
        lines = [row for row in rows if row is not None]
        if self.classes:
            lines += ["", f"{'class':18} {'KID':>16} {'recall':>8} {'coverage':>9} {'diversity':>10}"]
            lines += [
                f"{name[:18]:18} {each.kid:8.4f} ± {each.kid_se:.4f} {each.recall:8.3f} {each.coverage:9.3f} "
                f"{each.diversity:10.2f}"
                for name, each in self.classes.items()
            ]
        unseen = f", {self.held_back:,} held back" if self.held_back else ""
        lines += [
            "",
            f"{self.generated:,} generated against {self.real:,} real pictures{unseen}; features of {self.extractor}; "
            f"{self.seconds:.1f} s.",
        ]
        if self.extractor != PUBLISHED:
            lines.append(f"Not comparable with published FID or KID, which use Inception-v3 (--extractor {PUBLISHED}).")
        return "\n".join([*lines, *(f"warning: {warning}" for warning in self.warnings())])

    def warnings(self) -> list[str]:
        """Warnings about scores that are unreliable, with the reason."""
        vague = [
            name
            for name in ("precision", "recall", "coverage", "copies")
            if _likely_error(getattr(self, f"{name}_se"), self.generated, self.real) > MAX_ERROR
        ]
        warnings = []
        if not self.independent:
            warnings.append(
                f"the discriminator saw pictures through {self.extractor}, so these scores flatter the generator: "
                "choose another --extractor"
            )
        if vague:
            warnings.append(
                f"{', '.join(vague)} may be off by 0.1 or more: {self.generated:,} generated and {self.real:,} real "
                "pictures are too few; use at least 200 of each"
            )
        if (few := min(self.generated, self.real)) <= self.features:
            warnings.append(f"FID over {self.features:,} features needs more than {few:,} pictures; use KID instead")
        return warnings


def _likely_error(error: float, generated: int, real: int) -> float:
    """The standard error of a share, but at least that of a share of 1/8, because an error of 0 is chance."""
    return max(error, math.sqrt(7 / 64 / min(generated, real)))
