"""The flag `--devices`, and the processes that train a run together."""

import sys
from typing import Annotated

import typer

Devices = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        help="Train with N processes of this machine, each with a part of every batch; auto is one for each GPU. By "
        "default one, or those that torchrun or SLURM has started.",
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


def asked(devices: str | None) -> int:
    """The number of processes to start: 1 in a process that was started together with others already.

    Raises:
        ConfigError: the number cannot be used.
    """
    from ganvas.distributed import launcher

    count = 1 if devices is None else launcher.count(devices)
    return 1 if launcher.is_started() else count
