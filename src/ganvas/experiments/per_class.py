"""A GAN for each class or group of classes, as "Conditional Generative Model for Art Generation" (paper 3) proposes.

One recipe is trained on every class, or on every group of classes, separately. All runs lie in one directory:

classes.json     the plan: data, recipe, options
data/            one dataset per class or group
runs/            one run per class or group
grid.png         one row of pictures per class, all from the same latents
table.md         the scores of each run
page.html        the table, the pictures and the curves

To continue an interrupted training, repeat its command: finished runs are skipped, and unfinished ones are resumed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from ganvas import gans
from ganvas.artist.artist import Artist, in_file_name, load
from ganvas.artist.grids import class_grid, grid
from ganvas.artist.png import write_painted
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import label_column, labelled_by, labels_digest
from ganvas.data.dataset.layout import TRAIN
from ganvas.data.dataset.subset import of_classes
from ganvas.experiments.class_groups import grouped, name_of
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import ConfigError, DivergedError
from ganvas.foundation.files import whole_file
from ganvas.foundation.locks import exclusive
from ganvas.foundation.paths import exists, new_path
from ganvas.foundation.resumable import begin
from ganvas.planning import run as runs
from ganvas.planning.plan import check, option_requesting_evaluations
from ganvas.report.comparison import page
from ganvas.report.comparison.columns import SHARED, cells, heads, verdicts
from ganvas.report.comparison.page import Side, figure, markdown
from ganvas.report.run.verdict import latest
from ganvas.runs.logs import RunLogs
from ganvas.settings.config import MIN_SCORED, resolve
from ganvas.training.display import Display, FailSafe

PLAN, DATA, RUNS, GRID, TABLE, PAGE = "classes.json", "data", "runs", "grid.png", "table.md", "page.html"

# Pictures of each class in the combined grid.
COLUMNS = 8
# Names that Windows keeps for devices, whatever their ending.
DEVICES = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)


class PerClassPlan(BaseModel):
    """The content of `classes.json`.

    Attributes:
        data: the dataset directory.
        fingerprint: identifies the content of the dataset.
        labels: the digest of the class column; None in directories of earlier versions.
        label_column: the column of the dataset's index that holds the classes.
        folders: the folder name of the dataset and the run of each class or group, by its name.
        groups: the classes of each group, by its name; empty if there is a run for each class.
        recipe: the recipe of all runs.
        start: the snapshot or run whose weights each run starts from, or None.
        changes: settings and options that differ from the recipe's defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    fingerprint: str
    labels: str | None = None
    label_column: str
    folders: dict[str, str]
    groups: dict[str, list[str]] = {}
    recipe: str
    start: str | None = None
    changes: dict[str, object] = {}

    def classes(self, name: str) -> list[str]:
        """The classes of a group, or the class of this name alone."""
        return self.groups.get(name, [name])

    @property
    def kind(self) -> str:
        """What there is a run for, in words."""
        return "group of classes" if self.groups else "class"

    @property
    def count(self) -> str:
        """The number of runs, in words."""
        return f"{len(self.folders)} {'groups of classes' if self.groups else 'classes'}"


@dataclass(frozen=True)
class PerClass:
    """The runs of all classes or groups and their results so far.

    Attributes:
        path: the directory of all runs.
        plan: what is trained.
        finished: whether all runs have finished.
        diverged: the error messages of the runs that diverged, by class or group.
    """

    path: Path
    plan: PerClassPlan
    finished: bool
    diverged: dict[str, str]

    def run(self, name: str) -> Path:
        """The run directory of a class or group."""
        return self.path / RUNS / self.plan.folders[name]

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The headings of the columns, and one row of cells per class or group."""
        scores = ["KID, first evaluation", "KID, best", *heads(SHARED)]
        columns = [self.plan.kind, "pictures", *scores, "verdict", "img/s", "kimg"]
        return columns, [self._row(name) for name in self.plan.folders]

    def _row(self, name: str) -> list[str]:
        pictures = len(Dataset.open(self.path / DATA / self.plan.folders[name]).rows(TRAIN))
        logs = RunLogs.open(self.run(name))
        best = logs.best
        kid = f"{best.kid:.3f} ± {best.get('kid_se') or 0:.3f}" if best and best.kid is not None else figure(None, "")
        scores = cells(lambda key: best.get(key) if best else None, SHARED)
        named = verdicts([verdict.name if (verdict := latest(logs)) else None])
        speed = figure(logs.img_per_s, ".0f"), figure(logs.kimg, ".1f")
        mark = " (diverged)" if name in self.diverged else ""
        return [name + mark, f"{pictures:,}", figure(logs.first_kid, ".3f"), kid, *scores, named, *speed]

    def __str__(self) -> str:
        return markdown(*self.table())


def train_per_class(
    data: str | Path,
    out: str | Path,
    recipe: str = runs.DEFAULT_RECIPE,
    *,
    groups: int | Sequence[Sequence[str]] | None = None,
    start: str | Path | None = None,
    display: Display | None = None,
    **changes: object,
) -> PerClass:
    """Train a recipe on every class of a dataset, or every group of classes, separately, one after the other.

    Args:
        data: a dataset directory with classes, or with a column that `label_column` names.
        out: the directory of all runs. If it was begun with the same arguments, training continues there.
        recipe: a recipe; without `groups`, one that needs no classes.
        groups: the classes of each group by name, or about how many classes each group has. By default there is a run
            for each class. The data of a group has classes, those of a single class have none.
        start: a snapshot or run whose weights each run starts from; by default the weights are random.
        display: shows the progress; by default nothing is shown.
        **changes: settings and options of each run. The budget is that of one run.

    Returns:
        The runs. They are not `finished` if they were interrupted.

    Raises:
        GanvasError: nothing was trained: the recipe, the classes or the options cannot be used, or the directory holds
            something else.
        InUse: another process is training in this directory.
    """
    plan, display = _plan(data, recipe, groups, start, changes), FailSafe(display)
    path = new_path(out)
    with exclusive(path, runs.TRAINED):
        return _train_missing(path, plan, display)


def _train_missing(path: Path, plan: PerClassPlan, display: Display) -> PerClass:
    """Train every class or group whose run has not finished."""
    begin(path, PLAN, plan)
    for folder in (DATA, RUNS):
        (path / folder).mkdir(exist_ok=True)
    diverged: dict[str, str] = {}
    for number, (name, folder) in enumerate(plan.folders.items(), start=1):
        display.say(f"{number} of {len(plan.folders)}: {name}")
        try:
            if not _train_one(path, plan, name, folder, display):
                return PerClass(path, plan, finished=False, diverged=diverged)
        except DivergedError as error:
            diverged[name] = str(error)
            display.say(f"{name}: {error}")
    result = PerClass(path, plan, finished=True, diverged=diverged)
    _write_results(result)
    return result


def dry_run(
    data: str | Path,
    recipe: str,
    changes: dict[str, object],
    groups: int | Sequence[Sequence[str]] | None = None,
) -> str:
    """Check what would be trained, without writing anything.

    Returns:
        A description of the runs, as lines of text.

    Raises:
        GanvasError: the recipe, the classes or the options cannot be used.
    """
    plan = _plan(data, recipe, groups, None, changes)
    dataset = labelled_by(Dataset.open(data), plan.label_column)
    counts = _counts(dataset, plan)
    budget = check(data, recipe, changes).config.settings.budget
    notes = {name: ", too few to evaluate against" if counts[name] < MIN_SCORED else "" for name in plan.folders}
    lines = [f"{name}: {counts[name]:,} pictures, {budget} each{notes[name]}" for name in plan.folders]
    return "\n".join([f"{recipe} for each of {plan.count}, one after the other", *lines])


def _counts(dataset: Dataset, plan: PerClassPlan) -> dict[str, int]:
    """The number of training pictures of each class or group."""
    counts = dict(zip(dataset.class_names, dataset.class_counts.tolist(), strict=True))
    return {name: sum(counts[each] for each in plan.classes(name)) for name in plan.folders}


def _plan(
    data: str | Path,
    recipe: str,
    groups: int | Sequence[Sequence[str]] | None,
    start: str | Path | None,
    changes: dict[str, object],
) -> PerClassPlan:
    """Check all classes now, since an error would otherwise come hours later."""
    requested = changes.get("label_column")
    column = label_column(Dataset.open(data), None if requested is None else str(requested), "--label-column")
    dataset = labelled_by(Dataset.open(data), column)
    kind = gans.find(recipe)
    by_name = {} if groups is None else {name_of(group): group for group in grouped(dataset.class_names, groups)}
    changes = {key: value for key, value in changes.items() if key != "label_column"}
    config = resolve(recipe, kind.defaults, changes)
    if groups is None and kind(config.options).effective_class_use.is_required:
        needing = f"{recipe} with ambiguity" if config.options.has_style_head else recipe
        raise ConfigError(
            f"{needing} learns all classes in one network, and --per-class trains a network for each; choose a recipe "
            "without classes, train it for groups of classes with --per-group, or leave out --per-class"
        )
    check(data, recipe, changes if groups is None else changes | {"label_column": column})
    plan = PerClassPlan(
        data=str(dataset.path.resolve()),
        fingerprint=dataset.fingerprint,
        labels=labels_digest(dataset, column),
        label_column=column,
        folders=_folders(list(by_name) or dataset.class_names),
        groups=by_name,
        recipe=recipe,
        start=None if start is None else str(start),
        changes=changes,
    )
    _check_counts(dataset, plan, option_requesting_evaluations(config, changes))
    return plan


def _check_counts(dataset: Dataset, plan: PerClassPlan, option: str | None) -> None:
    """Check that every run has pictures to learn from and, if an option asks for it, enough to evaluate against."""
    for name, count in zip(dataset.class_names, dataset.class_counts, strict=True):
        if not count and any(name in plan.classes(each) for each in plan.folders):
            raise ConfigError(f"{dataset.path}: class {name!r} has no training pictures: prepare it again")
    for name, count in _counts(dataset, plan).items():
        if option and count < MIN_SCORED:
            raise ConfigError(
                f"{option}: {dataset.path}: {plan.kind} {name!r} has {count} training pictures, too few to evaluate "
                f"against ({MIN_SCORED} are needed): add pictures, or train without evaluations with --set "
                "eval_samples=0"
            )


def _folders(names: list[str]) -> dict[str, str]:
    """A folder name for each class or group. Every system accepts them, and they differ even where case is ignored."""
    folders: dict[str, str] = {}
    for number, name in enumerate(names, start=1):
        folder, taken = in_file_name(name), {other.casefold() for other in folders.values()}
        # Windows drops dots at the end, and keeps some names for devices.
        is_plain = folder and not folder.endswith(".") and not DEVICES.fullmatch(folder.partition(".")[0])
        folders[name] = folder if is_plain and folder.casefold() not in taken else f"{folder}-{number}"
    return folders


def _train_one(path: Path, plan: PerClassPlan, name: str, folder: str, display: Display) -> bool:
    """Start or resume the run of one class or group. False if it was interrupted."""
    data = path / DATA / folder
    if not exists(data):
        of_classes(labelled_by(Dataset.open(plan.data), plan.label_column), plan.classes(name), data)
    return runs.complete(
        data, path / RUNS / folder, plan.recipe, start=plan.start, display=display, referee=None, **plan.changes
    )


def _write_results(result: PerClass) -> None:
    """Write the combined grid, the table and the page."""
    plan, path = result.plan, result.path
    with whole_file(path / TABLE) as partial:
        partial.write_text(f"{result}\n", encoding="utf-8")
    # A run that diverged before its first snapshot has no pictures.
    artists = {
        name: load(result.run(name))
        for name in plan.folders
        if name not in result.diverged or RunLogs.open(result.run(name)).best
    }
    rows_of = {name: _rows_of(artist, name) for name, artist in artists.items()}
    pictures = {label: images for rows in rows_of.values() for label, images in rows.items()}
    if pictures:
        # Several generators painted it, so it says no more than that an algorithm did.
        write_painted(path / GRID, class_grid(np.stack(list(pictures.values())), list(pictures)))
    sides = [
        Side(name, "", grid(np.concatenate(list(rows.values())), _columns(rows)), RunLogs.open(result.run(name)).curve)
        for name, rows in rows_of.items()
    ]
    columns, rows = result.table()
    trained = f"{plan.count} by {plan.label_column}" if plan.groups else f"{len(plan.folders)} of {plan.label_column}"
    facts = {"Classes": trained, "Fingerprint": plan.fingerprint[:12]}
    changes = {key: str(value) for key, value in plan.changes.items()}
    title = f"{plan.recipe} on each {plan.kind} of {Path(plan.data).name}"
    page.write_page(path / PAGE, title, columns, rows, sides, facts | changes, scores=("kid", *SHARED))


def _rows_of(artist: Artist, name: str) -> dict[str, Images]:
    """`COLUMNS` pictures of every class that a generator knows by name, or of its class or group if it knows none."""
    if not artist.class_names:
        return {name: artist.sample(COLUMNS)}
    return dict(zip(artist.class_names, artist.by_class(COLUMNS), strict=True))


def _columns(rows: dict[str, Images]) -> int:
    """The columns of the page's grid: a row for each class, or a block for one."""
    return COLUMNS if len(rows) > 1 else COLUMNS // 2
