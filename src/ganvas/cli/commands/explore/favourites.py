"""`ganvas explore favourites`."""

import math
from typing import Annotated

import typer

from ganvas.cli.arguments import Edits, Enlarge, Label, NoMetadata, SheetOut, Source, Truncation


def favourites(
    source: Source,
    keep: Annotated[
        str | None,
        typer.Option(
            metavar="PICTURE",
            help="Keep a picture: a seed (7), a seed and a number (7:12), or a PNG file.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call it.", show_default=False)] = None,
    label: Label = None,
    truncation: Truncation = 1.0,
    edits: Edits = None,
    remove: Annotated[str | None, typer.Option(metavar="NAME", help="Remove a favourite.", show_default=False)] = None,
    out: SheetOut = None,
    enlarge: Enlarge = 2,
    no_metadata: NoMetadata = False,
) -> None:
    """Keep pictures beside the snapshot under names, and list them.

    Other commands take the names in place of seeds.
    """
    from ganvas.artist.artist import load
    from ganvas.artist.explore.favourites import keep_favourite, read_favourites, remove_favourite
    from ganvas.artist.explore.places import find_places
    from ganvas.artist.origin import Sheet
    from ganvas.artist.sheets import png_path, write_sheet
    from ganvas.artist.words import parse_edits, parse_label
    from ganvas.foundation.errors import ConfigError

    target, artist = None if out is None else png_path(out), load(source)
    if (keep is None) != (name is None):
        raise ConfigError("--keep and --name belong together: what to keep, and what to call it")
    if keep is None and (label is not None or truncation != 1 or edits):
        raise ConfigError("--label, --truncation and --edit describe the picture to --keep; name one")
    if remove is not None:
        remove_favourite(artist, remove)
    if keep is not None and name is not None:
        painted = parse_label(label, artist.class_names)
        keep_favourite(artist, name, find_places(artist, [keep], painted, truncation, parse_edits(edits or []))[0])
    kept = read_favourites(artist)
    own = [each for each in kept if each.origin.snapshot == artist.snapshot.digest]
    for each in kept:
        of_other = "" if each in own else f" (of another snapshot, {each.origin.snapshot[:12]})"
        typer.echo(f"{each.name:20} {each.origin.cells[0]}{of_other}")
    if target is not None:
        if not own:
            raise ConfigError("there are no favourites of this snapshot to paint; keep one with --keep and --name")
        cells = find_places(artist, [each.name for each in own])
        names = [each.name[:200] for each in own]
        sheet = Sheet(columns=math.ceil(math.sqrt(len(own))), captions=names, enlarge=enlarge)
        write_sheet(artist, target, cells, sheet, metadata=not no_metadata)
        typer.echo(str(target), err=True)
