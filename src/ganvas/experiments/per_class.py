"""A GAN for each class (the last idea of "Conditional Generative Model for Art Generation", paper 3).

One recipe learns every class by itself, in runs side by side in one directory:

classes.json     what is trained: data, recipe, options
data/            each class as a dataset of its own
runs/            the run of each class
grid.png         a row of pictures a class, of the same latents
table.md         how each run came out
page.html        both, and the curves

Like a comparison it goes on where it was: the same command again skips what is finished and resumes what is not.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from ganvas import gans
from ganvas.artist.artist import in_file_name, load
from ganvas.artist.grids import class_grid, grid, write_png
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import label_column, labelled_by, labels_digest
from ganvas.data.dataset.layout import TRAIN
from ganvas.data.dataset.subset import of_class
from ganvas.foundation.errors import ConfigError, DivergedError
from ganvas.foundation.files import whole_file
from ganvas.foundation.locks import exclusive
from ganvas.foundation.paths import exists, new_path
from ganvas.foundation.resumable import begin
from ganvas.planning import run as runs
from ganvas.planning.plan import check, evaluations_asked_for
from ganvas.report.comparison import page
from ganvas.report.comparison.page import Side, figure, markdown
from ganvas.runs.logs import RunLogs
from ganvas.settings.config import MIN_SCORED, resolve
from ganvas.training.display import Display, Lasting

PLAN, DATA, RUNS, GRID, TABLE, PAGE = "classes.json", "data", "runs", "grid.png", "table.md", "page.html"

# Pictures of each class in the combined grid.
COLUMNS = 8


class Plan(BaseModel):
    """What `classes.json` holds.

    Attributes:
        data: the dataset directory.
        fingerprint: its content.
        labels: the digest of the column of classes; None in directories from before.
        label_column: the column of its index that holds the classes.
        folders: the name of each class's dataset and run, by class.
        recipe: what learns each class.
        start: the snapshot or run that each begins with, or None.
        changes: settings and options beyond the recipe's defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    fingerprint: str
    labels: str | None = None
    label_column: str
    folders: dict[str, str]
    recipe: str
    start: str | None = None
    changes: dict[str, Any] = {}


@dataclass(frozen=True)
class PerClass:
    """The GANs of all classes, as far as they have come.

    Attributes:
        path: their directory.
        plan: what is trained.
        finished: whether all of them have spent their budgets.
        diverged: what stopped a run, by class.
    """

    path: Path
    plan: Plan
    finished: bool
    diverged: dict[str, str]

    def run(self, name: str) -> Path:
        """The run directory of a class."""
        return self.path / RUNS / self.plan.folders[name]

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The heads of the columns, and a row of cells a class."""
        heads = ["class", "pictures", "KID, first evaluation", "KID, best", "precision", "recall", "img/s", "kimg"]
        return heads, [self._row(name) for name in self.plan.folders]

    def _row(self, name: str) -> list[str]:
        pictures = len(Dataset.open(self.path / DATA / self.plan.folders[name]).rows(TRAIN))
        logs = RunLogs.open(self.run(name))
        best = logs.best
        kid = f"{best.kid:.3f} ± {best.get('kid_se') or 0:.3f}" if best and best.kid is not None else figure(None, "")
        scores = (figure(best.get(key) if best else None, ".2f") for key in ("precision", "recall"))
        speed = figure(logs.img_per_s, ".0f"), figure(logs.kimg, ".1f")
        mark = " (diverged)" if name in self.diverged else ""
        return [name + mark, f"{pictures:,}", figure(logs.first_kid, ".3f"), kid, *scores, *speed]

    def __str__(self) -> str:
        return markdown(*self.table())


def train_per_class(
    data: str | Path,
    out: str | Path,
    recipe: str = runs.DEFAULT_RECIPE,
    *,
    start: str | Path | None = None,
    display: Display | None = None,
    **changes: Any,
) -> PerClass:
    """Train a recipe on every class of a dataset by itself, one after the other.

    Args:
        data: a dataset directory with classes, or with a column that `label_column` names.
        out: the directory of all that comes of it; one that was begun with the same arguments goes on.
        recipe: a recipe that needs no classes.
        start: a snapshot or run whose weights each of them begins with.
        display: who watches.
        **changes: settings and options of each run; the budget is that of each.

    Returns:
        The runs; not `finished` if it was interrupted.

    Raises:
        GanvasError: nothing was trained, and why.
        InUse: another process is training there.
    """
    plan, display = _plan(data, recipe, start, changes), Lasting(display)
    path = new_path(out)
    with exclusive(path, runs.TRAINED):
        return _completed(path, plan, display)


def _completed(path: Path, plan: Plan, display: Display) -> PerClass:
    """Train what is still missing."""
    begin(path, PLAN, plan)
    for folder in (DATA, RUNS):
        (path / folder).mkdir(exist_ok=True)
    diverged: dict[str, str] = {}
    for number, (name, folder) in enumerate(plan.folders.items(), start=1):
        display.say(f"{number} of {len(plan.folders)}: {name}")
        try:
            if not _trained(path, plan, name, folder, display):
                return PerClass(path, plan, finished=False, diverged=diverged)
        except DivergedError as error:
            diverged[name] = str(error)
            display.say(f"{name}: {error}")
    result = PerClass(path, plan, finished=True, diverged=diverged)
    _write_up(result)
    return result


def rehearse(data: str | Path, recipe: str, changes: dict[str, Any]) -> str:
    """Say what would be trained, for a person, and write nothing.

    Raises:
        GanvasError: it could not be trained, and why.
    """
    plan = _plan(data, recipe, None, changes)
    dataset = labelled_by(Dataset.open(data), plan.label_column)
    counts = dict(zip(dataset.class_names, dataset.class_counts.tolist(), strict=True))
    budget = check(data, recipe, changes).config.settings.budget
    few = {name: ", too few to evaluate against" if counts[name] < MIN_SCORED else "" for name in plan.folders}
    lines = [f"{name}: {counts[name]:,} pictures, {budget} each{few[name]}" for name in plan.folders]
    return "\n".join([f"{recipe} for each of {len(lines)} classes, one after the other", *lines])


def _plan(data: str | Path, recipe: str, start: str | Path | None, changes: dict[str, Any]) -> Plan:
    """Refuse now what would fail hours later."""
    column = label_column(Dataset.open(data), changes.get("label_column"), "--label-column")
    dataset = labelled_by(Dataset.open(data), column)
    kind = gans.find(recipe)
    if kind.class_use.is_required:
        raise ConfigError(
            f"{recipe} learns several classes at once, and here each is learnt by a GAN of its own; "
            "choose a recipe without classes, or leave out --per-class"
        )
    changes = {key: value for key, value in changes.items() if key != "label_column"}
    check(data, recipe, changes)
    asked = evaluations_asked_for(resolve(recipe, kind.defaults, changes), changes)
    for name, count in zip(dataset.class_names, dataset.class_counts, strict=True):
        if not count:
            raise ConfigError(f"{dataset.path}: class {name!r} has no training pictures: prepare it again")
        if asked and count < MIN_SCORED:
            raise ConfigError(
                f"{asked}: {dataset.path}: class {name!r} has {count} training pictures, too few to evaluate against "
                f"({MIN_SCORED} are needed): add pictures, or train without evaluations with --set eval_samples=0"
            )
    return Plan(
        data=str(dataset.path.resolve()),
        fingerprint=dataset.fingerprint,
        labels=labels_digest(dataset, column),
        label_column=column,
        folders=_folders(dataset.class_names),
        recipe=recipe,
        start=None if start is None else str(start),
        changes=changes,
    )


def _folders(names: list[str]) -> dict[str, str]:
    """A folder's name for each class, no two alike even where upper and lower case are one."""
    folders: dict[str, str] = {}
    for number, name in enumerate(names, start=1):
        folder, taken = in_file_name(name), {other.casefold() for other in folders.values()}
        folders[name] = folder if folder.strip(".") and folder.casefold() not in taken else f"{folder}-{number}"
    return folders


def _trained(path: Path, plan: Plan, name: str, folder: str, display: Display) -> bool:
    """Bring the run of one class to its end; False if it was interrupted."""
    own = path / DATA / folder
    if not exists(own):
        of_class(labelled_by(Dataset.open(plan.data), plan.label_column), name, own)
    return runs.complete(own, path / RUNS / folder, plan.recipe, start=plan.start, display=display, **plan.changes)


def _write_up(result: PerClass) -> None:
    """Write the combined grid, the table and the page."""
    plan, path = result.plan, result.path
    with whole_file(path / TABLE) as partial:
        partial.write_text(f"{result}\n", encoding="utf-8")
    # A run that diverged before its first snapshot has nothing to show.
    pictures = {
        name: load(result.run(name)).sample(COLUMNS)
        for name in plan.folders
        if name not in result.diverged or RunLogs.open(result.run(name)).best
    }
    if pictures:
        write_png(path / GRID, class_grid(np.stack(list(pictures.values())), list(pictures)))
    sides = [
        Side(name, "", grid(images, COLUMNS // 2), RunLogs.open(result.run(name)).curve)
        for name, images in pictures.items()
    ]
    heads, rows = result.table()
    facts = {"Classes": f"{len(plan.folders)} of {plan.label_column}", "Fingerprint": plan.fingerprint[:12]}
    changes = {key: str(value) for key, value in plan.changes.items()}
    title = f"{plan.recipe} on each class of {Path(plan.data).name}"
    page.write_page(path / PAGE, title, heads, rows, sides, facts | changes)
