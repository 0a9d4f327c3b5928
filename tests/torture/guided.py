"""Fuzzing that looks for new ways through the code: atheris, Google's fuzzer for Python, over libFuzzer.

    python -m torture.guided FOLDER KIND SECONDS SEED

Runs as a process of its own, since what is fuzzed must be instrumented while it is imported, and libFuzzer ends the
process. FOLDER is empty, and KIND the number of one of `specimens.make`. Whatever is wrong is printed as one line of
JSON.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

# The longest file to try, in bytes; the largest specimen has about 10,000.
_LONGEST = 65_536
# Seconds for one file, after which its reader must hang, and mebibytes for the process, torch included.
_PATIENCE, _MEMORY = 60, 4_096


def is_there() -> bool:
    """Whether atheris is installed."""
    return importlib.util.find_spec("atheris") is not None


def fuzz(folder: Path, kind: int, seconds: int, seed: int) -> tuple[int, list[str]]:
    """Fuzz the reader of one kind of file: the number of files that it read, and what is wrong."""
    words = [sys.executable, "-m", "torture.guided", str(folder), str(kind), str(seconds), str(seed)]
    places = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    ended = subprocess.run(
        words, env=os.environ | {"PYTHONPATH": places}, capture_output=True, text=True, errors="replace", check=False
    )
    runs = re.search(r"Done (\d+) runs", ended.stderr)
    found = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith('"')]
    if not found and (ended.returncode or runs is None):
        found = [f"exit code {ended.returncode}: {ended.stderr[-500:]}"]
    return int(runs[1]) if runs else len(found), found


def main() -> None:
    """Fuzz until the time is over, or until something is wrong."""
    import atheris

    with atheris.instrument_imports(include=["ganvas"]):
        from torture import specimens
        from torture.damage import problem_of
    folder, kind = Path(sys.argv[1]), int(sys.argv[2])
    specimen = specimens.make(folder / "files")[kind]
    specimen = replace(specimen, is_guarded=False)  # as in `fuzzing`
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "whole").write_bytes(specimen.path.read_bytes())

    def read(content: bytes) -> None:
        specimen.path.write_bytes(content)
        if problem := problem_of(specimen, None):
            print(json.dumps(f"{content[:2000]!r}: {problem}"), flush=True)
            raise AssertionError(problem)

    options = {
        "max_total_time": sys.argv[3],
        "seed": sys.argv[4],
        "max_len": _LONGEST,
        "timeout": _PATIENCE,
        "rss_limit_mb": _MEMORY,
        "artifact_prefix": f"{folder}/",
    }
    atheris.Setup([sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(corpus)], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
