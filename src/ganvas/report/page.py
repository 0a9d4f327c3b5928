"""The run page: a run directory as one HTML file that needs nothing beside it.

A section is a function from the run to what its partial shows, `templates/<section>.html`, or to None where
the run has nothing to show. Adding a section is adding both and naming it in `SECTIONS`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image

from ganvas.data.dataset import TRAIN, Dataset
from ganvas.errors import DataError
from ganvas.files import read_records
from ganvas.grids import grid
from ganvas.report import charts, html
from ganvas.report.html import Fields, is_number, significant
from ganvas.training.directory import Record, RunDirectory

MAX_FRAMES = 24
# What all pictures of a page may weigh together. Base64 adds a third and plotly 5 MB: under 15 MB in all.
PICTURE_BYTES = 7_000_000


def write_page(run: str | Path, out: str | Path) -> Path:
    """Write the page of a run; it is readable while the run still trains.

    Args:
        run: the run directory.
        out: the HTML file to write, replaced if it exists.

    Returns:
        The file written.

    Raises:
        RunError: no run there, or one that this version cannot read.
        GanvasError: the file system refused; `out` is as it was.
    """
    out = Path(out)
    html.write(render(Run.open(Path(run))), out)
    return out


@dataclass(frozen=True)
class Run:
    """What a run directory tells.

    Attributes:
        path: the run directory.
        record: what `config.yaml` holds.
        stats: the lines of `stats.jsonl`, oldest first.
        evals: the lines of `evals.jsonl`, oldest first.
        samples: the sample grids by kimg, oldest first.
    """

    path: Path
    record: Record
    stats: list[Fields]
    evals: list[Fields]
    samples: dict[float, Path]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read a run directory.

        Raises:
            RunError: no run there, or one that this version cannot read.
        """
        directory = RunDirectory.open(path)
        return cls(
            path=path,
            record=directory.record,
            stats=read_records(directory.stats),
            evals=read_records(directory.evals),
            samples=_find_samples(directory.samples),
        )

    @property
    def data_name(self) -> str:
        """The name of the dataset directory."""
        return Path(self.record.data).name

    @property
    def best(self) -> Fields | None:
        """The evaluation whose snapshot was kept as the best, or else the one of lowest KID."""
        marked = [record for record in self.evals if record.get("best")]
        scored = [record for record in self.evals if is_number(record.get("kid"))]
        return marked[-1] if marked else min(scored, key=lambda record: record["kid"], default=None)

    def latest(self, key: str) -> float | None:
        """The last finite value logged under `key`."""
        values = [record[key] for record in self.stats if is_number(record.get(key))]
        return values[-1] if values else None


def _find_samples(folder: Path) -> dict[float, Path]:
    samples = {}
    for file in folder.glob("*.png"):
        try:
            samples[float(file.stem)] = file
        except ValueError:
            continue  # not a grid the trainer wrote
    return dict(sorted(samples.items()))


# --- Sections, in the order of the page ---


def _title(run: Run) -> Fields:
    return {
        "recipe": run.record.recipe,
        "data": run.data_name,
        "seconds": run.latest("seconds"),
        "kimg": run.latest("kimg"),
        "pictures": run.record.training_count,
    }


def _pictures(run: Run) -> Fields | None:
    frames = _frames(run)
    if not frames:
        return None
    marked = [index for index, frame in enumerate(frames) if frame["is_best"]]
    return {
        "frames": frames,
        "best": marked[0] if marked else None,
        "in_print": {0, len(frames) // 2, len(frames) - 1},
        "real": _real_grid(run),
        "data": run.data_name,
    }


def _headline(run: Run) -> Fields:
    best = run.best
    speeds = [record["img_per_s"] for record in run.stats if is_number(record.get("img_per_s"))]
    return {
        "first": run.evals[0] if run.evals and run.evals[0] is not best else None,
        "best": best,
        "kimg": run.latest("kimg"),
        "img_per_s": float(np.median(speeds)) if speeds else None,
    }


def _curves(run: Run) -> Fields | None:
    drawn = charts.curves(run.stats, run.evals, run.best.get("kimg") if run.best else None)
    return {"charts": drawn} if drawn else None


def _evaluations(run: Run) -> Fields | None:
    if not run.evals:
        return None
    has_modes = any(is_number(record.get("modes_covered")) for record in run.evals)
    return {"evals": run.evals, "best": run.best, "has_modes": has_modes}


def _provenance(run: Run) -> Fields:
    record = run.record
    size, names = record.dataset["size"], record.dataset["class_names"]
    held_back = record.dataset["count"] - record.training_count
    return {
        "facts": {
            "Pictures": f"{record.training_count:,} in {run.data_name}"
            + (f", {held_back:,} more held back" if held_back else ""),
            "Classes": f"{len(names)}: {', '.join(map(str, names))}" if names else "none",
            "Size": f"{size} \N{MULTIPLICATION SIGN} {size} pixels",
            "Fingerprint": record.dataset["fingerprint"][:12],
            "Recipe": record.recipe,
            "Generator": _parameters(record.networks["generator_parameters"]),
            "Discriminator": _parameters(record.networks["discriminator_parameters"]),
            "Device": f"{record.machine['device_name']} · {record.machine['device']}",
            "Precision": record.machine["precision"],
            "Budget": record.settings["budget"],
            "Seed": record.settings["seed"],
            "ganvas": record.ganvas,
            **record.versions,
        },
        "options": record.options,
        "command": record.command,
    }


SECTIONS: dict[str, Callable[[Run], Fields | None]] = {
    "title": _title,
    "pictures": _pictures,
    "headline": _headline,
    "curves": _curves,
    "evaluations": _evaluations,
    "provenance": _provenance,
}


def render(run: Run) -> str:
    """The page of a run as HTML."""
    return html.render(
        title=f"{run.record.recipe} on {run.data_name}",
        subject=f"The run {run.path.resolve().name}",
        sections={f"{name}.html": section(run) for name, section in SECTIONS.items()},
    )


# --- Pictures ---


def _frames(run: Run) -> list[Fields]:
    """The sample grids to show: evenly chosen, the first, the best and the last always among them."""
    files = list(run.samples.items())
    best = _nearest(list(run.samples), run.best.get("kimg") if run.best else None)
    even = np.linspace(0, len(files) - 1, min(len(files), MAX_FRAMES - 1)).round().astype(int)
    chosen = sorted({*even.tolist(), *([] if best is None else [best])})
    frames = []
    for index in chosen:
        at, file = files[index]
        picture = _read_picture(file)
        if picture is not None:
            frames.append({"kimg": at, "is_best": index == best, **_inline(picture, len(chosen) + 1)})
    return frames


def _nearest(kimgs: list[float], target: float | None) -> int | None:
    """The position of the grid drawn closest to an evaluation; None where either is missing."""
    if target is None:
        return None
    return min(range(len(kimgs)), key=lambda index: abs(kimgs[index] - target), default=None)


def _read_picture(file: Path) -> Image.Image | None:
    """The picture, or None for a file that a crash cut short."""
    try:
        with Image.open(file) as picture:
            return picture.convert("RGB")
    except (OSError, SyntaxError):  # Pillow calls a broken chunk a syntax error
        return None


def _real_grid(run: Run) -> Fields | None:
    """A square of the pictures it learnt from, spread over the dataset; None if that is gone or has changed since."""
    try:
        dataset = Dataset.open(run.record.data)
    except DataError:
        return None
    if dataset.fingerprint != run.record.dataset["fingerprint"]:
        return None
    rows = dataset.rows(TRAIN)
    side = min(run.record.settings["grid_size"], math.isqrt(len(rows)))
    spread = np.linspace(0, len(rows) - 1, side * side).round().astype(int)
    sheet = Image.fromarray(grid(dataset.images[rows[spread]], side))
    return {**_inline(sheet, MAX_FRAMES + 1), "count": side * side}


def _inline(picture: Image.Image, share: int) -> Fields:
    """The picture as a data URI of at most a `share`-th of the page's picture bytes."""
    return html.inline(picture, PICTURE_BYTES // share)


def _parameters(count: int) -> str:
    return f"{significant(count / 1e6)} million parameters"
