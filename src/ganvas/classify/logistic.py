"""Logistic regression: a problem with one solution, found by L-BFGS over all examples at once."""

import math
import time

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ganvas.classify.fitting import Features, class_logits, measure, record
from ganvas.classify.model import Fitted, Progress
from ganvas.foundation.errors import DivergedError

# Far more than it takes; it stops when the loss does.
ITERATIONS = 500


def regress(
    head: nn.Module,
    training: Features,
    validation: Features | None,
    penalty: float,
    progress: Progress,
    *,
    weights: Tensor | None = None,
) -> Fitted:
    """Fit a head that is linear in its features, with an L2 penalty on its weights but not on its biases.

    The solution counts as one epoch.

    Args:
        head: features to outputs, through one layer.
        training: what to learn from, every view of it.
        validation: what to measure it with, if there is anything.
        penalty: weight of half the sum of squares of the head's weights.
        progress: who watches.
        weights: how much a picture of each class counts in the loss, float32 [classes]; by default all alike.

    Raises:
        DivergedError: the loss was not finite.
    """
    started = time.perf_counter()
    device = next(head.parameters()).device
    weights = None if weights is None else weights.to(device)
    inputs = training.views.flatten(0, 1).to(device)
    labels = training.labels.repeat(len(training.views)).to(device)
    # Begun at zero, it ends where the examples say and nothing else does.
    for weight in head.parameters():
        nn.init.zeros_(weight)
    solver = torch.optim.LBFGS(head.parameters(), max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        error = cross_entropy(class_logits(head(inputs)), labels, weights, reduction="sum") / len(labels)
        squares = [weight.square().sum() for weight in head.parameters() if weight.ndim > 1]
        value = error + penalty / 2 * torch.stack(squares).sum()
        value.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
        return value

    solver.step(loss)  # type: ignore[no-untyped-call]  # nor this
    trained = measure(head, training, weights)
    if not math.isfinite(trained.loss):
        raise DivergedError(f"logistic regression ended at a loss of {trained.loss}; try a higher --set penalty")
    validated = measure(head, validation, weights) if validation else None
    epoch = record(1, time.perf_counter() - started, trained, validated)
    progress.epoch(epoch, 0.0)
    return Fitted((epoch,), best_epoch=1)
