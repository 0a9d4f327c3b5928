"""`ganvas explore interpolate`."""

from typing import Annotated

import typer

from ganvas.cli.arguments import Enlarge, Labels, NoMetadata, Picture, PlacesArgument, Source, Truncation


def interpolate(
    source: Source,
    out: Picture,
    places: PlacesArgument = None,
    steps: Annotated[int, typer.Option(min=2, max=1000, help="Pictures on each way, including both ends.")] = 8,
    labels: Labels = None,
    truncation: Truncation = 1.0,
    linear: Annotated[
        bool, typer.Option("--linear", help="In a straight line, also where latents lie near a sphere.")
    ] = False,
    enlarge: Enlarge = 1,
    no_metadata: NoMetadata = False,
) -> None:
    """Paint the ways from each picture to the next, a row for each way.

    Normal latents go along the sphere near which they lie. Classes are mixed on the way.
    """
    from ganvas.artist.artist import load
    from ganvas.artist.explore.places import labelled_places
    from ganvas.artist.explore.ways import straight_ways
    from ganvas.artist.origin import Sheet
    from ganvas.artist.sheets import png_path, write_sheet

    out, artist = png_path(out), load(source)
    cells = labelled_places(artist, places or ["0", "1"], labels or [], truncation)
    ways = straight_ways(artist, cells, steps, spherical=False if linear else None)
    write_sheet(artist, out, ways, Sheet(columns=steps, enlarge=enlarge), metadata=not no_metadata)
    typer.echo(str(out))
