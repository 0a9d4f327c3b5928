"""What an earlier ganvas wrote still opens: a dataset, run, snapshot, baseline and classifier made by commit 9f1f967.

They were made at 16 px from 96 of the embedded paintings, with `dcgan` at width 4, on a CPU in float32 with one thread:
30 steps of training, and `resumed.safetensors` after 10 more.
"""

import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from support.command_line import Cli

ARCHIVE = Path(__file__).parent / "data" / "made_by_9f1f967.tar.xz"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path / "older", filter="data")
    return tmp_path / "older"


def test_a_snapshot_and_a_baseline_paint_what_they_painted(cli: Cli, older: Path, tmp_path: Path) -> None:
    cli("sample", older / "run", "--out", "grid.png", "-n", "4", "--seed", "1", check=True)
    before, now = (np.asarray(Image.open(file)).astype(int) for file in (older / "samples.png", tmp_path / "grid.png"))
    assert np.abs(now - before).max() <= 2, "only rounding may differ between processors"
    cli("sample", older / "mean.safetensors", "--out", "mean.png", "-n", "4", check=True)


def test_a_run_is_resumed_as_it_was_then(cli: Cli, older: Path) -> None:
    done = cli("resume", older / "run", "--data", older / "paintings", "--budget", "10steps", check=True)
    assert done.stdout.startswith(f"{older / 'run'}: 0.6 kimg")
    expected, now = load_file(older / "resumed.safetensors"), load_file(older / "run/snapshots/last.safetensors")
    assert expected.keys() == now.keys()
    for name, weights in expected.items():
        assert np.abs(now[name] - weights).mean() < 1e-4, name


def test_a_run_is_evaluated_and_reported(cli: Cli, older: Path, tmp_path: Path) -> None:
    data = tmp_path / "paintings"
    shutil.copytree(older / "paintings", data)
    done = cli("evaluate", older / "run", "--data", data, "--samples", "32", check=True)
    assert "kid" in done.stdout.lower()
    cli("report", older / "run", "--out", "page.html", check=True)
    assert "collapsed since 0.2 kimg" in " ".join(
        re.sub("<[^>]*>", " ", (tmp_path / "page.html").read_text("utf-8")).split()
    )


def test_a_classifier_predicts(cli: Cli, older: Path, tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), "navy").save(tmp_path / "night.png")
    done = cli("classify", "predict", older / "classifier", "night.png", check=True)
    assert any(name in done.stdout for name in ("abstract", "flower", "landscape", "portrait"))
