"""`ganvas classify evaluate`."""

import json
from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    classifier: Annotated[
        Path, typer.Argument(help="Classifier directory, made by `ganvas classify train`.", show_default=False)
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Dataset to test on: its test pictures if it has any, or else all.",
            show_default="the one it was trained on",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="HTML page to write, with scores, curves, pictures and attention maps.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the resamples that standard errors are estimated from.")
    ] = 0,
) -> None:
    """Test a classifier on labelled pictures.

    The page also shows its mistakes and where it looks.
    """
    from ganvas.classify import evaluate as evaluations

    evaluation = evaluations.evaluate(classifier, data, seed=seed)
    if out is not None:
        from ganvas.report.classifier.page import write_page

        write_page(evaluation, out)
    typer.echo(json.dumps(evaluation.record(), indent=2) if as_json else str(evaluation))
