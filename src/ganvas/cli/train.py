"""Commands that train: train, resume, and the demo."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ganvas.cli.arguments import Assignments, Budget, Data, Out
from ganvas.machine.memory import share_heap

INTERRUPTED = 130  # 128 + SIGINT, as shells count it


def train(
    data: Data,
    out: Out,
    recipe: Annotated[
        str | None,
        typer.Option(help="The GAN: a recipe's name, or module:Class of your own.", show_default="atelier"),
    ] = None,
    quality: Annotated[
        str | None,
        typer.Option(
            help="quick, good or best: choose budget, width, batch size and what else you do not set by the machine's "
            "speed and the data.",
            show_default="the recipe's own",
        ),
    ] = None,
    budget: Budget = None,
    assignments: Assignments = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of everything random.", show_default="0")] = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML file of options; another run's config.yaml repeats it.")
    ] = None,
    label_column: Annotated[
        str | None,
        typer.Option(help="Column of the dataset's index with the classes.", show_default="as prepared"),
    ] = None,
    start: Annotated[Path | None, typer.Option("--from", help="Begin with the weights of a snapshot or run.")] = None,
    on_trouble: Annotated[
        str | None,
        typer.Option(help="When the verdict names a trouble: warn, stop or rollback.", show_default="warn"),
    ] = None,
    patience: Annotated[
        int | None, typer.Option(help="Evaluations in a row that must name one first.", show_default="2")
    ] = None,
    per_class: Annotated[
        bool,
        typer.Option("--per-class", help="Train one GAN for each class; --out is the directory of all of them."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")] = False,
) -> None:
    """Train a GAN on a dataset; Ctrl-C stops it so that `ganvas resume` can go on."""
    share_heap()
    from ganvas.cli.terminal import TerminalDisplay
    from ganvas.planning import run as runs
    from ganvas.settings.config import parse_assignments, read_config

    named, changes = read_config(config) if config else (None, {})
    changes |= parse_assignments(assignments or [])
    flags = {"quality": quality, "budget": budget, "seed": seed, "label_column": label_column}
    flags |= {"on_trouble": on_trouble, "patience": patience}
    changes |= {key: value for key, value in flags.items() if value is not None}
    recipe = recipe or named or runs.DEFAULT_RECIPE
    if per_class:
        _train_per_class(data, out, recipe, start, dry_run, changes)
        return
    if dry_run:
        typer.echo(runs.rehearse(data, out, recipe, start=start, **changes))
        return
    with TerminalDisplay() as display:
        outcome = runs.train(data, out, recipe, start=start, display=display, **changes)
    _conclude(outcome)


def _train_per_class(
    data: Path, out: Path, recipe: str, start: Path | None, dry_run: bool, changes: dict[str, Any]
) -> None:
    from ganvas.cli.terminal import TerminalDisplay
    from ganvas.experiments import per_class

    if dry_run:
        typer.echo(per_class.rehearse(data, recipe, changes))
        return
    with TerminalDisplay() as display:
        result = per_class.train_per_class(data, out, recipe, start=start, display=display, **changes)
    if not result.finished:
        typer.echo("interrupted; the same command goes on", err=True)
        raise typer.Exit(INTERRUPTED)
    typer.echo(str(result))
    typer.echo(f"side by side in {out / per_class.PAGE} and {out / per_class.GRID}", err=True)


def resume(
    run: Annotated[Path, typer.Argument(help="Run directory.", show_default=False)],
    budget: Annotated[
        str | None, typer.Option(help="How much more; by default what is left.", show_default=False)
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The dataset directory, if it has moved.")] = None,
) -> None:
    """Go on with a run exactly where its newest checkpoint left it."""
    share_heap()
    from ganvas.cli.terminal import TerminalDisplay
    from ganvas.planning import run as runs

    with TerminalDisplay() as display:
        outcome = runs.resume(run, budget=budget, data=data, display=display)
    _conclude(outcome)


def _conclude(outcome: Any) -> None:
    """Print where the run is, and how to go on if it was interrupted."""
    if not outcome.finished:
        typer.echo(f"interrupted at {outcome.kimg:.1f} kimg; go on with: ganvas resume {outcome.run}", err=True)
        raise typer.Exit(INTERRUPTED)
    best = f", best KID {outcome.best_kid:.5f}" if outcome.best_kid is not None else ""
    verdict = f", {outcome.verdict}" if outcome.verdict else ""
    typer.echo(f"{outcome.run}: {outcome.kimg:.1f} kimg{best}{verdict}")
    typer.echo(f"look at it with: ganvas sample {outcome.run} --out grid.png", err=True)


def demo(
    minutes: Annotated[float, typer.Option(min=0.01, help="Minutes of training.")] = 5.0,
    out: Annotated[Path, typer.Option(help="Folder for its dataset, runs and page.")] = Path("demo"),
) -> None:
    """Paint pictures, train on them, measure, and write one page: the whole way, with nothing downloaded."""
    share_heap()
    from ganvas.cli.terminal import PreparationDisplay, TerminalDisplay
    from ganvas.experiments.demo import demo, paint

    with PreparationDisplay() as painting:
        paintings = paint(out, painting.update)
    with TerminalDisplay() as display:
        page, outcome = demo(out, paintings, minutes, display)
    _conclude(outcome)
    typer.echo(str(page))
