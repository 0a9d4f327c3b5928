"""`ganvas explore neighbours`."""

from typing import Annotated

import typer

from ganvas.cli.arguments import (
    DataOption,
    Enlarge,
    ExtractorOption,
    NoMetadata,
    PlacesArgument,
    SheetOut,
    Source,
    Truncation,
)


def neighbours(
    source: Source,
    places: PlacesArgument = None,
    n: Annotated[int, typer.Option("-n", min=1, max=1000, help="Number of pictures, if none is named.")] = 6,
    truncation: Truncation = 1.0,
    data: DataOption = None,
    extractor: ExtractorOption = None,
    out: SheetOut = None,
    enlarge: Enlarge = 2,
    no_metadata: NoMetadata = False,
) -> None:
    """Find the training pictures nearest to pictures, by pixels and by features of a network.

    Prints a line for each picture. The sheet has a row for each: the picture, its nearest by pixels, and by features.
    """
    from ganvas.artist.artist import load
    from ganvas.artist.explore.neighbours import find_neighbours
    from ganvas.artist.explore.places import find_places
    from ganvas.artist.grids import arranged
    from ganvas.artist.png import write_painted
    from ganvas.artist.sheets import png_path
    from ganvas.artist.training_data import training_data
    from ganvas.settings.config import DEFAULT_EXTRACTOR

    target, artist = None if out is None else png_path(out), load(source)
    cells = (
        find_places(artist, places, truncation=truncation) if places else artist.cells(range(n), 0, None, truncation)
    )
    real = training_data(artist, source, data)
    found = find_neighbours(artist, cells, real, extractor=extractor or DEFAULT_EXTRACTOR, enlarge=enlarge)
    typer.echo(str(found))
    if target is not None:
        origin = None if no_metadata else artist.origin(found.described, found.sheet)
        write_painted(target, arranged(found.pictures, found.sheet), origin, metadata=not no_metadata)
        typer.echo(str(target), err=True)
