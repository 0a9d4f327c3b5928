"""`ganvas classify predict`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Seed


def predict(
    classifier: Annotated[
        Path, typer.Argument(help="Classifier directory, made by `ganvas classify train`.", show_default=False)
    ],
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES...", help="Pictures, folders of pictures, runs or snapshots.", show_default=False
        ),
    ],
    samples: Annotated[int, typer.Option(min=1, help="Pictures that a run or snapshot paints.")] = 64,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a CSV table.")] = False,
) -> None:
    """Say of any pictures which class they are of, and how sure that is."""
    from ganvas.classify import predict as predictions
    from ganvas.classify.classifier import Classifier
    from ganvas.foundation.errors import ConfigError

    if as_json and as_csv:
        raise ConfigError("--json and --csv are two forms of the same: choose one")
    known = Classifier.open(classifier)
    said = predictions.predict(
        known,
        sources,
        samples=samples,
        seed=seed,
        left_out=lambda name, reason: typer.echo(f"left out {name}: {reason}", err=True),
    )
    if as_json:
        typer.echo(predictions.as_json(said))
    elif as_csv:
        typer.echo(predictions.as_csv(said, known.class_names), nl=False)
    else:
        for prediction in said:
            typer.echo(f"{prediction.probability:.3f}  {prediction.name}  {prediction.path}")
