"""Tensors and a note about them in one safetensors file, written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from ganvas.foundation.files import share, whole_file


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors from any device and in any memory format; they are kept in plain order.

    Raises:
        GanvasError: the file system refused; an earlier file of that name is untouched.
    """
    # Two names may share memory, which the format refuses: each gets a copy of its own.
    copies = {name: each.detach().cpu().clone(memory_format=torch.contiguous_format) for name, each in tensors.items()}
    with whole_file(path) as partial:
        try:
            save_file(copies, partial, metadata)
        except SafetensorError as error:  # what safetensors makes of a full disk
            raise OSError(str(error)) from error
        share(partial)  # safetensors makes files for their owner only, but snapshots are there to be shared
