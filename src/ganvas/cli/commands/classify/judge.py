"""`ganvas classify judge`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Seed


def judge(
    target: Annotated[Path, typer.Argument(help="Run directory or snapshot.", show_default=False)],
    data: Annotated[
        Path | None,
        typer.Option(help="Dataset to train the judge on.", show_default="the one the generator was trained on"),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Column that holds the classes.", show_default="the dataset's own")
    ] = None,
    model: Annotated[str, typer.Option(help="The model that judges: forest, cnn, deep-cnn or transfer.")] = "transfer",
    classifier: Annotated[
        Path | None,
        typer.Option(help="A classifier directory to judge with, instead of training a judge.", show_default=False),
    ] = None,
    samples: Annotated[int, typer.Option(min=2, max=1_000_000, help="Number of pictures to judge.")] = 1000,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Judge how recognisable the classes of generated pictures are.

    The judge is a classifier of the real pictures.
    """
    from ganvas.classify import judge as judges
    from ganvas.cli.terminal import ClassifierDisplay

    with ClassifierDisplay() as display:
        judgement = judges.judge(
            target,
            data,
            label=label,
            model=model,
            classifier=classifier,
            samples=samples,
            seed=seed,
            progress=display,
        )
    typer.echo(json.dumps(judgement.record(), indent=2) if as_json else str(judgement))
