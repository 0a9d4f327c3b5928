import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ganvas.foundation import files, tensors
from ganvas.foundation.errors import GanvasError, RunError
from ganvas.planning.run import train
from ganvas.runs import checkpoint
from ganvas.runs.checkpoint import CheckpointDirectory, random_state, set_random_state
from support.datasets import write_dataset
from support.runs import TINY


def test_nested_state_comes_back_as_it_was(tmp_path: Path) -> None:
    weight = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    state: dict[str, Any] = {
        "network": {"weight": weight, "steps": torch.tensor(3)},
        "optimizer": {"state": {0: {"step": torch.tensor(1.0)}, 7: {}}, "param_groups": [{"lr": 0.1, "betas": [0.5]}]},
        "best": None,
        "words": ["a", 1, True],
    }
    checkpoint.save(tmp_path / "file", state)
    back = checkpoint.load(tmp_path / "file")
    assert torch.equal(back["network"].pop("weight"), state["network"].pop("weight"))
    assert back == state
    assert list(back["optimizer"]["state"]) == [0, 7]


def test_random_generators_go_on_where_they_were() -> None:
    def draw() -> tuple[float, ...]:
        return torch.rand(1).item(), np.random.rand(), random.random()

    saved = random_state()
    first = draw()
    assert draw() != first
    set_random_state(saved)
    assert draw() == first


def test_the_last_two_are_kept_and_the_newest_readable_is_used(tmp_path: Path) -> None:
    directory = CheckpointDirectory(tmp_path / "checkpoints")
    for number in range(4):
        newest = directory.save(number * 9.5, {"number": number})
    assert [file.stem for file in sorted(newest.parent.iterdir())] == ["00000019.000", "00000028.500"]
    assert directory.latest() == {"number": 3}
    newest.write_bytes(newest.read_bytes()[:20])
    assert directory.latest() == {"number": 2}


def test_without_a_usable_checkpoint_the_reason_is_said(tmp_path: Path) -> None:
    directory = CheckpointDirectory(tmp_path)
    with pytest.raises(RunError, match="it is empty: the run stopped before its first checkpoint"):
        directory.latest()
    (tmp_path / "00000001.000.safetensors").write_bytes(b"not a checkpoint at all")
    with pytest.raises(RunError, match=r"00000001\.000\.safetensors cannot be read"):
        directory.latest()


@pytest.mark.parametrize(
    "state", ["5", "null", "[]", '{"items": 5}', '{"items": [[1]]}', '{"__tensor__": "gone"}', "{", '{"a": 1}']
)
def test_a_damaged_state_is_one_clear_line(tmp_path: Path, state: str) -> None:
    tensors.write_tensors(tmp_path / "file", {"a": torch.zeros(1)}, {"schema_version": "1", "state": state})
    with pytest.raises(RunError, match="file cannot be read as a checkpoint"):
        checkpoint.load(tmp_path / "file")


def test_a_full_disk_leaves_the_earlier_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.save(tmp_path / "file", {"number": 1})

    write = Path.write_bytes

    def no_space(path: Path, content: bytes) -> None:
        write(path, content[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", no_space)
    with pytest.raises(GanvasError, match="No space left on device"):
        checkpoint.save(tmp_path / "file", {"number": 2})
    assert checkpoint.load(tmp_path / "file") == {"number": 1}
    assert len(list(tmp_path.iterdir())) == 1


def test_a_checkpoint_without_its_checksum_is_damaged_unless_it_is_older(tmp_path: Path) -> None:
    file = tmp_path / "file"
    checkpoint.save(file, {"number": 1})
    file.write_bytes(file.read_bytes().replace(b'"checksum"', b'"chekksum"'))
    with pytest.raises(RunError, match="is damaged"):
        checkpoint.load(file)


def test_a_flipped_bit_is_noticed_and_the_one_before_is_used(tmp_path: Path) -> None:
    directory = CheckpointDirectory(tmp_path)
    for number in (1, 2):
        file = directory.save(number, {"number": number, "weights": torch.full((4,), float(number))})
    content = bytearray(file.read_bytes())
    content[-3] ^= 1  # in the weights
    file.write_bytes(content)
    with pytest.raises(RunError, match="is damaged: its checksum is not that of its content"):
        checkpoint.load(file)
    assert directory.latest()["number"] == 1


def test_logs_are_on_the_disk_before_the_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power failure, a run goes on from its checkpoint, and never writes earlier lines again."""
    flushed: list[str] = []
    plain = files._flush

    def flush(path: Path) -> None:
        flushed.append(path.name)
        plain(path)

    monkeypatch.setattr(files, "_flush", flush)
    write_dataset(tmp_path / "data")
    often: dict[str, Any] = TINY | {"budget": "2steps", "log_every": "1steps", "precision": "float32"}
    train(tmp_path / "data", tmp_path / "run", "dcgan", **often)
    checkpoint = next(place for place, name in enumerate(flushed) if name.startswith(".00000000.016.safetensors"))
    assert {"stats.jsonl", "run"} <= set(flushed[:checkpoint])
