"""`ganvas reproduce`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Assignments
from ganvas.cli.groups import INTERRUPTED
from ganvas.machine.memory import share_heap


def reproduce(
    paper: Annotated[int, typer.Argument(help="The number of the paper, 1 to 5.", show_default=False)],
    data: Annotated[
        str | None,
        typer.Argument(
            help="The pictures to use, as `ganvas prepare` takes them: a folder, an archive, a table, hf:NAME ... By "
            "default paintings and digits that are embedded in ganvas.",
            show_default=False,
        ),
    ] = None,
    *,
    out: Annotated[
        Path,
        typer.Option(help="Directory of the reproduction. An interrupted one continues.", show_default=False),
    ],
    scale: Annotated[
        float, typer.Option(help="Length of all trainings as a multiple of the paper's, such as 0.1.")
    ] = 1.0,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="FIGURE[,FIGURE...]",
            help="Make these figures only, such as figure-4,table-1, and train only what they need.",
            show_default=False,
        ),
    ] = None,
    assignments: Assignments = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be trained and how long it takes, and write nothing.")
    ] = False,
) -> None:
    """Train what a paper trained, as long as it did, and write its figures to one page.

    The plan with its hours is shown first. Ctrl-C stops it; the same command continues.
    """
    share_heap()
    from ganvas.cli.terminal import TerminalDisplay
    from ganvas.experiments.reproduce import engine
    from ganvas.settings.config import keywords_for, parse_assignments

    changes = keywords_for(engine.reproduce, parse_assignments(assignments or []))
    keys = [key.strip() for key in (only or "").split(",") if key.strip()]
    if dry_run:
        typer.echo(str(engine.dry_run(paper, data, out, scale=scale, only=keys, **changes)))
        return
    with TerminalDisplay() as display:
        outcome = engine.reproduce(paper, data, out, scale=scale, only=keys, display=display, **changes)
    if outcome.page is None:
        typer.echo("interrupted; the same command continues where it stopped", err=True)
        raise typer.Exit(INTERRUPTED)
    for key, reason in outcome.failures.items():
        typer.echo(f"{key} failed: {reason}", err=True)
    typer.echo(str(outcome.page))
    raise typer.Exit(1 if outcome.failures else 0)
