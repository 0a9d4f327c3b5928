"""End the command line on a signal: clean up, print a line, and exit with the code that shells expect."""

import atexit
import functools
import signal
import sys
from collections.abc import Callable

import typer

from ganvas.training.interruption import Stopped, exit_code, is_requested, stopping


def with_signal_exit_codes(main: Callable[[], None]) -> Callable[[], None]:
    """Let an entry point exit with 128 plus the number of the signal that ended it: 130, 143 or 129."""

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
                # Commands and typer exit with 130 after any signal, or with 1 if the reader of stdout is gone as well.
                sys.exit(exit_code() if end.code in (1, exit_code(signal.SIGINT)) and is_requested() else end.code)
            finally:
                # All is done. Python's own way out would answer Ctrl-C with the traceback of some finaliser.
                atexit.unregister(_ignore_interrupts)
                atexit.register(_ignore_interrupts)

    return run


def _ignore_interrupts() -> None:
    """Registered last, so that it runs first at the end of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
