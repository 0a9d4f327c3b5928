"""`ganvas explore walk`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Labels, NoMetadata, PlacesArgument, Source, Truncation


def walk(
    source: Source,
    out: Annotated[
        Path,
        typer.Option(
            help="The film to write: .webp (small), .gif (256 colours) or .mp4 (H.264; needs ganvas[video]).",
            show_default=False,
        ),
    ],
    places: PlacesArgument = None,
    n: Annotated[
        int, typer.Option("-n", min=2, max=1000, help="Number of pictures to go through, if none is named.")
    ] = 6,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="Length of the tour.")] = 10.0,
    fps: Annotated[int, typer.Option(min=1, max=60, help="Pictures a second.")] = 30,
    enlarge: Annotated[int, typer.Option(min=1, max=16, help="Whole factor by which pictures are enlarged.")] = 4,
    labels: Labels = None,
    truncation: Truncation = 1.0,
    no_metadata: NoMetadata = False,
) -> None:
    """Film a closed tour through pictures, without a jerk at any of them.

    By default the tour goes through picture 0 of the seeds from 0.
    """
    from ganvas.artist.artist import load
    from ganvas.artist.explore.film import check_film, write_film
    from ganvas.artist.explore.places import labelled_places
    from ganvas.artist.explore.ways import closed_walk

    out, artist = check_film(out, fps), load(source)
    words = places or [str(seed) for seed in range(n)]
    frames = closed_walk(artist, labelled_places(artist, words, labels or [], truncation), round(seconds * fps))
    write_film(out, artist.paint(frames), fps, enlarge, metadata=not no_metadata)
    typer.echo(str(out))
