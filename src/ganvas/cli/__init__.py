"""The command line: parse, call the library, and turn a GanvasError into one clear line and exit code 2.

One module for each group of commands. Nothing heavy is imported before a command needs it, so that `ganvas --help`
answers at once.
"""

import os
import sys
from typing import Annotated

import typer

from ganvas.cli import baseline, classify, compare, doctor, prepare, recipes, sample, survey, train
from ganvas.cli.progress_stream import lasting_progress
from ganvas.cli.signals import answering_signals
from ganvas.foundation.errors import GanvasError
from ganvas.foundation.version import VERSION

app = typer.Typer(
    name="ganvas",
    help="Turns a folder of pictures into a trained, measured and explorable art generator.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    prepare.prepare,
    survey.survey,
    recipes.recipes,
    train.train,
    train.resume,
    baseline.baseline,
    sample.sample,
    sample.evaluate,
    sample.report,
    compare.compare,
    train.demo,
    doctor.doctor,
):
    app.command()(command)
app.add_typer(classify.app)


@lasting_progress()
@answering_signals
def main() -> None:
    """Run the command line; the entry point of the `ganvas` script."""
    try:
        app()
    except GanvasError as error:
        fail(str(error), 2)
    except KeyboardInterrupt:
        fail("interrupted; nothing half-written was left behind", train.INTERRUPTED)
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
        typer.echo(f"ganvas {VERSION}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    pass
