"""What an evaluation will cost: one on a few pictures is held, and what grows with their number is scaled."""

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

# Most of the time of scoring a picture goes into describing it. Comparing a generated one with the real ones takes this
# share of that again; at the first evaluation, looking at a real one and comparing it with its like takes the other.
COMPARED, LOOKED_AT = 0.2, 0.4
# Bytes that a real picture takes while it is compared: its features, its reduced pixels in single and in double
# precision, and its columns of a few blocks of distances.
COMPARED_BYTES = 60_000


def evaluation_seconds(
    step: AdversarialStep, data: Dataset, machine: Machine, settings: Settings
) -> tuple[float, float]:
    """Seconds of an evaluation of these networks, and how many more the first one takes."""
    recipe, average = step.recipe, step.average.module
    few = min(settings.eval_samples, BATCH * machine.threads, SLAB)  # enough to keep every thread busy
    evaluator = Evaluator(data, samples=few, real=few, extractor=settings.extractor, device=machine.device)
    is_conditional = recipe.class_use.conditions_generator and data.class_names
    labels = mixed_labels(data.class_shares, few) if is_conditional else None
    pictures, painting = shortest(
        lambda: list(sample_batches(recipe, average, few, settings.seed, labels, machine.device))
    )
    evaluator.describe(pictures)  # loads the network, and chooses kernels
    _, describing = shortest(lambda: evaluator.describe(pictures))
    _, scoring = shortest(lambda: evaluator.score(pictures, labels))
    _, asking = shortest(lambda: Probe(data, recipe, machine, settings.seed).measure(step))
    each = describing / few
    growing = settings.eval_samples * (painting / few + each * (1 + COMPARED))
    first = sum(
        count * each * (LOOKED_AT + (not is_kept(data, settings.extractor, split=split)))
        for split in (TRAIN, TEST)
        if (count := _real(data, split)) >= MIN_SCORED
    )
    return growing + max(0.0, scoring - describing) + asking, first


def comparison_bytes(data: Dataset) -> int:
    """Memory that comparing generated pictures with the real ones takes."""
    return COMPARED_BYTES * _real(data, TRAIN)


def _real(data: Dataset, split: str) -> int:
    """How many real pictures of a split are looked at."""
    return min(len(data.rows(split)), MAX_REAL)
