"""A generator as a graph of torch's own operations, which other programs can run without ganvas.

`torch.export` runs the network once and records each operation. The recipe, its options and the fast paths of ganvas
are then gone: what is left are weights, and some twenty kinds of operations on them.
"""

import warnings

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from ganvas.foundation.errors import ConfigError
from ganvas.gans.recipe import generate
from ganvas.runs.snapshot import Snapshot

# The inputs of every exported generator, in this order; "classes" only of a conditional one. The output is "pictures".
LATENTS, CLASSES, TRUNCATION = "latents", "classes", "truncation"
PICTURES = "pictures"
# A batch of one would be taken for a constant.
_EXAMPLES = 2
# Releases of torch before 2.7 take a batch without a limit for one that excludes the largest integer, and refuse that.
LARGEST_BATCH = 2**31 - 1


class Painter(nn.Module):
    """A generator with its truncation: latents, class weights and a factor to pictures.

    Args:
        generator: in evaluation mode, on the CPU.
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, latents: Tensor, classes: Tensor | None, truncation: Tensor) -> Tensor:
        """Paint.

        Args:
            latents: float32 [B, latent_dim].
            classes: the weight of each class, float32 [B, C], which sum to 1; None for an unconditional generator.
            truncation: float32 [1]. Latents are multiplied by it, which pulls them towards the origin.

        Returns:
            float32 [B, 3, S, S] in [-1, 1].
        """
        return generate(self.generator, latents * truncation, classes)


def inputs(snapshot: Snapshot, count: int, seed: int = 0) -> tuple[Tensor, Tensor | None, Tensor]:
    """Inputs of a `Painter`: the first latents of a seed, each class in turn and two mixtures, and no truncation."""
    latents = snapshot.recipe.latents(count, torch.Generator().manual_seed(seed)).float()
    names = len(snapshot.card.class_names)
    if not names:
        return latents, None, torch.ones(1)
    classes = torch.eye(names)[torch.arange(count) % names]
    classes[1::8] = 1 / names
    return latents, classes, torch.ones(1)


def trace(snapshot: Snapshot, *, batch: int | None = None) -> ExportedProgram:
    """Record the operations of a generator.

    Args:
        snapshot: the generator.
        batch: the only size of batches that the result can take; by default any.

    Returns:
        A program with the inputs of `Painter`, without in-place operations.

    Raises:
        ConfigError: the network does something that cannot be recorded, such as a decision by the values of tensors.
    """
    painter = Painter(snapshot.generator).eval()
    latents, classes, truncation = inputs(snapshot, batch or _EXAMPLES)
    any_size = None if batch else {0: Dim("batch", min=1, max=LARGEST_BATCH)}
    shapes = {LATENTS: any_size, CLASSES: None if classes is None else any_size, TRUNCATION: None}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about torch's own future
            program = torch.export.export(painter, (latents, classes, truncation), dynamic_shapes=shapes)
            functional: ExportedProgram = program.run_decompositions({})
            return functional
    except Exception as error:  # torch raises dozens of kinds
        reason = str(error).strip().split("\n")[0]
        raise ConfigError(f"the generator of recipe {snapshot.card.recipe} cannot be exported: {reason}") from error
