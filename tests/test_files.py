import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ganvas.foundation.errors import GanvasError
from ganvas.foundation.files import append_record, read_records, whole_directory, whole_file


def test_a_file_is_replaced_only_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("before")
    with pytest.raises(ZeroDivisionError), whole_file(file) as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert file.read_text("utf-8") == "before"
    with whole_file(file) as partial:
        partial.write_text("after")
    assert file.read_text("utf-8") == "after"
    assert os.listdir(tmp_path) == ["file"]


def test_a_directory_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "target"
    with pytest.raises(KeyboardInterrupt), whole_directory(target) as partial:
        (partial / "half").touch()
        raise KeyboardInterrupt
    assert list(target.parent.iterdir()) == []
    with whole_directory(target) as partial:
        (partial / "whole").touch()
    assert os.listdir(target) == ["whole"]


def test_an_empty_directory_may_be_filled_and_a_taken_one_may_not(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    with whole_directory(target) as partial:
        (partial / "file").touch()
    with pytest.raises(GanvasError, match="exists already"), whole_directory(target):
        pytest.fail("must not be entered")
    assert os.listdir(target) == ["file"]


def test_a_name_that_nothing_can_have_is_one_clear_line(tmp_path: Path) -> None:
    with (
        pytest.raises(GanvasError, match="cannot be used: File name too long"),
        whole_directory(tmp_path / ("x" * 5000)),
    ):
        pytest.fail("must not be entered")


def test_a_full_disk_is_one_clear_line_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("before")
    with pytest.raises(GanvasError, match=r"file: No space left on device; nothing was changed"), whole_file(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert file.read_text("utf-8") == "before"
    assert os.listdir(tmp_path) == ["file"]


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from ganvas.foundation.files import whole_directory
with whole_directory(Path({str(tmp_path / "target")!r})) as partial:
    (partial / "half").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script], check=False)
    assert any("partial" in name for name in os.listdir(tmp_path))
    with whole_directory(tmp_path / "target"):
        pass
    assert os.listdir(tmp_path) == ["target"]


def test_records_survive_a_torn_last_line_and_hold_no_nan(tmp_path: Path) -> None:
    file = tmp_path / "stats.jsonl"
    assert read_records(file) == []
    append_record(file, {"a": 1, "b": float("nan"), "c": float("-inf"), "d": {"e": [float("inf"), 2.5]}})
    with file.open("a") as out:
        out.write('{"a": 2, "b"')
    assert read_records(file) == [{"a": 1, "b": None, "c": None, "d": {"e": [None, 2.5]}}]


def test_a_record_after_a_torn_line_is_not_lost_with_it(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    append_record(file, {"a": 1})
    with file.open("a") as log:
        log.write('{"a": 2')
    append_record(file, {"a": 3})
    assert read_records(file) == [{"a": 1}, {"a": 3}]


@pytest.mark.parametrize("line", [b"\xff\xfe\x00", b"5", b"null", b'["a"]', b"[" * 100_000, b""])
def test_a_line_that_is_not_a_record_is_left_out(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(b'{"a": 1}\n' + line + b'\n{"a": 2}\n')
    assert read_records(file) == [{"a": 1}, {"a": 2}]
