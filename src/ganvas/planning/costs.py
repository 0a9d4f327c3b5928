"""What the parts of a run cost, measured on throw-away networks before it starts."""

import dataclasses
import gc
import io
import sys
from dataclasses import dataclass

import psutil
import torch
from PIL import Image
from torch import Tensor

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.state import State
from ganvas.gans.recipe import Batch, Recipe, Spec
from ganvas.machine.device import Machine, launch
from ganvas.machine.memory import return_freed_memory
from ganvas.networks.parameters import trainable_parameters
from ganvas.networks.phased import phases_of
from ganvas.planning.stopwatch import Stopwatch, shortest, undisturbed_mean
from ganvas.runs.checkpoint import random_state, set_random_state
from ganvas.settings.config import Settings
from ganvas.training.sample_grid import sample_grid
from ganvas.training.step import AdversarialStep, Weights

# The most steps that are timed.
TIMED_STEPS = 8
# The batch size for choosing among networks: on a CPU the speed hardly depends on it.
ESTIMATE_BATCH = 32
# Speed of writing a checkpoint in bytes per second: copying, serialising, writing and flushing.
WRITTEN_PER_S = 150e6


@dataclass(frozen=True)
class Trial:
    """How many steps are tried to measure the speed.

    Attributes:
        warm_up: steps before the timed ones, in which torch chooses kernels and the heap grows.
        seconds: after which no further step is timed; `TIMED_STEPS` are the most.
    """

    warm_up: int
    seconds: float


MEASUREMENT, ESTIMATE = Trial(2, 4.0), Trial(1, 1.0)


@dataclass(frozen=True)
class PhaseCost:
    """A stretch of training at one speed.

    Attributes:
        images: real pictures D will see in it.
        img_per_s: how many of them per second of training.
    """

    images: int
    img_per_s: float


@dataclass(frozen=True)
class Costs:
    """What the parts of a run cost.

    Attributes:
        generator_parameters: trainable weights of G.
        discriminator_parameters: trainable weights of D.
        images_per_step: real pictures D sees in one step.
        img_per_s: real pictures D will see per second of training in its last phase, which lasts to the end; 0 if the
            networks do not fit in the memory of a GPU.
        building: seconds to build the networks.
        sheet: seconds for a sample grid.
        evaluation: seconds for an evaluation; 0 if there are none.
        first_evaluation: additional seconds of the first evaluation, which describes the real pictures too.
        saving: seconds for a checkpoint.
        earlier_phases: the phases of D before the last, in order, as `networks.phased` has them.
        memory_bytes: peak memory: of the device on an NVIDIA GPU, else of the process. The dataset's own pictures are
            left out: the system maps them into the process, and may take the memory back at any time.
    """

    generator_parameters: int
    discriminator_parameters: int
    images_per_step: int
    img_per_s: float
    building: float = 0.0
    sheet: float = 0.0
    evaluation: float = 0.0
    first_evaluation: float = 0.0
    saving: float = 0.0
    earlier_phases: tuple[PhaseCost, ...] = ()
    memory_bytes: int = 0

    def training(self, begin: float, end: float) -> float:
        """Seconds of training from the picture `begin` that D sees to the picture `end`."""
        seconds, start = 0.0, 0.0
        for phase in self.earlier_phases:
            stop = start + phase.images
            seconds += max(0.0, min(end, stop) - max(begin, start)) / phase.img_per_s
            start = stop
        return seconds + max(0.0, end - max(begin, start)) / self.img_per_s

    def speed(self, images: float) -> float:
        """Real pictures per second of training, averaged over the first `images`; 0 if the networks do not fit."""
        return images / self.training(0, images) if self.img_per_s else 0.0


def measure(recipe: Recipe, data: Dataset, machine: Machine, settings: Settings, start: Weights | None = None) -> Costs:
    """Train networks of a run's size on noise for a few steps, and evaluate them on a few pictures.

    The global random states stay as they were.

    Args:
        recipe: with the run's options.
        data: what it will learn from.
        machine: what it will run on.
        settings: of the run.
        start: initial weights by network; random ones if there are none.

    Raises:
        RunError: those weights do not fit.
    """
    before = random_state()
    try:
        return _TrialRun(recipe, data, machine, settings, start or {}).costs()
    finally:
        _clean_up(before)


def estimate(recipe: Recipe, spec: Spec, machine: Machine) -> Costs:
    """Roughly what training alone costs, from a few steps in each phase: one or two seconds per phase.

    The global random states stay as they were.
    """
    before = random_state()
    if machine.device == "cpu":
        recipe = _with_smaller_batch(recipe)
    try:
        return _training_costs(AdversarialStep(recipe, spec, machine, launch(machine)), spec, machine, ESTIMATE)
    except torch.OutOfMemoryError:
        return Costs(0, 0, 0, 0.0)
    finally:
        _clean_up(before)


def _with_smaller_batch(recipe: Recipe) -> Recipe:
    """The recipe with batches of `ESTIMATE_BATCH` pictures at most, and as many kept of each for replay at most."""
    batch_size, kept = (min(each, ESTIMATE_BATCH) for each in (recipe.options.batch_size, recipe.options.replay_keep))
    return type(recipe)(recipe.options.model_copy(update={"batch_size": batch_size, "replay_keep": kept}))


def _training_costs(step: AdversarialStep, spec: Spec, machine: Machine, trial: Trial) -> Costs:
    """The networks' sizes and how fast they train in each phase of D, which is left in its last one."""
    options, phased, earlier = step.recipe.options, phases_of(step.discriminator), list[PhaseCost]()
    # Trying steps may carry D beyond a short phase, so where it begins is noted first.
    begin, first = phased.images_seen, phased.phase
    for phase, end in enumerate(phased.starts[first:], first + 1):
        earlier.append(PhaseCost(end - begin, _speed(step, spec, machine, trial)))
        phased.enter(phase)
        begin = end
    return Costs(
        generator_parameters=trainable_parameters(step.generator),
        discriminator_parameters=trainable_parameters(step.discriminator),
        images_per_step=options.d_steps * options.batch_size,
        img_per_s=_speed(step, spec, machine, trial),
        earlier_phases=tuple(earlier),
    )


def _clean_up(random: State) -> None:
    """Restore the random states and free the memory of the networks."""
    set_random_state(random)
    gc.collect()
    return_freed_memory()


class _TrialRun:
    """Throw-away networks, and what each part of a run costs with them."""

    def __init__(self, recipe: Recipe, data: Dataset, machine: Machine, settings: Settings, start: Weights) -> None:
        # Imports count towards a run's memory and the time before its first step.
        from ganvas.training import trainer  # noqa: F401 (imported to measure its cost)

        self._recipe, self._data, self._machine, self._settings = recipe, data, machine, settings
        if machine.device == "cuda":
            torch.cuda.reset_peak_memory_stats()  # of networks that a quality has looked at
        self._memory_before = _memory(machine)
        with Stopwatch() as self._building:
            self._step = AdversarialStep(recipe, Spec.of(data), machine, launch(machine))
        self._step.load_weights(start)

    def costs(self) -> Costs:
        """Measure each part in the order of a run, since each may reuse memory that the earlier parts freed."""
        from ganvas.planning.evaluation_cost import evaluation_seconds

        step, settings, machine = self._step, self._settings, self._machine
        training = _training_costs(step, Spec.of(self._data), machine, MEASUREMENT)
        painting = self._sheet()
        evaluation, first = 0.0, 0.0
        if settings.eval_samples:
            evaluation, first = evaluation_seconds(step, self._data, machine, settings)
        return dataclasses.replace(
            training,
            building=self._building.seconds,
            sheet=painting,
            evaluation=evaluation,
            first_evaluation=first,
            saving=_bytes(step.state()) / WRITTEN_PER_S,
            memory_bytes=self._memory(),
        )

    def _sheet(self) -> float:
        """Seconds for a sample grid: as a file, and once more for TensorBoard."""
        generator, settings, device = self._step.average.module, self._settings, self._machine.device
        samples, painting = shortest(lambda: sample_grid(self._recipe, generator, self._data, settings, device))
        _, encoding = shortest(lambda: Image.fromarray(samples).save(io.BytesIO(), format="PNG"))
        return painting + encoding * (2 if settings.tensorboard else 1)

    def _memory(self) -> int:
        """Peak memory of a whole run in bytes: what was measured, and an estimate for what was not tried.

        A process keeps the memory that steps and descriptions freed (`ganvas.machine.memory`), and comparing many
        pictures reuses it. Writing a checkpoint copies the weights, which needs new memory.
        """
        from ganvas.planning.evaluation_cost import comparison_bytes

        peak = _peak_memory(self._machine)
        if self._machine.device == "cuda":
            return peak  # the rest is done on the CPU
        state = _bytes(self._step.state())
        gradients = 4 * (trainable_parameters(self._step.generator) + trainable_parameters(self._step.discriminator))
        compared = comparison_bytes(self._data) if self._settings.eval_samples else 0
        return max(peak, self._memory_before + state + gradients + compared) + state


def _speed(step: AdversarialStep, spec: Spec, machine: Machine, trial: Trial) -> float:
    """Real pictures per second of training."""
    recipe, random, options = step.recipe, torch.Generator().manual_seed(0), step.recipe.options

    def timed() -> float:
        batches = noise_batches(recipe, spec, machine, random)
        with Stopwatch() as taken:
            step(batches, images_seen=1)  # its values are read at the end of it, so a GPU's work is included
        return taken.seconds

    def several() -> list[float]:
        times = list[float]()
        while len(times) < TIMED_STEPS and sum(times) < trial.seconds:
            times.append(timed())
        return times

    for _ in range(trial.warm_up):
        timed()
    return options.d_steps * options.batch_size / undisturbed_mean(several)


def noise_batches(recipe: Recipe, spec: Spec, machine: Machine, random: torch.Generator) -> list[Batch]:
    """The batches of one step, filled with noise: the speed does not depend on the content of pictures."""
    options = recipe.options
    return [_noise(recipe, spec, machine, random) for _ in range(options.d_steps + options.g_steps - 1)]


def _noise(recipe: Recipe, spec: Spec, machine: Machine, random: torch.Generator) -> Batch:
    size, count = spec.size, recipe.options.batch_size
    images = torch.rand(count, 3, size, size, generator=random).to(machine.device) * 2 - 1
    labels = torch.arange(count, device=machine.device) % spec.classes if spec.classes else None
    latents = recipe.latents(count, random).to(machine.device)
    return recipe.batch(images.contiguous(memory_format=machine.memory_format), latents, labels)


def _bytes(state: object) -> int:
    """The size of all tensors in nested dicts and lists."""
    if isinstance(state, Tensor):
        return state.nbytes
    items = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return sum(map(_bytes, items))


def _memory(machine: Machine) -> int:
    """Bytes in use now."""
    return torch.cuda.memory_allocated() if machine.device == "cuda" else int(psutil.Process().memory_info().rss)


def _peak_memory(machine: Machine) -> int:
    """The most bytes in use since the process began."""
    if machine.device == "cuda":
        return torch.cuda.max_memory_allocated()
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().rss)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
