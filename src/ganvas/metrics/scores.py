"""How good generated pictures are, in numbers: every score of one evaluation, over the same pictures and features."""

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

# The extractor of the published FID and KID.
PUBLISHED = "inception"

# With a standard error above this a share says next to nothing.
MAX_ERROR = 0.05


@dataclass(frozen=True)
class Scores(Leaks, Memorisation, Diversity, Distances):
    """The result of one evaluation.

    Attributes:
        extractor: the feature network.
        independent: whether it had no part in training the generator.
        features: how many features it has.
        generated: how many generated pictures were measured.
        real: how many real ones they were held against.
        held_back: how many real ones that were not trained on they were held against too.
        seconds: wall-clock time it took, painting the pictures included.
        modes_covered: how many of the dataset's known modes the generated pictures show; None where none are known.
        modes_total: how many known modes there are.
        classes: the scores of each class by name; empty for pictures without classes.
        others: what metrics measure beyond the figures that are attributes here, by their keys.
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
        """The scores from what all metrics measured, by their keys, and the fields that say what it is about."""
        attributes = {field.name for field in fields(cls)}
        ours: dict[str, Any] = {key: value for key, value in measured.items() if key in attributes}
        others = {key: value for key, value in measured.items() if key not in attributes}
        return cls(**ours, **about, others=others)

    def record(self) -> dict[str, Any]:
        """The fields as one JSON object, leaving out what is not known; what is in `others` stands among them."""
        record = asdict(self)
        record |= record.pop("others")
        return {name: value for name, value in record.items() if value not in (None, {})}

    def line(self) -> str:
        """The most telling scores on one line."""
        modes = "" if self.modes_total is None else f", modes {self.modes_covered}/{self.modes_total}"
        return (
            f"KID {self.kid:.4f} ± {self.kid_se:.4f}, recall {self.recall:.3f}, coverage {self.coverage:.3f}, "
            f"diversity {self.diversity:.2f}, copies {self.copies:.1%}{modes}"
        )

    def __str__(self) -> str:
        """The scores on a line each, what they are scores of, and what they are too few to say."""
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
        """What these pictures are too few to say."""
        vague = [
            name
            for name in ("precision", "recall", "coverage", "copies")
            if _likely_error(getattr(self, f"{name}_se"), self.generated, self.real) > MAX_ERROR
        ]
        warnings = []
        if not self.independent:
            warnings.append(
                f"{self.extractor} is what the discriminator saw pictures through, so these scores flatter the "
                "generator: name another --extractor"
            )
        if vague:
            warnings.append(
                f"{', '.join(vague)} may be off by 0.1 and more: {self.generated:,} generated and {self.real:,} real "
                "pictures are too few; 200 of each would do"
            )
        if (few := min(self.generated, self.real)) <= self.features:
            warnings.append(f"FID over {self.features:,} features wants more than {few:,} pictures; go by KID")
        return warnings


def _likely_error(error: float, generated: int, real: int) -> float:
    """A share's standard error, or where it is 0 by luck the one of a share of one in eight."""
    return max(error, math.sqrt(7 / 64 / min(generated, real)))
