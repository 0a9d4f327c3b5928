"""How much faster several processes train one run than one process with as many threads.

    python -m benchmarks.scaling [--recipe dcgan] [--size 64] [--batch 128] [--processes 1 2 4] [--rounds 5] [--steps 8]

Each round trains with every number of processes, and with one process of as many threads, one after the other. If the
machine's speed varies, all are affected. The table has medians over rounds, and the median and range of the rounds'
ratios. Every process gets as many threads as there are cores for it, at least one. Beside it stands what the model of
`ganvas.planning.scaling` predicts from single processes with small and with whole batches, and from exchanges of two
processes that do nothing else.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import distributed as dist
from torch.multiprocessing.spawn import spawn

from benchmarks.many_gpus import step_of
from benchmarks.workload import noise_dataset, train
from ganvas import gans
from ganvas.machine.cores import usable_cores
from ganvas.planning.scaling import Computation, Scaling, Wire


@dataclass(frozen=True)
class Round:
    """The speeds of one round, in real pictures per second.

    Attributes:
        together: of several processes, by their number.
        threads: of one process, by its number of threads.
        few: of one process with a part of the batch, by its number of threads.
    """

    together: dict[int, float]
    threads: dict[int, float]
    few: dict[int, float]

    def ratio(self, processes: int) -> float:
        """The speed of this many processes, divided by that of one process with as many threads."""
        return self.together[processes] / self.threads[processes]


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="dcgan")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    for name, default in (("size", 64), ("batch", 128), ("rounds", 5), ("steps", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    print(measured(args.recipe, args.size, args.batch, args.processes, args.rounds, args.steps))


def measured(recipe: str, size: int, batch_size: int, counts: Sequence[int], number: int, steps: int) -> str:
    """The table of a recipe, from all rounds."""
    with tempfile.TemporaryDirectory() as folder:
        data = noise_dataset(Path(folder) / "data", size, classes=2)
        rounds = []
        for each in range(number):
            out = Path(folder) / f"round-{each}"
            out.mkdir()
            rounds.append(measure(data, out, recipe, steps, batch_size, counts))
            print(f"round {each + 1}: {rounds[-1]}", file=sys.stderr)
    exchanged = step_of(recipe, size)[1]
    wire = this_wire()
    title = f"{recipe} at {size} px, {batch_size} pictures a batch, {usable_cores()} cores; medians of {number} rounds."
    title += f" A step exchanges {sum(exchanged) / 1e6:.1f} MB in {len(exchanged)} parts; a wire here takes "
    title += f"{wire.latency * 1e6:.0f} us and then {wire.bandwidth / 1e9:.2f} GB/s."
    return f"{title}\n{table(rounds, recipe, batch_size, exchanged, wire)}"


def share(processes: int) -> int:
    """The threads of each process."""
    return max(1, usable_cores() // processes)


def measure(data: Path, out: Path, recipe: str, steps: int, batch_size: int, counts: Sequence[int]) -> Round:
    """Train with every number of processes and of threads once."""
    together, threads, few = dict[int, float](), dict[int, float](), dict[int, float]()

    def speed(name: str, pictures: int, each: int, devices: int | None = None) -> float:
        options = [f"batch_size={pictures}", f"threads={each}"]
        return train(data, out / name, recipe, steps, options, devices=devices).img_per_s

    for count in counts:
        together[count] = speed(f"processes-{count}", batch_size, share(count), count)
    for count in {*counts, *map(share, counts)}:
        threads[count] = speed(f"threads-{count}", batch_size, count)
    for count in set(map(share, counts)):
        few[count] = speed(f"few-{count}", batch_size // max(counts), count)
    return Round(together, threads, few)


def table(rounds: Sequence[Round], recipe: str, batch_size: int, exchanged: tuple[int, ...], wire: Wire) -> str:
    """The figures of several rounds, as Markdown."""
    lines = [
        "| processes | img/s | the model | img/s of one process with as many threads | ratio |",
        "|---|---|---|---|---|",
    ]
    for count in rounds[0].together:
        together = statistics.median(each.together[count] for each in rounds)
        threads = statistics.median(each.threads[count] for each in rounds)
        ratios = [each.ratio(count) for each in rounds]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        model = predicted(rounds, recipe, batch_size, count, exchanged, wire)
        lines.append(f"| {count} | {together:.1f} | {model:.1f} | {threads:.1f} | {spread} |")
    return "\n".join(lines)


def predicted(
    rounds: Sequence[Round], recipe: str, batch_size: int, count: int, exchanged: tuple[int, ...], wire: Wire
) -> float:
    """What the model says of this many processes, in real pictures per second."""
    each, d_steps = share(count), gans.find(recipe).defaults.d_steps
    part = batch_size // max(rounds[0].together)
    crowding = max(1.0, count * each / usable_cores())
    seconds = [
        crowding * d_steps * pictures / statistics.median(speeds)
        for pictures, speeds in (
            (part, [one.few[each] for one in rounds]),
            (batch_size, [one.threads[each] for one in rounds]),
        )
    ]
    computation = Computation.of(part, seconds[0], batch_size, seconds[1])
    return d_steps * Scaling(computation, exchanged, wire).img_per_s(batch_size, count)


def this_wire() -> Wire:
    """The wire between two processes of this machine, from short and long exchanges."""
    short, long = 8, 1 << 24
    with tempfile.TemporaryDirectory() as folder:
        spawn(_exchange, (folder, short, long), nprocs=2)  # type: ignore[no-untyped-call]  # torch gives it no types
        quick, slow = torch.load(Path(folder) / "seconds.pt", weights_only=True).tolist()
    # Two processes exchange in two rounds, and each sends as many bytes as are added up.
    return Wire(quick / 2, (long - short) / max(slow - quick, 1e-9))


def _exchange(rank: int, folder: str, *lengths: int) -> None:
    store = dist.FileStore(str(Path(folder) / "store"), 2)  # type: ignore[attr-defined]
    dist.init_process_group("gloo", store=store, rank=rank, world_size=2)
    torch.set_num_threads(1)
    medians = []
    for length in lengths:
        values, seconds = torch.zeros(length // 4), []
        for _ in range(20):
            dist.barrier()
            began = time.perf_counter()
            dist.all_reduce(values)
            seconds.append(time.perf_counter() - began)
        medians.append(statistics.median(seconds))
    if rank == 0:
        torch.save(torch.tensor(medians, dtype=torch.float64), Path(folder) / "seconds.pt")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
