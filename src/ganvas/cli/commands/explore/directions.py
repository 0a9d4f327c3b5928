"""`ganvas explore directions`."""

from typing import Annotated

import typer

from ganvas.cli.arguments import Enlarge, ExtractorOption, NoMetadata, SheetOut, Source


def directions(
    source: Source,
    n: Annotated[
        int | None, typer.Option("-n", min=1, max=100, help="Number of directions to find.", show_default="5")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="jacobian|sefa",
            help="How to find them: by what changes the features of pictures most, or in a moment from the weights of "
            "the first layer.",
            show_default="jacobian",
        ),
    ] = None,
    extractor: ExtractorOption = None,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--name",
            metavar="OLD=NEW",
            help="Only give a direction that is kept another name, as in jacobian-1=brightness. Can be repeated.",
        ),
    ] = None,
    out: SheetOut = None,
    picture: Annotated[
        str,
        typer.Option(help="The picture on the sheet: a seed, a seed and a number, a PNG file or a favourite."),
    ] = "0",
    reach: Annotated[
        float, typer.Option(min=0.01, max=100, help="The furthest step to either side on the sheet, in units of z.")
    ] = 3.0,
    steps: Annotated[int, typer.Option(min=2, max=100, help="Pictures in a row of the sheet.")] = 7,
    enlarge: Enlarge = 1,
    no_metadata: NoMetadata = False,
) -> None:
    """Find the axes along which pictures change most, and keep them beside the snapshot.

    Prints how much a unit step changes a picture, in grey levels and in features. The sheet has a row for each
    direction. Paint with them: ganvas sample SOURCE --edit NAME=AMOUNT.
    """
    from ganvas.artist.artist import load
    from ganvas.artist.explore.directions import find_directions, keep_directions, rename_direction, strip
    from ganvas.artist.explore.places import find_places
    from ganvas.artist.kept_directions import Direction, directions_file
    from ganvas.artist.sheets import png_path, write_sheet
    from ganvas.foundation.errors import ConfigError
    from ganvas.settings.config import DEFAULT_EXTRACTOR

    target, artist = None if out is None else png_path(out), load(source)
    (cell,) = find_places(artist, [picture])
    if names:
        if n is not None or method is not None or extractor is not None:
            raise ConfigError("--name finds no directions; leave out -n, --method and --extractor")
        kept: list[Direction] = []
        for text in names:
            old, equals, new = text.partition("=")
            if not equals:
                raise ConfigError(f"name {text!r}: expected OLD=NEW, as in jacobian-1=brightness")
            kept = rename_direction(artist, old, new)
    else:
        found = find_directions(artist, n or 5, method or "jacobian", extractor=extractor or DEFAULT_EXTRACTOR)
        kept = keep_directions(artist, found)
    for each in kept:
        change = f"{each.pixels:6.2f} grey levels, {each.features:7.3f} in features of {each.extractor}"
        typer.echo(f"{each.name:20} {change}, for a step of 1")
    assert artist.path is not None
    typer.echo(str(directions_file(artist.path)), err=True)
    if target is not None:
        shown = strip(cell, [each.name for each in kept], reach, steps, enlarge)
        write_sheet(artist, target, shown.cells, shown.sheet, metadata=not no_metadata)
        typer.echo(str(target), err=True)
