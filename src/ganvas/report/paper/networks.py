"""Drawings of networks: their layers, and activation functions."""

from collections.abc import Callable

import pandas as pd
import torch
from torch import Tensor, nn

from ganvas import gans
from ganvas.gans.recipe import Recipe, Spec, generate
from ganvas.papers.drawings import Functions, Layers
from ganvas.report.charts import BLUE, MOSS, RUST, Chart, blank, line
from ganvas.report.paper.blocks import Block, Charts, Note, Table
from ganvas.report.paper.reproduction import Reproduction

# The functions that papers plot.
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "logistic sigmoid": torch.sigmoid,
    "ReLU": torch.relu,
    "leaky ReLU": lambda x: nn.functional.leaky_relu(x, 0.2),
}


def layers(drawing: Layers, done: Reproduction) -> list[Block]:
    """The layers of a recipe's networks: their outputs and numbers of parameters."""
    kind = gans.find(drawing.recipe)
    recipe = kind(kind.defaults)
    blocks: list[Block] = []
    for name in drawing.networks:
        rows = _rows(recipe, Spec(drawing.size, drawing.classes), name)
        counts = [count for _, _, count in rows if count]
        paper = iter(drawing.paper or ())
        heads = ["layer", "output", "parameters", *(["in the paper"] if drawing.paper else [])]
        cells = [
            [layer, shape, f"{count:,}", *([f"{next(paper, 0):,}" if count else "0"] if drawing.paper else [])]
            for layer, shape, count in rows
        ]
        total = ["total", "", f"{sum(counts):,}", *([f"{sum(drawing.paper):,}"] if drawing.paper else [])]
        blocks.append(Table(heads, [*cells, total], heading=f"The {name} of {drawing.recipe} at {drawing.size} px"))
    return [*blocks, Note("As in Keras, the parameters of BatchNorm include its two moving statistics.")]


def _rows(recipe: Recipe, spec: Spec, network: str) -> list[tuple[str, str, int]]:
    """The name, output shape and number of parameters of each layer of G or D, in the order of their use."""
    with torch.device("meta"):
        generator, discriminator = recipe.build(spec)
        latents = torch.empty(2, recipe.options.latent_dim)
        labels = torch.zeros(2, dtype=torch.int64) if spec.classes else None
        images = torch.empty(2, 3, spec.size, spec.size)
    rows: list[tuple[str, str, int]] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        shape = " x ".join(map(str, [*output.shape[2:], output.shape[1]]))
        rows.append((_name(module), shape, _parameters(module)))

    chosen = generator if network == "generator" else discriminator
    for module in chosen.modules():
        if not any(True for _ in module.children()):
            module.register_forward_hook(note)
    if network == "generator":
        conditions = recipe.class_use.conditions_generator
        generate(generator, latents, labels if conditions else None)
    else:
        recipe.discriminate(discriminator, images, labels)
    return rows


def _name(module: nn.Module) -> str:
    """The name of a layer as torch has it, such as Conv2d for a class that derives from it."""
    return next(kind.__name__ for kind in type(module).__mro__ if kind.__module__.startswith("torch."))


def _parameters(module: nn.Module) -> int:
    """The number of parameters as Keras counts them: with the moving statistics of BatchNorm."""
    statistics = [buffer for buffer in module.buffers(recurse=False) if buffer.ndim]
    return sum(each.numel() for each in (*module.parameters(recurse=False), *statistics))


def functions(drawing: Functions, done: Reproduction) -> list[Block]:
    """Activation functions in one chart."""
    figure = blank(xaxis_title_text="x", xaxis_rangemode="normal")
    x = torch.linspace(-4, 4, 161)
    for name, color in zip(drawing.names, (BLUE, RUST, MOSS), strict=False):
        line(figure, pd.Series(x.tolist()), pd.Series(FUNCTIONS[name](x).tolist()), name, color)
    title = " and ".join(drawing.names)
    return [Charts([Chart(title.replace(" ", "-"), title, "From -4 to 4.", figure)])]
