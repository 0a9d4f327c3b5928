"""The benchmarks of speed: what they charge to whom, and that they run from end to end."""

import contextlib
import sys
from pathlib import Path

import pytest
import torch
from benchmarks import contention, exploring, layers, recipes, revisions, sampling, schedule
from benchmarks.layers import Account, Charge, Key, Tracker, Watch
from benchmarks.recipes import Measured
from torch import Tensor, nn

from ganvas.networks.fused import constant_convolution
from support.datasets import write_dataset

TINY = ("width=2", "batch_size=4", "threads=1")


class Net(nn.Module):
    """Two convolutions of 4 * 4 * 9 * 2 * 2 multiplications a picture each, the second on what is changed in place."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 2, 3, padding=1, bias=False)
        self.body = nn.Sequential(nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(2, 2, 3, padding=1, bias=False))

    def forward(self, maps: Tensor) -> Tensor:
        changed: Tensor = self.body(self.first(maps))
        return changed


ONE_PASS = 2 * 4 * 4 * 9 * 2 * 2


def charged(maps: Tensor, second_derivatives: bool = False) -> dict[tuple[str, bool], float]:
    """Operations of a step over the maps, by layer and direction."""
    net = Net()
    names = {net: "D"} | {module: f"D.{name}" for name, module in net.named_modules() if name}
    with Tracker(names) as tracker, Watch(tracker, iter(range(10_000)).__next__) as watch:
        output = net(maps)
        if second_derivatives:
            (slopes,) = torch.autograd.grad(output.sum(), maps, create_graph=True)
            output = output.sum() + (slopes**2).sum()
        output.sum().backward()
    found: dict[tuple[str, bool], float] = {}
    for key, charge in watch.charges.items():
        found[key.layer, key.backward] = found.get((key.layer, key.backward), 0) + charge.operations
    return {key: operations for key, operations in found.items() if operations}


def test_operations_are_charged_to_the_layer_that_made_them() -> None:
    assert charged(torch.randn(1, 2, 4, 4)) == {
        ("D.first", False): ONE_PASS,
        ("D.body.1", False): ONE_PASS,
        ("D.body.1", True): 2 * ONE_PASS,  # its inputs and its weights
        ("D.first", True): ONE_PASS,  # its weights alone: nothing asks for the gradient of the picture
    }


def test_second_derivatives_belong_to_no_layer() -> None:
    found = charged(torch.randn(1, 2, 4, 4, requires_grad=True), second_derivatives=True)
    assert found["D.first", False] == ONE_PASS
    assert found[layers.OUTSIDE_ELSE, True] >= 2 * ONE_PASS


def test_what_is_lost_and_what_is_reached_add_up() -> None:
    charges = {Key("D", "convolutions", False): Charge(3.0, 20.0), Key("G", "activations", True): Charge(1.0, 0.0)}
    account = Account(charges, seconds=4.0, ceiling=10.0)
    assert [account.lost(charge) for charge in charges.values()] == [0.25, 0.25]
    assert sum(map(account.lost, charges.values())) == 1 - 20 / (account.watched * account.ceiling)


def test_an_account_has_the_operations_of_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "matrix_product_flops", lambda *arguments, **keywords: 1e9)
    changes = {"device": "cpu", "precision": "float32", "threads": 1, "batch_size": 4}
    account, *_ = layers.account("keras-dcgan", 16, changes, steps=1)
    operations = sum(charge.operations for charge in account.charges.values())
    assert operations / 4 == pytest.approx(Measured("keras-dcgan", 16, []).operations, rel=1e-6)
    outside = sum(charge.operations for key, charge in account.charges.items() if key.layer[:2] not in ("G.", "D."))
    assert outside == 0


def run(main: object, *words: str) -> None:
    """A benchmark's `main` with these arguments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["benchmark", *words])
        for module in (layers, recipes):
            patch.setattr(module, "matrix_product_flops", lambda *arguments, **keywords: 1e9)
        assert callable(main)
        main()


def test_operations_are_those_of_what_is_set() -> None:
    narrow, wide = (Measured("dcgan", 16, [f"width={width}"]) for width in (8, 16))
    assert 2 * narrow.operations < wide.operations < 4 * narrow.operations
    assert narrow.steps(1) > wide.steps(1)


@pytest.mark.slow
def test_the_table_of_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    run(recipes.main, "mlp", "--size", "16", "--rounds", "1", "--work", "0.001", "--set", *TINY)
    *_, row = capsys.readouterr().out.splitlines()
    name, size, *figures = row.strip("| ").split(" | ")
    assert (name, size) == ("`mlp`", "16")
    assert len(figures) == 4


def test_the_account_of_a_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    run(recipes.main, "--layers", "dcgan", "--size", "16", "--steps", "1", "--set", *TINY, "augment=colour")
    said = capsys.readouterr().out
    assert said.count("| **all** |") == 2
    assert "of one thread" in said


def test_the_table_of_samples(capsys: pytest.CaptureFixture[str]) -> None:
    run(sampling.main, "cdcgan", "--size", "16", "--rounds", "1", "--pictures", "64")
    said = capsys.readouterr().out
    assert "| `cdcgan` | 16 |" in said
    assert "`ganvas sample`" in said


def test_the_table_of_exploring(capsys: pytest.CaptureFixture[str]) -> None:
    run(exploring.main, "mlp", "--size", "16", "--seconds", "1", "--fps", "8", "--formats", "gif", "--short")
    said = capsys.readouterr().out
    assert "| `walk` of 8 frames as gif |" in said
    assert said.count("| `directions`") == 2


def test_a_convolution_with_its_activation_counts_as_a_convolution() -> None:
    maps, weight = torch.zeros(1, 2, 4, 4), torch.zeros(2, 2, 3, 3)
    with Tracker({}) as tracker, Watch(tracker, iter(range(100)).__next__) as watch:
        constant_convolution(maps, weight, torch.zeros(2), 1, is_active=True)
    (charge,) = (charge for key, charge in watch.charges.items() if key.kind == "convolutions")
    assert charge.operations == ONE_PASS


@pytest.mark.slow
def test_the_table_of_revisions(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(revisions, "checkout", lambda _revision, _path: contextlib.nullcontext(revisions.HERE))
    words = ("HEAD", "--recipe", "mlp", "--size", "16", "--rounds", "1", "--steps", "1")
    run(revisions.main, *words, *(word for option in TINY for word in ("--set", option)))
    *_, row = capsys.readouterr().out.splitlines()
    name, *figures, losses = row.strip("| ").split(" | ")
    assert (name, losses) == ("defaults", "0.0%")
    assert len(figures) == 6


@pytest.mark.slow
def test_the_table_of_contention(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dataset(tmp_path / "painted32", size=32)
    words = ("--recipe", "mlp", "--busy", "0", "1", "--rounds", "1", "--seconds", "3", "--candidates", "one-thread")
    run(contention.main, str(tmp_path), *words, "--set", "width=2", "--set", "batch_size=4")
    *_, row = capsys.readouterr().out.splitlines()
    assert row.startswith("| one-thread | ")
    assert "(1.00)" in row


def test_the_table_of_the_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    run(schedule.main)
    said = capsys.readouterr().out
    assert "| 60 | 18: 6, 12 | 36: 12, 24 | 72: 24, 48 | 144: 48, 96 | 432: 100, 200 |" in said
