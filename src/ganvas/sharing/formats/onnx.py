"""One ONNX file, for programs without Python, by torch's exporter."""

import contextlib
import importlib
import io
import json
import logging
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ganvas.foundation.errors import ConfigError
from ganvas.foundation.files import whole_file
from ganvas.sharing.card import written_by
from ganvas.sharing.checking import Paint, check, described
from ganvas.sharing.given import Given
from ganvas.sharing.tracing import PICTURES, trace

if TYPE_CHECKING:
    import onnx

OPSET = 20
_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
# What protobuf, and with it ONNX, can hold in one file.
_MOST_BYTES = 2**31 - 1


def write(given: Given, out: Path) -> Iterable[str]:
    """Write the file: float32 inputs `latents` [B, Z], `classes` [B, C] and `truncation` [1], output `pictures`.

    `classes`, the weight of each class, is an input of conditional generators only. B is free.

    Args:
        given: what is exported.
        out: the `.onnx` file to make.

    Returns:
        A line about the check.

    Raises:
        ConfigError: `out` does not end in .onnx, a package is missing, or the network cannot be exported.
        RunError: the exported network paints other pictures.
        WriteError: the file system refused.
    """
    if out.suffix.lower() != ".onnx":
        raise ConfigError(f"{out}: choose a name that ends in .onnx")
    _check_packages()
    model = _converted(given)
    difference = check(given.snapshot, _session(model), "the ONNX file")
    _describe(model, given, difference)
    with whole_file(out) as partial:
        partial.write_bytes(model.SerializeToString())
    return [described(difference)]


def _check_packages() -> None:
    for package in _PACKAGES:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise ConfigError(
                f"--to onnx needs the package {package}; install it with: pip install 'ganvas[onnx]'"
            ) from error


def _converted(given: Given) -> "onnx.ModelProto":
    """The generator as ONNX.

    Raises:
        ConfigError: an operation has no counterpart, or the weights are too large for one file.
    """
    program = trace(given.snapshot)
    if sum(tensor.nbytes for tensor in program.state_dict.values()) > _MOST_BYTES:
        raise ConfigError(f"the weights are larger than the {_MOST_BYTES / 2**30:.0f} GiB of an ONNX file")
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)  # what the exporter thinks of other packages
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            converted = torch.onnx.export(
                program, dynamo=True, opset_version=OPSET, output_names=[PICTURES], external_data=False, verbose=False
            )
    except Exception as error:  # torch raises many kinds
        reason = str(error).strip().split("\n")[0]
        raise ConfigError(f"the generator of recipe {given.card.recipe} cannot be exported: {reason}") from error
    finally:
        logging.disable(level)
    assert converted is not None
    return converted.model_proto


def _session(model: "onnx.ModelProto") -> Paint:
    """The exported generator as a function that `check` calls."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    def paint(latents: Tensor, classes: Tensor | None, truncation: Tensor) -> Tensor:
        given = {"latents": latents, "classes": classes, "truncation": truncation}
        feed = {name: tensor.numpy() for name, tensor in given.items() if tensor is not None}
        used = {each.name for each in session.get_inputs()}
        (pictures,) = session.run([PICTURES], {name: value for name, value in feed.items() if name in used})
        return torch.from_numpy(pictures)

    return paint


def _describe(model: "onnx.ModelProto", given: Given, difference: float) -> None:
    """Store in the file what it is and how it was checked."""
    import onnx

    facts = {**written_by(given), "size": given.card.size, "check": described(difference), "difference": difference}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in facts.items()}
    onnx.helper.set_model_props(model, texts)
    model.doc_string = f"The generator of {given.title}: latents to pictures in [-1, 1]. {described(difference)}."
