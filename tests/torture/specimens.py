"""One small file of each kind that ganvas reads, and how it is read."""

import hashlib
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch
from PIL import Image

from ganvas.artist.artist import load
from ganvas.artist.explore.favourites import keep_favourite, read_favourites
from ganvas.artist.kept_directions import Direction, directions_file, read_directions, write_directions
from ganvas.artist.origin import Cell, Sheet, encoded
from ganvas.artist.png import read_origin
from ganvas.artist.sheets import write_sheet
from ganvas.classify.classifier import Classifier
from ganvas.classify.train import train as train_classifier
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import REJECTED
from ganvas.data.dataset.reduced import reduced
from ganvas.data.pictures.frame import Frame
from ganvas.data.prepare.picture import prepare_item
from ganvas.data.prepare.prepare import prepare
from ganvas.data.sources import Request
from ganvas.data.sources.opening import open_source
from ganvas.data.survey.rejected import rejected_files
from ganvas.foundation.tensors import digest
from ganvas.machine import precision
from ganvas.metrics.reference import _Entry
from ganvas.planning.run import train
from ganvas.runs import checkpoint
from ganvas.runs.checkpoint import CheckpointDirectory, tensors_of
from ganvas.runs.directory import RunDirectory
from ganvas.runs.logs import RunLogs
from ganvas.runs.snapshot import Snapshot
from ganvas.settings.config import read_config
from ganvas.settings.ranges import read_ranges
from support.datasets import write_dataset
from support.pictures import write_pictures
from support.replicas import tarred, zipped
from support.runs import TINY
from support.snapshots import write_snapshot


@dataclass(frozen=True)
class Specimen:
    """A file.

    Attributes:
        name: what kind of file it is.
        path: the file.
        read: reads it as ganvas does. The result is compared.
        is_guarded: whether all damage must be noticed. Files that people edit, and those of other programs, have no
            checksum.
        fallback: what else `read` may return for a damaged file, such as None where it is then made again.
    """

    name: str
    path: Path
    read: Callable[[], object]
    is_guarded: bool = True
    fallback: object = ()


def make(folder: Path) -> list[Specimen]:
    """Make one of each kind in an empty folder."""
    makers = (_checkpoints, _snapshots, _dataset, _run, _classifier, _caches, _sources, _settings)
    return [specimen for make in makers for specimen in make(folder / make.__name__.strip("_"))]


def _state(number: int) -> dict[str, Any]:
    made = torch.Generator().manual_seed(number)
    networks = {"weight": torch.randn(3, 4, generator=made), "bias": torch.zeros(4)}
    return {"progress": {"steps": number, "seconds": 1.5}, "generator": networks, "rates": [1e-3, 2e-4]}


def _checkpoints(folder: Path) -> list[Specimen]:
    (folder / "one").mkdir(parents=True)
    (folder / "two").mkdir()
    kept = CheckpointDirectory(folder / "two")
    before, newest = (kept.save(number / 10, _state(number)) for number in (1, 2))
    checkpoint.save(folder / "one" / "a.safetensors", _state(3))
    single = folder / "one" / "a.safetensors"
    return [
        Specimen("checkpoint", single, lambda: _facts(checkpoint.load(single))),
        Specimen("newest checkpoint", newest, lambda: _facts(kept.latest()), fallback=_facts(checkpoint.load(before))),
    ]  # fmt: skip


def _facts(state: dict[str, Any]) -> object:
    """A state, to be compared."""
    return digest(tensors_of(state)), repr(state.get("progress")), repr(state.get("rates"))


def _snapshots(folder: Path) -> list[Specimen]:
    folder.mkdir()
    path = write_snapshot(folder / "best.safetensors", latent_dim=2, width=2)
    artist, name = load(path), Snapshot.load(path).digest
    keep_favourite(artist, "it", Cell(seed=3))
    vector = encoded(np.array([1, 0], np.float32))
    figures = {"strength": 1.0, "pixels": 2.0, "features": 3.0, "extractor": "pixels"}
    write_directions(path, name, [Direction(name="warm", vector=vector, method="sefa", **figures)])
    write_sheet(artist, folder / "grid.png", [Cell(seed=1), Cell(seed=2)], Sheet(columns=2))
    return [
        Specimen("snapshot", path, lambda: (Snapshot.load(path).digest, Snapshot.load(path).card)),
        Specimen("directions", directions_file(path), lambda: read_directions(path, name)),
        Specimen("favourites", folder / "best.favourites.json", lambda: read_favourites(artist), is_guarded=False),
        Specimen("painted PNG", folder / "grid.png", lambda: read_origin(folder / "grid.png"), is_guarded=False),
    ]


def _dataset(folder: Path) -> list[Specimen]:
    for name in "ab":
        write_pictures(folder / "in" / name, 4, seed=ord(name))
    (folder / "in" / "a" / "bad.png").write_bytes(b"no picture")
    data = folder / "data"
    prepare(folder / "in", data, size=8, workers=1)

    def read() -> object:
        opened = Dataset.open(data)
        pictures = hashlib.sha256(opened.images[:].tobytes()).hexdigest()
        return pictures, opened.index.to_csv(), str(opened.labels), opened.info

    files = sorted(file for file in data.iterdir() if file.name != REJECTED)
    return [
        *(Specimen(f"dataset: {file.name}", file, read) for file in files),
        Specimen(
            "dataset: rejected.csv", data / REJECTED, lambda: rejected_files(Dataset.open(data)), is_guarded=False
        ),
    ]


def _run(folder: Path) -> list[Specimen]:
    write_dataset(folder / "data", count=20)
    changes: dict[str, Any] = TINY | {"budget": "2steps", "log_every": "1steps", "precision": "float32"}
    run = train(folder / "data", folder / "run", "dcgan", **changes).run
    (run / "evals.jsonl").write_text('{"kimg": 0.008, "kid": 0.25}\n{"kimg": 0.016, "kid": 0.125}\n')
    return [
        Specimen("run: config.yaml", run / "config.yaml", lambda: RunDirectory.open(run).record, is_guarded=False),
        *(
            Specimen(f"run: {name}", run / name, lambda: RunLogs.open(run), is_guarded=False)
            for name in ("stats.jsonl", "evals.jsonl")
        ),
    ]


def _classifier(folder: Path) -> list[Specimen]:
    write_dataset(folder / "data", count=20)
    mind = folder / "mind"
    train_classifier(folder / "data", mind, model="cnn", epochs=1, size=16)
    pictures = Dataset.open(folder / "data").images[:2]

    def read() -> object:
        opened = Classifier.open(mind)
        return opened.card, opened.split().to_csv(), opened.probabilities(pictures).tobytes()

    return [
        Specimen(f"classifier: {name}", mind / name, read, is_guarded=name != "classifier.json")
        for name in ("classifier.json", "weights.safetensors", "split.parquet")
    ]


def _caches(folder: Path) -> list[Specimen]:
    data = Dataset.open(write_dataset(folder / "data", count=8))
    entry = _Entry(folder / "cache", data.fingerprint, "train", "pixels", 8)
    entry.write(np.arange(16, dtype=np.float32).reshape(8, 2))
    os.environ["GANVAS_CACHE"] = str(folder / "cache")

    def features() -> object:
        found = entry.read()
        return found if found is None else found.tobytes()

    def small() -> object:
        os.environ["GANVAS_CACHE"] = str(folder / "cache")
        return hashlib.sha256(reduced(data, 8).images[:].tobytes()).hexdigest()

    def speeds() -> object:
        os.environ["GANVAS_CACHE"] = str(folder / "cache")
        measured = precision.Calibration(3.0, 2.0, 1.0, 0.0)
        with patch.object(precision, "measure", lambda: measured):
            return precision.calibration("this")

    small()
    speeds()
    (calibration,) = (folder / "cache" / "calibration").iterdir()
    cached = sorted(file for file in (folder / "cache").iterdir() if file.is_file())
    return [
        Specimen(
            f"cache: {file.suffix} of {file.name.split('-')[0]}",
            file,
            small if "reduced" in file.name else features,
            fallback=None,
        )
        for file in cached
    ] + [Specimen("cache: calibration", calibration, speeds)]


def _sources(folder: Path) -> list[Specimen]:
    write_pictures(folder / "in", 3, side=8)
    for old, new in (("0.png", "a.png"), ("1.png", "b.jpg"), ("2.png", "c.gif")):
        with Image.open(folder / "in" / old) as picture:
            picture.save(folder / "in" / new)
        (folder / "in" / old).unlink()
    (folder / "list.csv").write_text("file,artist\nin/a.png,Monet\nin/b.jpg,Degas\nin/c.gif,Monet\n")
    rows = [
        {"image": {"bytes": file.read_bytes(), "path": None}, "label": 1} for file in sorted((folder / "in").iterdir())
    ]
    pd.DataFrame(rows).to_parquet(folder / "table.parquet")

    def pictures(source: Path) -> Callable[[], object]:
        def read() -> object:
            items = open_source(source, Request()).items
            return [getattr(prepare_item(item, Frame(8)), "content", None) for item in items]

        return read

    files = [zipped(folder / "in", zipfile.ZIP_STORED), tarred(folder / "in", "w"), folder / "table.parquet"]
    named = [*files, folder / "list.csv", *sorted((folder / "in").iterdir())]
    return [Specimen(f"source: {file.suffix}", file, pictures(file), is_guarded=False) for file in named[:4]] + [
        Specimen(f"picture: {file.suffix}", file, pictures(folder / "in"), is_guarded=False) for file in named[4:]
    ]


def _settings(folder: Path) -> list[Specimen]:
    folder.mkdir()
    (folder / "config.yaml").write_text("recipe: dcgan\nbudget: 20m\nwidth: 32\nseed: 3\n")
    (folder / "space.yaml").write_text("g_lr: [0.001, 0.002]\nd_lr: {low: 0.0001, high: 0.01, log: true}\n")
    return [
        Specimen("options", folder / "config.yaml", lambda: read_config(folder / "config.yaml"), is_guarded=False),
        Specimen(
            "ranges of a sweep", folder / "space.yaml", lambda: read_ranges(folder / "space.yaml"), is_guarded=False
        ),
    ]
