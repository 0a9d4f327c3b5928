"""The vocabulary in which a paper is written down: its pictures, its experiments and its figures.

These classes are data. `ganvas.experiments.reproduce` trains what they say, and `ganvas.report.paper` draws it. A key
names a set of pictures or an experiment within a paper. It is also the name of its directory.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from ganvas.foundation.errors import ConfigError, unknown
from ganvas.papers.drawings import Drawing


@dataclass(frozen=True)
class StandIn:
    """The pictures to use when the user has none: embedded paintings or digits.

    Attributes:
        source: as `ganvas prepare` takes it, such as "painter:600".
        size: height and width in pixels. Some are smaller than the paper's, so that two cores can train on them.
        where: the condition that chooses among them, or None for all.
        label: the label that is the class, or None for the source's own.
        classes: the classes to take from pictures that several sets share, which are prepared once; empty if the
            pictures are not shared.
    """

    source: str
    size: int
    where: str | None = None
    label: str | None = None
    classes: tuple[str, ...] = ()

    @property
    def shared_key(self) -> str:
        """The name of the pictures that several sets share."""
        return "-".join(["embedded", self.source.replace(":", "-"), str(self.size), *filter(None, [self.label])])


@dataclass(frozen=True)
class Pictures:
    """A set of pictures that a paper trains on.

    Of the user's pictures, `classes` classes are taken: first those whose names contain a word of `like`, then the
    largest. If `classes` is None, these are the classes that match, or all if none matches.

    Attributes:
        key: its name.
        title: what it shows, such as "Van Gogh".
        paper: what the paper had, in a few words.
        count: how many pictures the paper had, the most that are used.
        size: height and width in pixels.
        stand_in: what is used without the user's pictures.
        classes: the number of classes to use, or None. For a fixed stand-in, the number that it has.
        like: words in the names of the classes that the paper had, in lower case.
        columns: labels that may hold the classes, the best first. If there is none of them, the source chooses.
        fit: how pictures are made square, as in `ganvas prepare --fit`.
        split: the share of each class to hold back from training, or None for none.
        is_fixed: whether the stand-in is used even if the user has pictures, as for digits.
    """

    key: str
    title: str
    paper: str
    count: int
    size: int
    stand_in: StandIn
    classes: int | None = None
    like: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    fit: str = "crop"
    split: float | None = None
    is_fixed: bool = False


@dataclass(frozen=True)
class Length:
    """How long a paper trained, in real pictures that D saw.

    Attributes:
        images: the number of pictures.
        words: how the number follows from the paper, or why it was chosen.
        is_stated: whether the paper states it.
    """

    images: int
    words: str
    is_stated: bool = True

    @classmethod
    def of_epochs(cls, epochs: int, pictures: int, words: str = "", *, is_stated: bool = True) -> Self:
        """So many passes over so many pictures."""
        return cls(epochs * pictures, words or f"{epochs:,} epochs of {pictures:,} pictures", is_stated)

    @classmethod
    def of_steps(cls, steps: int, batch: int, words: str = "", *, is_stated: bool = True) -> Self:
        """So many steps over batches of this size."""
        return cls(steps * batch, words or f"{steps:,} steps of {batch:,} pictures", is_stated)

    @property
    def kimg(self) -> float:
        """Thousands of pictures."""
        return self.images / 1000


# What a paper reports of a training.
Outcome = Literal["works", "fails"]


@dataclass(frozen=True)
class Training:
    """A GAN that a paper trains.

    Attributes:
        key: its name.
        title: what it is, for headings.
        pictures: the key of its pictures.
        recipe: the name of a recipe of ganvas.
        length: how long the paper trained it.
        outcome: whether it works according to the paper; None if the paper does not say.
        says: what the paper says of the result, in its own words.
        options: what differs from the recipe's defaults.
        grids: the number of sample grids over the training.
        grid_size: rows and columns of these grids.
        is_averaged: whether pictures are of the average of the generator's weights, which no paper has.
    """

    key: str
    title: str
    pictures: str
    recipe: str
    length: Length
    outcome: Outcome | None = None
    says: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    grids: int = 20
    grid_size: int = 8
    is_averaged: bool = False


@dataclass(frozen=True)
class Classification:
    """A classifier that a paper trains, or wishes for.

    Attributes:
        key: its name.
        title: what it is, for headings.
        pictures: the key of its pictures.
        model: the name of a model of `ganvas classify`.
        epochs: how many epochs the paper trained it, or None for a model without epochs.
        accuracy: the accuracy that the paper reports, or None.
        f1: the F1 that the paper reports, or None.
        options: what differs from the model's defaults.
        start: the key of the classifier whose network training starts from, or None.
    """

    key: str
    title: str
    pictures: str
    model: str
    epochs: int | None = None
    accuracy: float | None = None
    f1: float | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    start: str | None = None


@dataclass(frozen=True)
class Memorising:
    """A test whether a classifier can memorise a few pictures. It is never shortened.

    Attributes:
        key: its name.
        title: what it is, for headings.
        pictures: the key of its pictures.
        model: the name of a model of `ganvas classify`.
        count: the number of pictures to memorise.
        epochs: how many epochs it may take.
    """

    key: str
    title: str
    pictures: str
    model: str
    count: int
    epochs: int


Experiment = Training | Classification | Memorising


@dataclass(frozen=True)
class Figure:
    """A figure or table of a paper.

    Attributes:
        key: its name, such as "figure-4". Pictures without a number have names of their own.
        title: what the paper calls it.
        says: what the paper reports there, in a sentence.
        drawing: what is drawn for it.
    """

    key: str
    title: str
    says: str
    drawing: Drawing


@dataclass(frozen=True)
class Paper:
    """A paper.

    Attributes:
        number: 1 to 5.
        title: its title.
        authors: its authors.
        pictures: the sets of pictures that it trains on.
        experiments: what it trains, in order.
        figures: its figures and tables, in order.
    """

    number: int
    title: str
    authors: str
    pictures: tuple[Pictures, ...]
    experiments: tuple[Experiment, ...]
    figures: tuple[Figure, ...]

    def set_of(self, key: str) -> Pictures:
        """The set of pictures with this key."""
        return next(each for each in self.pictures if each.key == key)

    def experiment(self, key: str) -> Experiment:
        """The experiment with this key."""
        return next(each for each in self.experiments if each.key == key)

    def only(self, keys: tuple[str, ...]) -> "Paper":
        """The paper with these figures and what they need; with all of its figures if none is named.

        Raises:
            ConfigError: there is no such figure.
        """
        if not keys:
            return self
        known = [figure.key for figure in self.figures]
        for key in keys:
            if key not in known:
                raise ConfigError(unknown(f"figure of paper {self.number}", key, known))
        figures = tuple(figure for figure in self.figures if figure.key in keys)
        needed = {need for figure in figures for need in figure.drawing.needs}
        needed |= {
            each.start
            for each in self.experiments
            if isinstance(each, Classification) and each.start and each.key in needed
        }
        experiments = tuple(each for each in self.experiments if each.key in needed)
        needed |= {each.pictures for each in experiments}
        pictures = tuple(each for each in self.pictures if each.key in needed)
        return Paper(self.number, self.title, self.authors, pictures, experiments, figures)

    def trainings(self) -> Iterator[Training]:
        """The GANs among the experiments."""
        return (each for each in self.experiments if isinstance(each, Training))
