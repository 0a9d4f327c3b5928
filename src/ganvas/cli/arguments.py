"""Arguments and options that several commands share."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ganvas.foundation.errors import ConfigError

Data = Annotated[Path, typer.Argument(help="Dataset directory, made by `ganvas prepare`.", show_default=False)]
Out = Annotated[Path, typer.Option(help="Run directory to make.", show_default=False)]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set an option (see docs/configuration.md). Can be repeated."),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the pictures: the same seed gives the same pictures.")]


def options_for(function: Callable[..., object], options: dict[str, Any]) -> dict[str, Any]:
    """Options by key, to be passed to a function that takes any as keywords.

    Raises:
        ConfigError: a key is the name of another parameter of the function.
    """
    for key in options:
        if key in inspect.signature(function).parameters:
            raise ConfigError(f"{key} is not an option of --set or --config; it is an argument of the command")
    return options
