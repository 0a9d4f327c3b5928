"""The base of the models that are trained by gradient descent: inputs, probabilities, files and the device."""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn.functional import pad

from ganvas.classify.augment import Augmentation
from ganvas.classify.fitting import PictureInputs, balanced_weights, class_logits
from ganvas.classify.model import Examples, Model
from ganvas.classify.options import NetworkOptions
from ganvas.foundation.arrays import Features, Images
from ganvas.foundation.errors import ConfigError, RunError
from ganvas.foundation.pixels import resize, to_unit
from ganvas.foundation.tensors import is_damaged, read_tensors, write_checked
from ganvas.machine.device import choose
from ganvas.machine.memory import keep_freed_memory
from ganvas.metrics.features import SLAB, single_threads
from ganvas.settings.config import Settings

WEIGHTS = "weights.safetensors"

# Pictures are always classified in batches of this size, and the last one is padded. A convolution rounds differently
# at other batch sizes, and a picture's probabilities must depend on that picture alone.
BATCH = 32


class NetworkModel(Model):
    """A model that is a differentiable network from pixels to classes.

    Attributes:
        shaping: the options that decide which layers the network has and what they compute.
        options: the options of the model.
        network: maps float32 [N, 3, S, S] in [0, 1], with S = `options.size`, to outputs [N, 1] for two classes and
            [N, classes] for more (see `ganvas.classify.fitting.class_logits`).
    """

    shaping: ClassVar[tuple[str, ...]]

    options: NetworkOptions
    network: nn.Module

    @property
    def outputs(self) -> int:
        """The number of outputs of the network for a picture."""
        return 1 if self.classes == 2 else self.classes

    @property
    def device(self) -> torch.device:
        """The device of the network: the CPU, unless it was trained on another device in this process."""
        return next(self.network.parameters()).device

    def inputs(self, images: Images) -> Tensor:
        """Convert pictures to inputs of the network, on its device.

        Args:
            images: uint8 [N, H, W, 3] of any size.

        Returns:
            float32 [N, 3, S, S] in [0, 1].
        """
        return to_unit(resize(torch.tensor(np.ascontiguousarray(images), device=self.device), self.options.size))

    def logits(self, inputs: Tensor) -> Tensor:
        """The logits of the classes, differentiable.

        Args:
            inputs: float32 [N, 3, S, S] in [0, 1].

        Returns:
            float32 [N, classes].
        """
        return class_logits(self.network(inputs))

    @abstractmethod
    def maps(self, position: Literal[0, -1]) -> AbstractContextManager[nn.Module]:
        """A layer whose outputs within the block are feature maps after their activation, float [N, C, h, w].

        Args:
            position: 0 for the maps of the first layer, -1 for the last maps.
        """

    def probabilities(self, images: Images) -> Features:
        """See `Model.probabilities`."""
        self.network.eval()
        parts = [np.empty((0, self.classes), np.float32)]
        for start in range(0, len(images), SLAB):
            outputs = in_batches(self.network, self.inputs(images[start : start + SLAB]))
            parts.append(class_logits(outputs).softmax(dim=1).cpu().numpy())
        return np.concatenate(parts)

    def start_from(self, other: Model, is_same_task: bool) -> None:
        """See `Model.start_from`."""
        assert isinstance(other, type(self))
        for key in self.shaping:
            before, now = getattr(other.options, key), getattr(self.options, key)
            if before != now:
                raise ConfigError(f"it was trained with {key}={before}, not {now}; add --set {key}={before}")
        own, learned = self.network.state_dict(), other.network.state_dict()
        body = [name for name in own if self.is_taken_over(name, is_same_task)]
        if all(torch.equal(own[name], learned[name]) for name in body):
            raise ConfigError("nothing that it has learned would be kept")
        self.network.load_state_dict({name: learned[name] for name in body}, strict=False)

    def is_taken_over(self, name: str, is_same_task: bool) -> bool:
        """Whether `start_from` takes over a tensor of the network: all but the last layer, and this for the same task.

        Args:
            name: its name in the network's state.
            is_same_task: as for `start_from`.
        """
        *_, last = (name for name, layer in self.network.named_modules() if isinstance(layer, nn.Linear))
        return is_same_task or not name.startswith(f"{last}.")

    def save(self, directory: Path) -> None:
        """See `Model.save`."""
        name = type(self).__name__
        write_checked(directory / WEIGHTS, self.trained_part().state_dict(), name, {"model": name})

    def restore(self, directory: Path) -> None:
        """See `Model.restore`."""
        file = directory / WEIGHTS
        try:
            weights, metadata = read_tensors(file)
            if is_damaged(metadata, weights, metadata.get("model", "")):
                raise RuntimeError("it is damaged: its checksum is not that of its content")
            self.take(weights)
        except (OSError, SafetensorError, RuntimeError) as error:
            raise RunError(f"{file} cannot be read ({error}); train the classifier again") from error

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Put the tensors of a saved model, by name, into the network.

        Raises:
            RuntimeError: they do not fit.
        """
        self.trained_part().load_state_dict(state)

    def trained_part(self) -> nn.Module:
        """The part of the network that is trained and saved; by default all of it."""
        return self.network

    def use_machine(self) -> None:
        """Set the number of threads, and move the network to the device that the options name.

        Raises:
            ConfigError: the device is not available.
        """
        # Always float32: training is short anyway, and the same seed then gives the same weights.
        machine = choose(Settings(device=self.options.device, precision="float32", threads=self.options.threads))
        torch.set_num_threads(machine.threads)
        if machine.device == "cpu":
            keep_freed_memory()
        machine.place(self.network)

    def pictures(self, examples: Examples) -> PictureInputs:
        """Examples as inputs for `ganvas.classify.fitting.fit`, with the augmentation of the options."""
        images = resize(torch.from_numpy(examples.images), self.options.size)
        return PictureInputs(images, torch.from_numpy(examples.labels), Augmentation.of(self.options))

    def class_weights(self, training: Examples) -> Tensor | None:
        """The weight of each class in the loss, float32 [classes]; None for all 1."""
        if self.options.balance != "weights":
            return None
        return balanced_weights(torch.from_numpy(training.labels), self.classes)


def in_batches(network: nn.Module, inputs: Tensor) -> Tensor:
    """The outputs of a network in evaluation mode, each independent of the other inputs; without gradients.

    On the CPU, batches run in parallel, in as many threads as torch may use.

    Args:
        network: maps float [B, ...] to float [B, D].
        inputs: float [N, 3, H, W] with N at least 1; `SLAB` is a good choice.

    Returns:
        float [N, D].
    """

    def output(batch: Tensor) -> Tensor:
        with torch.no_grad():
            full = pad(batch, (0, 0, 0, 0, 0, 0, 0, BATCH - len(batch)))
            result: Tensor = network(full)
        return result[: len(batch)]

    batches = torch.split(inputs, BATCH)
    if inputs.device.type != "cpu":
        return torch.cat([output(batch) for batch in batches])
    with single_threads() as pool:
        return torch.cat(list(pool.map(output, batches)))
