"""The command line: parse arguments, call the library, and turn a GanvasError into one line and exit code 2.

Each command is a module in `commands/`. Heavy libraries are imported only when a command needs them, so
`ganvas --help` answers at once.
"""

import contextlib
import os
import sys
from typing import Annotated, TextIO

import typer

from ganvas.cli.groups import INTERRUPTED, group
from ganvas.cli.processes import failing_at_once
from ganvas.cli.progress_stream import unfailing_stderr
from ganvas.cli.signals import with_signal_exit_codes
from ganvas.foundation.errors import GanvasError, LostProcess
from ganvas.foundation.version import VERSION

app = group("ganvas.cli.commands", "ganvas", add_completion=True)


@unfailing_stderr()
@failing_at_once
@with_signal_exit_codes
def main() -> None:
    """Run the command line; the entry point of the `ganvas` script."""
    for stream in (sys.stdout, sys.stderr):
        _escape_unencodable(stream)
    try:
        app()
    except LostProcess as error:
        if not error.is_told:
            sys.exit(error.exit_code)
        fail(str(error), error.exit_code)
    except GanvasError as error:
        fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        fail("interrupted; nothing half-written was left behind", INTERRUPTED)
    except BrokenPipeError:
        # The reader has closed the pipe (`| head`). Python must not report that when it flushes stdout at exit.
        _discard_output(sys.stdout)
        sys.exit(1)
    except OSError as error:  # stdout goes to a full disk, or the file system refuses a file
        _discard_output(sys.stdout)
        what = f"{error.filename} cannot be used" if error.filename else "input or output failed"
        fail(f"{what}: {error.strerror or error}", 2)


def fail(message: str, code: int) -> None:
    """Print an error on one line of stderr and exit with `code`."""
    with contextlib.suppress(OSError):
        typer.echo(f"ganvas: {' '.join(message.split())}", err=True)
    sys.exit(code)


def _escape_unencodable(stream: TextIO) -> None:
    """Let a stream escape characters that its encoding lacks, as in `\\u5317`, instead of failing."""
    if getattr(stream, "errors", None) == "strict" and hasattr(stream, "reconfigure"):
        with contextlib.suppress(OSError):  # a terminal has taken the place of the file that it was opened for
            stream.reconfigure(errors="backslashreplace")


def _discard_output(stream: TextIO) -> None:
    """Discard buffered and further output of a stream."""
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
