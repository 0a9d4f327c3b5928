"""Every recipe in every precision: does it agree with the processor, and does it train, resume and sample?"""

import functools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import ganvas
from benchmarks.on_gpu.draws import SameDraws
from benchmarks.on_gpu.turn import Turn
from benchmarks.workload import noise_dataset
from ganvas import gans
from ganvas.artist.sampling import latents_of, paint
from ganvas.experiments.catalogue import CLASSES
from ganvas.gans.recipe import Recipe, Spec
from ganvas.machine.device import Machine, choose, launch
from ganvas.planning.costs import noise_batches
from ganvas.runs.directory import RunDirectory
from ganvas.runs.snapshot import Snapshot
from ganvas.settings.config import Settings, resolve
from ganvas.training.step import AdversarialStep

SEED = 1
# With these the parts of a recipe that join later are there from the start.
AT_ONCE: dict[str, dict[str, object]] = {"atelier": {"vision_from": 0.0, "vision_over": 0.0}}
# The first losses scaled by more than this overflow in float16; a run then finds a smaller scale by itself.
FIRST_SCALE = 256.0
# A loss below this is compared with this.
SMALL = 0.1


@dataclass(frozen=True)
class Difference:
    """How far a step on this device is from the same step in float32 on the processor.

    Attributes:
        pictures: mean difference of a value of the generated pictures, in steps of 1/255.
        losses: the largest difference of a loss, of one of its terms or of a mean logit, as a share of it.
        gradients: the larger difference of the norms of both gradients, as a share of them.
    """

    pictures: float
    losses: float
    gradients: float

    def is_within(self, most: "Difference") -> bool:
        """Whether no part of it is larger, and all are numbers."""
        return all(mine <= theirs for mine, theirs in zip(self.parts, most.parts, strict=True))

    @property
    def parts(self) -> tuple[float, float, float]:
        """All three."""
        return self.pictures, self.losses, self.gradients


# TF32 has 10 bits of a number, as float16 has; bfloat16 has 7.
TOLERANCES = {
    "float32": Difference(0.5, 0.02, 0.05),
    "float16": Difference(1.0, 0.05, 0.1),
    "bfloat16": Difference(2.0, 0.1, 0.2),
}
# Of pictures that a trained generator paints in float32 (TF32) on the device.
PAINTED = 1.0


@dataclass(frozen=True)
class Step:
    """What a first step looks like: pictures, float [B, 3, S, S], and the values that it reports."""

    pictures: torch.Tensor
    values: dict[str, float]


def agreements(turn: Turn, names: Sequence[str], reserve: float) -> list[dict[str, object]]:
    """A record for each recipe and precision.

    Args:
        turn: on the machine.
        names: of the recipes.
        reserve: seconds that must be left.
    """
    found = []
    for name in names:
        size = min(gans.find(name).sizes)
        for precision in turn.scale.precisions:
            work = functools.partial(_examine, turn, name, size, precision)
            record = turn.attempt(f"{name} at {size} px in {precision}", turn.scale.seconds.recipe, work, reserve)
            found += [] if record is None else [record]
    return found


def _examine(turn: Turn, name: str, size: int, precision: str) -> dict[str, object]:
    changes = dict(turn.scale.tiny) | AT_ONCE.get(name, {})
    recipe_class = gans.find(name)
    recipe = recipe_class(resolve(name, recipe_class.defaults, changes).options)
    spec = Spec(size, CLASSES if recipe.class_use.is_required else 0)
    machine = choose(Settings(device=turn.scale.device, precision=precision))
    difference = _difference(_first_step(recipe, spec, machine), _reference(name, tuple(changes.items()), spec))
    painted = _train_and_resume(turn, name, spec, precision, changes)
    agrees = difference.is_within(TOLERANCES[precision]) and painted <= PAINTED
    record: dict[str, object] = {"recipe": name, "size": size, "precision": precision, **asdict(difference)}
    return record | {"painted": painted, "agrees": agrees}


@functools.cache
def _reference(name: str, changes: tuple[tuple[str, object], ...], spec: Spec) -> Step:
    recipe_class = gans.find(name)
    recipe = recipe_class(resolve(name, recipe_class.defaults, dict(changes)).options)
    return _first_step(recipe, spec, choose(Settings(device="cpu", precision="float32")))


def _first_step(recipe: Recipe, spec: Spec, machine: Machine) -> Step:
    """A step of new networks on noise, with the same weights, pictures and random numbers on every machine."""
    torch.manual_seed(SEED)
    fabric = launch(machine)
    precision = fabric.strategy.precision
    if scale := precision.state_dict():
        precision.load_state_dict(scale | {"scale": FIRST_SCALE})
    step = AdversarialStep(recipe, spec, machine, fabric)
    batches = noise_batches(recipe, spec, machine, torch.Generator().manual_seed(SEED))
    generator, _ = step.copies()
    torch.manual_seed(SEED)
    with SameDraws():
        with torch.no_grad():
            pictures = batches[0].generated(generator)
        values = step(batches, images_seen=len(batches[0].images))
    return Step(pictures.float().cpu(), values)


def _difference(found: Step, expected: Step) -> Difference:
    levels = 127.5 * (found.pictures - expected.pictures).abs().mean().item()
    losses, gradients = [0.0], [0.0]
    for name, value in expected.values.items():
        apart = abs(found.values[name] - value)
        if name.endswith("_grad"):
            gradients.append(apart / value)
        elif not name.startswith("d_accuracy"):  # a share of pictures, which jumps
            losses.append(apart / max(abs(value), SMALL))
    return Difference(levels, _largest(losses), _largest(gradients))


def _largest(values: Sequence[float]) -> float:
    return max(values) if all(map(math.isfinite, values)) else math.inf


def _train_and_resume(turn: Turn, name: str, spec: Spec, precision: str, changes: dict[str, object]) -> float:
    """Train, resume and sample.

    Returns:
        The mean difference between what the generator paints here and on the processor, in steps of 1/255.

    Raises:
        AssertionError: the run is not what it must be.
    """
    steps = turn.scale.steps
    data, run = turn.folder / f"noise-{spec.size}-{spec.classes}", turn.folder / f"{name}-{precision}"
    if not data.exists():
        noise_dataset(data, spec.size, count=turn.scale.pictures, classes=spec.classes)
    quiet: dict[str, Any] = {"device": turn.scale.device, "precision": precision, "eval_samples": 0}
    quiet |= {"tensorboard": False, "grid_size": 2, "sample_every": "1h", **changes}
    ganvas.train(data, run, name, start=None, display=None, budget=f"{steps}steps", **quiet)
    before = _last(run).generator.state_dict()
    outcome = ganvas.resume(run, budget=f"{steps}steps")
    snapshot = _last(run)
    options = snapshot.recipe.options  # type: ignore[attr-defined]  # it is a GAN
    assert outcome.finished
    assert outcome.kimg == 2 * steps * options.d_steps * options.batch_size / 1000
    after = snapshot.generator.state_dict()
    assert all(torch.isfinite(weights.float()).all() for weights in after.values())
    assert any(not torch.equal(weights, after[key]) for key, weights in before.items()), "no weight has changed"
    return _painted(snapshot, spec, choose(Settings(device=turn.scale.device, precision="float32")))


def _painted(snapshot: Snapshot, spec: Spec, machine: Machine) -> float:
    latents = latents_of(snapshot.recipe, SEED, range(64))
    classes = np.arange(64) % spec.classes if snapshot.card.class_names else None
    expected = paint(snapshot.generator, latents, classes)
    found = paint(machine.place(snapshot.generator), latents, classes, machine.device)
    assert expected.std() > 0, "all pictures are of one colour"
    return float(np.abs(found.astype(float) - expected).mean())


def _last(run: Path) -> Snapshot:
    return Snapshot.load(RunDirectory.open(run).snapshot("last"))
