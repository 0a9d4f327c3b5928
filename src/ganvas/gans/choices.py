"""What a recipe's paper says, what the recipe does, and why: the rows of its table in docs/recipes.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ganvas.settings.options import Options


class Ground(StrEnum):
    """What a choice rests on."""

    PAPER = "the paper's"
    """The recipe does what the paper says."""
    OPEN = "left open"
    """The paper does not say."""
    OURS = "ours"
    """The paper says something else, or something more."""
    CONTRADICTION = "contradiction"
    """The paper contradicts itself or what it cites, and the recipe follows one reading."""


@dataclass(frozen=True)
class Choice:
    """One figure or part of a paper's GAN and what the recipe does about it.

    Attributes:
        key: what it is about, unique within the recipe.
        says: what the paper says, with its figure, in a few words.
        options: options of the recipe whose defaults are what it does.
        does: what it does where that is not an option.
        ground: what the choice rests on.
        why: the reason, unless the ground is the paper.
        instead: values of options that give the other reading.
    """

    key: str
    says: str
    options: tuple[str, ...] = ()
    does: str = ""
    ground: Ground = Ground.PAPER
    why: str = ""
    instead: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (self.options or self.does):
            raise ValueError(f"choice {self.key}: name an option, or say what the recipe does")
        if (self.ground is Ground.PAPER) == bool(self.why):
            raise ValueError(f"choice {self.key}: give a reason for what is not the paper's, and for nothing else")

    def row(self, defaults: Options) -> tuple[str, str, str, str]:
        """What it is about, what the paper says, what the recipe does with these defaults, and why, in Markdown."""
        values = defaults.model_dump()
        set_to = [f"`{key}={_written(values[key])}`" for key in self.options]
        why = f"{self.ground}: {self.why}" if self.why else str(self.ground)
        if self.instead:
            why += "; otherwise " + " ".join(f"`--set {key}={value}`" for key, value in self.instead.items())
        return self.key.replace("-", " "), self.says, ", ".join(filter(None, [*set_to, self.does])), why


def _written(value: object) -> str:
    """A value as `--set` takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
