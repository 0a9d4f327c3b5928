"""A short form of `make torture`: every kind of file damaged and fuzzed, hostile ones, and the model of a disk."""

import errno
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from ganvas.foundation.files import read_records
from support.pictures import write_pictures
from torture import fuzzing, hostile, specimens
from torture.acts import PREPARE
from torture.checks import impolite, left_over, unreadable
from torture.damage import spoilt
from torture.power_loss import Change, Disk
from torture.results import Results
from torture.specimens import Specimen
from torture.warm import LIGHT
from torture.workshop import Fault, Trial, Workshop

# How often each file is damaged in each way, and fuzzed, in seconds.
PLACES, SECONDS = 8, 0.01


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Specimen]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE", "")  # which makers of caches set
        yield specimens.make(tmp_path_factory.mktemp("specimens"))


def test_damage_is_named_and_never_read_as_something_else(found: list[Specimen]) -> None:
    trials = [spoilt(each, Random(each.name), cuts, PLACES) for each in found for cuts in (True, False)]
    assert [problem for trial in trials for problem in trial.problems] == []
    assert sum(trial.faults for trial in trials) > 400


@pytest.mark.slow
def test_fuzzed_files_are_refused_or_read(found: list[Specimen]) -> None:
    trials = [fuzzing.fuzzed(each, Random(each.name), SECONDS) for each in found]
    assert [problem for trial in trials for problem in trial.problems] == []


QUICK = [
    name
    for name in hostile.CASES
    if "MB" not in name and "bomb" not in name and "million" not in name and "jsonl" not in name
]


@pytest.mark.parametrize("name", QUICK)
def test_a_hostile_file_does_no_harm(name: str, tmp_path: Path) -> None:
    assert list(hostile._harm(hostile.CASES[name], tmp_path)) == []


def test_damage_that_is_not_noticed_is_a_problem(tmp_path: Path) -> None:
    """The harness itself: a reader that checks nothing is found out."""
    (tmp_path / "a").write_bytes(b"12345")
    careless = Specimen("careless", tmp_path / "a", (tmp_path / "a").read_bytes)
    assert len(spoilt(careless, Random(0), cuts=True).problems) == 5
    assert "unnoticed" in spoilt(careless, Random(0), cuts=False).problems[0]
    broken = Specimen("broken", tmp_path / "a", lambda: int((tmp_path / "a").read_bytes()), is_guarded=False)
    assert any("ValueError" in problem for problem in spoilt(broken, Random(0), cuts=False).problems)


# ---- the model of a disk ----------------------------------------------------------------------------------------


def replayed(folder: Path, *changes: tuple[str, str]) -> set[bytes | None]:
    """What `folder/file` may hold after a power failure."""
    results = set()
    for number in range(60):
        disk = Disk(folder)
        for what, name in changes:
            path, _, other = name.partition(">")
            data = b"new" if what == "write" else b""
            disk.apply(Change(what, 0, 0, str(folder / path), str(folder / other), data))
        results.add(disk.fail(Random(number)).get(str(folder / "file")))
    return results


def test_only_what_was_synced_is_sure_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    write = [("create", "part"), ("write", "part")]
    assert replayed(tmp_path, *write, ("rename", "part>file")) == {b"old", b"new", b"", bytes(3)}
    safe = [*write, ("sync", "part"), ("rename", "part>file")]
    assert replayed(tmp_path, *safe) == {b"old", b"new"}
    assert replayed(tmp_path, *safe, ("sync", "")) == {b"new"}


# ---- commands ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    if shutil.which("gcc") is None:
        pytest.skip("no C compiler on this machine")
    made = Workshop(tmp_path_factory.mktemp("workshop"), LIGHT)
    yield made
    made.close()


@pytest.mark.skipif(sys.platform != "linux", reason="system calls fail on Linux only")
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, -1])
def test_a_preparation_whose_disk_fails_leaves_all_or_nothing(workshop: Workshop, tmp_path: Path, error: int) -> None:
    write_pictures(tmp_path / "pictures", 4)
    at = Random(error).randint(20, 50)
    fault = {"within": tmp_path, "first": at, "error": error, "lasting": 1}
    ended = workshop.warm.run(tmp_path, *PREPARE, "--classes", "none", fault=fault)
    assert ended.calls >= at
    assert (ended.code == -9) if error < 0 else (ended.code == 2 and impolite(ended) == [])
    assert unreadable(tmp_path) == []
    assert workshop.warm.run(tmp_path, *PREPARE, "--classes", "none").code == 0
    assert unreadable(tmp_path) == left_over(tmp_path) == []


def test_results_are_kept_and_what_went_wrong_is_tried_again(tmp_path: Path) -> None:
    fault = Fault("kind", "Kind", "by hand", 3, lambda *_: Trial("case"))
    results = Results(tmp_path / "results.jsonl", seed=0)
    results.add(fault, 0, Trial("case", 2))
    results.add(fault, 1, Trial("case", 1, ["lost"]))
    assert results.missing(fault, 3) == [1, 2]
    assert results.table([fault]).splitlines()[-1] == "| Kind | by hand | case 3 | 3 | 1 |"
    results.add(fault, 1, Trial("case", 1))
    assert results.table([fault]).endswith("| 3 | 0 |")
    assert len(read_records(tmp_path / "results.jsonl")) == 3
    assert results.missing(fault, 3) == [2]
