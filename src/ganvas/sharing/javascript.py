"""A generator as a list of operations for `templates/engine.js`, which runs it in a browser.

Shapes are those of one picture. What depends on weights alone is computed here, weights of convolutions are laid out as
matrices, and batch normalisation becomes a factor and a summand for each channel.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganvas.foundation.errors import ConfigError
from ganvas.sharing.steps import Step, Steps, Value

# Smaller tensors are kept in float32, whatever the others are in.
SMALL = 4096
_BINARY = {"mul": "multiply", "add": "add", "sub": "subtract", "div": "divide", "gt": "greater"}
_UNARY = {"relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "sqrt": "root", "special_ndtr": "normal_share"}
_RESHAPES = ("view", "reshape", "unsqueeze", "squeeze", "flatten", "unflatten")
_REDUCTIONS = {"sum": "sum", "amin": "least", "amax": "greatest"}


@dataclass(frozen=True)
class Program:
    """What the engine runs.

    Attributes:
        steps: operations with their inputs, output, shape and parameters.
        tensors: weights by name, float32.
        result: the name of the pictures.
    """

    steps: list[dict[str, Any]]
    tensors: dict[str, Tensor]
    result: str

    def rounded(self) -> "Program":
        """The same with large weights rounded to half precision."""
        return Program(self.steps, {name: _half(each) for name, each in self.tensors.items()}, self.result)

    def record(self) -> dict[str, Any]:
        """As JSON. Weights that half precision can hold without loss are kept in it."""
        return {
            "steps": self.steps,
            "result": self.result,
            "tensors": {name: _record(tensor) for name, tensor in self.tensors.items()},
        }


def program_of(steps: Steps) -> Program:
    """Translate a generator that was traced for one picture.

    Raises:
        ConfigError: it has an operation that the engine does not know.
    """
    writer = _Writer(dict(steps.weights))
    for step in steps.steps:
        writer.add(step)
    return Program(writer.steps, writer.used, steps.result.name)


@dataclass
class _Writer:
    """Steps that are written one after the other.

    Attributes:
        constants: tensors by name that do not depend on the inputs.
        steps: those written so far.
        used: the constants that they use, as the engine wants them.
    """

    constants: dict[str, Tensor]
    steps: list[dict[str, Any]] = field(default_factory=list)
    used: dict[str, Tensor] = field(default_factory=dict)

    def add(self, step: Step) -> None:
        """Write a step, or compute it if it depends on weights alone."""
        values = [each for each in _flat(step.arguments) if isinstance(each, Value)]
        if all(each.name in self.constants for each in values):
            # A view of a constant need not be one here.
            function = getattr(torch.ops.aten, "reshape" if step.op == "view" else step.op)
            arguments = [_replaced(each, self.constants) for each in step.arguments]
            self.constants[step.name] = function(*arguments, **step.options)
            return
        op, inputs, parameters = self._translated(step)
        self.steps.append({"op": op, "inputs": inputs, "output": step.name, "shape": list(step.shape), **parameters})

    def _translated(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        """The engine's operation, its inputs and its parameters."""
        op, arguments = step.op, step.arguments
        if step.options:
            raise _unknown(step)
        if op in _BINARY:
            return _BINARY[op], [self._input(each) for each in arguments], {}
        if op in _UNARY:
            return _UNARY[op], [self._input(arguments[0])], {}
        if op in _RESHAPES:
            return "reshape", [self._input(arguments[0])], {}
        if op in _REDUCTIONS:
            axes = [axis % _rank(step, arguments) for axis in _listed(arguments[1])]
            return _REDUCTIONS[op], [self._input(arguments[0])], {"axes": axes}
        if op in _WRITERS:
            return _WRITERS[op](self, step)
        raise _unknown(step)

    def _input(self, value: Any, change: Callable[[Tensor], Tensor] | None = None, name: str = "") -> Any:
        """A value as an input of a step; a constant is kept, laid out by `change`."""
        if not isinstance(value, Value):
            return value
        if value.name not in self.constants:
            return value.name
        key = f"{value.name}{name}"
        tensor = self.constants[value.name]
        self.used[key] = (change(tensor) if change else tensor).float().contiguous()
        return key

    def _constant(self, value: Any, step: Step) -> Value:
        """A value that must be a constant."""
        if not isinstance(value, Value) or value.name not in self.constants:
            raise _unknown(step)
        return value

    def _dense(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        x, weight, *bias = step.arguments
        inputs = [self._input(x), self._input(self._constant(weight, step))]
        return "dense", [*inputs, *(self._input(each) for each in bias if each is not None)], {}

    def _product(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        """x [1, k] times a constant [k, ...]."""
        x, matrix, *axes = step.arguments
        if axes not in ([], [[-1], [0]], [[1], [0]]):
            raise _unknown(step)
        constant = self._constant(matrix, step)
        return "dense", [self._input(x), self._input(constant, lambda each: each.flatten(1).t(), "/t")], {}

    def _transposed(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        x, weight, bias, stride, padding, *rest = step.arguments
        if any(any(_listed(each)) for each in rest[:1]) or rest[1:] not in ([], [1], [1, [1, 1]]):
            raise _unknown(step)
        kernel = self.constants[self._constant(weight, step).name].shape[2:]
        matrix = self._input(weight, lambda each: each.permute(1, 2, 3, 0).flatten(0, 2), "/rows")
        inputs = [self._input(x), matrix, *([self._input(bias)] if bias is not None else [])]
        return "transposed_convolution", inputs, _window(kernel, stride, padding)

    def _convolution(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        x, weight, *rest = step.arguments
        defaults: tuple[Any, ...] = (None, 1, 0, 1, 1)
        bias, stride, padding, dilation, groups = [*rest, *defaults[len(rest) :]]
        if set(_listed(dilation)) != {1} or groups != 1 or isinstance(padding, str):
            raise _unknown(step)
        kernel = self.constants[self._constant(weight, step).name].shape[2:]
        matrix = self._input(weight, lambda each: each.flatten(1), "/rows")
        inputs = [self._input(x), matrix, *([self._input(bias)] if bias is not None else [])]
        return "convolution", inputs, _window(kernel, stride, padding)

    def _affine(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        x, weight, bias, mean, variance, _, epsilon = step.arguments
        means, variances = (self.constants[each.name].double() for each in (mean, variance))
        factor = (variances + epsilon).rsqrt() * (1.0 if weight is None else self.constants[weight.name].double())
        summand = (0.0 if bias is None else self.constants[bias.name].double()) - means * factor
        names = [f"{step.name}/factor", f"{step.name}/summand"]
        self.used |= dict(zip(names, (factor.float(), summand.float()), strict=True))
        return "affine", [self._input(x), *names], {}

    def _leaky(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        return "leaky_relu", [self._input(step.arguments[0])], {"slope": [*step.arguments, 0.01][1]}

    def _clamp(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        low, high = [*step.arguments[1:], None, None][:2]
        return "clamp", [self._input(step.arguments[0])], {"low": low, "high": high}

    def _clamp_min(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        return "clamp", [self._input(step.arguments[0])], {"low": step.arguments[1], "high": None}

    def _permute(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        x, axes = step.arguments
        return "permute", [self._input(x)], {"axes": [axis % len(step.shape) for axis in axes]}

    def _slice(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        x, axis, start, _, *stride = [*step.arguments, 0, 0, None][: max(4, len(step.arguments))]
        if stride not in ([], [1]) or (start or 0) < 0:
            raise _unknown(step)
        return "slice", [self._input(x)], {"axis": axis % len(step.shape), "start": start or 0}

    def _select(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        x, axis, start = step.arguments
        if axis < 0 or start < 0:
            raise _unknown(step)
        shape = [*step.shape[:axis], 1, *step.shape[axis:]]
        part = {"op": "slice", "inputs": [self._input(x)], "output": f"{step.name}/part", "shape": shape}
        self.steps.append(part | {"axis": axis, "start": start})
        return "reshape", [f"{step.name}/part"], {}

    def _expand(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        return "expand", [self._input(step.arguments[0])], {}

    def _cat(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        parts, axis = [*step.arguments, 0][:2]
        return "join", [self._input(each) for each in parts], {"axis": axis % len(step.shape)}

    def _stack(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        parts, axis = [*step.arguments, 0][:2]
        axis %= len(step.shape)
        shape, names = [*step.shape[:axis], 1, *step.shape[axis + 1 :]], []
        for number, each in enumerate(parts):
            names.append(f"{step.name}/{number}")
            self.steps.append({"op": "reshape", "inputs": [self._input(each)], "output": names[-1], "shape": shape})
        return "join", names, {"axis": axis}

    def _pool(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        return "pool", [self._input(step.arguments[0])], {}

    def _enlarge(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        return "enlarge", [self._input(step.arguments[0])], {}

    def _blend(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        x, _, are_corners_aligned = step.arguments[:3]
        if are_corners_aligned:
            raise _unknown(step)
        return "blend", [self._input(x)], {}

    def _pick(self, step: Step) -> tuple[str, list[Any], dict[str, Any]]:
        x, (number, *others) = step.arguments
        if others:
            raise _unknown(step)
        return "pick", [self._input(x), self._input(number)], {}


_WRITERS: Mapping[str, Callable[[_Writer, Step], tuple[str, list[Any], dict[str, Any]]]] = {
    "linear": _Writer._dense,
    "matmul": _Writer._product,
    "mm": _Writer._product,
    "tensordot": _Writer._product,
    "conv_transpose2d": _Writer._transposed,
    "conv2d": _Writer._convolution,
    "batch_norm": _Writer._affine,
    "leaky_relu": _Writer._leaky,
    "clamp": _Writer._clamp,
    "clamp_min": _Writer._clamp_min,
    "permute": _Writer._permute,
    "slice": _Writer._slice,
    "select": _Writer._select,
    "expand": _Writer._expand,
    "cat": _Writer._cat,
    "stack": _Writer._stack,
    "adaptive_avg_pool2d": _Writer._pool,
    "upsample_nearest2d": _Writer._enlarge,
    "upsample_bilinear2d": _Writer._blend,
    "index": _Writer._pick,
}


def _unknown(step: Step) -> ConfigError:
    return ConfigError(
        f"a web page cannot run {step.op} of this generator, the step {step.name}; export it --to onnx, which can"
    )


def _window(kernel: Sequence[int], stride: Any, padding: Any) -> dict[str, list[int]]:
    return {"kernel": list(kernel), "stride": _pair(stride), "padding": _pair(padding)}


def _pair(value: Any) -> list[int]:
    return list(value) if isinstance(value, list | tuple) and len(value) == 2 else [*_listed(value)] * 2


def _listed(value: Any) -> list[int]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _rank(step: Step, arguments: Sequence[Any]) -> int:
    """The number of axes of what is reduced."""
    keeps = len(arguments) > 2 and bool(arguments[2])
    return len(step.shape) + (0 if keeps else len(_listed(arguments[1])))


def _flat(arguments: Any) -> list[Any]:
    if isinstance(arguments, list | tuple):
        return [value for each in arguments for value in _flat(each)]
    return [arguments]


def _replaced(argument: Any, constants: Mapping[str, Tensor]) -> Any:
    if isinstance(argument, list | tuple):
        return [_replaced(each, constants) for each in argument]
    return constants[argument.name] if isinstance(argument, Value) else argument


def _half(tensor: Tensor) -> Tensor:
    return tensor if tensor.numel() < SMALL else tensor.half().float()


def _record(tensor: Tensor) -> dict[str, Any]:
    is_half = tensor.numel() >= SMALL and torch.equal(_half(tensor), tensor)
    values = tensor.half() if is_half else tensor
    content = np.ascontiguousarray(values.numpy(), "<f2" if is_half else "<f4").tobytes()
    return {"shape": list(tensor.shape), "half": is_half, "base64": base64.b64encode(content).decode("ascii")}
