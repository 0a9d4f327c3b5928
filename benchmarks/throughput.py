"""How fast `dcgan` trains: its speed next to that of the PyTorch tutorial loop and to the CPU's peak speed.

    python -m benchmarks.throughput [--size 64] [--width 64] [--batch 128] [--rounds 5] [--steps 6]

Each round runs both in processes of their own, one after the other, and then a large matrix product. If the machine's
speed varies, both are affected. The table has medians over rounds and the median of the rounds' ratios.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.workload import noise_dataset, train
from ganvas.gans.dcgan import DCGAN
from ganvas.gans.recipe import Batch, Spec
from ganvas.machine.ceiling import matrix_product_flops
from ganvas.machine.device import Machine, choose, launch
from ganvas.networks import stride_two
from ganvas.settings.config import Settings, resolve
from ganvas.training.step import AdversarialStep


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("size", 64), ("width", 64), ("batch", 128), ("rounds", 5), ("steps", 6)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    machine = choose(Settings(device="cpu"))
    with tempfile.TemporaryDirectory() as folder:
        data = noise_dataset(Path(folder) / "data", args.size)
        rounds = []
        for number in range(args.rounds):
            tutorial = run_tutorial(args.size, args.width, args.batch, args.steps)
            options = [f"width={args.width}", f"batch_size={args.batch}"]
            ganvas = train(data, Path(folder) / f"run-{number}", "dcgan", args.steps, options).img_per_s
            ceiling = matrix_product_flops(machine.precision, machine.threads, side=4096)
            rounds.append((tutorial, ganvas, ceiling))
            print(f"round {number + 1}: tutorial {tutorial:.1f}, ganvas {ganvas:.1f} img/s", file=sys.stderr)
    print_table(rounds, machine, flops_per_image(args.size, args.width, machine))


def run_tutorial(size: int, width: int, batch_size: int, steps: int) -> float:
    """img/s of the tutorial loop: the median of its steps."""
    command = [sys.executable, "-m", "benchmarks.tutorial", *map(str, (size, width, batch_size, steps))]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return batch_size / statistics.median(map(float, output.split()))


def flops_per_image(size: int, width: int, machine: Machine) -> float:
    """Operations per real picture of a training step if every convolution is done directly."""
    recipe = DCGAN(resolve("dcgan", DCGAN.defaults, {"width": width, "batch_size": 2}).options)
    step = AdversarialStep(recipe, Spec(size), machine, launch(machine))
    batch = Batch(torch.rand(2, 3, size, size) * 2 - 1, recipe.latents(2, torch.Generator()))
    with mock.patch.object(stride_two, "LARGEST", 0), FlopCounterMode(display=False) as counter:
        step([batch], images_seen=2)
    return float(counter.get_total_flops() / 2)


def print_table(rounds: list[tuple[float, float, float]], machine: Machine, flops: float) -> None:
    """The table of docs/performance.md."""
    tutorial, ganvas, ceiling = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(fast / plain for plain, fast, _ in rounds)
    spread = f"{min(f / p for p, f, _ in rounds):.2f} to {max(f / p for p, f, _ in rounds):.2f}"
    print(f"machine: {machine.device_name}, {machine.threads} threads, {machine.precision}; {len(rounds)} rounds")
    print(f"ceiling: {ceiling / 1e9:.0f} GFLOP/s in a matrix product; {flops / 1e9:.2f} GFLOP per picture")
    print("| loop | img/s (median) | share of ceiling | ratio (median of rounds) |")
    print("|---|---|---|---|")
    print(f"| PyTorch tutorial | {tutorial:.1f} | {tutorial * flops / ceiling:.0%} | 1 |")
    print(f"| ganvas `dcgan` | {ganvas:.1f} | {ganvas * flops / ceiling:.0%} | {ratio:.2f} ({spread}) |")


if __name__ == "__main__":
    main()
