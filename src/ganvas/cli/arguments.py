"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Argument(help="Dataset directory, made by `ganvas prepare`.", show_default=False)]
Out = Annotated[Path, typer.Option(help="Run directory to make.", show_default=False)]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set an option (see docs/configuration.md). Can be repeated."),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the pictures: the same seed gives the same pictures.")]
