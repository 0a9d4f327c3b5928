"""The training loop of the PyTorch DCGAN tutorial: the reference for the speed and quality of recipes.

It is eager, in float32, with contiguous tensors and the default number of threads. Networks and update rules are those
of `dcgan`. As in the tutorial, D on real pictures, D on generated pictures and G through D have a backward pass each.
"""

import sys
import time
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganvas.networks.dcgan import initialise


def networks(size: int, width: int) -> tuple[nn.Module, nn.Module]:
    """The tutorial's G and D, made of torch's own modules; other sizes than 64 px have more or fewer layers."""
    channels = [width * 2**stage for stage in range(size.bit_length() - 3)]
    up: list[nn.Module] = [nn.ConvTranspose2d(100, channels[-1], 4, bias=False)]
    down: list[nn.Module] = [nn.Conv2d(3, channels[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for coarse, fine in pairwise(reversed(channels)):
        up += [nn.BatchNorm2d(coarse), nn.ReLU(True), nn.ConvTranspose2d(coarse, fine, 4, 2, 1, bias=False)]
    for fine, coarse in pairwise(channels):
        down += [nn.Conv2d(fine, coarse, 4, 2, 1, bias=False), nn.BatchNorm2d(coarse), nn.LeakyReLU(0.2, inplace=True)]
    up += [nn.BatchNorm2d(channels[0]), nn.ReLU(True), nn.ConvTranspose2d(channels[0], 3, 4, 2, 1, bias=False)]
    generator = nn.Sequential(nn.Unflatten(1, (100, 1, 1)), *up, nn.Tanh())
    discriminator = nn.Sequential(*down, nn.Conv2d(channels[-1], 1, 4, bias=False), nn.Flatten(0))
    for network in (generator, discriminator):
        network.apply(initialise)
    return generator, discriminator


class Tutorial:
    """The tutorial's training loop, one step at a time.

    Args:
        size: height and width of the pictures, a power of two.
        width: of both networks; the tutorial's is 64.
    """

    def __init__(self, size: int, width: int) -> None:
        self.generator, self._discriminator = networks(size, width)
        self._g_optimizer = torch.optim.Adam(self.generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self._d_optimizer = torch.optim.Adam(self._discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self._criterion = nn.BCEWithLogitsLoss()

    def step(self, real: Tensor) -> None:
        """Train on real pictures, float [B, 3, size, size] in [-1, 1]."""
        generator, discriminator, criterion = self.generator, self._discriminator, self._criterion
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
        discriminator.zero_grad()
        d_real = criterion(discriminator(real), ones)
        d_real.backward()
        fake = generator(torch.randn(len(real), 100))
        d_fake = criterion(discriminator(fake.detach()), zeros)
        d_fake.backward()
        self._d_optimizer.step()
        generator.zero_grad()
        g_loss = criterion(discriminator(fake), ones)
        g_loss.backward()
        self._g_optimizer.step()
        d_real.item(), d_fake.item(), g_loss.item()  # the tutorial logs them

    def paint(self, count: int, batch_size: int = 64) -> Iterator[Tensor]:
        """Pictures, float [B, 3, size, size]; G stays in training mode, as the tutorial leaves it."""
        with torch.no_grad():
            for _ in range(0, count, batch_size):
                yield self.generator(torch.randn(batch_size, 100))


def step_times(size: int, width: int, batch_size: int, steps: int) -> list[float]:
    """Seconds of each of `steps` tutorial steps on random pictures, after two warm-up steps."""
    tutorial, real, times = Tutorial(size, width), torch.rand(batch_size, 3, size, size) * 2 - 1, []
    for _ in range(steps + 2):
        started = time.perf_counter()
        tutorial.step(real)
        times.append(time.perf_counter() - started)
    return times[2:]


if __name__ == "__main__":
    print(*step_times(*map(int, sys.argv[1:])))
