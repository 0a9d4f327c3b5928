"""`ganvas compare`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Assignments, Data, options_for
from ganvas.cli.groups import INTERRUPTED


def compare(
    data: Data,
    out: Annotated[
        Path,
        typer.Option(help="Directory of the comparison. An interrupted comparison continues.", show_default=False),
    ],
    recipes: Annotated[str, typer.Option(help="Recipes to compare, such as dcgan,wgan-gp,mlp.", show_default=False)],
    budget: Annotated[str, typer.Option(help="How long to train each run, such as 10m or 100kimg.")] = "10m",
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Number of runs of each recipe.")] = 3,
    samples: Annotated[
        int, typer.Option(min=16, max=100_000, help="Number of generated pictures to measure for each run.")
    ] = 1000,
    assignments: Assignments = None,
) -> None:
    """Train recipes under the same conditions and compare them.

    All runs have the same data, budget and seeds. The table includes the baselines.
    """
    from ganvas.cli.terminal import TerminalDisplay
    from ganvas.experiments.compare import compare
    from ganvas.settings.config import parse_assignments

    names = [name for name in recipes.split(",") if name]
    with TerminalDisplay() as display:
        comparison = compare(
            data,
            out,
            names,
            budget=budget,
            seeds=seeds,
            samples=samples,
            display=display,
            **options_for(compare, parse_assignments(assignments or [])),
        )
    typer.echo(str(comparison))
    if not comparison.finished:
        typer.echo("interrupted; the same command continues where it stopped", err=True)
        raise typer.Exit(INTERRUPTED)
