"""A source of pictures becomes a dataset directory.

The pictures are read in parallel and written in the order of the source, one by one, so that memory stays small
and the bytes are the same whatever the number of workers. A file that is no good is listed, never fatal.
"""

import contextlib
import functools
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import PIL

from ganvas.data.dataset.layout import IMAGES, Info
from ganvas.data.dataset.writing import fingerprint, write_tables
from ganvas.data.pictures.frame import MAX_ASPECT, SMALLEST_SIDE, Frame, frame_for, require_size
from ganvas.data.prepare.duplicates import DEDUPES
from ganvas.data.prepare.holdout import Plan, read_split
from ganvas.data.prepare.parallel import ordered_map
from ganvas.data.prepare.picture import LeftOut, make
from ganvas.data.prepare.summary import Duplicates, Originals, Summary, examples, reasons
from ganvas.data.prepare.table import Table, classes_of, require_classes
from ganvas.data.prepare.unfinished import Entry, Unfinished, unfinished
from ganvas.data.sources import Request, Source
from ganvas.data.sources.opening import Named, open_source
from ganvas.foundation.errors import DataError, unknown
from ganvas.foundation.files import refuse_taken, whole_directory
from ganvas.foundation.version import VERSION
from ganvas.machine.cores import usable_cores

# Told how many of the source's items are done, and how many there are.
Progress = Callable[[int, int], None]

# Options that choose among pictures and labels, which `dataset.json` tells of as far as anything was chosen.
CHOICES = ("labels", "where", "limit", "min_per_class", "balance", "path_column", "root")


@dataclass(frozen=True)
class PrepareOptions:
    """All that decides what is in a dataset; the arguments of `prepare` say what each means.

    Raises:
        DataError: one of them is out of range or unknown, or has no use beside the others.
    """

    source: Named
    size: int
    fit: str
    classes: str | int
    labels: tuple[str, ...]
    where: str | None
    limit: int | None
    min_per_class: int
    balance: bool
    path_column: str | None
    root: Path | None
    background: str
    focus: str
    alpha: str
    linear: bool
    smallest_side: int
    max_aspect: float
    dedupe: str
    split: str | float | None
    group: str | None
    seed: int

    def __post_init__(self) -> None:
        _ = self.frame, self.held_back
        if self.dedupe not in DEDUPES:
            raise DataError(unknown("dedupe", self.dedupe, DEDUPES))
        if self.seed < 0:
            raise DataError(f"seed {self.seed} is out of range; choose 0 or more")

    @functools.cached_property
    def frame(self) -> Frame:
        """What every picture is to become."""
        return frame_for(
            self.size,
            self.fit,
            self.background,
            focus=self.focus,
            alpha=self.alpha,
            linear=self.linear,
            smallest_side=self.smallest_side,
            max_aspect=self.max_aspect,
        )

    @functools.cached_property
    def held_back(self) -> tuple[float | None, str | None]:
        """The fraction to hold back or None, and the column that says what to hold back or None."""
        return read_split(self.split)

    @property
    def request(self) -> Request:
        """What is asked of the source beside its name."""
        fraction, split_column = self.held_back
        return Request(
            classes=str(self.classes),
            seed=self.seed,
            split=split_column if fraction is None else "none",
            group=self.group,
            labels=self.labels,
            where=self.where,
            limit=self.limit,
            min_per_class=self.min_per_class,
            balance=self.balance,
            path_column=self.path_column,
            root=self.root,
        )

    def key(self) -> dict[str, Any]:
        """What the pictures of an interrupted run may depend on, beside the files they are made of."""
        named = self.source if isinstance(self.source, Mapping) else {"": self.source}
        places = {name: str(Path(each).resolve()) if Path(each).exists() else str(each) for name, each in named.items()}
        return {
            "source": places,
            # Which files the names of a table stand for.
            "path_column": self.path_column,
            "root": None if self.root is None else str(self.root.resolve()),
            "frame": asdict(self.frame),
            "seed": self.seed,
            "versions": [VERSION, PIL.__version__],
        }

    def record(self) -> dict[str, Any]:
        """What `dataset.json` says of them; the size it has beside them."""
        source, (fraction, split_column) = self.source, self.held_back
        told = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "size"}
        told["source"] = {k: str(v) for k, v in source.items()} if isinstance(source, Mapping) else str(source)
        told["labels"] = list(self.labels)
        told["root"] = None if self.root is None else str(self.root)
        told["split"] = split_column if fraction is None else fraction
        return {name: value for name, value in told.items() if value or name not in CHOICES}


def prepare(
    source: Named,
    target: str | Path,
    *,
    size: int = 64,
    fit: str = "crop",
    classes: str | int = "folders",
    labels: str | Sequence[str] = (),
    where: str | None = None,
    limit: int | None = None,
    min_per_class: int = 0,
    balance: bool = False,
    path_column: str | None = None,
    root: str | Path | None = None,
    background: str = "white",
    focus: str = "centre",
    alpha: str = "background",
    linear: bool = False,
    smallest_side: int = SMALLEST_SIDE,
    max_aspect: float = MAX_ASPECT,
    dedupe: str = "none",
    split: str | float | None = None,
    group: str | None = None,
    seed: int = 0,
    workers: int = 0,
    progress: Progress | None = None,
) -> Summary:
    """Turn pictures into a dataset directory, which is whole when this returns and absent when it raises.

    If it is interrupted or killed, or an error comes late, what is prepared already is kept beside `target`, and the
    same call goes on from there.

    Args:
        source: a folder of pictures, a zip or tar archive, a CSV, TSV, Parquet or Arrow table of pictures,
            `painter:` or `painter:COUNT` for the embedded paintings, `hf:OWNER/NAME` or `hf:FOLDER`,
            `torchvision:NAME`, or `digits:`; or several of these by the class that each is.
        target: the directory to make.
        size: height and width of the prepared pictures in pixels, 8 to 1024 (painter: 16 to 256).
        fit: how a picture that is not square becomes so: "crop" to a square, "pad" with `background`, "squash", or
            "multicrop" to several squares if it is long, which no split parts.
        classes: "folders" for what the source says (of a folder: the first sub-folder on the way to a picture is its
            class), "none", or the number of the folder level: 2 for the second one, -1 for that of the picture.
        labels: labels to keep, the first of which is the class; by default all of them.
        where: take the pictures alone that fulfil this, as in `artist == "Vincent van Gogh" and year > 1886`.
        limit: take at most so many pictures, at random, of every class its share; of a dataset on the hub, its first
            ones.
        min_per_class: leave out classes with fewer pictures, and those of which fewer could be read.
        balance: take as many pictures of each class as the smallest has, at random; of pictures that come divided,
            that is said of the training ones, and all others stay.
        path_column: the column of a table that names the pictures.
        root: the folder that the paths of a table begin in, or that torchvision keeps its files in.
        background: the colour behind transparent and beside padded pictures; a CSS colour name or #rrggbb.
        focus: where to crop: in the "centre", where there is most detail ("entropy"), or what stands out ("saliency").
        alpha: "background" puts a transparent picture on `background`, "subject" first crops it to what can be seen.
        linear: resize light rather than the numbers that stand for it.
        smallest_side: leave out pictures with a side under so many pixels, 8 or more.
        max_aspect: leave out pictures with a side over so many times the other.
        dedupe: which duplicates to leave out: "none", "exact" copies by decoded pixels, or "near" ones as well. The
            largest original of each set stays.
        split: what to hold back from training: a fraction up to 0.9 of every class, as "test", in whole groups; or a
            label of the source ("class" for a folder, "genre" ... for the painter) whose values say it: train,
            training, true and 1, validation, valid and val, test, testing, false and 0. That label is no class then:
            of a folder, "class" is the first sub-folder on the way to a picture, and its class is the next one. By
            default, what a published collection says; "none" leaves it aside.
        group: which pictures must not be parted: a label of the source, or a regular expression that is searched in
            their names, where its first group, or else all that it matches, names the group. By default, copies and
            near-duplicates are a group.
        seed: which paintings the painter paints, what is taken at random, and which groups a fraction holds back.
        workers: processes to use; 0 chooses. The result does not depend on it.
        progress: called as `progress(done, total)` after every item of the source.

    Raises:
        DataError: an option or the source cannot be used, no picture of it could be read, or none is left to train on.
        GanvasError: `target` is taken, the file system refused to write (full disk, no permission), or a worker
            process died.
    """
    options = PrepareOptions(
        source=source,
        size=size,
        fit=fit,
        classes=classes,
        labels=_label_names(labels),
        where=where,
        limit=limit,
        min_per_class=min_per_class,
        balance=balance,
        path_column=path_column,
        root=None if root is None else Path(root),
        background=background,
        focus=focus,
        alpha=alpha,
        linear=linear,
        smallest_side=smallest_side,
        max_aspect=max_aspect,
        dedupe=dedupe,
        split=split,
        group=group,
        seed=seed,
    )
    return _prepare(options, Path(target), workers, progress)


def _prepare(options: PrepareOptions, target: Path, workers: int, progress: Progress | None) -> Summary:
    """Do what `prepare` is asked for."""
    started = time.perf_counter()
    if workers < 0:
        raise DataError(f"{workers} workers are out of range; choose 1 or more, or 0 for as many as are useful")
    refuse_taken(target)
    opened = open_source(options.source, options.request)
    require_size(options.size, opened.sizes, opened.title)
    plan = Plan.of(opened, options.held_back[0], options.group, options.seed)
    # Better now than after an hour, though pictures that cannot be read may still cost a class too much.
    require_classes(opened, Counter(classes_of(opened)))

    with unfinished(target, options.key(), options.size) as kept, whole_directory(target) as directory:
        outcomes, resumed = _make_pictures(opened, options.frame, workers, kept, progress)
        table = Table.of(opened, outcomes, has_crops=options.fit == "multicrop")
        # Before duplicates are dropped, lest a picture goes in favour of one that does not stay; and then once more.
        table.drop_small_classes(options.min_per_class)
        table.drop_duplicates(kept.pictures(), options.dedupe, plan.splits)
        table.drop_small_classes(options.min_per_class)
        table.require_classes(options.min_per_class)
        table.mark_duplicates(kept.pictures())
        holdout = plan.carry_out(table.index, opened.label_column)
        images = kept.write(table.positions, directory / IMAGES)
        info = Info(
            size=options.size,
            count=len(table.index),
            label_column=opened.label_column,
            class_names=list(table.class_counts),
            mode_column=opened.mode_column,
            fingerprint=fingerprint(images, opened.label_column, table.index),
            options=options.record(),
        )
        write_tables(directory, info, table.index, table.rejected)
    return Summary(
        path=target,
        size=options.size,
        count=len(table.index),
        class_counts=table.class_counts,
        rejected=reasons(table.rejected),
        holdout=holdout,
        seconds=time.perf_counter() - started,
        originals=Originals.of(table.index, options.size),
        duplicates=Duplicates.of(table.index, table.copies),
        examples=examples(table.rejected),
        notes=(*opened.notes, *table.notes),
        resumed=resumed,
    )


def _label_names(labels: str | Sequence[str]) -> tuple[str, ...]:
    """The names in `artist, style`, or in a list."""
    names = labels.split(",") if isinstance(labels, str) else labels
    return tuple(name.strip() for name in names if name.strip())


def _make_pictures(
    source: Source,
    frame: Frame,
    workers: int,
    kept: Unfinished,
    progress: Progress | None,
) -> tuple[list[Entry | LeftOut], int]:
    """Prepare every item of the source that is not kept from an earlier run.

    Returns:
        What became of each, in the order of the source, and how many were kept.
    """
    outcomes: list[Entry | LeftOut | None] = [kept.known(item) for item in source.items]
    missing = [number for number, outcome in enumerate(outcomes) if outcome is None]
    total, resumed = len(outcomes), len(outcomes) - len(missing)
    if progress is not None and resumed:
        progress(resumed, total)
    workers = workers or (usable_cores() if len(missing) >= source.many else 1)
    made = ordered_map(functools.partial(make, frame=frame), [source.items[number] for number in missing], workers)
    with contextlib.closing(made):
        for done, (number, result) in enumerate(zip(missing, made, strict=True), start=resumed + 1):
            outcomes[number] = result if isinstance(result, LeftOut) else kept.add(source.items[number].name, result)
            if progress is not None:
                progress(done, total)
    return [outcome for outcome in outcomes if outcome is not None], resumed
