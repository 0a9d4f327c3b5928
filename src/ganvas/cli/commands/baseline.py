"""`ganvas baseline`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Data, options_for


def baseline(
    data: Data,
    kind: Annotated[str, typer.Option(help="The baseline: mean, kmeans or pca.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Snapshot file to make (.safetensors).", show_default=False)],
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the fit.", show_default="0")] = None,
    label_column: Annotated[
        str | None,
        typer.Option(help="Column of the dataset's index that holds the classes.", show_default="as prepared"),
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Set an option (see docs/recipes.md). Can be repeated."),
    ] = None,
) -> None:
    """Fit a baseline that every GAN should beat.

    It is the mean picture, K-means or PCA of each class.
    """
    from ganvas.foundation.files import refuse_taken
    from ganvas.foundation.paths import new_path, quoted
    from ganvas.runs.snapshot import save
    from ganvas.settings.config import parse_assignments
    from ganvas.training.baseline import fit

    changes = parse_assignments(assignments or []) | ({} if seed is None else {"seed": seed})
    out = new_path(out)
    refuse_taken(out)
    snapshot = fit(data, kind, label_column=label_column, **options_for(fit, changes))
    save(out, snapshot.generator, snapshot.card)
    typer.echo(f"{out}: {snapshot.generator}")
    typer.echo(f"see its pictures with: ganvas sample {quoted(out)} --out grid.png", err=True)
