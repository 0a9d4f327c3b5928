"""A generator as Python source that needs torch alone."""

from typing import Any

import torch

from ganvas.sharing.steps import Step, Steps, Value
from ganvas.sharing.tracing import CLASSES, LATENTS, TRUNCATION

# Operations by the names that readers know. Those of `torch.nn.functional` and of `torch` take ATen's arguments.
_FUNCTIONAL = ("linear", "conv_transpose2d", "conv2d", "leaky_relu", "adaptive_avg_pool2d")
_TORCH = ("relu", "tanh", "sigmoid", "cat", "stack", "matmul", "permute", "unsqueeze", "select", "clamp", "sum")
_SYMBOLS = {"mul": "*", "add": "+", "sub": "-", "div": "/", "gt": ">"}
_MARGIN = 116

_MODULE = '''"""{title}

Written by `ganvas export`. It needs torch alone; generator.safetensors has the weights.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def paint({parameters}) -> Tensor:
    """Paint pictures: float32 [B, 3, {size}, {size}] in [-1, 1].

    Args:
{arguments}
    """
{body}
    return {result}
'''
_ARGUMENTS = {
    "weights": "of the generator, by name.",
    LATENTS: "float32 [B, {latent_dim}], drawn from {distribution}.",
    CLASSES: "the weight of each class, float32 [B, {classes}]; 1 for a class alone. Weights of several mix them.",
    TRUNCATION: "factor of the latents; below 1, pictures are more typical and less varied.",
}


def python_source(steps: Steps, title: str, **facts: object) -> str:
    """A module with a function `paint(weights, latents, classes, truncation)`; `classes` only if it takes classes.

    Args:
        steps: the generator.
        title: the first line of the module's docstring. It may be anybody's, so what could end a docstring is replaced.
        **facts: `size`, `latent_dim`, `distribution` and `classes`, for the docstring.
    """
    types = {TRUNCATION: "float = 1.0"}
    names = ["weights", *(name for name in (LATENTS, CLASSES) if name in steps.inputs or name == LATENTS), TRUNCATION]
    parameters = ["weights: dict[str, Tensor]", *(f"{name}: {types.get(name, 'Tensor')}" for name in names[1:])]
    return _MODULE.format(
        title="".join(letter if letter.isprintable() and letter not in '"\\' else "_" for letter in title),
        parameters=", ".join(parameters),
        size=facts["size"],
        arguments="\n".join(f"        {name}: {_ARGUMENTS[name].format(**facts)}" for name in names),
        body="\n".join(f"    {_line(step)}" for step in steps.steps),
        result=_written(steps.result),
    )


def _line(step: Step) -> str:
    line = f"{step.name} = {_expression(step)}"
    if len(line) <= _MARGIN or not line.endswith(")"):
        return line
    head, _, rest = line.partition("(")
    return f"{head}(\n        {rest[:-1]}\n    )"


def _expression(step: Step) -> str:
    op, arguments = step.op, [_written(each) for each in step.arguments]
    if op == "size":
        return f"{arguments[0]}.shape[{arguments[1]}]"
    if op == "view":
        return f"{arguments[0]}.reshape({arguments[1]})"
    if op == "getitem":
        return f"{arguments[0]}[{arguments[1]}]"
    if op == "batch_norm":
        pictures, weight, bias, mean, variance, _, epsilon = arguments
        return f"F.batch_norm({pictures}, {mean}, {variance}, {weight}, {bias}, eps={epsilon})"
    if op in _SYMBOLS and len(arguments) == 2 and not step.options:
        return f"{arguments[0]} {_SYMBOLS[op]} {arguments[1]}"
    home = "F" if op in _FUNCTIONAL else "torch" if op in _TORCH else "torch.ops.aten"
    options = [f"{key}={_written(value)}" for key, value in step.options.items()]
    return f"{home}.{op}({', '.join([*arguments, *options])})"


def _written(value: Any) -> str:
    """A value as Python."""
    if isinstance(value, Value):
        return f'weights["{value.name}"]' if value.kind == "weight" else value.name
    if isinstance(value, list | tuple):
        return f"[{', '.join(_written(each) for each in value)}]"
    assert value is None or isinstance(value, bool | int | float | str | torch.dtype), value
    return repr(value)
