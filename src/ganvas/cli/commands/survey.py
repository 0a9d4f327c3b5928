"""`ganvas survey`."""

import functools
import json
from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Data


def survey(
    data: Data,
    out: Annotated[
        Path | None,
        typer.Option(help="The .html file to write; an existing one is replaced.", show_default=False),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(help="Column of the dataset's index that holds the classes.", show_default="as prepared"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed for choosing the pictures to show and to measure.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Describe a dataset before you train on it.

    It shows classes, colours, mean pictures, shapes, dates, near-duplicates, leaks and rejected files.
    """
    from ganvas.data.survey.survey import survey

    if out is not None:
        from ganvas.report.run.page import check_out

        check_out(out)
    result = survey(data, label=label, seed=seed, say=functools.partial(typer.echo, err=True))
    if out is not None:
        from ganvas.report.survey.page import write_page

        write_page(result, out)
    typer.echo(json.dumps(result.record(), indent=2) if as_json else str(result))
    if out is not None:
        typer.echo(str(out), err=as_json)
