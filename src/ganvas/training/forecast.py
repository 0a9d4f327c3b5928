"""What a run will cost, measured before it starts on networks that are thrown away."""

import gc
import statistics
import sys
import time
from dataclasses import dataclass

import psutil
import torch

from ganvas.budget import SECONDS_PER, Amount
from ganvas.gans.recipe import Batch, Recipe, Spec
from ganvas.training.checkpoint import random_state, set_random_state
from ganvas.training.engine import Machine, launch
from ganvas.training.step import AdversarialStep

# The first steps choose kernels and grow the heap; the rest are timed until this many seconds or steps are spent.
WARM_UP_STEPS, TIMED_STEPS, TIMED_SECONDS = 2, 8, 4.0


@dataclass(frozen=True)
class Forecast:
    """What to expect of a run.

    Attributes:
        generator_parameters: trainable weights of G.
        discriminator_parameters: trainable weights of D.
        img_per_s: real pictures D will see per second of training.
        memory_bytes: peak memory so far: of the device on an NVIDIA GPU, else of the process.
        images_per_step: real pictures D sees in one step.
    """

    generator_parameters: int
    discriminator_parameters: int
    img_per_s: float
    memory_bytes: int
    images_per_step: int

    def extent(self, budget: Amount, dataset_size: int) -> tuple[float, float]:
        """How many kimg and seconds the budget amounts to, evaluations not counted."""
        if budget.unit in SECONDS_PER:
            seconds = budget.value * SECONDS_PER[budget.unit]
            return seconds * self.img_per_s / 1000, seconds
        images_per_unit = {"kimg": 1000, "epochs": dataset_size, "steps": self.images_per_step}
        images = budget.value * images_per_unit[budget.unit]
        return images / 1000, images / self.img_per_s


def measure(recipe: Recipe, spec: Spec, machine: Machine) -> Forecast:
    """Train networks of a run's size on noise for a few steps; no global random state is changed by it."""
    options, before = recipe.options, random_state()
    random = torch.Generator().manual_seed(0)
    try:
        step = AdversarialStep(recipe, spec, machine, launch(machine))
        parameters = [
            sum(weight.numel() for weight in network.parameters() if weight.requires_grad)
            for network in (step.generator, step.discriminator)
        ]
        times: list[float] = []
        while len(times) < WARM_UP_STEPS + TIMED_STEPS and sum(times[WARM_UP_STEPS:]) < TIMED_SECONDS:
            batches = [_noise(recipe, spec, machine, random) for _ in range(options.d_steps + options.g_steps - 1)]
            times.append(_timed(step, batches))
        memory = _peak_memory(machine)
        del step, batches
        gc.collect()
    finally:
        set_random_state(before)
    images_per_step = options.d_steps * options.batch_size
    img_per_s = images_per_step / statistics.median(times[WARM_UP_STEPS:])
    return Forecast(parameters[0], parameters[1], img_per_s, memory, images_per_step)


def _noise(recipe: Recipe, spec: Spec, machine: Machine, random: torch.Generator) -> Batch:
    size, count = spec.size, recipe.options.batch_size
    images = torch.rand(count, 3, size, size, generator=random).to(machine.device) * 2 - 1
    labels = torch.arange(count, device=machine.device) % spec.classes if spec.classes else None
    latents = recipe.latents(count, random).to(machine.device)
    return recipe.batch(images.contiguous(memory_format=machine.memory_format), latents, labels)


def _timed(step: AdversarialStep, batches: list[Batch]) -> float:
    """Seconds of one step; its values are read at the end of it, so a GPU's work is included."""
    started = time.perf_counter()
    step(batches, images_seen=1)
    return time.perf_counter() - started


def _peak_memory(machine: Machine) -> int:
    if machine.device == "cuda":
        return torch.cuda.max_memory_allocated()
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().rss)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
