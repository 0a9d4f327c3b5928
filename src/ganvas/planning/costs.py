"""The cost of each part of a run, measured on temporary networks before the run starts."""

import dataclasses
import gc
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import psutil
import torch
from PIL import Image
from torch import Tensor

from ganvas.data.dataset.dataset import Dataset
from ganvas.distributed.part import Division
from ganvas.foundation.errors import ConfigError
from ganvas.foundation.state import State
from ganvas.gans.recipe import Batch, Recipe, Spec
from ganvas.machine.device import Machine, launch
from ganvas.machine.load import OtherLoad
from ganvas.machine.memory import return_freed_memory
from ganvas.networks.parameters import trainable_parameters
from ganvas.networks.phased import phases_of
from ganvas.planning.stopwatch import Stopwatch, shortest, undisturbed_mean
from ganvas.runs.checkpoint import random_state, set_random_state
from ganvas.settings.config import Settings
from ganvas.training.sample_grid import sample_grid
from ganvas.training.step import AdversarialStep, Weights

# Maximum number of timed steps.
TIMED_STEPS = 8
# Largest batch of an estimate on a CPU, where the speed hardly depends on the batch size.
ESTIMATE_BATCH = 32
# Bytes of a checkpoint that are copied, serialised, written and flushed per second.
WRITTEN_PER_S = 150e6


@dataclass(frozen=True)
class Trial:
    """How a speed is measured.

    Attributes:
        warm_up: number of steps before the timed ones, in which torch chooses kernels and allocates memory.
        seconds: time after which no further step is timed. At most `TIMED_STEPS` are timed.
    """

    warm_up: int
    seconds: float


MEASUREMENT, ESTIMATE = Trial(2, 4.0), Trial(1, 1.0)


@dataclass(frozen=True)
class PhaseCost:
    """The cost of one phase of training.

    Attributes:
        images: number of real pictures that D sees in it.
        img_per_s: real pictures per second of training.
    """

    images: int
    img_per_s: float


@dataclass(frozen=True)
class Costs:
    """The cost of each part of a run.

    Attributes:
        generator_parameters: number of trainable weights of G.
        discriminator_parameters: number of trainable weights of D.
        images_per_step: real pictures that D sees in one step.
        img_per_s: real pictures per second of training in D's last phase, which lasts until the end; 0 if the networks
            do not fit in the memory of a GPU.
        building: seconds to build the networks.
        sample_grid: seconds for a sample grid.
        evaluation: seconds for an evaluation; 0 if evaluation is disabled.
        first_evaluation: additional seconds of the first evaluation, which describes the real pictures too.
        saving: seconds for a checkpoint.
        earlier_phases: the phases of D before the last one, in order (see `networks.phased`).
        memory_bytes: peak memory, of the device on an NVIDIA GPU, else of the process. The pictures of the dataset are
            not included, because the system maps their file and may free that memory at any time.
        other_load: processor cores that other programs kept busy meanwhile.
    """

    generator_parameters: int
    discriminator_parameters: int
    images_per_step: int
    img_per_s: float
    building: float = 0.0
    sample_grid: float = 0.0
    evaluation: float = 0.0
    first_evaluation: float = 0.0
    saving: float = 0.0
    earlier_phases: tuple[PhaseCost, ...] = ()
    memory_bytes: int = 0
    other_load: float = 0.0

    def training(self, begin: float, end: float) -> float:
        """Seconds of training in which the number of pictures that D has seen grows from `begin` to `end`."""
        seconds, start = 0.0, 0.0
        for phase in self.earlier_phases:
            stop = start + phase.images
            seconds += max(0.0, min(end, stop) - max(begin, start)) / phase.img_per_s
            start = stop
        return seconds + max(0.0, end - max(begin, start)) / self.img_per_s

    def times(self, processes: int) -> "Costs":
        """The costs of several such processes, each with a part of every batch: pictures add up."""
        return dataclasses.replace(
            self,
            images_per_step=processes * self.images_per_step,
            img_per_s=processes * self.img_per_s,
            earlier_phases=tuple(PhaseCost(phase.images, processes * phase.img_per_s) for phase in self.earlier_phases),
        )

    def with_phases(self, starts: Sequence[int]) -> "Costs":
        """The same if D's phases after the first began at these numbers of pictures, ascending."""
        lengths = (end - begin for begin, end in pairwise([0, *filter(None, starts)]))
        phases = zip(lengths, self.earlier_phases, strict=True)
        return dataclasses.replace(
            self, earlier_phases=tuple(PhaseCost(images, phase.img_per_s) for images, phase in phases)
        )

    def speed(self, images: float) -> float:
        """Real pictures per second, averaged over the first `images`; 0 if the networks do not fit in memory."""
        return images / self.training(0, images) if self.img_per_s else 0.0


def measure(
    recipe: Recipe,
    data: Dataset,
    machine: Machine,
    settings: Settings,
    start: Weights | None = None,
    processes: int = 1,
) -> Costs:
    """Measure the costs of a run: train its networks on noise for a few steps, and evaluate a few pictures.

    With several processes, the part of a batch that one of them has is measured. What they exchange is left out. The
    global random states do not change.

    Args:
        recipe: the recipe with the options of the run.
        data: what the run will learn from.
        machine: what it will run on.
        settings: of the run.
        start: initial weights by network; by default they are random.
        processes: number of processes that will train.

    Raises:
        RunError: the initial weights do not fit the networks.
        ConfigError: the networks do not fit into the memory of the GPU.
    """
    saved_state = random_state()
    try:
        others = OtherLoad()
        own = recipe if processes == 1 else _with_smaller_batch(recipe, recipe.options.batch_size // processes)
        costs = _TrialRun(own, data, machine, settings, start or {}).costs().times(processes)
        return dataclasses.replace(costs, other_load=others.cores())
    except torch.OutOfMemoryError as error:
        raise ConfigError(
            f"batches of {recipe.options.batch_size} pictures do not fit into the memory of {machine.device_name}: "
            "lower batch_size or width, or end what else uses it"
        ) from error
    finally:
        _clean_up(saved_state)


def estimate(recipe: Recipe, spec: Spec, machine: Machine, processes: int = 1) -> Costs:
    """Estimate the cost of training alone, from a few steps in each phase of D.

    With several processes, the part of a batch that one of them has is measured. This takes one or two seconds per
    phase. The global random states do not change.
    """
    saved_state = random_state()
    part = recipe.options.batch_size // processes
    recipe = _with_smaller_batch(recipe, min(part, ESTIMATE_BATCH) if machine.device == "cpu" else part)
    try:
        step = AdversarialStep(recipe, spec, machine, launch(machine))
        return _training_costs(step, spec, machine, ESTIMATE).times(processes)
    except torch.OutOfMemoryError:
        return Costs(0, 0, 0, 0.0)
    finally:
        _clean_up(saved_state)


def phase_starts(recipe: Recipe, spec: Spec) -> tuple[int, ...]:
    """The numbers of pictures at which D's phases after the first begin."""
    with torch.device("meta"):  # without memory for the weights
        _, discriminator = recipe.build(spec)
    return phases_of(discriminator).starts


def _with_smaller_batch(recipe: Recipe, most: int) -> Recipe:
    """The recipe with batches of at most `most` pictures, of which replay keeps no more than there are."""
    batch_size, kept = (min(each, most) for each in (recipe.options.batch_size, recipe.options.replay_keep))
    return type(recipe)(recipe.options.model_copy(update={"batch_size": batch_size, "replay_keep": kept}))


def _training_costs(step: AdversarialStep, spec: Spec, machine: Machine, trial: Trial) -> Costs:
    """The sizes of the networks, and the speed of training in each phase of D. D is then in its last phase."""
    options, phased, earlier = step.recipe.options, phases_of(step.discriminator), list[PhaseCost]()
    # The trial may take D beyond a short phase, so its position is read first.
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
    """Temporary networks, with which each part of a run is measured."""

    def __init__(self, recipe: Recipe, data: Dataset, machine: Machine, settings: Settings, start: Weights) -> None:
        # Imports count towards a run's memory and the time before its first step.
        from ganvas.training import trainer  # noqa: F401 (imported to measure its cost)

        self._recipe, self._data, self._machine, self._settings = recipe, data, machine, settings
        if machine.device == "cuda":
            torch.cuda.reset_peak_memory_stats()  # ignore the networks of earlier estimates
        self._memory_before = _memory(machine)
        with Stopwatch() as self._building:
            division = Division(micro_batch=settings.micro_batch)
            self._step = AdversarialStep(recipe, Spec.of(data), machine, launch(machine), division)
        self._step.load_weights(start)

    def costs(self) -> Costs:
        """Measure each part, in the order of a run, because a part may reuse the memory that earlier ones freed."""
        from ganvas.planning.evaluation_cost import evaluation_seconds

        step, settings, machine = self._step, self._settings, self._machine
        training = _training_costs(step, Spec.of(self._data), machine, MEASUREMENT)
        sample_grid_seconds = self._sample_grid_seconds()
        evaluation, first = 0.0, 0.0
        if settings.eval_samples:
            evaluation, first = evaluation_seconds(step, self._data, machine, settings)
        return dataclasses.replace(
            training,
            building=self._building.seconds,
            sample_grid=sample_grid_seconds,
            evaluation=evaluation,
            first_evaluation=first,
            saving=_bytes(step.state()) / WRITTEN_PER_S,
            memory_bytes=self._memory(),
        )

    def _sample_grid_seconds(self) -> float:
        """Seconds for a sample grid. It is encoded for its file, and again for TensorBoard."""
        generator, settings, device = self._step.average.module, self._settings, self._machine.device
        samples, generation = shortest(lambda: sample_grid(self._recipe, generator, self._data, settings, device))
        _, encoding = shortest(lambda: Image.fromarray(samples).save(io.BytesIO(), format="PNG"))
        return generation + encoding * (2 if settings.tensorboard else 1)

    def _memory(self) -> int:
        """Estimate the peak memory of the whole run in bytes, from what was measured.

        A process keeps the memory that steps and descriptions freed (`ganvas.machine.memory`), and the comparison of
        many pictures reuses it. A checkpoint copies the weights, which needs new memory.
        """
        from ganvas.planning.evaluation_cost import comparison_bytes

        peak = _peak_memory(self._machine)
        if self._machine.device == "cuda":
            return peak  # comparisons and checkpoints use the memory of the CPU
        state = _bytes(self._step.state())
        gradients = 4 * (trainable_parameters(self._step.generator) + trainable_parameters(self._step.discriminator))
        compared = comparison_bytes(self._data) if self._settings.eval_samples else 0
        return max(peak, self._memory_before + state + gradients + compared) + state


def _speed(step: AdversarialStep, spec: Spec, machine: Machine, trial: Trial) -> float:
    """Real pictures per second of training."""
    recipe, random, options = step.recipe, torch.Generator().manual_seed(0), step.recipe.options

    def timed() -> float:
        batches = noise_batches(recipe, spec, machine, random)
        with Stopwatch() as stopwatch:
            step(batches, images_seen=1)  # waits for the GPU, because it returns numbers
        return stopwatch.seconds

    def timed_steps() -> list[float]:
        times = list[float]()
        while len(times) < TIMED_STEPS and sum(times) < trial.seconds:
            times.append(timed())
        return times

    for _ in range(trial.warm_up):
        timed()
    return options.d_steps * options.batch_size / undisturbed_mean(timed_steps)


def noise_batches(recipe: Recipe, spec: Spec, machine: Machine, random: torch.Generator) -> list[Batch]:
    """The batches of one step, filled with noise. The speed does not depend on the content of pictures."""
    options = recipe.options
    return [_noise(recipe, spec, machine, random) for _ in range(options.d_steps + options.g_steps - 1)]


def _noise(recipe: Recipe, spec: Spec, machine: Machine, random: torch.Generator) -> Batch:
    size, count = spec.size, recipe.options.batch_size
    images = torch.rand(count, 3, size, size, generator=random).to(machine.device) * 2 - 1
    labels = torch.arange(count, device=machine.device) % spec.classes if spec.classes else None
    latents = recipe.latents(count, random).to(machine.device)
    return recipe.batch(images.contiguous(memory_format=machine.memory_format), latents, labels)


def _bytes(state: object) -> int:
    """The size of all tensors in nested dicts and lists, in bytes."""
    if isinstance(state, Tensor):
        return state.nbytes
    items = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return sum(map(_bytes, items))


def _memory(machine: Machine) -> int:
    """Memory in use now, in bytes."""
    return torch.cuda.memory_allocated() if machine.device == "cuda" else int(psutil.Process().memory_info().rss)


def _peak_memory(machine: Machine) -> int:
    """Peak memory since the process started, in bytes."""
    if machine.device == "cuda":
        return torch.cuda.max_memory_allocated()
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().rss)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
