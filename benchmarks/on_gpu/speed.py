"""The speed of training steps, and their share of what the device reaches in a matrix product."""

import functools
import time
from collections.abc import Mapping

import torch

from benchmarks.on_gpu.turn import Scale, Turn
from benchmarks.recipes import STEADY_STATE
from ganvas import gans
from ganvas.experiments.catalogue import operations_per_image
from ganvas.gans.recipe import Recipe, Spec
from ganvas.machine.ceiling import matrix_product_flops
from ganvas.machine.device import Machine, choose, launch
from ganvas.machine.memory import GIB
from ganvas.planning.costs import noise_batches
from ganvas.settings.config import Settings, parse_assignments, resolve
from ganvas.training.step import AdversarialStep

# Batches as multiples of the recipe's own: a quality chooses up to four times that.
BATCHES = (1, 4)
WARM_UP_STEPS, LEAST_STEPS = 3, 3


def ceilings(turn: Turn, reserve: float) -> dict[str, float]:
    """Floating-point operations per second of a matrix product, by precision."""
    scale, found = turn.scale, dict[str, float]()
    for precision in scale.precisions:
        machine = choose(Settings(device=scale.device, precision=precision))
        work = functools.partial(matrix_product_flops, precision, machine.threads, scale.side, device=scale.device)
        if flops := turn.attempt(f"matrix product in {precision}", scale.seconds.ceiling, work, reserve):
            found[precision] = flops
    return found


def speeds(turn: Turn, ceiling: Mapping[str, float], reserve: float) -> list[dict[str, object]]:
    """A record for each recipe, picture size and batch size, in the precision that ganvas chooses here.

    Args:
        turn: on the machine.
        ceiling: what `ceilings` returned.
        reserve: seconds that must be left.
    """
    machine, found = machine_of(turn.scale), []
    for name, size, factor in rows(turn.scale):
        own = recipe_of(name, turn.scale).options.batch_size
        recipe = recipe_of(name, turn.scale, batch_size=factor * own)
        work = functools.partial(_measure, recipe, size, machine, turn.scale.timed, ceiling.get(machine.precision))
        what = f"steps of {name} at {size} px, batches of {recipe.options.batch_size}"
        record = turn.attempt(what, turn.scale.seconds.speed, work, reserve)
        found += [] if record is None else [{"recipe": name, "size": size, **record}]
    return found


def machine_of(scale: Scale) -> Machine:
    """The machine on which steps are timed, in the precision that ganvas chooses there."""
    # The processor's choice is measured, which takes seconds.
    return choose(Settings(device=scale.device, precision="auto" if scale.device == "cuda" else "float32"))


def recipe_of(name: str, scale: Scale, **changes: object) -> Recipe:
    """A recipe whose steps cost as much as those of most of a run."""
    recipe_class = gans.find(name)
    usual: dict[str, object] = {**parse_assignments(STEADY_STATE.get(name, [])), **scale.tiny}
    return recipe_class(resolve(name, recipe_class.defaults, usual | changes).options)


def rows(scale: Scale) -> list[tuple[str, int, int]]:
    """What is timed: recipe, picture size and factor of `BATCHES`. Its own batches are first, if time is short."""
    return [(name, size, factor) for factor in BATCHES for name, sizes in scale.sizes.items() for size in sizes]


def _measure(recipe: Recipe, size: int, machine: Machine, seconds: float, ceiling: float | None) -> dict[str, object]:
    is_gpu = machine.device == "cuda"
    if is_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    img_per_s, operations = Steps(recipe, size, machine).img_per_s(seconds), operations_per_image(recipe, size)
    return {
        "precision": machine.precision,
        "batch_size": recipe.options.batch_size,
        "img_per_s": img_per_s,
        "gflop_per_picture": operations / 1e9,
        "share_of_ceiling": img_per_s * operations / ceiling if ceiling else None,
        "memory_gib": torch.cuda.max_memory_allocated() / GIB if is_gpu else None,
    }


class Steps:
    """Training steps of a recipe on pictures of noise, always the same ones.

    Args:
        recipe: whose steps they are.
        size: of the pictures, in pixels.
        machine: on which to train.

    Attributes:
        step: with both networks.
    """

    def __init__(self, recipe: Recipe, size: int, machine: Machine) -> None:
        self._recipe, spec = recipe, Spec(size)
        self.step = AdversarialStep(recipe, spec, machine, launch(machine))
        self._batches = noise_batches(recipe, spec, machine, torch.Generator().manual_seed(0))

    def take(self, count: int) -> None:
        """Train for some steps. Waits for the GPU."""
        for _ in range(count):
            # What earlier steps computed may be overwritten.
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
            # Without what was generated from them in the step before.
            batches = [self._recipe.batch(batch.images, batch.latents, batch.labels) for batch in self._batches]
            self.step(batches, images_seen=1)  # returns numbers, so it waits

    def img_per_s(self, seconds: float) -> float:
        """Real pictures per second, over at least that many seconds and `LEAST_STEPS` steps, after some to warm up."""
        self.take(WARM_UP_STEPS)
        steps, started = 0, time.perf_counter()
        while steps < LEAST_STEPS or time.perf_counter() - started < seconds:
            self.take(1)
            steps += 1
        options = self._recipe.options
        return steps * options.d_steps * options.batch_size / (time.perf_counter() - started)
