"""`ganvas export`."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    source: Annotated[Path, typer.Argument(help="Run directory or snapshot (.safetensors).", show_default=False)],
    to: Annotated[
        str, typer.Option(help="The form: safetensors, onnx, web or hub; see docs/export.md.", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="What to make: a folder, a .onnx file for onnx, or a .html file for a page in one file.",
            show_default=False,
        ),
    ],
    license: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="hub: the licence that you give others, as the hub names it: mit, cc-by-4.0, other ...",
            show_default=False,
        ),
    ] = None,
    push: Annotated[
        str | None,
        typer.Option(
            metavar="USER/NAME",
            help="hub: upload the folder to this repository. Without it, nothing leaves this machine.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Give a generator away: as weights and plain torch, ONNX, a web page, or a folder for a hub."""
    from ganvas.sharing.export import export

    for line in export(source, to, out, license=license, push=push):
        typer.echo(line, err=True)
    typer.echo(str(out))
