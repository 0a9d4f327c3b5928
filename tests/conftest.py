"""Fixtures that several test files share. The helpers that build them are in the package `support`."""

import functools
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pandas as pd
import pytest

from ganvas.foundation import notes
from support import brevity
from support.command_line import Cli
from support.datasets import write_dataset
from support.prepared import Made
from support.replicas import write_nested, write_table

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from ganvas.metrics.features import FeatureNetwork
    from support.studio import Client

if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers share the cores among them; threads of one that waited for those of another would lose all they gain.
    os.environ["OMP_NUM_THREADS"] = "1"

# Feature statistics of test datasets are cached away from the user's own, and nothing may reach for a hub.
os.environ["HF_HUB_OFFLINE"] = "1"


# Looking for garbage takes a fifth of the time of imports. It begins after them.
gc.disable()

# Shells start what they put in the background with SIGINT ignored, and so would every command that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no reason to fail.
hypothesis.settings.register_profile("any speed", deadline=None)
hypothesis.settings.load_profile("any speed")


def pytest_collection_finish() -> None:
    """Have runs do less beside training, and exempt everything imported so far from their garbage collection."""
    if "torch" in sys.modules:
        brevity.shorten(pytest.MonkeyPatch())
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["GANVAS_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def notes_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A note that is given once per process is given once per test."""
    monkeypatch.setattr(notes, "_noted", set())


@pytest.fixture
def tiny_data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "data")


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    """Five pictures in three levels of folders."""
    return write_nested(tmp_path / "nested")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of six pictures."""
    return write_table(tmp_path / "in")


@pytest.fixture(scope="session")
def extractor() -> "FeatureNetwork":
    """The feature network that scores are measured with by default."""
    from ganvas.metrics.extractors import load_extractor

    return load_extractor()


@pytest.fixture(scope="session")
def generators(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The snapshot of a recipe or baseline by name."""
    from support.generators import write_generator

    folder = tmp_path_factory.mktemp("generators")
    return functools.cache(lambda name: write_generator(folder, name))


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A Chromium, in which each test opens a window of its own."""
    from support.browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def studio_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a studio, see `support.studio.write_folder`."""
    from support.studio import write_folder

    return write_folder(tmp_path_factory.mktemp("studio") / "folder")


@pytest.fixture(scope="module")
def root(studio_folder: Path) -> Iterator[Path]:
    """The folder of a studio, from which whatever the tests of a module add to it is removed."""
    from support.studio import listing

    before = listing(studio_folder)
    yield studio_folder
    for path in sorted(map(Path, set(listing(studio_folder)) - set(before)), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator["Client"]:
    """Asks a studio of that folder."""
    from support.studio import studio

    with studio(root) as client:
        yield client


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that a studio starts, without starting them."""
    from ganvas.studio.jobs import Jobs

    commands: list[list[str]] = []

    class Ended:
        pid = 2**22 - 5

        def poll(self) -> int:
            return 0

    def spawn(self: Jobs, words: list[str], log: int) -> Ended:
        commands.append(list(words))
        return Ended()

    monkeypatch.setattr(Jobs, "_spawn", spawn)
    return commands


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run `ganvas` through its entry point in an empty folder; in this process, which has torch loaded already."""
    from ganvas.cli import main

    monkeypatch.chdir(tmp_path)

    def run(*words: object, check: bool = False) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["ganvas", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code or 0
        assert isinstance(code, int), code
        done = subprocess.CompletedProcess(sys.argv, code, *capsys.readouterr())
        assert not check or done.returncode == 0, done.stderr
        return done

    return run


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
