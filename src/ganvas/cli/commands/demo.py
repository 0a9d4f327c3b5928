"""`ganvas demo`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.machine.memory import share_heap


def demo(
    minutes: Annotated[float, typer.Option(min=0.01, max=1_000_000, help="Minutes of training.")] = 5.0,
    out: Annotated[Path, typer.Option(help="Folder for the dataset, the runs and the pages.")] = Path("demo"),
) -> None:
    """Paint pictures, train on them and write one page.

    Nothing is downloaded.
    """
    share_heap()
    from ganvas.cli.outcome import conclude
    from ganvas.cli.terminal import PreparationDisplay, TerminalDisplay
    from ganvas.experiments.demo import demo, paint

    with PreparationDisplay() as painting:
        paintings = paint(out, painting.update)
    with TerminalDisplay() as display:
        page, outcome = demo(out, paintings, minutes, display)
    conclude(outcome)
    typer.echo(str(page))
