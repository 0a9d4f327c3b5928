"""Commands of the classifiers: `ganvas classify train` and its sisters."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Assignments, Data, Seed

app = typer.Typer(
    name="classify",
    help="Learn to tell the classes of a dataset apart, and judge pictures by it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def train(
    data: Data,
    out: Annotated[
        Path | None, typer.Option(help="Classifier directory to make; not with --overfit.", show_default=False)
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(help="Column of the dataset's index that holds the classes.", show_default="the dataset's own"),
    ] = None,
    model: Annotated[str, typer.Option(help="What learns: forest, cnn, deep-cnn or transfer.")] = "deep-cnn",
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of everything random.", show_default="0")] = None,
    assignments: Assignments = None,
    overfit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Only check that the model can learn N pictures by heart, and write nothing; exit code 1 if not.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a classifier on the classes of a dataset, and test it on pictures held back."""
    from ganvas.classify import train as trainings
    from ganvas.cli.terminal import ClassifierDisplay
    from ganvas.foundation.errors import ConfigError
    from ganvas.settings.config import parse_assignments

    changes = parse_assignments(assignments or []) | ({} if seed is None else {"seed": seed})
    if overfit is not None:
        if out is not None:
            raise ConfigError("--overfit writes nothing: leave away either it or --out")
        with ClassifierDisplay() as display:
            check = trainings.overfit(data, overfit, label=label, model=model, progress=display, **changes)
        typer.echo(str(check))
        raise typer.Exit(0 if check.succeeded else 1)
    if out is None:
        raise ConfigError("name the classifier directory to make with --out")
    with ClassifierDisplay() as display:
        classifier = trainings.train(data, out, label=label, model=model, progress=display, **changes)
    typer.echo(str(classifier))


@app.command()
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


@app.command()
def judge(
    target: Annotated[Path, typer.Argument(help="Run directory or snapshot.", show_default=False)],
    data: Annotated[
        Path | None,
        typer.Option(help="Dataset to train the judge on.", show_default="the one the generator was trained on"),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Column that holds the classes.", show_default="the dataset's own")
    ] = None,
    model: Annotated[str, typer.Option(help="What judges: forest, cnn, deep-cnn or transfer.")] = "transfer",
    classifier: Annotated[
        Path | None, typer.Option(help="A classifier directory to judge with instead.", show_default=False)
    ] = None,
    samples: Annotated[int, typer.Option(min=2, help="Pictures to judge.")] = 1000,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Ask a classifier of real pictures about generated ones: is the label right, and can the class be told?"""
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


@app.command()
def evaluate(
    classifier: Annotated[
        Path, typer.Argument(help="Classifier directory, made by `ganvas classify train`.", show_default=False)
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Dataset whose test pictures, or else all, are judged.", show_default="the one it was trained on"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="HTML page to write: scores, curves, pictures, maps.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resamples that errors are estimated from.")] = 0,
) -> None:
    """Say how good a classifier is, and on a page also where it errs and where it looked."""
    from ganvas.classify import evaluate as evaluations

    evaluation = evaluations.evaluate(classifier, data, seed=seed)
    if out is not None:
        from ganvas.report.classifier.page import write_page

        write_page(evaluation, out)
    typer.echo(json.dumps(evaluation.record(), indent=2) if as_json else str(evaluation))
