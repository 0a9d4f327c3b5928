"""What the parts of a run will cost, measured before it starts on networks that are thrown away."""

import dataclasses
import gc
import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil
import torch
from PIL import Image
from torch import Tensor, nn

from ganvas.data.dataset.dataset import Dataset
from ganvas.gans.recipe import Batch, Recipe, Spec
from ganvas.machine.device import Machine, launch
from ganvas.machine.memory import return_freed_memory
from ganvas.planning.stopwatch import Stopwatch, shortest, undisturbed_mean
from ganvas.runs.checkpoint import random_state, set_random_state
from ganvas.settings.config import Settings
from ganvas.training.sample_grid import sheet
from ganvas.training.step import AdversarialStep

# No more steps than these are timed.
TIMED_STEPS = 8
# To choose among several networks, small batches will do. On a CPU the speed hardly depends on them.
GLANCE_BATCH = 32
# Bytes a second of a checkpoint on its way to a disk: copied, serialised, written and flushed.
WRITTEN_PER_S = 150e6


@dataclass(frozen=True)
class Trial:
    """How long steps are tried.

    Attributes:
        warm_up: how many come first, which choose kernels and grow the heap.
        seconds: that the others are timed, `TIMED_STEPS` at most.
    """

    warm_up: int
    seconds: float


MEASUREMENT, GLANCE = Trial(2, 4.0), Trial(1, 1.0)


@dataclass(frozen=True)
class Costs:
    """What the parts of a run cost.

    Attributes:
        generator_parameters: trainable weights of G.
        discriminator_parameters: trainable weights of D.
        images_per_step: real pictures D sees in one step.
        img_per_s: real pictures D will see per second of training, once it has seen `early_images`; 0 if the networks
            do not fit in the memory of a GPU.
        building: seconds until the networks are there.
        sheet: seconds of a sample grid.
        evaluation: seconds of an evaluation; 0 if there are none.
        first_evaluation: seconds that the first takes beyond that: it looks at the real pictures, too.
        saving: seconds of a checkpoint.
        early_images: real pictures that are seen at another speed, at the beginning.
        early_img_per_s: the speed with which it sees those.
        memory_bytes: peak memory: of the device on an NVIDIA GPU, else of the process. The dataset's own pictures are
            left out: the system maps them into the process, and takes the memory away again as it likes.
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
    early_images: int = 0
    early_img_per_s: float = 0.0
    memory_bytes: int = 0

    def training(self, begin: float, end: float) -> float:
        """Seconds of training from the picture `begin` that D sees to the picture `end`."""
        early = max(0.0, min(end, self.early_images) - begin)
        return (early / self.early_img_per_s if early else 0.0) + (end - begin - early) / self.img_per_s

    def speed(self, images: float) -> float:
        """Real pictures per second of training, on an average over the first `images`; 0 if there can be none."""
        return images / self.training(0, images) if self.img_per_s else 0.0


def measure(
    recipe: Recipe, data: Dataset, machine: Machine, settings: Settings, start: Mapping[str, Any] | None = None
) -> Costs:
    """Train networks of a run's size on noise for a few steps, and evaluate them on a few pictures.

    No global random state is changed by it.

    Args:
        recipe: with the run's options.
        data: what it will learn from.
        machine: what it will run on.
        settings: the run's.
        start: weights to begin with, by network; without any, the run begins with random ones.

    Raises:
        RunError: those weights do not fit.
    """
    before = random_state()
    try:
        return _Rehearsal(recipe, data, machine, settings, start or {}).costs()
    finally:
        _clean_up(before)


def glance(recipe: Recipe, spec: Spec, machine: Machine) -> Costs:
    """About what training alone would cost: a few steps, in a second or two, or twice that if the first cost less.

    No global random state is changed by it.
    """
    before = random_state()
    if machine.device == "cpu":
        recipe = _with_smaller_batch(recipe)
    try:
        return _training_costs(AdversarialStep(recipe, spec, machine, launch(machine)), spec, machine, GLANCE)
    except torch.OutOfMemoryError:
        return Costs(0, 0, 0, 0.0)
    finally:
        _clean_up(before)


def _with_smaller_batch(recipe: Recipe) -> Recipe:
    """The recipe with no more than `GLANCE_BATCH` pictures at a time, of which it can keep no more than there are."""
    batch_size, kept = (min(each, GLANCE_BATCH) for each in (recipe.options.batch_size, recipe.options.replay_keep))
    return type(recipe)(recipe.options.model_copy(update={"batch_size": batch_size, "replay_keep": kept}))


def _training_costs(step: AdversarialStep, spec: Spec, machine: Machine, trial: Trial) -> Costs:
    """The networks' sizes and how fast they train, before and after the early pictures; D is left after them."""
    recipe, early_img_per_s = step.recipe, 0.0
    if early_images := recipe.early_images(step.discriminator):
        early_img_per_s = _speed(step, spec, machine, trial)
        recipe.end_early(step.discriminator)
    return Costs(
        generator_parameters=_trainable(step.generator),
        discriminator_parameters=_trainable(step.discriminator),
        images_per_step=recipe.options.d_steps * recipe.options.batch_size,
        img_per_s=_speed(step, spec, machine, trial),
        early_images=early_images,
        early_img_per_s=early_img_per_s,
    )


def _clean_up(random: dict[str, Any]) -> None:
    """Leave the random states as they were, and of the networks nothing."""
    set_random_state(random)
    gc.collect()
    return_freed_memory()


class _Rehearsal:
    """Networks that are thrown away, and what each thing that a run does with them costs."""

    def __init__(
        self, recipe: Recipe, data: Dataset, machine: Machine, settings: Settings, start: Mapping[str, Any]
    ) -> None:
        # What a run imports is a part of its memory, and of the time before its first step.
        from ganvas.training import trainer  # noqa: F401 (imported for what that costs)

        self._recipe, self._data, self._machine, self._settings = recipe, data, machine, settings
        if machine.device == "cuda":
            torch.cuda.reset_peak_memory_stats()  # of networks that a quality has looked at
        self._memory_before = _memory(machine)
        with Stopwatch() as self._building:
            self._step = AdversarialStep(recipe, Spec.of(data), machine, launch(machine))
        self._step.begin_with(start)

    def costs(self) -> Costs:
        """Measure each, in the order in which a run does them: every one may use memory that those before left."""
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
        """Seconds of a sample grid: as a file, and once more for TensorBoard."""
        recipe, generator, settings, names = self._recipe, self._step.average.module, self._settings, []
        if recipe.is_told_classes(len(self._data.class_names)):
            names = self._data.class_names
        seed, device = settings.seed, self._machine.device
        samples, painting = shortest(lambda: sheet(recipe, generator, names, settings.grid_size, seed, device))
        _, encoding = shortest(lambda: Image.fromarray(samples).save(io.BytesIO(), format="PNG"))
        return painting + encoding * (2 if settings.tensorboard else 1)

    def _memory(self) -> int:
        """The peak of a whole run: what was measured, and what was not tried.

        A process keeps the memory that steps and descriptions gave back (`ganvas.machine.memory`). Comparing many
        pictures makes use of it; the copies that a checkpoint is written from are as large as the weights, and find no
        room there.
        """
        from ganvas.planning.evaluation_cost import comparison_bytes

        peak = _peak_memory(self._machine)
        if self._machine.device == "cuda":
            return peak  # the rest is done on the CPU
        state = _bytes(self._step.state())
        gradients = 4 * (_trainable(self._step.generator) + _trainable(self._step.discriminator))
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
    """What one step takes, of noise: its speed does not depend on what pictures show."""
    options = recipe.options
    return [_noise(recipe, spec, machine, random) for _ in range(options.d_steps + options.g_steps - 1)]


def _noise(recipe: Recipe, spec: Spec, machine: Machine, random: torch.Generator) -> Batch:
    size, count = spec.size, recipe.options.batch_size
    images = torch.rand(count, 3, size, size, generator=random).to(machine.device) * 2 - 1
    labels = torch.arange(count, device=machine.device) % spec.classes if spec.classes else None
    latents = recipe.latents(count, random).to(machine.device)
    return recipe.batch(images.contiguous(memory_format=machine.memory_format), latents, labels)


def _trainable(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters() if weight.requires_grad)


def _bytes(state: Any) -> int:
    """Of all tensors in nested dicts and lists."""
    if isinstance(state, Tensor):
        return state.nbytes
    items = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return sum(map(_bytes, items))


def _memory(machine: Machine) -> int:
    """What is in use now."""
    return torch.cuda.memory_allocated() if machine.device == "cuda" else int(psutil.Process().memory_info().rss)


def _peak_memory(machine: Machine) -> int:
    """The most that was in use since the process began."""
    if machine.device == "cuda":
        return torch.cuda.max_memory_allocated()
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().rss)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
