"""`ganvas resume`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.processes import Devices, launch
from ganvas.machine.memory import share_heap


def resume(
    run: Annotated[Path, typer.Argument(help="Run directory.", show_default=False)],
    budget: Annotated[
        str | None,
        typer.Option(help="How much longer to train. By default the rest of the budget.", show_default=False),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The dataset directory, if it has moved.")] = None,
    devices: Devices = None,
) -> None:
    """Continue a run from its newest checkpoint.

    The result is the same as that of an uninterrupted run. It may go on with more or fewer processes.
    """
    launch(devices)
    share_heap()
    from ganvas.cli.outcome import conclude
    from ganvas.cli.terminal import TerminalDisplay
    from ganvas.distributed.joining import joined
    from ganvas.planning import run as runs

    with joined() as world, TerminalDisplay(is_shown=world.is_first) as display:
        outcome = runs.resume(run, budget=budget, data=data, display=display, world=world)
    if world.is_first:
        conclude(outcome)
