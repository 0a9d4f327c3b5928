"""GANs of other packages, trained unchanged on the pictures of a dataset; `quality.py` compares recipes with them.

    make bench-peers
    build/peers/bin/python -m benchmarks.peers NAME DATA FOLDER --minutes 5 10 20 40 [--seed 0]

`quality.py` runs this command for the methods in `PEERS`. Networks, losses, optimisers and arithmetic are those of the
packages: float32, torch's default memory layout and number of threads. The packages have a virtual environment of their
own, which finds torch and ganvas in the project's. Neither package runs on a CPU without changes:

- torch-mimicry 0.1.16 cannot be imported: its `datasets` need `torch._six`, which torch 2 no longer has, and its
  `metrics` need TensorFlow, which crashes the process when torch's compiler is imported after it. Both stay unloaded.
- lightweight-gan 1.2.1 asserts on import that there is an NVIDIA GPU, and moves everything there. Here the assertion
  passes, and moving to the GPU does nothing.
"""

import argparse
import itertools
import sys
import tempfile
import types
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from PIL import Image
from torch import Tensor
from torch.overrides import TorchFunctionMode

from benchmarks.marks import SAMPLES, train_to_marks
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.arrays import Images
from ganvas.foundation.pixels import to_float, to_uint8
from ganvas.training.loader import Loader

PAINTED_AT_ONCE = 50


class Peer(ABC):
    """A GAN of another package on the pictures of a dataset."""

    @abstractmethod
    def step(self) -> int:
        """Train for a moment and return the number of real pictures that D saw."""

    @abstractmethod
    def paint(self, count: int) -> Images:
        """`count` pictures of G as the package shows them, uint8 [count, S, S, 3]."""


class Mimicry(Peer):
    """torch-mimicry's SNGAN at 32, 48 or 64 px, trained as for CelebA at 64 px, but without learning rate decay."""

    BATCH, D_STEPS = 64, 5

    def __init__(self, data: Dataset, seed: int) -> None:
        for part in ("datasets", "metrics"):
            sys.modules[f"torch_mimicry.{part}"] = types.ModuleType(part)
        from torch_mimicry.nets import sngan  # type: ignore[import-not-found]
        from torch_mimicry.training.metric_log import MetricLog  # type: ignore[import-not-found]

        self._generator = getattr(sngan, f"SNGANGenerator{data.size}")()
        self._discriminator = getattr(sngan, f"SNGANDiscriminator{data.size}")()
        self._g_optimizer, self._d_optimizer = (
            torch.optim.Adam(network.parameters(), 2e-4, betas=(0.0, 0.9))
            for network in (self._generator, self._discriminator)
        )
        self._log, self._steps = MetricLog(), 0
        # Its thread ends with the process.
        self._batches = iter(Loader(data, self.BATCH, seed).__enter__())

    def step(self) -> int:
        """One update of D, and one of G after every fifth."""
        images, _ = next(self._batches)
        common = {
            "real_batch": (to_float(images).contiguous(), None),
            "log_data": self._log,
            "device": torch.device("cpu"),
        }
        self._steps += 1
        self._discriminator.train_step(netG=self._generator, optD=self._d_optimizer, **common)
        if self._steps % self.D_STEPS == 0:
            self._generator.train_step(netD=self._discriminator, optG=self._g_optimizer, **common)
        return self.BATCH

    def paint(self, count: int) -> Images:
        """G in evaluation mode, in which the package measures it."""
        self._generator.eval()
        with torch.no_grad():
            pictures = self._generator.generate_images(count)
        self._generator.train()
        return to_uint8(pictures)


class OnProcessor(TorchFunctionMode):
    """A context in which tensors stay on the CPU, whatever device is asked for."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the function, on the CPU."""
        kwargs = dict(kwargs or {})
        if func is Tensor.cuda:
            return args[0]
        if kwargs.get("device") is not None:
            kwargs["device"] = "cpu"
        return func(*args, **kwargs)


class LightweightGAN(Peer):
    """lightweight-gan with the defaults of its command line, which reads a folder of pictures."""

    BATCH, ACCUMULATED = 10, 4

    def __init__(self, data: Dataset, seed: int) -> None:
        with mock.patch("torch.cuda.is_available", return_value=True):
            from lightweight_gan import Trainer  # type: ignore[import-not-found]
        self._folder = tempfile.TemporaryDirectory()
        pictures = Path(self._folder.name) / "pictures"
        pictures.mkdir()
        for row in data.rows(TRAIN):
            Image.fromarray(data.images[row]).save(pictures / f"{row}.png")
        self._trainer = Trainer(
            base_dir=self._folder.name,
            image_size=data.size,
            batch_size=self.BATCH,
            gradient_accumulate_every=self.ACCUMULATED,
            aug_types=["cutout", "translation"],
            attn_res_layers=[32],
            disc_output_size=1,
            num_workers=0,
            use_aim=False,
        )
        self._trainer.set_data_src(pictures)
        # Otherwise it would write sample grids and checkpoints.
        self._trainer.evaluate = self._trainer.save = lambda *arguments, **keywords: None

    def step(self) -> int:
        """One update of D and one of G, with gradients accumulated over four batches."""
        with OnProcessor():
            self._trainer.train()
        return self.BATCH * self.ACCUMULATED

    def paint(self, count: int) -> Images:
        """G itself in evaluation mode, because its moving average starts only after 20,000 steps."""
        gan = self._trainer.GAN.eval()
        with torch.no_grad():
            pictures = gan.G(torch.randn(count, gan.latent_dim)).clamp(0, 1)
        return to_uint8(2 * pictures - 1)


PEERS: dict[str, Callable[[Dataset, int], Peer]] = {"torch-mimicry": Mimicry, "lightweight-gan": LightweightGAN}


def main() -> None:
    """Train one peer and keep its pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=list(PEERS))
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", nargs="+", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    peer = PEERS[args.name](Dataset.open(args.data), args.seed)
    train_to_marks(args.folder, sorted(args.minutes), peer.step, lambda: _batches(peer))


def _batches(peer: Peer) -> Iterator[Images]:
    for _ in itertools.repeat(None, -(-SAMPLES // PAINTED_AT_ONCE)):
        yield peer.paint(PAINTED_AT_ONCE)


if __name__ == "__main__":
    main()
