"""`ganvas explore project`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import ClassName, Enlarge, ExtractorOption, NoMetadata, Seed, Source


def project(
    source: Source,
    pictures: Annotated[
        list[Path],
        typer.Argument(metavar="PICTURES...", help="Picture files of any format and size.", show_default=False),
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="Directory to make, with what was found for each picture and a comparison.", show_default=False
        ),
    ],
    label: ClassName = None,
    restarts: Annotated[
        int, typer.Option(min=1, max=256, help="Starts of the search for each picture; more find nearer ones.")
    ] = 16,
    steps: Annotated[int, typer.Option(min=1, max=10_000, help="Steps of each of the two parts of the search.")] = 200,
    extractor: ExtractorOption = None,
    seed: Seed = 0,
    enlarge: Enlarge = 2,
    no_metadata: NoMetadata = False,
) -> None:
    """Find the pictures of the generator that are nearest to your own.

    Prints the difference that remains beside that of random pictures: that it cannot paint something is an answer too.
    Pictures are cropped to squares as those that the generator learned from.
    """
    from ganvas.artist.artist import load
    from ganvas.artist.explore.given import read_pictures, trained_framing
    from ganvas.artist.explore.projection import project, write_projections
    from ganvas.foundation.files import refuse_taken
    from ganvas.foundation.paths import new_path
    from ganvas.settings.config import DEFAULT_EXTRACTOR

    out = new_path(out)
    refuse_taken(out)
    artist = load(source)
    targets = read_pictures(pictures, artist.size, trained_framing(artist))
    network = extractor or DEFAULT_EXTRACTOR
    found = project(artist, targets, label, restarts=restarts, steps=steps, extractor=network, seed=seed)
    write_projections(artist, out, found, [path.name for path in pictures], enlarge, metadata=not no_metadata)
    for path, each in zip(pictures, found, strict=True):
        typer.echo(f"{path}: {each}")
    typer.echo(str(out), err=True)
