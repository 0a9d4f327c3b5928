"""`ganvas report`."""

import functools
from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[list[Path], typer.Argument(help="Run directories. Several runs are compared.", show_default=False)],
    out: Annotated[
        Path, typer.Option(help="The .html file to write; an existing one is replaced.", show_default=False)
    ],
) -> None:
    """Write a self-contained page about one or more runs."""
    from ganvas.report.comparison.runs import write_page as write_comparison
    from ganvas.report.run import page

    page.check_out(out)
    say = functools.partial(typer.echo, err=True)
    if len(runs) == 1:
        page.write_page(runs[0], out, say)
    else:
        write_comparison(runs, out, say)
    typer.echo(str(out))
