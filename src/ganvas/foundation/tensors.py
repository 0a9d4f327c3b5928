"""Atomic writing and reading of safetensors files, and digests of tensors."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from ganvas.foundation.files import whole_file

# The key of the checksum in a file's metadata.
CHECKSUM = "checksum"


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors and metadata to a safetensors file.

    Args:
        path: the file, replaced if it exists.
        tensors: by name, on any device and in any memory format. The file has them in row-major order.
        metadata: strings by name.

    Raises:
        WriteError: the file system refused to write. An existing file is unchanged.
    """
    # safetensors refuses tensors that share memory, so each is copied.
    copies = {name: each.detach().cpu().clone(memory_format=torch.contiguous_format) for name, each in tensors.items()}
    # Written here: safetensors would first write a temporary file of its own, which a killed process leaves behind.
    with whole_file(path) as partial:
        partial.write_bytes(save(copies, metadata))


def write_checked(path: Path, tensors: Mapping[str, Tensor], text: str, metadata: dict[str, str]) -> None:
    """Write a file as `write_tensors` does, with a checksum over the tensors and a text of its metadata."""
    write_tensors(path, tensors, metadata | {CHECKSUM: _checksum(tensors, text)})


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a safetensors file on the CPU, and its metadata.

    Raises:
        OSError, SafetensorError: it cannot be read.
    """
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118  # no dict


def is_damaged(
    metadata: Mapping[str, str], tensors: Mapping[str, Tensor], text: str, *, is_required: bool = False
) -> bool:
    """Whether the checksum in a file's metadata is not that of its content, or is not there although required.

    Files of earlier versions have none.
    """
    if CHECKSUM not in metadata:
        return is_required
    return metadata[CHECKSUM] != _checksum(tensors, text)


def _checksum(tensors: Mapping[str, Tensor], text: str) -> str:
    return hashlib.sha256(f"{text}{digest(tensors)}".encode()).hexdigest()


def digest(tensors: Mapping[str, Tensor]) -> str:
    """The sha256 of tensors, on any device and in any memory format: their names, dtypes, shapes and bytes."""
    content = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        content.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        values = tensor.detach().cpu().contiguous().reshape(-1)
        content.update(values.view(torch.uint8).numpy().tobytes())
    return content.hexdigest()
