"""What can be drawn for a figure of a paper. `ganvas.report.paper` has a function for each of these classes."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Drawing:
    """Something that can be drawn. The fields that hold keys say what it is drawn from."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The keys of the pictures and experiments that it is drawn from."""
        keys: list[str] = []
        for each in fields(self):
            if each.name in _KEYS:
                value = getattr(self, each.name)
                keys += [value] if isinstance(value, str) else value
        return tuple(keys)


# Fields that hold the key of a set of pictures or of an experiment, or several.
_KEYS = ("pictures", "run", "runs", "classifier", "classifiers", "checks")


@dataclass(frozen=True)
class RealPictures(Drawing):
    """Training pictures in a grid, one for each set."""

    pictures: tuple[str, ...]
    count: int = 64


@dataclass(frozen=True)
class Losses(Drawing):
    """The losses of D and G over training, a chart for each run."""

    runs: tuple[str, ...]


@dataclass(frozen=True)
class Accuracy(Drawing):
    """The accuracy of D over training, a chart for each run."""

    runs: tuple[str, ...]


@dataclass(frozen=True)
class AccuracyAndLosses(Drawing):
    """The accuracy of D and both losses of a run over the same axis."""

    run: str


@dataclass(frozen=True)
class Outputs(Drawing):
    """A few generated pictures of each run at its end, without selection: the first ones of seed 0."""

    runs: tuple[str, ...]
    count: int = 3


@dataclass(frozen=True)
class Samples(Drawing):
    """A square grid of generated pictures of each run at its end; with classes, a row for each class."""

    runs: tuple[str, ...]
    side: int = 8


@dataclass(frozen=True)
class Moments(Drawing):
    """The sample grids of a run nearest to some moments of the paper's training.

    Attributes:
        run: the run.
        at: the moments in `unit`, as the paper counts them.
        of: the length of the paper's training in `unit`.
        unit: "epoch" or "iteration".
    """

    run: str
    at: tuple[int, ...]
    of: int
    unit: str


@dataclass(frozen=True)
class OriginalAndGenerated(Drawing):
    """Training pictures next to generated ones."""

    run: str
    count: int = 16


@dataclass(frozen=True)
class Layers(Drawing):
    """The layers of a recipe's networks with output shapes and numbers of parameters. It needs no training.

    Attributes:
        recipe: the recipe.
        size: of the pictures in pixels.
        networks: "generator", "discriminator" or both.
        classes: number of classes; 0 for none.
        paper: the number of parameters of each layer that has any, in order, if the paper states them.
    """

    recipe: str
    size: int
    networks: tuple[str, ...] = ("generator", "discriminator")
    classes: int = 0
    paper: tuple[int, ...] = ()


@dataclass(frozen=True)
class Functions(Drawing):
    """Activation functions as curves: names of functions of `report.paper.functions`."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class ActivationMaps(Drawing):
    """The activation maps of D's first convolution and of a deeper one for a training picture."""

    run: str


@dataclass(frozen=True)
class Reduction(Drawing):
    """A training picture next to its reduction to the input of D."""

    run: str


@dataclass(frozen=True)
class Interpolation(Drawing):
    """Generated pictures between two latents."""

    run: str


@dataclass(frozen=True)
class SameLatents(Drawing):
    """The same latents under every class."""

    run: str


@dataclass(frozen=True)
class MostReal(Drawing):
    """For each class, the ten pictures that D finds most real, with its probability."""

    run: str


@dataclass(frozen=True)
class LeastReal(Drawing):
    """For each class, the pictures that D is surest are generated."""

    run: str


@dataclass(frozen=True)
class Neighbours(Drawing):
    """Generated pictures next to their nearest training pictures."""

    run: str


@dataclass(frozen=True)
class ClassCounts(Drawing):
    """The number of pictures of each class, and the sizes of the original pictures."""

    pictures: str


@dataclass(frozen=True)
class Composites(Drawing):
    """The mean picture of each class."""

    pictures: str


@dataclass(frozen=True)
class GroupComposites(Drawing):
    """The means of groups of similar pictures of each class, found by K-means."""

    pictures: str


@dataclass(frozen=True)
class ClassifierScores(Drawing):
    """A table of classifiers: accuracy and F1, ours and the paper's."""

    classifiers: tuple[str, ...]


@dataclass(frozen=True)
class Galleries(Drawing):
    """The pictures that a classifier finds easiest, is most fooled by, and is most undecided about."""

    classifier: str


@dataclass(frozen=True)
class Importances(Drawing):
    """The importance of each pixel to a random forest."""

    classifier: str


@dataclass(frozen=True)
class Memorised(Drawing):
    """Whether classifiers could memorise a few pictures."""

    checks: tuple[str, ...]


@dataclass(frozen=True)
class Judged(Drawing):
    """Generated pictures with the class and the probability that a classifier gives them."""

    classifier: str
    runs: tuple[str, ...]


@dataclass(frozen=True)
class Remark(Drawing):
    """A sentence in place of a picture that has no counterpart here."""

    text: str
