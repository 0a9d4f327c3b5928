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
    samples: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Number of pictures that each run or snapshot generates.")
    ] = 64,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a CSV table.")] = False,
) -> None:
    """Predict the classes of pictures."""
    from ganvas.classify import predict as predictions
    from ganvas.classify.classifier import Classifier
    from ganvas.foundation.errors import ConfigError

    if as_json and as_csv:
        raise ConfigError("--json and --csv cannot be used together; choose one")
    opened = Classifier.open(classifier)
    predicted = predictions.predict(
        opened,
        sources,
        samples=samples,
        seed=seed,
        left_out=lambda name, reason: typer.echo(f"left out {name}: {reason}", err=True),
    )
    if as_json:
        typer.echo(predictions.as_json(predicted))
    elif as_csv:
        typer.echo(predictions.as_csv(predicted, opened.class_names), nl=False)
    else:
        for prediction in predicted:
            typer.echo(f"{prediction.probability:.3f}  {prediction.name}  {prediction.path}")
