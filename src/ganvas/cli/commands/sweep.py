"""`ganvas sweep`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from ganvas.cli.arguments import Assignments, Data
from ganvas.cli.groups import INTERRUPTED
from ganvas.machine.memory import share_heap


def sweep(
    data: Data,
    out: Annotated[
        Path,
        typer.Option(
            help="Directory of the sweep. The same command continues it, or is one more worker.", show_default=False
        ),
    ],
    recipe: Annotated[str, typer.Option(help="The GAN: the name of a recipe, or module:Class.")] = "atelier",
    space: Annotated[
        Path | None,
        typer.Option(help="YAML file of what to vary. By default what the recipe names; see --dry-run."),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, max=100_000, help="Number of trials, those of all workers.")] = 40,
    budget: Annotated[str, typer.Option(help="Length of a whole trial, in kimg or epochs.")] = "100kimg",
    evaluations: Annotated[int, typer.Option(min=2, max=1000, help="Evaluations of a whole trial.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every training and of the suggestions.")] = 0,
    pruner: Annotated[
        Literal["median", "hyperband", "none"],
        typer.Option(help="How trials are compared by KID, to end the worse ones early."),
    ] = "median",
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="PostgreSQL or MySQL database that all workers reach. By default a journal file in --out, for one "
            "machine.",
        ),
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Name of the sweep in the storage. By default the name of --out.")
    ] = None,
    heartbeat: Annotated[
        float,
        typer.Option(
            min=0.1,
            metavar="SECONDS",
            help="Interval of a worker's signs of life. After six missed ones, another worker takes its trial.",
        ),
    ] = 10.0,
    assignments: Assignments = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be varied, as a file for --space, and write nothing.")
    ] = False,
) -> None:
    """Look for the settings with which a recipe learns a dataset best (needs ganvas[sweep]).

    Trials that collapse, diverge, memorise or fall behind end early. Start the same command again for each worker.
    """
    share_heap()
    from ganvas.cli.terminal import TerminalDisplay
    from ganvas.experiments.sweep.installed import require
    from ganvas.settings.config import keywords_for, parse_assignments

    require()
    from ganvas.experiments.sweep import sweep as sweeps

    changes = keywords_for(sweeps.sweep, parse_assignments(assignments or []))
    if dry_run:
        plan = sweeps.prepare_sweep(
            data, recipe, space, budget=budget, evaluations=evaluations, seed=seed, pruner=pruner, **changes
        )
        typer.echo(sweeps.describe(plan, trials))
        return
    with TerminalDisplay() as display:
        done = sweeps.sweep(
            data,
            out,
            recipe,
            space=space,
            trials=trials,
            budget=budget,
            evaluations=evaluations,
            seed=seed,
            pruner=pruner,
            storage=storage,
            study=study,
            heartbeat=heartbeat,
            display=display,
            **changes,
        )
    typer.echo(str(done))
    typer.echo(done.summary, err=True)
    if not done.finished:
        typer.echo("interrupted; the same command continues where it stopped", err=True)
        raise typer.Exit(INTERRUPTED)
