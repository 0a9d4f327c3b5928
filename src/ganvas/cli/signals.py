"""What the command line does when a signal ends it: clean up, say so, and leave with the code that shells expect."""

import functools
import signal
import sys
from collections.abc import Callable

import typer

from ganvas.training.interruption import Stopped, exit_code, is_requested, stopping


def answering_signals(main: Callable[[], None]) -> Callable[[], None]:
    """Let an entry point leave with 128 plus the number of the signal that ended it: 130, 143 or 129."""

    @functools.wraps(main)
    def run() -> None:
        with stopping():
            try:
                main()
            except Stopped as stopped:
                name = signal.Signals(stopped.number).name
                typer.echo(f"ganvas: stopped by {name}; nothing half-written was left behind", err=True)
                raise
            except SystemExit as end:
                # Commands and typer leave with 130 after any signal, and with 1 if the reader of stdout has gone, too.
                sys.exit(exit_code() if end.code in (1, exit_code(signal.SIGINT)) and is_requested() else end.code)

    return run
