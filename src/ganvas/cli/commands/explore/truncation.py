"""`ganvas explore truncation`."""

import json
from typing import Annotated

import typer

from ganvas.cli.arguments import DataOption, ExtractorOption, Source


def truncation(
    source: Source,
    data: DataOption = None,
    at: Annotated[
        list[float] | None,
        typer.Option(min=0, max=10, help="Truncation to measure. Can be repeated.", show_default="0.5, 0.6 ... 1.2"),
    ] = None,
    samples: Annotated[int, typer.Option(min=16, max=100_000, help="Number of pictures to score at each.")] = 1000,
    extractor: ExtractorOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Measure precision against recall over truncation, to choose one for `ganvas sample --truncation`."""
    from ganvas.artist.artist import load

    curve = load(source).fidelity(at, data, samples, extractor)
    typer.echo(json.dumps(curve.record(), indent=2) if as_json else str(curve))
