"""`ganvas prepare`."""

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer

from ganvas.cli.fields import options_of
from ganvas.cli.groups import INTERRUPTED
from ganvas.data.prepare.options import PrepareArguments
from ganvas.foundation.errors import DataError


@options_of(PrepareArguments, *(name for name in PrepareArguments.model_fields if name != "progress"))
def prepare(
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="[CLASS=]SOURCE",
            help="A folder of pictures (the name of a sub-folder is the class), a zip or tar archive, a CSV, TSV or "
            "Parquet table, hf:OWNER/NAME or hf:FOLDER, torchvision:NAME, digits:, or painter: or painter:COUNT for "
            "the embedded paintings. With several sources, each is a class, as in flowers=photos "
            "landscape=wikiart/landscape.",
            show_default=False,
        ),
    ],
    data: Annotated[Path, typer.Argument(help="Dataset directory to make.", show_default=False)],
    **options: Any,
) -> None:
    """Turn pictures into a dataset directory.

    Files that cannot be used are listed in its rejected.csv. If it is interrupted, the same command continues where it
    stopped.
    """
    from ganvas.cli.terminal import PreparationDisplay
    from ganvas.data.prepare.prepare import prepare

    try:
        with PreparationDisplay() as display:
            summary = prepare(_named(source), data, progress=display.update, **options)
    except KeyboardInterrupt:
        typer.echo(
            f"ganvas: interrupted; {data} is not complete; the same command continues where it stopped", err=True
        )
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(str(summary))


def _named(sources: list[str]) -> str | dict[str, str]:
    """The sources by their classes, or a single source without a class."""
    if len(sources) == 1 and (_exists(sources[0]) or "=" not in sources[0] or ":" in sources[0].partition("=")[0]):
        return sources[0]
    named: dict[str, str] = {}
    for source in sources:
        name, equals, place = source.partition("=")
        if not (name and equals and place):
            raise DataError(
                f"{source} is one of several sources and needs a class, as in flowers=photos "
                "landscape=wikiart/landscape"
            )
        if name in named:
            raise DataError(f"the class {name!r} appears twice; put its pictures into one folder")
        named[name] = place
    return named


def _exists(path: str) -> bool:
    with contextlib.suppress(OSError, ValueError):  # not a valid file name
        return Path(path).exists()
    return False
