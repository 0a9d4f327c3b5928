"""The trained discriminator of a run: its logits and activation maps for any pictures."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from ganvas import gans
from ganvas.foundation.arrays import Features, Floats, Images, Integers
from ganvas.foundation.errors import ConfigError, RunError
from ganvas.foundation.paths import user_path
from ganvas.foundation.pixels import to_float
from ganvas.gans.recipe import Recipe, Spec
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.directory import RunDirectory
from ganvas.settings.config import resolve
from ganvas.tricks.objective import Objective

# The activation functions of `torch.nn` that act on each value alone.
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Tanh)


@dataclass
class _ConvolutionMaps:
    """The output of a convolution for one picture.

    Attributes:
        linear: float32 [K, h, w].
        activated: the same after the next activation function; None before it.
    """

    linear: Features
    activated: Features | None = None


class Critic:
    """The discriminator in the newest checkpoint of a run.

    Batches have the size of training. BatchNorm uses the statistics of the batch, because its running statistics mix
    real and generated pictures. Dropout and augmentation are off, so equal pictures in equal order get equal logits.

    Args:
        recipe: the recipe of the discriminator.
        discriminator: the network, on the CPU.
        kimg: thousands of real pictures that it has seen.

    Attributes:
        kimg: thousands of real pictures that it has seen.
    """

    def __init__(self, recipe: Recipe, discriminator: nn.Module, kimg: float) -> None:
        self.kimg = kimg
        self._recipe, self._discriminator = recipe, discriminator.requires_grad_(False).eval()
        for module in discriminator.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.train()

    @classmethod
    def of(cls, run: str | Path) -> Self:
        """Load the discriminator of a run. The run is not changed.

        Raises:
            RunError: there is no run or no usable checkpoint, or the checkpoint does not fit its recipe.
            ConfigError: the recipe is not installed.
        """
        directory = RunDirectory.open(user_path(run))
        record = directory.record
        kind = gans.find(record.recipe)
        recipe = kind(resolve(record.recipe, kind.defaults, kind.recorded(record.options)).options)
        state = CheckpointDirectory(directory.checkpoints).latest()
        with torch.random.fork_rng(devices=[]):  # the initial weights are replaced below
            spec = Spec(record.dataset["size"], len(record.dataset["class_names"]))
            _, discriminator = Objective(recipe).build(spec)
        try:
            discriminator.load_state_dict(state["discriminator"])
        except (KeyError, RuntimeError) as error:
            raise RunError(f"the newest checkpoint of {run} does not fit its recipe {record.recipe}") from error
        return cls(recipe, discriminator, state["progress"]["images"] / 1000)

    @property
    def first_convolution(self) -> nn.Conv2d | None:
        """The first convolution over pictures of three channels; None if there is none."""
        convolutions = (module for module in self._discriminator.modules() if isinstance(module, nn.Conv2d))
        return next((module for module in convolutions if module.in_channels == 3), None)

    @property
    def gives_probabilities(self) -> bool:
        """Whether the sigmoid of a logit is a probability. The output of a Wasserstein critic is only a score."""
        return self._recipe.has_targets

    def logits(self, images: Images, labels: Integers | None = None) -> Floats:
        """The logits of pictures.

        Args:
            images: uint8 [N, S, S, 3], N at least 2, either all real or all generated, preferably in an order that
                mixes the classes.
            labels: int64 [N], the classes of the pictures, for conditional recipes.

        Returns:
            float64 [N], above 0 for "real".

        Raises:
            ConfigError: the discriminator returns no `Critique`.
        """
        parts = np.array_split(np.arange(len(images)), math.ceil(len(images) / self._recipe.options.batch_size))
        with torch.no_grad():
            logits = [self._logits(images[part], None if labels is None else labels[part]) for part in parts]
        return torch.cat(logits).double().numpy()

    def activation_maps(self, images: Images, labels: Integers | None = None) -> list[Features]:
        """The channels of two convolutions for the first picture of a batch, after their activation function.

        If no activation function of `torch.nn` follows a convolution, its own output is returned.

        Args:
            images: uint8 [N, S, S, 3], N at least 2, either all real or all generated. BatchNorm uses the statistics of
                all of them.
            labels: int64 [N], the classes of the pictures, for conditional recipes.

        Returns:
            float32 [K, h, w] of the first convolution over pictures, and of a convolution in the middle of the network
            if there are several.

        Raises:
            ConfigError: the discriminator has no convolutions over pictures, or returns no `Critique`.
        """
        layers: list[_ConvolutionMaps] = []

        def keep(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if inputs[0].ndim != 4:  # layers over labels and features have no height and width
                return
            maps = output[0].float().numpy().copy()  # the next layer may work in place
            if isinstance(module, nn.Conv2d):
                layers.append(_ConvolutionMaps(maps))
            elif layers and layers[-1].activated is None:
                # Maps of a label may have been appended to those of the picture.
                layers[-1].activated = maps[: len(layers[-1].linear)]

        hooks = [
            module.register_forward_hook(keep)
            for module in self._discriminator.modules()
            if isinstance(module, (nn.Conv2d, *ACTIVATIONS))
        ]
        try:
            with torch.no_grad():
                self._logits(images, labels)
        finally:
            for hook in hooks:
                hook.remove()
        if not layers:
            raise ConfigError(f"the discriminator of recipe {self._recipe.name()} has no convolutions")
        maps = [each.activated for each in layers if each.activated is not None] or [each.linear for each in layers]
        return [maps[0], maps[len(maps) // 2]] if len(maps) > 1 else maps

    def _logits(self, images: Images, labels: Integers | None) -> Tensor:
        pictures = to_float(torch.from_numpy(np.ascontiguousarray(images)))
        classes = None if labels is None else torch.from_numpy(labels)
        critique = self._recipe.judge(self._discriminator, pictures, classes)
        if critique is None:
            raise ConfigError(f"the discriminator of recipe {self._recipe.name()} returns no Critique")
        return critique.logits
