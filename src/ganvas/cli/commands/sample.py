"""`ganvas sample`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Edits, NoMetadata, Source


def sample(
    source: Source,
    out: Annotated[
        Path,
        typer.Option(help="A .png file for one grid, or a directory for single pictures.", show_default=False),
    ],
    n: Annotated[
        int | None, typer.Option("-n", min=1, max=1_000_000, help="Number of pictures.", show_default="64")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Seed of the pictures: the same seed gives the same pictures.", show_default="0"),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            help="Class to paint, or a mixture such as portrait=0.7,landscape=0.3. By default all classes; a grid has "
            "a row for each.",
            show_default=False,
        ),
    ] = None,
    interpolate: Annotated[
        str | None,
        typer.Option(
            metavar="linear|spherical",
            help="Write a grid whose rows lead from one latent to another in 8 pictures: in a straight line, or on the "
            "sphere near which normal latents lie.",
            show_default=False,
        ),
    ] = None,
    truncation: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=10,
            help="Factor of the latents: below 1, they are pulled towards the origin, and pictures become more typical "
            "and less varied.",
            show_default="1",
        ),
    ] = None,
    edits: Edits = None,
    like: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            help="Paint this picture or grid again, from what its file says. SOURCE must be the snapshot that painted "
            "it, or its run.",
            show_default=False,
        ),
    ] = None,
    no_metadata: NoMetadata = False,
) -> None:
    """Generate pictures with a trained generator.

    Each file says how it was made and that an algorithm made it, unless --no-metadata is given.
    """
    from ganvas.artist.again import paint_again
    from ganvas.artist.artist import load, write_interpolations, write_samples
    from ganvas.artist.words import parse_edits, parse_label
    from ganvas.foundation.errors import ConfigError

    chosen = {
        "-n": n,
        "--seed": seed,
        "--label": label,
        "--interpolate": interpolate,
        "--truncation": truncation,
        "--edit": edits or None,
    }
    if like is not None:
        if said := [name for name, value in chosen.items() if value is not None]:
            raise ConfigError(f"--like takes everything from {like}; leave out {' and '.join(said)}")
        typer.echo(str(paint_again(source, like, out, metadata=not no_metadata)), err=True)
        typer.echo(str(out))
        return
    if interpolate is not None and edits:
        raise ConfigError("--edit cannot be used with --interpolate; leave one of the two out")
    artist = load(source)
    painted = parse_label(label, artist.class_names)
    count, seed, factor = n or 64, seed or 0, 1.0 if truncation is None else truncation
    if interpolate is None:
        write_samples(artist, out, count, seed, painted, factor, parse_edits(edits or []), metadata=not no_metadata)
    else:
        write_interpolations(artist, out, count, interpolate, seed, painted, factor, metadata=not no_metadata)
    typer.echo(str(out))
