"""The flag `--devices`, and the processes that train a run together."""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ganvas.distributed.world import World

Devices = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        help="Train with N processes of this machine, each with a part of every batch; auto is one for each GPU. By "
        "default one, or those that torchrun or SLURM has started.",
        show_default=False,
    ),
]


@contextlib.contextmanager
def together(devices: str | None) -> Iterator["World"]:
    """A context for training, in each process of a run.

    Args:
        devices: what `--devices` asks for. The first process that is asked starts the others, and ends with them.

    Raises:
        typer.Exit: this process has started those of the run, and they have ended.
        ConfigError: the number cannot be used.
    """
    from ganvas.distributed import launcher
    from ganvas.distributed.joining import joined

    if (count := asked(devices)) > 1:
        raise typer.Exit(launcher.run(count, sys.argv[1:]))
    with joined() as world:
        yield world


def asked(devices: str | None) -> int:
    """The number of processes to start: 1 in a process that was started together with others already.

    Raises:
        ConfigError: the number cannot be used.
    """
    from ganvas.distributed import launcher

    count = 1 if devices is None else launcher.count(devices)
    return 1 if launcher.is_started() else count
