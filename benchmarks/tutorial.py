"""The plain PyTorch DCGAN tutorial loop: the yardstick that `dcgan` is timed against.

Eager, float32, contiguous, default threads; the same networks and the same update rules: D on real,
D on generated, G through D, each with its own backward pass, as the tutorial writes them.
"""

import sys
import time
from itertools import pairwise

import torch
from torch import nn

from ganvas.networks.dcgan import initialise


def networks(size: int, width: int) -> tuple[nn.Module, nn.Module]:
    """The tutorial's G and D at 64 px, of torch's own modules; a layer more or less at other sizes."""
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


def step_times(size: int, width: int, batch_size: int, steps: int) -> list[float]:
    """Seconds of each of `steps` tutorial steps on random pictures, after two to warm up."""
    generator, discriminator = networks(size, width)
    g_optimizer = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    criterion = nn.BCEWithLogitsLoss()
    real, ones, zeros = torch.rand(batch_size, 3, size, size) * 2 - 1, torch.ones(batch_size), torch.zeros(batch_size)
    times = []
    for _ in range(steps + 2):
        started = time.perf_counter()
        discriminator.zero_grad()
        d_real = criterion(discriminator(real), ones)
        d_real.backward()
        fake = generator(torch.randn(batch_size, 100))
        d_fake = criterion(discriminator(fake.detach()), zeros)
        d_fake.backward()
        d_optimizer.step()
        generator.zero_grad()
        g_loss = criterion(discriminator(fake), ones)
        g_loss.backward()
        g_optimizer.step()
        d_real.item(), d_fake.item(), g_loss.item()  # the tutorial logs them
        times.append(time.perf_counter() - started)
    return times[2:]


if __name__ == "__main__":
    print(*step_times(*map(int, sys.argv[1:])))
