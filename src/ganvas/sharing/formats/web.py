"""A page that runs the generator in the visitor's browser, opened from the disk or from any web server.

The engine is plain JavaScript (`templates/engine.js`), so the page needs no WebAssembly: docs/export.md says why.
"""

import base64
import copy
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import torch
from markupsafe import Markup
from torch import Tensor, nn

from ganvas.artist.explore.directions import axes, first_layer_gram
from ganvas.artist.origin import encoded
from ganvas.artist.png import XMP
from ganvas.artist.trained import Directions
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import ConfigError
from ganvas.foundation.files import whole_directory, whole_file
from ganvas.foundation.paths import quoted
from ganvas.foundation.pixels import to_uint8
from ganvas.foundation.version import VERSION
from ganvas.report import html
from ganvas.report.run import provenance
from ganvas.sharing.drawing import drawing_of
from ganvas.sharing.given import Given
from ganvas.sharing.javascript import SMALL, Program, program_of
from ganvas.sharing.steps import steps_of
from ganvas.sharing.tracing import Painter, inputs, trace

PAGE, GENERATOR = "index.html", "generator.js"
TEMPLATES = jinja2.FileSystemLoader(Path(__file__).parents[1] / "templates")
# Seeds whose latents travel with the page, pictures on its wall, and the most classes that get a slider each.
SEEDS, WALL, MOST_SLIDERS = 1000, 24, 8
# Axes of the first layer that get a slider if no directions are kept.
AXES = 5
# How far a slider goes along a unit vector: four standard deviations of normal latents, somewhat less of uniform ones.
_REACH = {True: 4.0, False: 2.0}
# The most that rounding weights to half precision may change a value of a picture, of 255.
_ROUNDED = 1


def write(given: Given, out: Path) -> Iterable[str]:
    """Write the page: one file if `out` ends in .html, else a folder with the page and its weights.

    Args:
        given: what is exported.
        out: the file or folder to make.

    Returns:
        Lines about sizes and precision.

    Raises:
        ConfigError: the network has an operation that the page cannot run.
        GanvasError: `out` exists, or the file system refused.
    """
    program = program_of(steps_of(trace(given.snapshot, batch=1)))
    is_rounded = rounding_error(given) <= _ROUNDED
    content = f"window.GANVAS = {_script(_content(given, program.rounded() if is_rounded else program))};\n"
    precision = "half precision, which changes no pixel by more than 1 of 255" if is_rounded else "single precision"
    if out.suffix.lower() in (".html", ".htm"):
        page = _page(given, precision, content)
        with whole_file(out) as partial:
            partial.write_text(page, encoding="utf-8")
        size = len(page.encode())
    else:
        page = _page(given, precision, None)
        with whole_directory(out) as folder:
            (folder / GENERATOR).write_text(content, encoding="utf-8")
            (folder / PAGE).write_text(page, encoding="utf-8")
        size = len(page.encode()) + len(content)
    lines = [f"{size / 1e6:.1f} MB with the weights in {precision}"]
    if not given.artist.directions:
        lines.append(
            "no directions are kept beside the snapshot, so sliders are axes of its first layer; find and name better "
            f"ones with: ganvas explore directions {quoted(given.path)}"
        )
    return lines


def _directions(given: Given) -> Directions:
    """The directions that are kept beside the snapshot; without any, those that SeFa's closed form gives at once."""
    if given.artist.directions:
        return given.artist.directions
    try:
        _, vectors = axes(first_layer_gram(given.artist))
    except ConfigError:  # a baseline has no first layer
        return {}
    return {f"axis {number}": vector for number, vector in enumerate(vectors[:AXES], start=1)}


def rounding_error(given: Given) -> int:
    """How much half precision of the weights changes pictures: the largest difference of a value, of 255."""
    rounded = copy.deepcopy(given.snapshot.generator)
    for tensor in rounded.state_dict().values():
        if tensor.is_floating_point() and tensor.numel() >= SMALL:
            tensor.copy_(tensor.half())
    latents, classes, one = inputs(given.snapshot, 64)
    exact, other = (_pixels(each, latents, classes, one) for each in (given.snapshot.generator, rounded))
    return int(np.abs(exact.astype(int) - other).max())


def _pixels(generator: nn.Module, latents: Tensor, classes: Tensor | None, truncation: Tensor) -> Images:
    with torch.inference_mode():
        return to_uint8(Painter(generator).eval()(latents, classes, truncation))


def _content(given: Given, program: Program) -> dict[str, Any]:
    """What the scripts of the page read."""
    own, names = given.card, given.card.class_names
    drawing = drawing_of(given.snapshot.recipe)
    is_normal = drawing is not None and drawing.is_normal
    latents = torch.cat([given.latents(1, seed) for seed in range(SEEDS)])
    numbers = given.artist.labels(SEEDS)
    labels = [] if numbers is None else numbers.tolist()
    return {
        "size": own.size,
        "latent_dim": given.artist.latent_dim,
        "classes": names,
        "labels": labels,
        "seeds": SEEDS,
        "wall": WALL,
        "most_sliders": MOST_SLIDERS,
        "is_normal": is_normal,
        "latents": encoded(latents.flatten().numpy()),
        "directions": [
            {"name": name, "vector": encoded(vector), "reach": _REACH[is_normal]}
            for name, vector in _directions(given).items()
        ],
        "known": _known(given, latents[:1], labels[:1]),
        "origin": {
            "format": 1,
            "ganvas": VERSION,
            "snapshot": given.snapshot.digest,
            "recipe": own.recipe,
            "size": own.size,
        },
        "xmp": XMP,
        "model": program.record(),
    }


def _known(given: Given, latent: Tensor, labels: list[int]) -> str:
    """The picture of seed 0 as torch paints it, by which the page checks itself: bytes of [S, S, 3] in base64."""
    classes = torch.eye(len(given.card.class_names))[labels] if labels else None
    return base64.b64encode(_pixels(given.snapshot.generator, latent, classes, torch.ones(1)).tobytes()).decode("ascii")


def _script(content: object) -> str:
    """JSON that may stand in a `<script>`."""
    return json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")


def _page(given: Given, precision: str, generator: str | None) -> str:
    """The page.

    Args:
        given: what is exported.
        precision: of the weights, in words.
        generator: the script with the weights; None if it is a file beside the page.
    """
    own = given.card
    about = {
        "Recipe": own.recipe,
        "Dataset": given.data_name,
        **({"Classes": ", ".join(own.class_names)} if own.class_names else {}),
        "Trained on": f"{html.whole(1000 * own.kimg)} pictures, counted with repeats",
        "Weights": f"{given.parameters / 1e6:.2f} million values in {precision}",
        "Snapshot": given.snapshot.digest[:12],
        "Speed": Markup('<output id="pace">not measured yet</output>'),
        "Check": Markup('<output id="check">not done yet</output>'),
    }
    template = html.environment(TEMPLATES).get_template("web.html")
    return template.render(
        title=given.title,
        subject=given.title,
        styles=["page.css", "web.css"],
        plotly=None,
        version=VERSION,
        recipe=own.recipe,
        data=given.data_name,
        size=own.size,
        classes=own.class_names,
        seeds=SEEDS,
        wall=WALL,
        about=about,
        statements=provenance.card(given.run)["statements"] if given.run else [],
        generator=generator,
    )
