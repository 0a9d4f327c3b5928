"""Versions of files: what an earlier ganvas wrote is migrated, and what cannot be read is refused in one line."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from safetensors import safe_open
from safetensors.torch import save_file

from ganvas.classify.classifier import _read_card as read_classifier
from ganvas.data.dataset.layout import read_info
from ganvas.foundation.errors import DataError, GanvasError, RunError
from ganvas.foundation.schema import Schema
from ganvas.runs import checkpoint
from ganvas.runs.checkpoint import load, save
from ganvas.runs.directory import RunDirectory
from ganvas.runs.snapshot import read_card
from support.command_line import Cli
from support.runs import TINY_WORDS

FILE = Path("a-file")
THIRD = Schema(
    3,
    DataError,
    "make it again",
    {1: lambda old: {**old, "second": old["first"] + 1}, 2: lambda old: {**old, "third": old["second"] + 1}},
)


@pytest.mark.parametrize(
    ("content", "becomes"),
    [
        ({"schema_version": 1, "first": 1}, {"schema_version": 3, "first": 1, "second": 2, "third": 3}),
        ({"schema_version": 2, "second": 5}, {"schema_version": 3, "second": 5, "third": 6}),
        ({"schema_version": 3}, {"schema_version": 3}),
    ],
)
def test_earlier_versions_become_the_present_one(content: dict[str, int], becomes: dict[str, int]) -> None:
    before = dict(content)
    assert THIRD.current(content, FILE) == becomes
    assert content == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"schema_version": 4},
            r"^a-file has schema version 4, but this ganvas reads versions 1 to 3; .* upgrade ganvas$",
        ),
        ({"schema_version": 0}, r"has schema version 0, but .* versions 1 to 3; make it again$"),
        ({"schema_version": "3"}, r"has schema version '3', but .*; make it again$"),
        ({"schema_version": True}, r"has schema version True, but"),
        ({}, r"has schema version None, but"),
        ([3], r"has schema version None, but"),
    ],
)
def test_others_are_refused_in_one_line(content: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        THIRD.current(content, FILE)


def write_json(file: Path) -> Path:
    file.write_text('{"schema_version": 99}')
    return file


def write_configuration(file: Path) -> Path:
    (file.parent / "samples").mkdir()
    return write_json(file)


def write_snapshot(file: Path) -> Path:
    save_file({"a": torch.zeros(1)}, file, {"ganvas": '{"schema_version": 99}'})
    return file


def write_checkpoint(file: Path) -> Path:
    save_file({"a": torch.zeros(1)}, file, {"schema_version": "99", "state": "{}"})
    return file


@pytest.mark.parametrize(
    ("name", "write", "read"),
    [
        ("dataset.json", write_json, lambda file: read_info(file.parent)),
        ("config.yaml", write_configuration, lambda file: RunDirectory.open(file.parent)),
        ("classifier.json", write_json, lambda file: read_classifier(file.parent)),
        ("last.safetensors", write_snapshot, read_card),
        ("00000001.000.safetensors", write_checkpoint, load),
    ],
)
def test_every_kind_of_file_of_a_later_ganvas_asks_for_an_upgrade(
    tmp_path: Path, name: str, write: Callable[[Path], Path], read: Callable[[Path], object]
) -> None:
    file = write(tmp_path / name)
    with pytest.raises(GanvasError, match=f"{name} has schema version 99, but .*; a later ganvas wrote it, so upgrade"):
        read(file)


def rewrite_as_version_1(file: Path, lacking: set[str]) -> None:
    """A checkpoint as an earlier ganvas wrote it, without what it did not have."""
    with safe_open(file, framework="pt") as content:
        metadata = content.metadata()
        tensors = {key: content.get_tensor(key) for key in content.keys()}  # noqa: SIM118
    skeleton = json.loads(metadata["state"])
    skeleton["items"] = [[key, value] for key, value in skeleton["items"] if key not in lacking]
    kept = {key: each for key, each in tensors.items() if key.split(".")[1] not in lacking}
    save_file(kept, file, {"schema_version": "1", "state": json.dumps(skeleton)})


def test_a_checkpoint_of_version_1_gets_what_it_lacks(tmp_path: Path) -> None:
    save(tmp_path / "now", {"progress": {"images": 7}, "generator": {"weight": torch.ones(2)}})
    rewrite_as_version_1(tmp_path / "now", set())
    state = load(tmp_path / "now")
    assert state["progress"] == {"images": 7}
    assert torch.equal(state["generator"]["weight"], torch.ones(2))
    assert (state["stopped"], state["tricks"], state["best_bound"]) == (None, {}, math.inf)
    save(tmp_path / "now", {"best_kid": 0.5})
    rewrite_as_version_1(tmp_path / "now", set())
    assert load(tmp_path / "now")["best_bound"] == 0.5


def test_a_run_goes_on_from_a_checkpoint_that_lacks_all_that_came_later(
    cli: Cli, tmp_path: Path, tiny_data: Path
) -> None:
    cli("train", tiny_data, "--out", "run", "--recipe", "mlp", "--budget", "2steps", *TINY_WORDS, check=True)
    (file,) = (tmp_path / "run" / "checkpoints").iterdir()
    later = {*checkpoint._LATER, "best_bound"}
    with safe_open(file, framework="pt") as content:
        present = {key for key, _ in json.loads(content.metadata()["state"])["items"]}
    assert later <= present, "what is filled in is what a state has now"
    rewrite_as_version_1(file, later)
    cli("resume", "run", "--budget", "2steps", check=True)
    newest = max((tmp_path / "run" / "checkpoints").iterdir())
    with safe_open(newest, framework="pt") as content:
        assert content.metadata()["schema_version"] == "2"
    assert load(newest)["progress"]["steps"] == 4


def test_a_checkpoint_that_lacks_more_is_refused_in_one_line(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    cli("train", tiny_data, "--out", "run", "--recipe", "mlp", "--budget", "2steps", *TINY_WORDS, check=True)
    (file,) = (tmp_path / "run" / "checkpoints").iterdir()
    rewrite_as_version_1(file, {"generator"})
    done = cli("resume", "run", "--budget", "2steps")
    assert done.returncode == 2
    assert done.stderr.startswith("ganvas: the newest checkpoint in run/checkpoints is not one of a mlp run")
    assert done.stderr.count("\n") == 1


def test_the_page_of_the_policy_has_the_versions_of_the_code() -> None:
    from ganvas.classify import classifier
    from ganvas.data.dataset import layout
    from ganvas.runs import directory, snapshot

    text = (Path(__file__).parents[1] / "docs" / "compatibility.md").read_text("utf-8")
    modules = {"dataset": layout, "run": directory, "checkpoint": checkpoint, "snapshot": snapshot}
    for name, module in (modules | {"classifier": classifier}).items():
        schema: Schema = module.SCHEMA
        row = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
        _, version, reads = row.strip("| ").rsplit(" | ", 2)
        assert int(version) == schema.version
        assert reads == ", ".join(map(str, range(min(schema.migrations, default=schema.version), schema.version + 1)))


def test_a_configuration_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "config.yaml").write_text(yaml.safe_dump([1, 2]))
    with pytest.raises(RunError, match="schema version None"):
        RunDirectory.open(tmp_path)
