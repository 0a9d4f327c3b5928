"""Fixtures that several test files share: tiny datasets, and the command line through its real entry point."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ganvas.data.dataset.layout import IMAGES, INDEX, INFO, Info
from ganvas.foundation import notes

if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers share the cores among them; threads of one that waited for those of another would lose all they gain.
    os.environ["OMP_NUM_THREADS"] = "1"

# Feature statistics of test datasets are cached away from the user's own, and nothing may reach for a hub.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["GANVAS_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def notes_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A note that is given once per process is given once per test."""
    monkeypatch.setattr(notes, "_given", set())


def write_dataset(path: Path, count: int = 48, size: int = 16, classes: int = 2, seed: int = 0) -> Path:
    """A dataset directory of smooth coloured pictures; class k's are dominated by another colour."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % max(classes, 1)
    ramp = np.linspace(0, 120, size, dtype=np.float32)
    images = np.zeros((count, size, size, 3), np.float32)
    images += ramp[None, :, None, None] + random.uniform(0, 60, (count, 1, 1, 3)).astype(np.float32)
    images[np.arange(count), :, :, labels % 3] += 75
    names = [f"class{number}" for number in range(classes)]
    path.mkdir(parents=True)
    np.save(path / IMAGES, images.astype(np.uint8))
    table = {"source": [f"{number}.png" for number in range(count)]}
    if classes:
        table["class"] = [names[label] for label in labels]
    pd.DataFrame(table).to_parquet(path / INDEX)
    info = Info(
        size=size,
        count=count,
        label_column="class" if classes else None,
        class_names=names,
        fingerprint=f"test-{count}-{size}-{classes}-{seed}",
    )
    (path / INFO).write_text(info.model_dump_json())
    return path


@pytest.fixture
def tiny_data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "data")


Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run `ganvas` through its entry point in an empty folder; in this process, which has torch loaded already."""
    from ganvas.cli import main

    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path, check: bool = False) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["ganvas", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        done = subprocess.CompletedProcess(sys.argv, ended.value.code or 0, *capsys.readouterr())
        assert not check or done.returncode == 0, done.stderr
        return done

    return run


Made = Callable[..., tuple[Any, pd.DataFrame]]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Prepare a source at 8 px, or as asked: the summary and the index."""

    from ganvas.data.dataset.dataset import Dataset
    from ganvas.data.prepare.prepare import prepare

    def make(source: Any, **options: Any) -> tuple[Any, pd.DataFrame]:
        target = tmp_path / f"data{len(list(tmp_path.glob('data*')))}"
        summary = prepare(source, target, **{"size": 8, **options})
        return summary, Dataset.open(target).index

    return make


# What a training test sets to take a second: a narrow network, no evaluation, no event files.
TINY = {"width": 4, "batch_size": 8, "latent_dim": 6, "eval_samples": 0, "tensorboard": False, "threads": 1}
TINY_WORDS = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
