"""What the commands that train say at the end of a run."""

import typer

from ganvas.cli.groups import INTERRUPTED
from ganvas.foundation.paths import quoted
from ganvas.planning.run import Outcome
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.directory import RunDirectory


def conclude(outcome: Outcome) -> None:
    """Print where the run is; if it was interrupted, how to continue.

    Raises:
        typer.Exit: it was interrupted.
    """
    run = quoted(outcome.run)
    if not outcome.finished:
        if CheckpointDirectory(RunDirectory.open(outcome.run).checkpoints):
            line = f"interrupted at {outcome.kimg:.1f} kimg; go on with: ganvas resume {run}"
        else:
            line = f"interrupted before the first checkpoint; remove {run} and train again"
        typer.echo(line, err=True)
        raise typer.Exit(INTERRUPTED)
    best = f", best KID {outcome.best_kid:.5f}" if outcome.best_kid is not None else ""
    verdict = f", {outcome.verdict}" if outcome.verdict else ""
    typer.echo(f"{outcome.run}: {outcome.kimg:.1f} kimg{best}{verdict}")
    typer.echo(f"look at it with: ganvas sample {run} --out grid.png", err=True)
