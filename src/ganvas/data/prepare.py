"""A source of pictures becomes a dataset directory.

The pictures are read in parallel and written in the order of the source, one by one, so that memory stays small
and the bytes are the same whatever the number of workers. A file that is no good is listed, never fatal.
"""

import contextlib
import functools
import itertools
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import ImageColor

from ganvas.cores import usable_cores
from ganvas.data.dataset import IMAGES, REJECTED, TRAIN, Info
from ganvas.data.fit import FITS, Frame
from ganvas.data.holdout import Holdout, Plan, read_split
from ganvas.data.parallel import ordered_map
from ganvas.data.picture import Prepared, make
from ganvas.data.sources import SIZES, Item, Request, Source
from ganvas.data.sources.opening import Named, open_source
from ganvas.data.writing import ImagesFile, fingerprint, write_tables
from ganvas.errors import DataError, unknown
from ganvas.files import refuse_taken, whole_directory

# How many of the commonest reasons, or of the classes at fault, an error message names.
COMMONEST = 3
# How many classes the summary counts; Painter by Numbers has 2,074 artists.
MOST_CLASSES = 50


@dataclass(frozen=True)
class Summary:
    """What `prepare` did.

    Attributes:
        path: the dataset directory.
        size: height and width of its pictures in pixels.
        count: pictures in it.
        class_counts: pictures a class, in the order of the class numbers; empty without classes.
        rejected: files left out by reason, the commonest first.
        holdout: how the pictures were divided, or None if that was not asked for.
        seconds: wall-clock time.
        notes: lines on what the source was recognised as, and what was chosen from it.
    """

    path: Path
    size: int
    count: int
    class_counts: Mapping[str, int]
    rejected: Mapping[str, int]
    holdout: Holdout | None
    seconds: float
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        lines = [f"{self.path}: {_counted(self.count, 'picture')} of {self.size} x {self.size} in {self.seconds:.1f} s"]
        lines += self.notes
        if self.class_counts:
            shown = dict(itertools.islice(self.class_counts.items(), MOST_CLASSES))
            counts = ", ".join(f"{name} {count:,}" for name, count in shown.items())
            more = len(self.class_counts) - len(shown)
            lines.append(f"{len(self.class_counts):,} classes: {counts}" + (f" and {more:,} more" if more else ""))
        if self.holdout:
            lines.append(str(self.holdout))
        if self.rejected:
            total = sum(self.rejected.values())
            lines.append(f"left out {total:,} (listed in {self.path / REJECTED}): {_listed(self.rejected)}")
        return "\n".join(lines)


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
    split: str | float | None = None,
    group: str | None = None,
    seed: int = 0,
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Turn pictures into a dataset directory, which is whole when this returns and absent when it raises.

    Args:
        source: a folder of pictures, a zip or tar archive, a CSV, TSV, Parquet or Arrow table of pictures,
            `painter:` or `painter:COUNT` for the embedded paintings, `hf:OWNER/NAME` or `hf:FOLDER`,
            `torchvision:NAME`, or `digits:`; or several of these by the class that each is.
        target: the directory to make.
        size: height and width of the prepared pictures in pixels, 8 to 1024 (painter: 16 to 256).
        fit: how a picture that is not square becomes so: "crop" the middle, "pad" with `background`, or "squash".
        classes: "folders" for what the source says (of a folder: the first sub-folder on the way to a picture is its
            class), "none", or the number of the folder level: 2 for the second one, -1 for that of the picture.
        labels: labels to keep, the first of which is the class; by default all of them.
        where: take the pictures alone that fulfil this, as in `artist == "Vincent van Gogh" and year > 1886`.
        limit: take at most so many pictures, at random; of a dataset on the hub, its first ones.
        min_per_class: leave out classes with fewer pictures.
        balance: take as many pictures of each class as the smallest has, at random.
        path_column: the column of a table that names the pictures.
        root: the folder that the paths of a table begin in, or that torchvision keeps its files in.
        background: the colour behind transparent and beside padded pictures; a CSS colour name or #rrggbb.
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
    started = time.perf_counter()
    target = Path(target)
    frame = frame_for(size, fit, background)
    if workers < 0:
        raise DataError(f"{workers} workers are out of range; choose 1 or more, or 0 for as many as are useful")
    if seed < 0:
        raise DataError(f"seed {seed} is out of range; choose 0 or more")
    fraction, split_column = read_split(split)
    refuse_taken(target)
    request = Request(
        classes=str(classes),
        seed=seed,
        split=split_column if fraction is None else "none",
        group=group,
        labels=_label_names(labels),
        where=where,
        limit=limit,
        min_per_class=min_per_class,
        balance=balance,
        path_column=path_column,
        root=None if root is None else Path(root),
    )
    opened = open_source(source, request)
    _require_size(size, opened.sizes, opened.title)
    plan = Plan.of(opened, fraction, group, seed)

    with whole_directory(target) as directory:
        with (directory / IMAGES).open("wb") as file:
            images = ImagesFile(file, size)
            rows, rejected = _make_pictures(opened, frame, workers, images, progress)
            images.finish()
        reasons = dict(Counter(reason for _, reason in rejected).most_common())
        _require_pictures(opened, rows, reasons)
        class_counts = _count_classes(opened, rows)
        index = pd.DataFrame(rows)
        holdout = plan.carry_out(index, opened.label_column)
        info = Info(
            size=size,
            count=len(rows),
            label_column=opened.label_column,
            class_names=list(class_counts),
            mode_column=opened.mode_column,
            fingerprint=fingerprint(images, opened.label_column, index),
            options={
                "source": {k: str(v) for k, v in source.items()} if isinstance(source, Mapping) else str(source),
                "fit": fit,
                "classes": classes,
                **_chosen(request),
                "background": background,
                "split": split_column if fraction is None else fraction,
                "group": group,
                "seed": seed,
            },
        )
        write_tables(directory, info, index, rejected)
    seconds = time.perf_counter() - started
    return Summary(target, size, len(rows), class_counts, reasons, holdout, seconds, opened.notes)


def _label_names(labels: str | Sequence[str]) -> tuple[str, ...]:
    """The names in `artist, style`, or in a list."""
    names = labels.split(",") if isinstance(labels, str) else labels
    return tuple(name.strip() for name in names if name.strip())


def _chosen(request: Request) -> dict[str, Any]:
    """What `dataset.json` says of the pictures and labels that were asked for, as far as anything was."""
    asked = {
        "labels": list(request.labels),
        "where": request.where,
        "limit": request.limit,
        "min_per_class": request.min_per_class,
        "balance": request.balance,
        "path_column": request.path_column,
        "root": None if request.root is None else str(request.root),
    }
    return {option: value for option, value in asked.items() if value}


def frame_for(size: int, fit: str, background: str) -> Frame:
    """The frame that these options of `prepare` describe.

    Raises:
        DataError: one of them is out of range or unknown.
    """
    _require_size(size, SIZES, "pictures")
    if fit not in FITS:
        raise DataError(unknown("fit", fit, FITS))
    try:
        red, green, blue = ImageColor.getrgb(background)[:3]
    except ValueError:
        raise DataError(
            f"cannot read the background {background!r}; write a colour name such as white, or a code such as #ffcc00"
        ) from None
    return Frame(size, fit, (red, green, blue))


def _require_size(size: int, sizes: range, what: str) -> None:
    if size not in sizes:
        raise DataError(f"size {size} is out of range; {what} can be prepared at {sizes[0]} to {sizes[-1]} pixels")


def _make_pictures(
    source: Source,
    frame: Frame,
    workers: int,
    images: ImagesFile,
    progress: Callable[[int, int], None] | None,
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Prepare every item of the source; the pictures go to `images`.

    Returns:
        The rows of the index, and the name and reason of each file left out, both in the order of the source.
    """
    rows: list[dict[str, Any]] = []
    rejected: list[tuple[str, str]] = []
    total = len(source.items)
    workers = workers or (usable_cores() if total >= source.many else 1)
    results = ordered_map(functools.partial(make, frame=frame), source.items, workers)
    with contextlib.closing(results):
        for done, (item, result) in enumerate(zip(source.items, results, strict=True), start=1):
            if isinstance(result, Prepared):
                images.append(result.pixels)
                rows.append(_row(source, item, result))
            else:
                rejected.append((item.name, result))
            if progress is not None:
                progress(done, total)
    return rows, rejected


def _row(source: Source, item: Item, picture: Prepared) -> dict[str, Any]:
    return {
        "source": item.name,
        "sha256": picture.sha256,
        "phash": picture.phash,
        "width": picture.width,
        "height": picture.height,
        "split": TRAIN,
        **source.row(item),
    }


def _require_pictures(source: Source, rows: list[dict[str, Any]], reasons: Mapping[str, int]) -> None:
    if not rows:
        raise DataError(
            f"no readable picture in {source.title}, {_counted(sum(reasons.values()), 'file')} left out: "
            f"{_listed(dict(itertools.islice(reasons.items(), COMMONEST)))}"
        )


def _count_classes(source: Source, rows: list[dict[str, Any]]) -> dict[str, int]:
    """Pictures a class, sorted by name; empty without classes.

    Raises:
        DataError: a class has fewer than two pictures. One picture is not a class to learn or to measure.
    """
    column = source.label_column
    if column is None:
        return {}
    names = sorted({str(item.labels[column]) for item in source.items if column in item.labels})
    counts = Counter(row[column] for row in rows)
    poor = [f"class {name!r} has {_counted(counts[name], 'picture')}" for name in names if counts[name] < 2]
    if poor:
        raise DataError(
            f"{', '.join(poor[:COMMONEST])}{' ...' if len(poor) > COMMONEST else ''} in {source.title}; "
            f"a class needs two or more readable pictures: {source.remedy}"
        )
    return {name: counts[name] for name in names}


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _listed(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
