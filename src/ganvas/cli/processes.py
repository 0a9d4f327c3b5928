"""The flag `--devices`, and the processes that train a run together."""

import atexit
import functools
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from ganvas.distributed.environment import LAUNCHER

Devices = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        help="Train with N processes of this machine, each with a part of every batch; auto is one for each GPU, or "
        "without a GPU as many as are fastest. By default one, or those that torchrun or SLURM has started.",
        show_default=False,
    ),
]


def launch(devices: str | None) -> None:
    """Start the processes that `--devices` asks for, and end with them. Return in a process that trains itself.

    Raises:
        typer.Exit: the processes have ended.
        ConfigError: the number cannot be used.
    """
    from ganvas.distributed import launcher

    if (count := asked(devices)) > 1:
        raise typer.Exit(launcher.run(count, sys.argv[1:]))
    if launcher.is_started():
        launcher.quieten_torch()


def asked(devices: str | None) -> int:
    """The number of processes to start: 1 in a process that was started together with others already.

    Raises:
        ConfigError: the number cannot be used.
    """
    from ganvas.distributed import launcher

    count = 1 if devices is None else launcher.count(devices)
    return 1 if launcher.is_started() else count or _fastest_on_cores()


def _fastest_on_cores() -> int:
    """The number of processes that train fastest without a CUDA device."""
    import torch

    from ganvas.machine.cores import threads_asked_for, usable_cores
    from ganvas.planning.processes import fastest_count

    cores = usable_cores()
    if torch.backends.mps.is_available() or threads_asked_for() or cores == 1:
        return 1
    count = fastest_count(cores)
    faster = f"{count} processes train" if count > 1 else "one process trains"
    typer.echo(f"--devices auto: {faster} fastest on the {cores} cores of this machine", err=True)
    return count


def failing_at_once(main: Callable[[], None]) -> Callable[[], None]:
    """Let a process that `--devices` has started end as soon as it has said why it fails.

    Python would take torch apart first. On a busy machine that takes longer than `--devices` waits for the last words.
    """

    @functools.wraps(main)
    def run() -> None:
        try:
            main()
        except SystemExit as end:
            if LAUNCHER in os.environ and isinstance(end.code, int) and end.code:
                atexit._run_exitfuncs()
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(end.code)
            raise

    return run
