"""The recorded operations of a generator as a list of steps, without what does nothing.

`torch.export` returns a graph with the bookkeeping of its own: slices of everything, copies, and statistics that batch
normalisation returns beside its result. Writers of source code for other languages want the arithmetic alone.
"""

import operator
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx
from torch.export import ExportedProgram
from torch.fx.node import map_arg

_PREFIX = "generator."
# Operations whose result is their first argument, for one who never writes into it.
_IDENTITIES = ("clone", "contiguous", "alias", "detach", "dropout", "lift_fresh_copy")
# Keywords about where a tensor lies, which a reader of the list decides.
_PLACES = ("device", "layout", "pin_memory", "memory_format")
_RENAMED = {"_native_batch_norm_legit_no_training": "batch_norm", "_unsafe_view": "view", "sym_size": "size"}
_CHECKS = ("_assert_tensor_metadata", "_assert_scalar", "sym_constrain_range_for_size")


@dataclass(frozen=True)
class Value:
    """A tensor or a size that a step uses.

    Attributes:
        name: of the step that made it, of an input, or of a weight.
        kind: "step", "input" or "weight".
    """

    name: str
    kind: str


@dataclass(frozen=True)
class Step:
    """One operation.

    Attributes:
        name: of its result; no two steps share one.
        op: the operation's name in torch's ATen, such as "conv_transpose2d"; "size" for the size of a batch.
        arguments: in order, with `Value`s in place of tensors and sizes that are not constants.
        options: further arguments by name, such as a dtype.
        shape: of the result; sizes that depend on the batch are -1. Empty for a number.
    """

    name: str
    op: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Steps:
    """A generator as a list of operations.

    Attributes:
        inputs: names of the inputs that are used, in order.
        weights: tensors by name; the names are those of the generator's own state.
        steps: the operations, in an order in which they can be done.
        result: the pictures, float32 [B, 3, S, S] in [-1, 1].
    """

    inputs: tuple[str, ...]
    weights: dict[str, Tensor]
    steps: tuple[Step, ...]
    result: Value


def steps_of(program: ExportedProgram) -> Steps:
    """List the operations of a program that `trace` made."""
    signature = program.graph_signature
    tensors = {**program.state_dict, **program.constants}
    stored = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    stored |= signature.inputs_to_lifted_tensor_constants
    values: dict[fx.Node, Any] = {}
    steps: list[Step] = []
    inputs: list[str] = []
    weights: dict[str, Tensor] = {}
    for node in program.graph.nodes:
        if node.op == "placeholder":
            if node.name in stored:
                name = stored[node.name]
                values[node] = Value(name.removeprefix(_PREFIX), "weight")
                if node.users:
                    weights[name.removeprefix(_PREFIX)] = tensors[name]
            elif node.meta.get("val") is not None:
                values[node] = Value(node.name, "input")
                inputs.append(node.name)
        elif node.op == "call_function":
            _add(node, values, steps)
    (result,) = next(node for node in program.graph.nodes if node.op == "output").args[0]
    return Steps(tuple(inputs), weights, tuple(steps), values[result])


def _add(node: fx.Node, values: dict[fx.Node, Any], steps: list[Step]) -> None:
    """Add the step of a node, or find the value that it only passes on."""
    op = _name(node)
    if op in _CHECKS:
        return
    arguments, options = map_arg((node.args, node.kwargs), lambda each: values[each])
    if _passes_on(node, op):
        values[node] = arguments[0]
        return
    name = f"{op}_{len(steps) + 1}"
    options = {key: value for key, value in options.items() if value is not None and key not in _PLACES}
    steps.append(Step(name, op, tuple(arguments), options, _shape(node.meta["val"])))
    values[node] = Value(name, "step")


def _passes_on(node: fx.Node, op: str) -> bool:
    """Whether a node's result is its first argument."""
    if op == "slice":
        return tuple(node.args[2:4]) in ((), (0, sys.maxsize))
    source = node.args[0] if node.args else None
    if not isinstance(source, fx.Node):
        return False
    if op == "_to_copy":
        return bool(source.meta["val"].dtype == node.meta["val"].dtype)
    # Batch normalisation returns its result, and statistics that are empty without training.
    if node.target is operator.getitem:
        return _name(source) == "batch_norm" and bool(node.args[1] == 0)
    return op in _IDENTITIES


def _name(node: fx.Node) -> str:
    """`conv_transpose2d` of `aten.conv_transpose2d.input`."""
    target: Any = node.target
    name = str(getattr(target, "overloadpacket", getattr(target, "__name__", target))).rpartition(".")[2]
    return _RENAMED.get(name, name)


def _shape(value: Any) -> tuple[int, ...]:
    tensor = value[0] if isinstance(value, tuple | list) else value
    if not isinstance(tensor, torch.Tensor):
        return ()
    return tuple(size if isinstance(size, int) else -1 for size in tensor.shape)
