"""Weights in safetensors, and plain torch that paints with them: a folder that needs no ganvas."""

import json
import runpy
from collections.abc import Iterable
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from ganvas.artist.sheets import write_sheet
from ganvas.artist.wall import wall
from ganvas.foundation.errors import ConfigError
from ganvas.foundation.files import whole_directory
from ganvas.foundation.tensors import write_tensors
from ganvas.sharing.card import CONFIG, card, config, written_by
from ganvas.sharing.checking import check, described
from ganvas.sharing.drawing import Drawing, drawing_of
from ganvas.sharing.given import Given
from ganvas.sharing.source import python_source
from ganvas.sharing.steps import Steps, steps_of
from ganvas.sharing.tracing import CLASSES, trace

WEIGHTS, MODULE, SCRIPT, CARD, WALL = "generator.safetensors", "generator.py", "paint.py", "README.md", "pictures.png"

_SCRIPT = '''"""Paint with this generator: python paint.py SEED COUNT"""

import sys

import torch
from PIL import Image
from safetensors.torch import load_file

from generator import paint

seed, count = (int(word) for word in (*sys.argv[1:], "0", "8")[:2])
random = torch.Generator().manual_seed(seed)
latents = torch.cat([{drawing} for _ in range(0, count, 64)])[:count]
{classes}with torch.inference_mode():
    pictures = paint(load_file("generator.safetensors"), {arguments}, truncation=1.0)
pixels = pictures.add(1).mul(127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
for number, picture in enumerate(pixels):
    Image.fromarray(picture).save(f"seed{{seed}}-{{number:05d}}.png")
'''
_CLASSES = "classes = torch.eye({count})[torch.arange(count) % {count}]  # in turn: {names}\n"


def write(given: Given, out: Path) -> Iterable[str]:
    """Write the folder.

    Args:
        given: what is exported.
        out: the folder to make.

    Returns:
        A line about the check.

    Raises:
        ConfigError: the network cannot be exported.
        RunError: the plain torch paints other pictures.
        GanvasError: `out` exists, or the file system refused.
    """
    with whole_directory(out) as folder:
        return [write_folder(given, folder)]


def write_folder(given: Given, folder: Path, front: str = "", usage: str | None = None) -> str:
    """Write everything to a folder that exists.

    Args:
        given: what is exported.
        folder: the folder.
        front: YAML at the head of the card; see `card`.
        usage: how to use it, in Markdown; by default with plain torch.

    Returns:
        A line about the check.

    Raises:
        ConfigError: the network cannot be exported.
        RunError: the plain torch paints other pictures.
        WriteError: the file system refused.
    """
    checked = described(_write_generator(given, steps_of(trace(given.snapshot)), folder))
    write_sheet(given.artist, folder / WALL, *wall(given.artist))
    (folder / CARD).write_text(card(given, usage or use(given), checked, front), encoding="utf-8")
    if (options := config(given)) is not None:
        (folder / CONFIG).write_text(options, encoding="utf-8")
    return checked


def _write_generator(given: Given, steps: Steps, folder: Path) -> float:
    """Write weights, module and script, and return the largest difference from torch; see `check`."""
    drawing = _drawing(given)
    facts = {
        "size": given.card.size,
        "latent_dim": given.artist.latent_dim,
        "distribution": drawing.distribution,
        "classes": len(given.card.class_names),
    }
    module = python_source(steps, f"The generator of {given.title}, in plain torch.", **facts)
    (folder / MODULE).write_text(module, encoding="utf-8")
    (folder / SCRIPT).write_text(script(given), encoding="utf-8")
    metadata = {"format": "pt", "generator": json.dumps({**facts, **written_by(given)})}
    write_tensors(folder / WEIGHTS, steps.weights, metadata)
    weights, paint = load_file(folder / WEIGHTS), runpy.run_path(str(folder / MODULE))["paint"]

    def paint_plainly(latents: Tensor, classes: Tensor | None, truncation: Tensor) -> Tensor:
        pictures: Tensor = paint(weights, *([latents] if classes is None else [latents, classes]), truncation)
        return pictures

    return check(given.snapshot, paint_plainly, "the plain torch")


def script(given: Given) -> str:
    """Twenty lines of torch that paint with the weights; the pictures are those of `ganvas sample` up to rounding.

    Raises:
        ConfigError: the recipe draws its latents in a way of its own.
    """
    names = given.card.class_names
    classes = _CLASSES.format(count=len(names), names=", ".join(" ".join(name.split()) for name in names[:8]))
    return _SCRIPT.format(
        drawing=_drawing(given).source.format(dim=given.artist.latent_dim),
        classes=classes if names else "",
        arguments=f"latents, {CLASSES}" if names else "latents",
    )


def _drawing(given: Given) -> Drawing:
    drawing = drawing_of(given.snapshot.recipe)
    if drawing is None:
        raise ConfigError(f"recipe {given.card.recipe} draws its latents in a way of its own, so export it --to onnx")
    return drawing


def use(given: Given) -> str:
    """How to paint with the folder, in Markdown."""
    _, _, lines = script(given).partition("\n\n")
    return f"""\
`{WEIGHTS}` has the weights, `{MODULE}` the network in plain torch. With torch, safetensors and Pillow:

```python
{lines.strip()}
```

These lines are in `{SCRIPT}`: `python {SCRIPT} 0 8` paints eight pictures of seed 0.
"""
