"""Whether rollbacks help: runs that collapse once, halfway, with and without --on-trouble rollback.

    python -m benchmarks.verdict.rollback RESULTS [--seeds 5] [--data shapes16 paintings16]

RESULTS is a folder of `python -m benchmarks.verdict`; finished runs are not repeated.
"""

import argparse
import statistics
from pathlib import Path
from typing import Any

from benchmarks.results import finished
from benchmarks.verdict.pictures import dataset
from benchmarks.verdict.scenarios import COMMON, PLANTED, STEADY
from ganvas.foundation.files import append_record
from ganvas.planning.run import train
from ganvas.runs.logs import RunLogs

KIMG, STRUCK_AT = 57.6, 900  # passes of 32 pictures
POLICIES = ("warn", "rollback")


def main() -> None:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data", nargs="+", default=["shapes16"])
    args = parser.parse_args()
    for name in args.data:
        print(f"\n| {name}, seed | final KID, warn | final KID, rollback | rollbacks |\n|---|---|---|---|")
        pairs = []
        for seed in range(args.seeds):
            runs = [_run(args.results, name, policy, seed) for policy in POLICIES]
            logs = [RunLogs.open(run) for run in runs]
            kids = [each.evaluations[-1].number("kid") for each in logs]
            pairs.append(kids)
            responses = [evaluation.response for evaluation in logs[1].evaluations]
            print(f"| {seed} | {kids[0]:.3f} | {kids[1]:.3f} | {responses.count('roll back')} |", flush=True)
        better = sum(back < warned for warned, back in pairs)
        means = [statistics.fmean(column) for column in zip(*pairs, strict=True)]
        print(f"| mean | {means[0]:.3f} | {means[1]:.3f} | better in {better} of {len(pairs)} |")


def _run(results: Path, name: str, policy: str, seed: int) -> Path:
    """The directory of a run, which is trained unless it is finished."""
    run = results / f"rollback-{name}-{policy}-seed{seed}"
    done = results / "rollback.jsonl"
    if any(record["run"] == run.name for record in finished(done)):
        return run
    options: dict[str, Any] = COMMON | STEADY | {"strike_at": STRUCK_AT, "on_trouble": policy}
    options |= {"budget": f"{KIMG}kimg", "eval_every": f"{KIMG / 10}kimg"}
    data = dataset(name, results / "data")
    if not train(data, run, f"{PLANTED}:StrickenDCGAN", seed=seed, **options).finished:
        raise KeyboardInterrupt
    append_record(done, {"run": run.name})
    return run


if __name__ == "__main__":
    main()
