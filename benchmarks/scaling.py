"""How much faster several processes train one run than one process with as many threads.

    python -m benchmarks.scaling [--recipe dcgan] [--size 64] [--batch 128] [--processes 1 2 4] [--rounds 5] [--steps 8]

Each round trains with every number of processes, and with one process of as many threads, one after the other. If the
machine's speed varies, all are affected. The table has medians over rounds, and the median and range of the rounds'
ratios. Every process gets as many threads as there are cores for it, at least one.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.workload import noise_dataset, train
from ganvas.machine.cores import usable_cores


@dataclass(frozen=True)
class Round:
    """The speeds of one round, in real pictures per second.

    Attributes:
        together: of several processes, by their number.
        threads: of one process, by its number of threads.
    """

    together: dict[int, float]
    threads: dict[int, float]

    def ratio(self, processes: int) -> float:
        """How many times as fast so many processes are as one process with as many threads."""
        return self.together[processes] / self.threads[processes]


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="dcgan")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    for name, default in (("size", 64), ("batch", 128), ("rounds", 5), ("steps", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = noise_dataset(Path(folder) / "data", args.size, classes=2)
        rounds = []
        for number in range(args.rounds):
            out = Path(folder) / f"round-{number}"
            out.mkdir()
            rounds.append(measure(data, out, args.recipe, args.steps, args.batch, args.processes))
            print(f"round {number + 1}: {rounds[-1]}", file=sys.stderr)
    print(f"{args.recipe} at {args.size} px, {args.batch} pictures a batch, {usable_cores()} cores; medians")
    print(table(rounds))


def measure(data: Path, out: Path, recipe: str, steps: int, batch_size: int, counts: Sequence[int]) -> Round:
    """Train with every number of processes and of threads once."""
    batch = f"batch_size={batch_size}"
    together, threads = dict[int, float](), dict[int, float]()
    for count in counts:
        share = max(1, usable_cores() // count)
        options = [batch, f"threads={share}"]
        together[count] = train(data, out / f"processes-{count}", recipe, steps, options, devices=count).img_per_s
        options = [batch, f"threads={count}"]
        threads[count] = train(data, out / f"threads-{count}", recipe, steps, options).img_per_s
    return Round(together, threads)


def table(rounds: Sequence[Round]) -> str:
    """The figures of several rounds, as Markdown."""
    lines = ["| processes | img/s | img/s of one process with as many threads | ratio |", "|---|---|---|---|"]
    for count in rounds[0].together:
        together = statistics.median(each.together[count] for each in rounds)
        threads = statistics.median(each.threads[count] for each in rounds)
        ratios = [each.ratio(count) for each in rounds]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        lines.append(f"| {count} | {together:.1f} | {threads:.1f} | {spread} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
