"""The command line: parse, call the library, and turn a GanvasError into one clear line and exit code 2.

Each command is a file in `commands/`. Nothing heavy is imported before a command needs it, so `ganvas --help` answers
at once.
"""

import contextlib
import os
import sys
from typing import Annotated, TextIO

import typer

from ganvas.cli.groups import INTERRUPTED, folder
from ganvas.cli.progress_stream import lasting_progress
from ganvas.cli.signals import answering_signals
from ganvas.foundation.errors import GanvasError
from ganvas.foundation.version import VERSION

app = folder("ganvas.cli.commands", "ganvas")


@lasting_progress()
@answering_signals
def main() -> None:
    """Run the command line; the entry point of the `ganvas` script."""
    for stream in (sys.stdout, sys.stderr):
        _escape_what_cannot_be_written(stream)
    try:
        app()
    except GanvasError as error:
        fail(str(error), 2)
    except KeyboardInterrupt:
        fail("interrupted; nothing half-written was left behind", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has closed it (`| head`); Python must not complain when it flushes at exit.
        _forget(sys.stdout)
        sys.exit(1)
    except OSError as error:  # a full disk behind stdout, or a file that the file system does not let us use
        _forget(sys.stdout)
        what = f"{error.filename} cannot be used" if error.filename else "input or output failed"
        fail(f"{what}: {error.strerror or error}", 2)


def fail(message: str, code: int) -> None:
    """Say on stderr what went wrong, on one line, and leave."""
    with contextlib.suppress(OSError):
        typer.echo(f"ganvas: {' '.join(message.split())}", err=True)
    sys.exit(code)


def _escape_what_cannot_be_written(stream: TextIO) -> None:
    """Let a stream escape the characters that its encoding lacks, as in `\\u5317`, instead of failing."""
    if getattr(stream, "errors", None) == "strict" and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _forget(stream: TextIO) -> None:
    """Discard what a stream still holds."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
