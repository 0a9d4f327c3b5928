"""Gradient descent for classifiers, with validation, early stopping and the best weights kept."""

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer

from ganvas.classify.augment import Augmentation
from ganvas.classify.model import Epoch, Fitted, Progress
from ganvas.classify.options import NetworkOptions
from ganvas.foundation.errors import DivergedError
from ganvas.foundation.pixels import to_unit

# Examples to measure at a time. Only the use of memory depends on it.
MEASURE_BATCH = 64


class LabelledInputs(Protocol):
    """Inputs for a network, with their classes."""

    @property
    def labels(self) -> Tensor:
        """The classes of the inputs, int64 [N]."""

    def batch(self, positions: Tensor, random: torch.Generator | None) -> Tensor:
        """The inputs at these positions, float [B, ...]; augmented if there is a random generator."""


@dataclass(frozen=True)
class PictureInputs:
    """Pictures as inputs.

    Attributes:
        images: uint8 [N, S, S, 3] on the CPU.
        labels: int64 [N].
        augmentation: how the pictures are augmented, or None.
    """

    images: Tensor
    labels: Tensor
    augmentation: Augmentation | None = None

    def batch(self, positions: Tensor, random: torch.Generator | None) -> Tensor:
        """Float32 [B, 3, S, S] in [0, 1]."""
        pictures = to_unit(self.images[positions])
        return pictures if random is None or self.augmentation is None else self.augmentation(pictures, random)


@dataclass(frozen=True)
class FeatureInputs:
    """Features of pictures as inputs.

    Attributes:
        views: float32 [V, N, D], the features of the unchanged pictures and of V - 1 variants of them.
        labels: int64 [N].
    """

    views: Tensor
    labels: Tensor

    def batch(self, positions: Tensor, random: torch.Generator | None) -> Tensor:
        """Float32 [B, D], each from a random view; from the first view if there is no random generator."""
        if random is None:
            return self.views[0, positions]
        return self.views[torch.randint(len(self.views), positions.shape, generator=random), positions]


def fit(
    network: nn.Module,
    training: LabelledInputs,
    validation: LabelledInputs | None,
    options: NetworkOptions,
    progress: Progress,
    *,
    weights: Tensor | None = None,
    previous: Fitted | None = None,
) -> Fitted:
    """Train a network until it runs out of epochs or patience, and leave the best weights in it.

    Args:
        network: maps inputs to outputs (see `class_logits`), on the device to train on.
        training: the training examples.
        validation: the examples that select the best epoch; without them the last epoch is kept.
        options: of the optimiser and the epochs; also the seed of the order and the augmentation.
        progress: is told about every batch and epoch.
        weights: the weight of each class in the loss, float32 [classes]; by default all are 1.
        previous: the training that came before; the present weights count as the best of it.

    Returns:
        The history, previous epochs included, and the best epoch.

    Raises:
        DivergedError: the loss was not finite.
    """
    previous = previous or Fitted()
    if weights is not None:
        weights = weights.to(next(network.parameters()).device)
    descent, best = _Descent(network, options, weights), _Best(network, previous)
    history = list(previous.history)
    started, seconds_before = time.perf_counter(), history[-1].seconds if history else 0.0
    with seeded(options.seed):
        for done in range(1, options.epochs + 1):
            number = len(previous.history) + done
            training_scores = descent.epoch(number, training, progress)
            validation_scores = measure(network, validation, weights) if validation else None
            seconds = time.perf_counter() - started
            history.append(epoch_of(number, seconds_before + seconds, training_scores, validation_scores))
            progress.epoch(history[-1], seconds / done * (options.epochs - done))
            best.offer(history[-1])
            if options.patience and number - max(best.epoch, len(previous.history)) >= options.patience:
                break
    best.restore()
    return Fitted(tuple(history), best.epoch)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch inside the block, and restore its random state afterwards."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def class_logits(outputs: Tensor) -> Tensor:
    """The logits of all classes from the outputs of a network.

    Args:
        outputs: float [B, C], or with two classes [B, 1]: the logit of the second class. The softmax of (0, z) is the
            sigmoid of z, and its cross-entropy is the binary cross-entropy.

    Returns:
        float [B, C].
    """
    return torch.cat([torch.zeros_like(outputs), outputs], dim=1) if outputs.shape[1] == 1 else outputs


def balanced_weights(labels: Tensor, classes: int) -> Tensor:
    """Class weights that give all classes the same total weight, float32 [classes]; the mean over pictures is 1."""
    counts = torch.bincount(labels, minlength=classes)
    return len(labels) / (classes * counts.clamp(min=1)).float()


def epoch_of(number: int, seconds: float, training: "Measurement", validation: "Measurement | None") -> Epoch:
    """The record of an epoch from its number, the seconds since training began, and its scores."""
    return Epoch(
        epoch=number,
        seconds=round(seconds, 3),
        train_loss=training.loss,
        train_accuracy=training.accuracy,
        validation_loss=validation.loss if validation else None,
        validation_accuracy=validation.accuracy if validation else None,
    )


@dataclass(frozen=True)
class Measurement:
    """The scores of a network on labelled inputs.

    Attributes:
        loss: the mean cross-entropy, with the class weights.
        accuracy: the share of correct predictions, 0 to 1.
    """

    loss: float
    accuracy: float


@torch.no_grad()
def measure(network: nn.Module, examples: LabelledInputs, weights: Tensor | None = None) -> Measurement:
    """Loss and accuracy of a network on examples, without augmentation.

    Args:
        network: maps inputs to outputs; left in evaluation mode.
        examples: at least one.
        weights: the weight of each class in the loss, float32 [classes], on the network's device; None for all 1.
    """
    network.eval()
    count = len(examples.labels)
    batches = torch.split(torch.arange(count), MEASURE_BATCH)
    results = [batch_loss(network, examples, positions, None, weights) for positions in batches]
    return _mean([(loss.item(), correct) for loss, correct in results], count)


def batch_loss(
    network: nn.Module,
    examples: LabelledInputs,
    positions: Tensor,
    random: torch.Generator | None,
    weights: Tensor | None,
) -> tuple[Tensor, int]:
    """The loss summed over a batch, differentiable, and the number of correct predictions."""
    device = next(network.parameters()).device
    inputs, labels = examples.batch(positions, random).to(device), examples.labels[positions].to(device)
    logits = class_logits(network(inputs))
    loss = cross_entropy(logits, labels, weights, reduction="sum")
    return loss, int((logits.argmax(dim=1) == labels).sum())


def _mean(results: list[tuple[float, int]], count: int) -> Measurement:
    losses, correct = zip(*results, strict=True)
    return Measurement(sum(losses) / count, sum(correct) / count)


class _Descent:
    """The optimiser of a network, and the random order of its examples."""

    def __init__(self, network: nn.Module, options: NetworkOptions, weights: Tensor | None) -> None:
        self._network, self._options, self._weights = network, options, weights
        self._optimizer = _optimizer(network, options)
        self._random = torch.Generator().manual_seed(options.seed)

    def epoch(self, number: int, training: LabelledInputs, progress: Progress) -> Measurement:
        """Train on every example once. Each batch is scored before its update."""
        self._network.train()
        order = torch.randperm(len(training.labels), generator=self._random)
        batches = torch.split(order, self._options.batch_size)
        results = []
        for done, positions in enumerate(batches, start=1):
            loss, correct = batch_loss(self._network, training, positions, self._random, self._weights)
            if not math.isfinite(loss.item()):
                raise DivergedError(
                    f"the loss was {loss.item()} in epoch {number}; try a lower learning rate "
                    f"(it was {self._options.learning_rate:g})"
                )
            self._optimizer.zero_grad(set_to_none=True)
            (loss / len(positions)).backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
            self._optimizer.step()
            results.append((loss.item(), correct))
            progress.work(f"epoch {number}", done, len(batches))
        return _mean(results, len(order))


class _Best:
    """The weights with the lowest validation loss so far, or the last ones without validation."""

    def __init__(self, network: nn.Module, previous: Fitted) -> None:
        losses = [epoch.validation_loss for epoch in previous.history if epoch.validation_loss is not None]
        self._network, self._lowest = network, min(losses, default=math.inf)
        self.epoch = previous.best_epoch or 0
        self._keep()

    def offer(self, epoch: Epoch) -> None:
        """Keep the present weights of the network, which are those of `epoch`, if they are the best so far."""
        if epoch.validation_loss is None or epoch.validation_loss < self._lowest:
            self._lowest = math.inf if epoch.validation_loss is None else epoch.validation_loss
            self.epoch = epoch.epoch
            self._keep()

    def restore(self) -> None:
        """Put the best weights back into the network."""
        self._network.load_state_dict(self._weights)

    def _keep(self) -> None:
        self._weights = {name: tensor.detach().clone() for name, tensor in self._network.state_dict().items()}


def _optimizer(network: nn.Module, options: NetworkOptions) -> Optimizer:
    """The optimiser with the default constants of Keras, which paper 5 used."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    rate, decay = options.learning_rate, options.weight_decay
    if options.optimizer == "rmsprop":
        return torch.optim.RMSprop(weights, lr=rate, alpha=0.9, eps=1e-7, weight_decay=decay)
    optimizer_class = torch.optim.AdamW if options.optimizer == "adamw" else torch.optim.Adam
    return optimizer_class(weights, lr=rate, betas=(0.9, 0.999), eps=1e-7, weight_decay=decay)
