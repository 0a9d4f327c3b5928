"""Logistic regression: a convex problem, solved by L-BFGS over all examples at once."""

import math
import time

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ganvas.classify.fitting import FeatureInputs, class_logits, epoch_of, measure
from ganvas.classify.model import Fitted, Progress
from ganvas.foundation.errors import DivergedError

# Far more than needed: L-BFGS stops when the loss no longer falls.
ITERATIONS = 500


def regress(
    head: nn.Module,
    training: FeatureInputs,
    validation: FeatureInputs | None,
    penalty: float,
    progress: Progress,
    *,
    weights: Tensor | None = None,
) -> Fitted:
    """Fit a linear head to features, with an L2 penalty on its weights but not on its biases.

    The whole fit counts as one epoch.

    Args:
        head: maps features to outputs by one layer.
        training: the training examples; all of their views are used.
        validation: examples to measure the result on, or None.
        penalty: the weight of half the sum of squares of the head's weights.
        progress: is told when the fit is done.
        weights: the weight of each class in the loss, float32 [classes]; by default all are 1.

    Raises:
        DivergedError: the loss was not finite.
    """
    started = time.perf_counter()
    device = next(head.parameters()).device
    weights = None if weights is None else weights.to(device)
    inputs = training.views.flatten(0, 1).to(device)
    labels = training.labels.repeat(len(training.views)).to(device)
    # Starting at zero, the solution depends on the examples alone.
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

    solver.step(loss)  # type: ignore[no-untyped-call]  # not annotated either
    training_scores = measure(head, training, weights)
    if not math.isfinite(training_scores.loss):
        raise DivergedError(
            f"logistic regression ended at a loss of {training_scores.loss}; try a higher --set penalty"
        )
    validation_scores = measure(head, validation, weights) if validation else None
    epoch = epoch_of(1, time.perf_counter() - started, training_scores, validation_scores)
    progress.epoch(epoch, 0.0)
    return Fitted((epoch,), best_epoch=1)
