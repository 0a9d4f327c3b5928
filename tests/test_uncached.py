"""Everything works where the cache cannot be written."""

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ganvas.classify.judge import trained_judge
from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation import cache as caches
from ganvas.foundation.cache import cache_directory, cache_path, scratch_directory
from ganvas.foundation.errors import WriteError
from ganvas.foundation.locks import exclusive
from support.command_line import Cli
from support.datasets import write_dataset
from support.runs import TINY_WORDS


@pytest.fixture(params=["a file", "read-only", "full"])
def unwritable(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that is a file, or that refuses as the file system of root, who may do anything, never would."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("GANVAS_CACHE", str(cache))
    if request.param == "a file":
        cache.touch()
        return cache
    number = {"read-only": errno.EROFS, "full": errno.ENOSPC}[request.param]

    def refuse(directory: Path) -> bool:
        if directory.is_relative_to(cache):
            raise OSError(number, os.strerror(number))
        return True

    cache.mkdir()
    monkeypatch.setattr(caches, "_can_be_written", refuse)
    return cache


# Slow, because it runs six commands; the tests below show what the cache does.
@pytest.mark.slow
def test_every_command_works_without(
    cli: Cli, tmp_path: Path, unwritable: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_dataset(tmp_path / "data", count=64)
    budget = ("--budget", "2steps", *TINY_WORDS, "--set", "extractor=pixels")
    cli("train", "data", "--out", "run", "--recipe", "cdcgan", *budget, check=True)
    words = ["--samples", 20, "--extractor", "pixels"]
    cli("evaluate", "run", *words, check=True)
    cli("evaluate", "run", *words, "--judge", check=True)
    cli("classify", "judge", "run", "--samples", 20, "--model", "forest", check=True)
    cli("compare", "data", "--recipes", "cdcgan", "--seeds", 1, "--samples", 20, "--out", "both", *budget, check=True)
    cli("doctor", check=True)
    assert sum("cannot write to the cache" in record.getMessage() for record in caplog.records) == 1
    assert unwritable.is_file() or not list(unwritable.iterdir())
    # In one process nothing is done twice.
    opened = Dataset.open("data")
    assert trained_judge(opened, model="forest").path == trained_judge(opened, model="forest").path


def test_what_a_read_only_cache_holds_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bool:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path))
    monkeypatch.setattr(caches, "_can_be_written", refuse)
    (tmp_path / "kept").touch()
    assert cache_path("kept") == tmp_path / "kept"
    assert cache_path("new") == scratch_directory() / "new"


def test_a_disk_that_fills_while_a_judge_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Dataset.open(write_dataset(tmp_path / "data", count=64))
    from ganvas.classify import judge as judges
    from ganvas.classify.train import train as plain

    def fail(data: Path, out: Path, **options: object) -> object:
        if out.parent == tmp_path / "cache":
            raise WriteError(f"could not write {out}: No space left on device")
        return plain(data, out, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(judges, "train", fail)
    found = trained_judge(opened, model="forest", cache=tmp_path / "cache")
    assert found.path is not None
    assert found.path.parent == scratch_directory()


def test_a_judge_that_another_process_trains_is_trained_here_too(tmp_path: Path) -> None:
    opened = Dataset.open(write_dataset(tmp_path / "data", count=64))
    kept = trained_judge(opened, model="forest", cache=tmp_path / "cache").path
    assert kept is not None
    shutil.rmtree(kept)
    with exclusive(kept, "trained"):
        found = trained_judge(opened, model="forest", cache=tmp_path / "cache").path
    assert found == scratch_directory() / kept.name


def test_the_real_probe(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert cache_path("new", tmp_path / "file").parent == scratch_directory()
    assert cache_path("deep/new", tmp_path / "cache") == tmp_path / "cache" / "deep" / "new"
    assert os.listdir(tmp_path / "cache" / "deep") == []


def test_the_scratch_directory_ends_with_the_process() -> None:
    script = "from ganvas.foundation.cache import scratch_directory; print(scratch_directory())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not Path(done.stdout.strip()).exists()
    assert stat.S_IMODE(scratch_directory().stat().st_mode) == 0o700


def test_a_home_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_CACHE", "~/somewhere")
    assert cache_directory() == Path.home() / "somewhere"
