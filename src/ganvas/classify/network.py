"""What the models that learn by gradient descent share: inputs, probabilities, files and the machine."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn.functional import pad

from ganvas.classify.augment import Augmentation
from ganvas.classify.fitting import Pictures, balanced_weights, class_logits
from ganvas.classify.model import Examples, Model
from ganvas.classify.options import NetworkOptions
from ganvas.foundation.errors import RunError
from ganvas.foundation.pixels import resize, to_unit
from ganvas.foundation.tensors import write_tensors
from ganvas.machine.device import choose
from ganvas.machine.memory import keep_freed_memory
from ganvas.metrics.features import SLAB, single_threads
from ganvas.settings.config import Settings

WEIGHTS = "weights.safetensors"

# Pictures are always judged in batches of this size, the last one padded: a convolution rounds differently at other
# batch sizes, and a picture's probabilities must depend on nothing but the picture.
BATCH = 32


class NetworkModel(Model):
    """A model that is one differentiable network from pixels to classes.

    Attributes:
        options: its options.
        network: float32 [N, 3, S, S] in [0, 1], S being `options.size`, to outputs [N, 1] for two classes, else
            [N, classes] (see `ganvas.classify.fitting.class_logits`).
    """

    options: NetworkOptions
    network: nn.Module

    @property
    def outputs(self) -> int:
        """How many numbers the network gives for a picture."""
        return 1 if self.classes == 2 else self.classes

    @property
    def device(self) -> torch.device:
        """Where the network is: the CPU, unless it was trained elsewhere in this process."""
        return next(self.network.parameters()).device

    def inputs(self, images: NDArray[np.uint8]) -> Tensor:
        """Pictures as the network takes them, on its device.

        Args:
            images: uint8 [N, H, W, 3] of any size.

        Returns:
            float32 [N, 3, S, S] in [0, 1].
        """
        return to_unit(resize(torch.tensor(np.ascontiguousarray(images), device=self.device), self.options.size))

    def logits(self, inputs: Tensor) -> Tensor:
        """One number a class, whose softmax is the probabilities; differentiable.

        Args:
            inputs: float32 [N, 3, S, S] in [0, 1].

        Returns:
            float32 [N, classes].
        """
        return class_logits(self.network(inputs))

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Model.probabilities`."""
        self.network.eval()
        parts = [np.empty((0, self.classes), np.float32)]
        for start in range(0, len(images), SLAB):
            outputs = in_batches(self.network, self.inputs(images[start : start + SLAB]))
            parts.append(class_logits(outputs).softmax(dim=1).cpu().numpy())
        return np.concatenate(parts)

    def save(self, directory: Path) -> None:
        """See `Model.save`."""
        write_tensors(directory / WEIGHTS, self.learnt().state_dict(), {"model": type(self).__name__})

    def restore(self, directory: Path) -> None:
        """See `Model.restore`."""
        file = directory / WEIGHTS
        try:
            with safe_open(file, framework="pt") as content:
                state = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118 (not a dict)
            self.learnt().load_state_dict(state)
        except (OSError, SafetensorError, RuntimeError) as error:
            raise RunError(f"{file} cannot be read ({error}); train the classifier again") from error

    def learnt(self) -> nn.Module:
        """The part of the network that is learnt, and so is kept: all of it, unless the model says otherwise."""
        return self.network

    def settle(self) -> None:
        """Take the machine that the options ask for: its threads, and its device for the network.

        Raises:
            ConfigError: the device is not here.
        """
        # Always float32: a run of these small networks is short, and the same seed gives the same weights.
        machine = choose(Settings(device=self.options.device, precision="float32", threads=self.options.threads))
        torch.set_num_threads(machine.threads)
        if machine.device == "cpu":
            keep_freed_memory()
        machine.place(self.network)

    def pictures(self, examples: Examples) -> Pictures:
        """Examples for `ganvas.classify.fitting.fit`, varied as the options say."""
        images = resize(torch.from_numpy(examples.images), self.options.size)
        return Pictures(images, torch.from_numpy(examples.labels), Augmentation.of(self.options))

    def class_weights(self, training: Examples) -> Tensor | None:
        """How much each class counts, float32 [classes]; None for all alike."""
        if self.options.balance != "weights":
            return None
        return balanced_weights(torch.from_numpy(training.labels), self.classes)


def in_batches(network: nn.Module, inputs: Tensor) -> Tensor:
    """What a network in evaluation mode makes of each input, whatever others are beside it; no gradients.

    On the CPU, batches are worked on side by side by as many threads as torch may use.

    Args:
        network: float [B, ...] to float [B, D].
        inputs: float [N, 3, H, W] with N of 1 or more; best `SLAB` of them.

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
