"""The cost of an evaluation, extrapolated from one with few pictures."""

from ganvas.artist.sampling import mixed_labels, sample_batches
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TEST, TRAIN
from ganvas.machine.device import Machine
from ganvas.metrics.evaluator import Evaluator
from ganvas.metrics.features import BATCH, SLAB
from ganvas.metrics.reference import MAX_REAL, is_kept
from ganvas.planning.stopwatch import shortest
from ganvas.settings.config import MIN_SCORED, Settings
from ganvas.training.probe import Probe
from ganvas.training.step import AdversarialStep

# Costs as multiples of the time to compute the features of one picture: comparing a generated picture with the real
# ones, and, at the first evaluation, reading a real picture and comparing it with the other real ones.
COMPARISON, FIRST_LOOK = 0.2, 0.4
# Memory for each real picture during the comparison: its features, its reduced pixels in single and double precision,
# and its columns in a few blocks of distances.
COMPARISON_BYTES = 60_000


def evaluation_seconds(
    step: AdversarialStep, data: Dataset, machine: Machine, settings: Settings
) -> tuple[float, float]:
    """Seconds of an evaluation of these networks, and additional seconds of the first one."""
    recipe, average = step.recipe, step.average.module
    few = min(settings.eval_samples, BATCH * machine.threads, SLAB)  # enough to keep every thread busy
    evaluator = Evaluator(data, samples=few, extractor=settings.extractor, device=machine.device)
    is_conditional = recipe.effective_class_use.conditions_generator and data.class_names
    labels = mixed_labels(data.class_shares, few) if is_conditional else None
    pictures, generation = shortest(
        lambda: list(sample_batches(recipe, average, few, settings.seed, labels, machine.device))
    )
    evaluator.describe(pictures)  # the first call loads the network and chooses kernels
    _, describing = shortest(lambda: evaluator.describe(pictures))
    _, scoring = shortest(lambda: evaluator.score(pictures, labels, few))
    _, probing = shortest(lambda: Probe(data, recipe, machine, settings.seed).measure(step))
    each = describing / few
    growing = settings.eval_samples * (generation / few + each * (1 + COMPARISON))
    first = sum(
        count * each * (FIRST_LOOK + (not is_kept(data, settings.extractor, split=split)))
        for split in (TRAIN, TEST)
        if (count := _real(data, split)) >= MIN_SCORED
    )
    return growing + max(0.0, scoring - describing) + probing, first


def comparison_bytes(data: Dataset) -> int:
    """Memory for comparing generated pictures with the real ones, in bytes."""
    return COMPARISON_BYTES * _real(data, TRAIN)


def _real(data: Dataset, split: str) -> int:
    """The number of real pictures of a split that an evaluation uses."""
    return min(len(data.rows(split)), MAX_REAL)
