"""The command line: parse, call the library, and turn a GanvasError into one clear line and exit code 2.

Nothing heavy is imported before a command needs it, so that `ganvas --help` answers at once.
"""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ganvas import __version__
from ganvas.errors import GanvasError

INTERRUPTED = 130  # 128 + SIGINT, as shells count it

app = typer.Typer(
    name="ganvas",
    help="Turns a folder of pictures into a trained, measured and explorable art generator.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Data = Annotated[Path, typer.Argument(help="Dataset directory, made by `ganvas prepare`.", show_default=False)]
Out = Annotated[Path, typer.Option(help="Run directory to make.", show_default=False)]
Budget = Annotated[
    str | None,
    typer.Option(help="How long: 90s, 20m, 2h, 100kimg, 30epochs or 500steps.", show_default="20m"),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set an option (docs/configuration.md); repeatable."),
]
Seed = Annotated[int, typer.Option(min=0, help="Same seed, same pictures.")]


def main() -> None:
    """Run the command line; the entry point of the `ganvas` script."""
    try:
        app()
    except GanvasError as error:
        fail(str(error), 2)
    except KeyboardInterrupt:
        fail("interrupted; nothing half-written was left behind", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has closed it (`| head`); Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def fail(message: str, code: int) -> None:
    """Say on stderr what went wrong, on one line, and leave."""
    typer.echo(f"ganvas: {' '.join(message.split())}", err=True)
    sys.exit(code)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ganvas {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    pass


@app.command()
def prepare(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder of pictures (a sub-folder's name is the class), or painter: or painter:COUNT for the "
            "embedded paintings.",
            show_default=False,
        ),
    ],
    data: Annotated[Path, typer.Argument(help="Dataset directory to make.", show_default=False)],
    size: Annotated[int, typer.Option(help="Height and width in pixels.")] = 64,
    fit: Annotated[str, typer.Option(help="How a picture becomes square: crop, pad or squash.")] = "crop",
    classes: Annotated[str, typer.Option(help="Where classes come from: folders or none.")] = "folders",
    background: Annotated[str, typer.Option(help="Colour behind transparency and padding.")] = "white",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the embedded paintings.")] = 0,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0 takes every core.")] = 0,
) -> None:
    """Turn pictures into a dataset directory; bad files are listed in its rejected.csv."""
    from ganvas.data.prepare import prepare
    from ganvas.terminal import PreparationDisplay

    with PreparationDisplay() as display:
        summary = prepare(
            source,
            data,
            size=size,
            fit=fit,
            classes=classes,
            background=background,
            seed=seed,
            workers=workers,
            progress=display.update,
        )
    typer.echo(str(summary))


@app.command()
def train(
    data: Data,
    out: Out,
    recipe: Annotated[
        str | None,
        typer.Option(help="The GAN: a recipe's name, or module:Class of your own.", show_default="dcgan"),
    ] = None,
    budget: Budget = None,
    assignments: Assignments = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of everything random.", show_default="0")] = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML file of options; another run's config.yaml repeats it.")
    ] = None,
    start: Annotated[Path | None, typer.Option("--from", help="Begin with the weights of a snapshot or run.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")] = False,
) -> None:
    """Train a GAN on a dataset; Ctrl-C stops it so that `ganvas resume` can go on."""
    from ganvas.config import parse_assignments, read_config
    from ganvas.terminal import TerminalDisplay
    from ganvas.training import run as runs

    named, changes = read_config(config) if config else (None, {})
    changes |= parse_assignments(assignments or [])
    changes |= {key: value for key, value in (("budget", budget), ("seed", seed)) if value is not None}
    recipe = recipe or named or runs.DEFAULT_RECIPE
    if dry_run:
        typer.echo(runs.rehearse(data, out, recipe, start=start, **changes))
        return
    with TerminalDisplay() as display:
        outcome = runs.train(data, out, recipe, start=start, display=display, **changes)
    _conclude(outcome)


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(help="Run directory.", show_default=False)],
    budget: Annotated[
        str | None, typer.Option(help="How much more; by default what is left.", show_default=False)
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The dataset directory, if it has moved.")] = None,
) -> None:
    """Go on with a run exactly where its newest checkpoint left it."""
    from ganvas.terminal import TerminalDisplay
    from ganvas.training import run as runs

    with TerminalDisplay() as display:
        outcome = runs.resume(run, budget=budget, data=data, display=display)
    _conclude(outcome)


def _conclude(outcome: Any) -> None:
    """Print where the run is, and how to go on if it was interrupted."""
    if not outcome.finished:
        typer.echo(f"interrupted at {outcome.kimg:.1f} kimg; go on with: ganvas resume {outcome.run}", err=True)
        raise typer.Exit(INTERRUPTED)
    best = f", best KID {outcome.best_kid:.5f}" if outcome.best_kid is not None else ""
    typer.echo(f"{outcome.run}: {outcome.kimg:.1f} kimg{best}")
    typer.echo(f"look at it with: ganvas sample {outcome.run} --out grid.png", err=True)


@app.command()
def sample(
    source: Annotated[Path, typer.Argument(help="Run directory or snapshot (.safetensors).", show_default=False)],
    out: Annotated[
        Path,
        typer.Option(help="A .png for one grid, else a directory of single pictures.", show_default=False),
    ],
    n: Annotated[int, typer.Option("-n", min=1, max=1_000_000, help="How many pictures.")] = 64,
    seed: Seed = 0,
) -> None:
    """Paint pictures with a trained generator."""
    from ganvas.explore import load, write_samples

    write_samples(load(source), out, n, seed)
    typer.echo(str(out))


@app.command()
def evaluate(
    target: Annotated[Path, typer.Argument(help="Run, snapshot, or folder of pictures.", show_default=False)],
    data: Annotated[
        Path | None, typer.Option(help="Dataset to compare with; by default the one it was trained on.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Pictures to generate.")] = 1000,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure pictures against real ones: KID, FID, precision, recall, and modes where they are known."""
    from ganvas.measure import evaluate

    scores = evaluate(target, data, samples=samples, seed=seed)
    typer.echo(json.dumps(scores.record(), indent=2) if as_json else str(scores))


@app.command()
def demo(
    minutes: Annotated[float, typer.Option(min=0.01, help="Minutes of training.")] = 5.0,
    out: Annotated[Path, typer.Option(help="Folder for its dataset, runs and page.")] = Path("demo"),
) -> None:
    """Paint pictures, train on them, measure, and write one page: the whole way, with nothing downloaded."""
    from ganvas.demo import demo, paint
    from ganvas.terminal import PreparationDisplay, TerminalDisplay

    with PreparationDisplay() as painting:
        paintings = paint(out, painting.update)
    with TerminalDisplay() as display:
        page, outcome = demo(out, paintings, minutes, display)
    _conclude(outcome)
    typer.echo(str(page))
