"""Commands that make datasets."""

from pathlib import Path
from typing import Annotated

import typer


def prepare(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder of pictures (a sub-folder's name is the class), or painter: or painter:COUNT for the "
            "embedded paintings.",
            show_default=False,
        ),
    ],
    data: Annotated[Path, typer.Argument(help="Dataset directory to make.", show_default=False)],
    size: Annotated[int, typer.Option(help="Height and width in pixels.")] = 64,
    fit: Annotated[str, typer.Option(help="How a picture becomes square: crop, pad or squash.")] = "crop",
    classes: Annotated[str, typer.Option(help="Where classes come from: folders or none.")] = "folders",
    background: Annotated[str, typer.Option(help="Colour behind transparency and padding.")] = "white",
    split: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN|FRACTION",
            help="What to hold back from training: a fraction of every class, as 0.2, or the label (class for a "
            "folder) that says train, validation or test.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN|REGEX",
            help="Which pictures must not be parted by the split: a label, or a regular expression whose match in a "
            "picture's name is its group; by default near-duplicates.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the embedded paintings, and of what is held back.")] = 0,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0 takes every core.")] = 0,
) -> None:
    """Turn pictures into a dataset directory; bad files are listed in its rejected.csv."""
    from ganvas.data.prepare import prepare
    from ganvas.terminal import PreparationDisplay

    with PreparationDisplay() as display:
        summary = prepare(
            source,
            data,
            size=size,
            fit=fit,
            classes=classes,
            background=background,
            split=split,
            group=group,
            seed=seed,
            workers=workers,
            progress=display.update,
        )
    typer.echo(str(summary))
