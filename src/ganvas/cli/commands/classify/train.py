"""`ganvas classify train`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Assignments, Data


def train(
    data: Data,
    out: Annotated[
        Path | None, typer.Option(help="Classifier directory to make. Not used with --overfit.", show_default=False)
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(help="Column of the dataset's index that holds the classes.", show_default="the dataset's own"),
    ] = None,
    model: Annotated[str, typer.Option(help="The model: forest, cnn, deep-cnn or transfer.")] = "deep-cnn",
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of all random choices.", show_default="0")] = None,
    assignments: Assignments = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Start from the network of this classifier, which has the same model. Its last layer is taken over "
            "only if the classes are the same.",
            show_default=False,
        ),
    ] = None,
    overfit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Only check that the model can memorise N pictures, and write nothing. Exit code 1 if it cannot.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a classifier and test it on held-out pictures."""
    from ganvas.classify import train as trainings
    from ganvas.cli.terminal import ClassifierDisplay
    from ganvas.foundation.errors import ConfigError
    from ganvas.settings.config import keywords_for, parse_assignments

    changes = keywords_for(trainings.train, parse_assignments(assignments or [])) | (
        {} if seed is None else {"seed": seed}
    )
    if overfit is not None:
        if out is not None:
            raise ConfigError("--overfit writes nothing, so it cannot be used with --out; leave one of the two out")
        if start is not None:
            raise ConfigError("--overfit checks a new network, so it cannot be used with --from; leave one of them out")
        changes = keywords_for(trainings.overfit, changes)
        with ClassifierDisplay() as display:
            check = trainings.overfit(data, overfit, label=label, model=model, progress=display, **changes)
        typer.echo(str(check))
        raise typer.Exit(0 if check.succeeded else 1)
    if out is None:
        raise ConfigError("name the classifier directory to make with --out")
    with ClassifierDisplay() as display:
        classifier = trainings.train(data, out, label=label, model=model, start=start, progress=display, **changes)
    typer.echo(str(classifier))
