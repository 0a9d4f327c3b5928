"""What the model of several processes predicts for up to 1,024 GPUs. Nothing is timed.

    python -m benchmarks.many_gpus [--recipe dcgan atelier] [--size 64]

The operations of a step and the bytes that it exchanges are counted on its networks. What a GPU makes of them was
measured on an H100 (`FLOP_PER_S`, `FIXED`). The wire is assumed (`WIRE`). The model is `ganvas.planning.scaling`.
"""

import argparse
import sys

import torch
from torch.utils.flop_counter import FlopCounterMode

from ganvas import gans
from ganvas.gans.recipe import Spec
from ganvas.machine import device
from ganvas.planning.scaling import Computation, Scaling, Wire, exchanges
from ganvas.settings.config import Settings
from ganvas.training.step import AdversarialStep

# What `benchmarks.gpu` found on an H100 (docs/performance.md): about what dcgan's convolutions reached at 128 px, and
# the time in which the operations of a step are started, however many pictures it has. Other recipes start as many as
# the first.
FLOP_PER_S = 200e12
FIXED = {"dcgan": 13e-3, "atelier": 50e-3}
# A network of 200 Gbit/s.
WIRE = Wire(latency=20e-6, bandwidth=25e9)
GPUS = (1, 8, 64, 256, 1024)
# Pictures of a GPU when the batch grows with their number.
PART = 16
# Pictures of the batches that operations are counted with.
COUNTED = 4


def main() -> None:
    """Print a table for each recipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", nargs="+", default=["dcgan", "atelier"])
    parser.add_argument("--size", type=int, default=64)
    args = parser.parse_args()
    print(
        f"assumed: {FLOP_PER_S / 1e12:g} TFLOP/s for each GPU, {WIRE.latency * 1e6:g} us and "
        f"{WIRE.bandwidth / 1e9:g} GB/s between them",
        file=sys.stderr,
    )
    print("\n\n".join(table(recipe, args.size) for recipe in args.recipe))


def table(recipe: str, size: int) -> str:
    """The predictions for a recipe, as Markdown."""
    step, exchanged = step_of(recipe, size)
    flop, whole = flop_per_picture(step, size), step.recipe.options.batch_size
    fixed = FIXED.get(recipe, FIXED["dcgan"])
    model = Scaling(Computation(fixed, flop / FLOP_PER_S), exchanged, WIRE)
    lines = [
        f"{recipe} at {size} px: {fixed * 1e3:.0f} ms a step and {flop / 1e9:.2f} GFLOP a picture; a step exchanges "
        f"{sum(exchanged) / 1e6:.1f} MB in {len(exchanged)} parts",
        "",
        f"| GPUs | img/s, a batch of {whole} | img/s, {PART} pictures each | share of a step that exchanges take |",
        "|---|---|---|---|",
    ]
    for count in GPUS:
        same = f"{model.img_per_s(whole, count):,.0f}" if count <= whole else "—"
        grown = PART * count
        share = model.exchanging(count) / model.step(grown, count)
        lines.append(f"| {count:,} | {same} | {model.img_per_s(grown, count):,.0f} | {share:.0%} |")
    return "\n".join(lines)


def step_of(recipe: str, size: int) -> tuple[AdversarialStep, tuple[int, ...]]:
    """The networks of a recipe, and the bytes of each exchange of a step."""
    kind = gans.find(recipe)
    made, here = kind(kind.defaults), device.choose(Settings(device="cpu", precision="float32"))
    spec = Spec(size, 2 if made.effective_class_use.is_required else 0)
    step = AdversarialStep(made, spec, here, device.launch(here))
    return step, exchanges(step.generator, step.discriminator, made.options, size)


def flop_per_picture(step: AdversarialStep, size: int) -> float:
    """Floating-point operations of a training step for each picture of D."""
    recipe = step.recipe
    images, labels = torch.rand(COUNTED, 3, size, size) * 2 - 1, torch.arange(COUNTED) % 2
    batches = [
        recipe.batch(images, recipe.latents(COUNTED, torch.Generator()), labels)
        for _ in range(recipe.options.d_steps + recipe.options.g_steps - 1)
    ]
    with FlopCounterMode(display=False) as counter:
        step(batches, COUNTED)
    return float(counter.get_total_flops()) / COUNTED / recipe.options.d_steps


if __name__ == "__main__":
    main()
