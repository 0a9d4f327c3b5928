"""Runs a command of ganvas and times its last training steps.

    python benchmarks/timed_steps.py FILE STEPS train DATA --out RUN ...

FILE gets a JSON list with the wall-clock and processor seconds of each step and its losses. It uses only what every
version of ganvas has, so that `benchmarks.revisions` can compare versions.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Run the command."""
    file, count = Path(sys.argv[1]), int(sys.argv[2])
    del sys.argv[1:3]
    from ganvas.cli import main as ganvas
    from ganvas.training.step import AdversarialStep

    steps, plain = list[dict[str, Any]](), AdversarialStep.__call__

    def timed(*args: Any, **kwargs: Any) -> dict[str, float]:
        wall, processor = time.perf_counter(), time.process_time()
        values = plain(*args, **kwargs)
        steps.append(
            {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor, "values": values}
        )
        return values

    AdversarialStep.__call__ = timed  # type: ignore[method-assign]
    try:
        ganvas()
    finally:
        # The first ones are those of the forecast.
        file.write_text(json.dumps(steps[-count:]), encoding="utf-8")


if __name__ == "__main__":
    main()
