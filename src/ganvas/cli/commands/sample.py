"""`ganvas sample`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Seed


def sample(
    source: Annotated[Path, typer.Argument(help="Run directory or snapshot (.safetensors).", show_default=False)],
    out: Annotated[
        Path,
        typer.Option(help="A .png file for one grid, or a directory for single pictures.", show_default=False),
    ],
    n: Annotated[int, typer.Option("-n", min=1, max=1_000_000, help="Number of pictures.")] = 64,
    seed: Seed = 0,
    label: Annotated[
        str | None,
        typer.Option(
            help="Name of the class to generate. By default all classes; a grid has a row for each.",
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
) -> None:
    """Generate pictures with a trained generator."""
    from ganvas.artist.artist import load, write_interpolations, write_samples

    if interpolate is None:
        write_samples(load(source), out, n, seed, label)
    else:
        write_interpolations(load(source), out, n, interpolate, seed, label)
    typer.echo(str(out))
