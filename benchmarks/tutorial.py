"""The plain PyTorch DCGAN tutorial loop: the yardstick that `dcgan` is timed against.

Eager, float32, contiguous, default threads and allocator; the same networks and the same update rules: D on real,
D on generated, G through D, each with its own backward pass, as the tutorial writes them.
"""

import sys
import time

import torch
from torch import nn

from ganvas.networks.dcgan import Discriminator, Generator


def step_times(size: int, width: int, batch_size: int, steps: int) -> list[float]:
    """Seconds of each of `steps` tutorial steps on random pictures, after two to warm up."""
    generator, discriminator = Generator(size, 100, width), Discriminator(size, width)
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
