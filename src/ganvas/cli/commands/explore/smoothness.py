"""`ganvas explore smoothness`."""

import json
from typing import Annotated

import typer

from ganvas.cli.arguments import DataOption, ExtractorOption, Source


def smoothness(
    source: Source,
    data: DataOption = None,
    pairs: Annotated[int, typer.Option(min=2, max=10_000, help="Number of ways to measure.")] = 32,
    steps: Annotated[int, typer.Option(min=2, max=1000, help="Steps of each way.")] = 16,
    extractor: ExtractorOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure how evenly pictures change between latents, beside straight blends of two real pictures.

    Jumps are a sign that the generator has memorised some pictures. Without its dataset, there is no comparison.
    """
    from ganvas.artist.artist import load
    from ganvas.settings.config import DEFAULT_EXTRACTOR

    measured = load(source).smoothness(data, pairs, steps, extractor or DEFAULT_EXTRACTOR)
    typer.echo(json.dumps(measured.record(), indent=2) if as_json else str(measured))
