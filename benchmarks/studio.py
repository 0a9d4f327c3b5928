"""What the studio takes: a wall from click to pixels, a slider, a first page of many runs, and a training's speed.

    python -m benchmarks.studio FOLDER RUN DATASET [--rounds 5] [--runs 200]

FOLDER has a run RUN with a snapshot, and a dataset DATASET. The pages are opened in this machine's Chromium. The wall
and the slider are measured on a machine that does nothing else, and again while a `ganvas train` on DATASET runs. What
the studio costs a training is the ratio of its speeds with a studio and without one, round after round: first a studio
that is idle, then one whose page of the run is open. Medians are printed.
"""

import argparse
import contextlib
import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from playwright.sync_api import Page

from benchmarks.web import chromium
from ganvas import __version__
from ganvas.machine.device import processor_name
from ganvas.studio.serve import Server

# Clicks for another seed and waits until the 64th picture has pixels; milliseconds.
WALL = """async () => {
  const started = performance.now();
  document.getElementById("another").click();
  for (;;) {
    await new Promise(requestAnimationFrame);
    const canvas = document.querySelectorAll("#wall .piece canvas")[63];
    if (canvas && canvas.getContext("2d").getImageData(0, 0, 1, 1).data[3]) return performance.now() - started;
  }
}"""
# Moves a slider at every frame for some seconds and counts the pictures that came; pictures a second.
SLIDER = """async (seconds) => {
  const slider = document.getElementById("truncation"), started = performance.now();
  performance.clearResourceTimings();
  for (let step = 0; performance.now() - started < 1000 * seconds; step++) {
    slider.value = String((step % 30) / 20);
    slider.dispatchEvent(new Event("input"));
    await new Promise(requestAnimationFrame);
  }
  const paints = performance.getEntriesByType("resource").filter((each) => each.name.endsWith("/explore/paint"));
  return paints.length / seconds;
}"""
# Seconds that a slider moves, and that a training is watched in a round.
SLIDING, WATCHED = 5, 30
# Seconds after which a studio has started.
STARTING = 10
# The files of a run that its card on the first page needs.
CARD_FILES = ("config.yaml", "stats.jsonl", "evals.jsonl")


def main() -> None:
    """Measure everything and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("run")
    parser.add_argument("dataset")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=200)
    args = parser.parse_args()
    print(f"{args.folder / args.run}, ganvas {__version__}, {processor_name()}")
    with chromium() as page:
        with studio(args.folder, page) as address:
            explore(page, f"{address}/explore?name={args.run}", args.rounds, "alone")
        home(page, args.folder / args.run, args.runs, args.rounds)
        print(f"an idle studio takes {idle_cores(args.folder):.1%} of a core")
        with training(args.folder / args.dataset) as run:
            with studio(args.folder, page) as address:
                explore(page, f"{address}/explore?name={args.run}", args.rounds, "beside a training")
            idle, opened = cost(page, run, args.rounds)
    print(f"speed of a training beside an idle studio, as a share of that without one: {spread(idle)}")
    print(f"speed of a training with its page open, as a share of that without a studio: {spread(opened)}")


def spread(shares: list[float]) -> str:
    """The median of rounds, and their range."""
    return f"{statistics.median(shares):.3f} ({min(shares):.3f} to {max(shares):.3f})"


@contextlib.contextmanager
def studio(folder: Path, page: Page) -> Iterator[str]:
    """A studio of a folder, which the page is in; gives its address without a slash at the end."""
    server = Server(folder)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.is_ready:
        time.sleep(0.01)
    page.goto(server.address)
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        page.goto("about:blank")
        server.stop()
        thread.join()


def explore(page: Page, address: str, rounds: int, where: str) -> None:
    """The wall and the slider."""
    page.goto(address)
    page.wait_for_selector("#wall .piece:nth-of-type(64)")
    walls = [page.evaluate(WALL) for _ in range(2 * rounds)][rounds:]
    print(f"wall of 64, from click to pixels, {where}: {statistics.median(walls):.0f} ms (longest {max(walls):.0f})")
    rates = [page.evaluate(SLIDER, SLIDING) for _ in range(rounds)]
    print(f"slider, {where}: {statistics.median(rates):.1f} pictures a second (fewest {min(rates):.1f})")


def home(page: Page, run: Path, count: int, rounds: int) -> None:
    """The first page of a folder with copies of a run: its first visit, and later ones."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            copy = Path(folder) / f"run-{number:03d}"
            (copy / "samples").mkdir(parents=True)
            for name in CARD_FILES:
                shutil.copyfile(run / name, copy / name)
            newest = max((run / "samples").iterdir())
            shutil.copyfile(newest, copy / "samples" / newest.name)
        with studio(Path(folder), page) as address:
            times = []
            for _ in range(rounds + 1):
                page.goto("about:blank")
                page.goto(address)
                times.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
    print(f"first page of {count} runs: {times[0]:.0f} ms, later {statistics.median(times[1:]):.0f} ms")


def idle_cores(folder: Path) -> float:
    """Cores that `ganvas studio` keeps busy while no page is open."""
    words = [sys.executable, "-m", "ganvas", "studio", str(folder), "--no-browser"]
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(STARTING)
        before = psutil.Process(child.pid).cpu_times()
        time.sleep(WATCHED)
        after = psutil.Process(child.pid).cpu_times()
    finally:
        child.terminate()
        child.wait()
    return (after.user + after.system - before.user - before.system) / WATCHED


@contextlib.contextmanager
def training(dataset: Path) -> Iterator[Path]:
    """A run that is being trained in a process of its own, in a folder of its own, and logs each second."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        words = ["train", str(dataset.resolve()), "--out", str(run), "--budget", "600m", "--set", "log_every=1s"]
        child = subprocess.Popen(
            # Without the second opinion, a run's speed is the same from beginning to end.
            [sys.executable, "-m", "ganvas", *words, "--set", "eval_samples=0", "--set", "vision=0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while len(speeds(run)) < 5:
                if child.poll() is not None:
                    sys.exit(f"ganvas {' '.join(words)} ended with {child.returncode}")
                time.sleep(1)
            yield run
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait()


def speeds(run: Path) -> list[float]:
    """Pictures a second of each line of a run's log."""
    file = run / "stats.jsonl"
    if not file.is_file():
        return []
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line)["img_per_s"] for line in lines if line.endswith("\n")]


def cost(page: Page, run: Path, rounds: int) -> tuple[list[float], list[float]]:
    """The speed of a training beside an idle studio, and beside one that shows its page, as shares of that without one.

    One share for each round.
    """
    idle, opened = list[float](), list[float]()
    for _ in range(rounds):
        without = watched(run)
        with studio(run.parent, page) as address:
            page.goto("about:blank")
            idle.append(watched(run) / without)
            page.goto(f"{address}/run?name={run.name}")
            page.wait_for_selector("#chart-losses .main-svg")
            opened.append(watched(run) / without)
    return idle, opened


def watched(run: Path) -> float:
    """The median speed of a training over the next while."""
    before = len(speeds(run))
    time.sleep(WATCHED)
    return statistics.median(speeds(run)[before:])


if __name__ == "__main__":
    main()
