"""`ganvas enlarge`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Source


def enlarge(
    source: Source,
    pictures: Annotated[
        list[Path],
        typer.Argument(metavar="PICTURES...", help="Picture files, or folders of them.", show_default=False),
    ],
    out: Annotated[
        Path, typer.Option(help="A .png file for one picture, or a directory with one for each.", show_default=False)
    ],
    label: Annotated[
        str | None,
        typer.Option(help="Class whose brushwork to use; needed if the generator has classes.", show_default=False),
    ] = None,
) -> None:
    """Paint your own pictures again, two to eight times as large, with a second stage that `train --enlarge` trained.

    It adds the detail that it learnt from its own dataset, so give it pictures of that kind.
    """
    from ganvas.artist.artist import load
    from ganvas.artist.enlarging import write_enlarged

    typer.echo(write_enlarged(load(source), pictures, out, label))
    typer.echo(str(out), err=True)
