"""Pictures whose file may be cut short, moved or changed while it is in use."""

import errno
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import IMAGES, map_images
from ganvas.foundation.errors import DataError, GanvasError
from ganvas.planning.run import resume, train
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.settings.budget import Progress
from ganvas.training.display import Silent
from support.runs import TINY

ROWS = [
    3,
    -1,
    np.int64(5),
    slice(2, 9),
    slice(None, None, -3),
    slice(9, 2),
    [4, 0, 4],
    np.array([7, 8, 9, 1, -2]),
    np.array([], np.int64),
    np.arange(48) % 5 == 0,
    (slice(None), 0, 0),
    ([1, 2], 3),
    np.array([[1, 2], [3, 4]]),
]


@pytest.mark.parametrize("index", ROWS, ids=str)
def test_it_is_indexed_like_the_map_that_it_is(tiny_data: Path, index: Any) -> None:
    stored, plain = map_images(tiny_data / IMAGES), np.load(tiny_data / IMAGES)
    np.testing.assert_array_equal(stored[index], plain[index])
    assert stored[index].dtype == np.uint8


@pytest.mark.parametrize("index", [48, -49, [0, 48], np.array([-49])], ids=str)
def test_rows_that_are_not_there_are_an_error(tiny_data: Path, index: Any) -> None:
    with pytest.raises(IndexError):
        map_images(tiny_data / IMAGES)[index]


def test_it_can_be_gone_through_and_made_an_array(tiny_data: Path) -> None:
    stored, plain = map_images(tiny_data / IMAGES), np.load(tiny_data / IMAGES)
    assert [picture.tobytes() for picture in stored] == [picture.tobytes() for picture in plain]
    np.testing.assert_array_equal(np.asarray(stored), plain)
    assert stored[3].base is None or not isinstance(stored[3], np.memmap)


def test_another_process_is_sent_its_name(tiny_data: Path) -> None:
    sent = pickle.dumps(map_images(tiny_data / IMAGES))
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent)[[1, 2]], np.load(tiny_data / IMAGES)[[1, 2]])  # noqa: S301


@pytest.mark.parametrize("index", [47, slice(40, 48), [0, 47], (slice(None), 0, 0)], ids=str)
def test_a_file_cut_short_is_an_error(tiny_data: Path, index: Any) -> None:
    stored = Dataset.open(tiny_data).images
    os.truncate(tiny_data / IMAGES, 5000)
    with pytest.raises(DataError, match=r"images.npy was cut short while it was in use"):
        stored[index]


def test_a_drive_that_fails_is_an_error(tiny_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    stored = Dataset.open(tiny_data).images
    monkeypatch.setattr(os, "pread", fail)
    with pytest.raises(DataError, match=r"images.npy can no longer be read: Input/output error"):
        stored[[0]]


def test_a_drive_without_maps_is_read_whole(
    tiny_data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    monkeypatch.setattr(np.lib.format, "open_memmap", refuse)
    np.testing.assert_array_equal(Dataset.open(tiny_data).images[[5, 6]], np.load(tiny_data / IMAGES)[[5, 6]])
    assert "cannot map files" in caplog.text


def test_training_ends_with_a_checkpoint_when_its_dataset_is_cut_short(tiny_data: Path, tmp_path: Path) -> None:
    content = (tiny_data / IMAGES).read_bytes()

    class Spoiler(Silent):
        def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
            os.truncate(tiny_data / IMAGES, 3000)

    with pytest.raises(DataError, match=r"images.npy was cut short while it was in use"):
        train(tiny_data, tmp_path / "run", "dcgan", budget="1000steps", log_every="2steps", display=Spoiler(), **TINY)
    assert CheckpointDirectory(tmp_path / "run" / "checkpoints").latest()["progress"]["steps"] >= 2
    (tiny_data / IMAGES).write_bytes(content)
    assert resume(tmp_path / "run", budget="2steps").finished


def spoil_pictures(data: Path, run: Path) -> None:
    os.truncate(data / IMAGES, 3000)


def spoil_log(data: Path, run: Path) -> None:
    (run / "stats.jsonl").unlink()
    (run / "stats.jsonl").mkdir()


@pytest.mark.parametrize("spoil", [spoil_pictures, spoil_log])
def test_whatever_fails_after_a_step_it_is_not_lost(
    tiny_data: Path, tmp_path: Path, spoil: Callable[[Path, Path], None]
) -> None:
    """At the first log line; the evaluation that follows reads pictures, and the next log line the log."""

    class Spoiler(Silent):
        def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
            spoil(tiny_data, tmp_path / "run")

    often = {"log_every": "1steps", "eval_every": "1steps", "budget": "1000steps"}
    with pytest.raises(GanvasError):
        train(
            tiny_data,
            tmp_path / "run",
            "dcgan",
            display=Spoiler(),
            **TINY | {"eval_samples": 16, "extractor": "pixels"} | often,
        )
    assert CheckpointDirectory(tmp_path / "run" / "checkpoints").latest()["progress"]["steps"] >= 1
