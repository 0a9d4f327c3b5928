"""Gradient descent for classifiers: epochs, validation, early stopping, and the best weights kept."""

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

# Examples measured at a time; only memory depends on it.
MEASURED = 64


class Supply(Protocol):
    """Labelled inputs for a network, by number."""

    @property
    def labels(self) -> Tensor:
        """Their classes, int64 [N]."""

    def batch(self, numbers: Tensor, random: torch.Generator | None) -> Tensor:
        """The inputs of these numbers, float [B, ...]; varied if there is a generator to draw from."""


@dataclass(frozen=True)
class Pictures:
    """Pictures as inputs.

    Attributes:
        images: uint8 [N, S, S, 3] on the CPU.
        labels: int64 [N].
        augmentation: how they are varied, or None.
    """

    images: Tensor
    labels: Tensor
    augmentation: Augmentation | None = None

    def batch(self, numbers: Tensor, random: torch.Generator | None) -> Tensor:
        """Float32 [B, 3, S, S] in [0, 1]."""
        pictures = to_unit(self.images[numbers])
        return pictures if random is None or self.augmentation is None else self.augmentation(pictures, random)


@dataclass(frozen=True)
class Features:
    """Features of pictures as inputs.

    Attributes:
        views: float32 [V, N, D]: those of the pictures as they are, and of V - 1 variants of them.
        labels: int64 [N].
    """

    views: Tensor
    labels: Tensor

    def batch(self, numbers: Tensor, random: torch.Generator | None) -> Tensor:
        """Float32 [B, D], each of a view chosen at random, or of the first."""
        if random is None:
            return self.views[0, numbers]
        return self.views[torch.randint(len(self.views), numbers.shape, generator=random), numbers]


def fit(
    network: nn.Module,
    training: Supply,
    validation: Supply | None,
    options: NetworkOptions,
    progress: Progress,
    *,
    weights: Tensor | None = None,
    before: Fitted | None = None,
) -> Fitted:
    """Train a network until its epochs or its patience are spent, and leave the best weights in it.

    Args:
        network: inputs to outputs (see `class_logits`), on the device to train on.
        training: what to learn from.
        validation: what to choose the best epoch by; without it the last one is kept.
        options: how to learn, and the seed of order and variations.
        progress: who watches.
        weights: how much a picture of each class counts in the loss, float32 [classes]; by default all alike.
        before: what the network has been through already; its present weights count as the best of that.

    Returns:
        What it has been through now.

    Raises:
        DivergedError: the loss was no longer finite.
    """
    before = before or Fitted()
    if weights is not None:
        weights = weights.to(next(network.parameters()).device)
    descent, best = _Descent(network, options, weights), _Best(network, before)
    history = list(before.history)
    started, already = time.perf_counter(), history[-1].seconds if history else 0.0
    with seeded(options.seed):
        for done in range(1, options.epochs + 1):
            number = len(before.history) + done
            trained = descent.epoch(number, training, progress)
            validated = measure(network, validation, weights) if validation else None
            spent = time.perf_counter() - started
            history.append(record(number, already + spent, trained, validated))
            progress.epoch(history[-1], spent / done * (options.epochs - done))
            best.offer(history[-1])
            if options.patience and number - max(best.epoch, len(before.history)) >= options.patience:
                break
    best.restore()
    return Fitted(tuple(history), best.epoch)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let torch draw what this seed says, and go on afterwards as if nothing had been drawn."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def class_logits(outputs: Tensor) -> Tensor:
    """What a network says as one number a class, whose softmax is the probabilities.

    Args:
        outputs: float [B, C], or [B, 1]: the logit of the second of two classes. The softmax of (0, z) is the sigmoid
            of z, and its cross-entropy the binary one.

    Returns:
        float [B, C].
    """
    return torch.cat([torch.zeros_like(outputs), outputs], dim=1) if outputs.shape[1] == 1 else outputs


def balanced_weights(labels: Tensor, classes: int) -> Tensor:
    """How much a picture of each class counts so that all classes count the same, float32 [classes]; 1 on average."""
    counts = torch.bincount(labels, minlength=classes)
    return len(labels) / (classes * counts.clamp(min=1)).float()


def record(number: int, seconds: float, trained: "Measured", validated: "Measured | None") -> Epoch:
    """The line about an epoch."""
    return Epoch(
        epoch=number,
        seconds=round(seconds, 3),
        train_loss=trained.loss,
        train_accuracy=trained.accuracy,
        validation_loss=validated.loss if validated else None,
        validation_accuracy=validated.accuracy if validated else None,
    )


@dataclass(frozen=True)
class Measured:
    """A network on labelled inputs.

    Attributes:
        loss: mean cross-entropy, weighted as asked.
        accuracy: share named right.
    """

    loss: float
    accuracy: float


@torch.no_grad()
def measure(network: nn.Module, supply: Supply, weights: Tensor | None = None) -> Measured:
    """Loss and accuracy of a network on examples as they are, unvaried.

    Args:
        network: inputs to outputs; left in evaluation mode.
        supply: at least one example.
        weights: how much each class counts in the loss, float32 [classes], where the network is; None for all alike.
    """
    network.eval()
    count = len(supply.labels)
    judged = [assess(network, supply, numbers, None, weights) for numbers in torch.split(torch.arange(count), MEASURED)]
    return _mean([(loss.item(), right) for loss, right in judged], count)


def assess(
    network: nn.Module, supply: Supply, numbers: Tensor, random: torch.Generator | None, weights: Tensor | None
) -> tuple[Tensor, int]:
    """The sum of the losses of some examples, differentiable, and how many of them are named right."""
    device = next(network.parameters()).device
    inputs, labels = supply.batch(numbers, random).to(device), supply.labels[numbers].to(device)
    logits = class_logits(network(inputs))
    loss = cross_entropy(logits, labels, weights, reduction="sum")
    return loss, int((logits.argmax(dim=1) == labels).sum())


def _mean(judged: list[tuple[float, int]], count: int) -> Measured:
    losses, right = zip(*judged, strict=True)
    return Measured(sum(losses) / count, sum(right) / count)


class _Descent:
    """One network on its way down: optimiser and random order."""

    def __init__(self, network: nn.Module, options: NetworkOptions, weights: Tensor | None) -> None:
        self._network, self._options, self._weights = network, options, weights
        self._optimizer = _optimizer(network, options)
        self._random = torch.Generator().manual_seed(options.seed)

    def epoch(self, number: int, training: Supply, progress: Progress) -> Measured:
        """Learn from every training example once; each batch is measured as it is met."""
        self._network.train()
        order = torch.randperm(len(training.labels), generator=self._random)
        batches = torch.split(order, self._options.batch_size)
        judged = []
        for done, numbers in enumerate(batches, start=1):
            loss, right = assess(self._network, training, numbers, self._random, self._weights)
            if not math.isfinite(loss.item()):
                raise DivergedError(
                    f"the loss was {loss.item()} in epoch {number}; try a lower learning rate "
                    f"(it was {self._options.learning_rate:g})"
                )
            self._optimizer.zero_grad(set_to_none=True)
            (loss / len(numbers)).backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
            self._optimizer.step()
            judged.append((loss.item(), right))
            progress.work(f"epoch {number}", done, len(batches))
        return _mean(judged, len(order))


class _Best:
    """The best weights so far: those of the lowest validation loss, or the last where nothing validates."""

    def __init__(self, network: nn.Module, before: Fitted) -> None:
        losses = [epoch.validation_loss for epoch in before.history if epoch.validation_loss is not None]
        self._network, self._lowest = network, min(losses, default=math.inf)
        self.epoch = before.best_epoch or 0
        self._keep()

    def offer(self, epoch: Epoch) -> None:
        """Keep the network's present weights, those of `epoch`, if they are the best."""
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
    """The optimiser with Keras's constants, which paper 5 left as they were."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    rate, decay = options.learning_rate, options.weight_decay
    if options.optimizer == "rmsprop":
        return torch.optim.RMSprop(weights, lr=rate, alpha=0.9, eps=1e-7, weight_decay=decay)
    kind = torch.optim.AdamW if options.optimizer == "adamw" else torch.optim.Adam
    return kind(weights, lr=rate, betas=(0.9, 0.999), eps=1e-7, weight_decay=decay)
