"""The last lines of commands that train a run."""

import typer

from ganvas.cli.groups import INTERRUPTED
from ganvas.foundation.paths import quoted
from ganvas.planning.run import Outcome
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.directory import RunDirectory


def conclude(outcome: Outcome) -> None:
    """Print the result of a run, or how to continue if it was interrupted.

    Raises:
        typer.Exit: the run was interrupted.
    """
    run = quoted(outcome.run)
    if not outcome.finished:
        if CheckpointDirectory(RunDirectory.open(outcome.run).checkpoints):
            line = f"interrupted at {outcome.kimg:.1f} kimg; continue with: ganvas resume {run}"
        else:
            line = f"interrupted before the first checkpoint; remove {run} and train again"
        typer.echo(line, err=True)
        raise typer.Exit(INTERRUPTED)
    best = f", best KID {outcome.best_kid:.5f}" if outcome.best_kid is not None else ""
    verdict = f", {outcome.verdict}" if outcome.verdict else ""
    typer.echo(f"{outcome.run}: {outcome.kimg:.1f} kimg{best}{verdict}")
    typer.echo(f"see its pictures with: ganvas sample {run} --out grid.png", err=True)
