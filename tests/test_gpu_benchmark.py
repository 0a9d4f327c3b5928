"""A GPU's turn on the processor: the whole script in small, and what makes it fit another machine."""

import dataclasses
import itertools
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from unittest.mock import ANY

import pytest
import torch
from benchmarks import gpu
from benchmarks.on_gpu import agreement, compiled, group, wheels
from benchmarks.on_gpu.agreement import Difference, Step
from benchmarks.on_gpu.draws import SameDraws
from benchmarks.on_gpu.turn import TINY, WHOLE, Turn
from torch.nn import functional as F

ROOT = Path(__file__).parents[1]


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """The exit code of the script."""
    monkeypatch.setattr(sys, "argv", ["gpu", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        gpu.main()
    code = ended.value.code
    assert isinstance(code, int), code
    return code


# Slow, because it trains, resumes, evaluates and times; the tests below show its parts.
@pytest.mark.slow
def test_the_whole_script_in_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "_apart", lambda device, timeout: group.exchange(device))
    monkeypatch.setattr(compiled, "_apart", lambda turn: list(compiled.measured(turn.scale, 0.0)))
    assert run(monkeypatch, tmp_path / "out", "mlp", "--tiny") == 0
    found = json.loads((tmp_path / "out" / gpu.JSON).read_text("utf-8"))
    assert [row["precision"] for row in found["agreement"]] == ["float32", "bfloat16"]
    exact, reduced = found["agreement"]
    assert exact["pictures"] == exact["losses"] == exact["gradients"] == 0.0
    assert 0 < reduced["pictures"] < 2
    assert {row["recipe"] for row in found["speed"]} == {"dcgan", "atelier"}
    assert all(0 < row["share_of_ceiling"] < 1 for row in found["speed"])
    assert found["group"] == {"backend": "gloo", "values": found["group"]["values"], "is_same": True, "ms": ANY}
    assert found["learning"]["scores"]["kid"] is not None
    assert found["learning"]["vision_every"] == 1
    ways = [(row["recipe"], row["way"]) for row in found["compiled"]]
    assert ways == [(name, way) for name in ("atelier", "dcgan") for way in ("as it is", "traced")]
    assert all(row["img_per_s"] > 0 for row in found["compiled"])
    assert found["left_out"] == found["failed"] == []
    page = (tmp_path / "out" / gpu.PAGE).read_text("utf-8")
    assert "| `mlp` | 16 | bfloat16 |" in page
    assert page.count("\n## ") == 6


@pytest.mark.slow
def test_it_needs_neither_an_installation_nor_packages_that_a_lent_machine_lacks(tmp_path: Path) -> None:
    for name in ("src", "benchmarks"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, importlib.metadata as metadata\n"
        f"sys.modules.update(dict.fromkeys({list(wheels.UNUSED.values())!r}))\n"
        "found = metadata.distribution\n"
        "def distribution(name):\n"
        "    if name == 'ganvas':\n"
        "        raise metadata.PackageNotFoundError(name)\n"
        "    return found(name)\n"
        "metadata.distribution = distribution\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(tmp_path / "src")])}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu", "out", "--tiny"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / gpu.JSON).read_text("utf-8"))
    assert found["left_out"] == found["failed"] == []
    assert {"dcgan", "wgan-gp", "can"} <= {row["recipe"] for row in found["agreement"]}


def test_what_there_is_no_time_for_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, tmp_path, "mlp", "--tiny", "--minutes", "0") == 0
    found = json.loads((tmp_path / gpu.JSON).read_text("utf-8"))
    assert "mlp at 16 px in bfloat16" in found["left_out"]
    assert len(found["left_out"]) == 2 + 2 + 4 + 1 + 1 + 1
    assert "- mlp at 16 px in bfloat16" in (tmp_path / gpu.PAGE).read_text("utf-8")


def test_later_parts_keep_their_time(tmp_path: Path) -> None:
    turn = Turn(WHOLE, tmp_path, minutes=1, clock=iter([0.0, *[20.0] * 9]).__next__)
    assert turn.attempt("short", 5, lambda: "done", reserve=30) == "done"
    assert turn.attempt("long", 15, lambda: "done", reserve=30) is None
    assert turn.left_out == ["long"]


def test_what_was_compiled_in_time_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_slow(command: list[str], **_: object) -> None:
        raise subprocess.TimeoutExpired(command, 5.0, output=b'{"recipe": "dcgan"}\n{"recipe": "ate')

    turn = Turn(TINY, tmp_path, minutes=1)
    monkeypatch.setattr(subprocess, "run", too_slow)
    assert compiled.compiled(turn, 0.0) == [{"recipe": "dcgan"}]
    assert turn.left_out == ["the rest of the compiled networks"]
    crashed = subprocess.CompletedProcess([], -11, b'{"recipe": "dcgan"}\n')
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: crashed)
    assert compiled.compiled(turn, 0.0) == [{"recipe": "dcgan"}]
    assert turn.failed == ["compiled networks: the process ended with -11"]


def test_a_failure_is_noted_and_the_rest_goes_on(tmp_path: Path) -> None:
    turn = Turn(TINY, tmp_path, minutes=1, clock=itertools.repeat(0.0).__next__)
    assert turn.attempt("divide", 0, lambda: 1 / 0) is None
    assert turn.failed == ["divide: ZeroDivisionError: division by zero"]


def test_a_recipe_that_disagrees_fails_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"recipe": "mlp", "size": 16, "precision": "float32", "pictures": 9.0, "losses": 0.0, "gradients": 0.0}
    monkeypatch.setattr(agreement, "agreements", lambda *_: [row | {"painted": 0.0, "agrees": False}])
    assert run(monkeypatch, tmp_path, "mlp", "--tiny", "--minutes", "0") == 1
    assert "| **no** |" in (tmp_path / gpu.PAGE).read_text("utf-8")


def test_a_recipe_that_does_not_exist_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu", str(tmp_path / "out"), "dcgon", "--tiny"])
    with pytest.raises(SystemExit, match="dcgan"):
        gpu.main()
    assert not (tmp_path / "out").exists()


def test_differences_are_relative_and_no_number_never_agrees() -> None:
    def step(pictures: float, **values: float) -> Step:
        return Step(torch.full((1, 3, 2, 2), pictures), values)

    expected = step(0.0, d_loss=2.0, d_grad=0.01, d_accuracy_real=1.0, d_logit_real=0.0)
    found = step(1 / 127.5, d_loss=2.2, d_grad=0.02, d_accuracy_real=0.0, d_logit_real=0.001)
    difference = agreement._difference(found, expected)
    assert difference.parts == pytest.approx((1.0, 0.1, 1.0))
    broken = agreement._difference(
        dataclasses.replace(found, values={**found.values, "d_loss": float("nan")}), expected
    )
    assert not broken.is_within(Difference(9.0, 9.0, 9.0))


def test_draws_are_those_of_the_processor() -> None:
    values = torch.arange(1.0, 33.0)
    with SameDraws():
        torch.manual_seed(3)
        numbers = torch.rand(5, device="cpu")
        dropped = F.dropout(values, 0.25)
        by_layer = torch.nn.Dropout(0.25)(values)
        # A device that has no numbers of its own.
        assert torch.randint(9, (4,), device="meta").device.type == "meta"
        assert torch.empty(3, device="meta").uniform_(1, 2).device.type == "meta"
        after = torch.rand(1)
    torch.manual_seed(3)
    assert torch.equal(numbers, torch.rand(5))
    for each in (dropped, by_layer):
        assert torch.equal(each, torch.where(torch.rand(32) >= 0.25, values / 0.75, 0.0))
    torch.randint(9, (4,))
    torch.empty(3).uniform_(1, 2)
    assert torch.equal(after, torch.rand(1))
    with SameDraws():
        assert torch.equal(F.dropout(values, 0.25, training=False), values)


def write_wheel(folder: Path, name: str, requires: tuple[str, ...] = ()) -> Path:
    """A wheel with a module of its name."""
    file = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as content:
        content.writestr(f"{name}.py", "VALUE = 7\n")
        lines = [f"Requires-Dist: {each}" for each in requires]
        content.writestr(f"{name}-1.0.dist-info/METADATA", "\n".join([f"Name: {name}", "Version: 1.0", *lines, ""]))
        content.writestr(
            f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        content.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return file


def test_a_machine_takes_from_the_wheels_what_it_lacks(tmp_path: Path) -> None:
    for name in ("a_lent_package", "torch"):
        write_wheel(tmp_path, name)
    before = list(sys.path)
    with wheels.installed(tmp_path) as taken:
        assert taken == ["a-lent-package"]
        module = __import__("a_lent_package")
        assert module.VALUE == 7
        assert sys.path[-1] in os.environ["PYTHONPATH"]
    assert sys.path == before


def test_a_folder_without_wheels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="make gpu-wheels"), wheels.installed(tmp_path):
        pass


def test_wheels_are_collected_with_what_they_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = {
        "pydantic": ("pydantic-core==1.2", "email-validator; extra == 'email'", "tomli; python_version < '3.11'"),
        "lightning-fabric": ("torch>2", "lightning-utilities"),
    }
    asked: list[str] = []

    def download(requirement: str, folder: Path, python: str, machine: str) -> Path:
        asked.append(requirement)
        name = requirement.partition("=")[0].partition(">")[0]
        return write_wheel(folder, name, needs.get(name, ()))

    monkeypatch.setattr(wheels, "_download", download)
    wheels.collect(tmp_path, "3.12", "x86_64")
    assert {"pydantic-core==1.2", "lightning-utilities"} <= set(asked)
    names = {wheels.normalised(each.partition("=")[0].partition(">")[0].partition("[")[0]) for each in asked}
    assert not names & (wheels.PRESENT | wheels.UNUSED.keys() | {"email-validator", "tomli"})
