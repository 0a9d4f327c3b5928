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
Source = Annotated[Path, typer.Argument(help="Run directory or snapshot (.safetensors).", show_default=False)]
Label = Annotated[
    str | None,
    typer.Option(help="Class to paint, or a mixture such as portrait=0.7,landscape=0.3.", show_default="all classes"),
]
Truncation = Annotated[
    float,
    typer.Option(
        min=0,
        max=10,
        help="Factor of the latents: below 1, they are pulled towards the origin, and pictures become more typical and "
        "less varied.",
    ),
]
Edits = Annotated[
    list[str] | None,
    typer.Option(
        "--edit",
        metavar="DIRECTION=AMOUNT",
        help="Step along a direction that `ganvas explore directions` found. Can be repeated.",
    ),
]
NoMetadata = Annotated[
    bool, typer.Option("--no-metadata", help="Do not write into the files how, and that, a generator made them.")
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        help="Class of the pictures, or a mixture. Given several times: the class of each picture in turn; a single "
        "picture is then painted in all of them.",
        show_default="as sample gives their numbers",
    ),
]
ClassName = Annotated[str | None, typer.Option(help="Class to paint.", show_default="all classes")]
Run = Annotated[Path, typer.Argument(help="Run directory, or a snapshot in one.", show_default=False)]
Picture = Annotated[Path, typer.Option(help="The .png file to write.", show_default=False)]
SheetOut = Annotated[Path | None, typer.Option(help="The .png file to write the pictures to.", show_default=False)]
PlacesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PICTURES...",
        help="Pictures: a seed (7), a seed and a number (7:12), a PNG file that ganvas painted, or a favourite's name.",
        show_default=False,
    ),
]
Count = Annotated[int, typer.Option("-n", min=1, max=1000, help="Number of pictures.")]
Pool = Annotated[int, typer.Option(min=2, max=10_000, help="Number of pictures to choose from.")]
Enlarge = Annotated[int, typer.Option(min=1, max=16, help="Whole factor by which each picture is enlarged.")]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", help="Dataset with the real pictures.", show_default="the one that the generator was trained on"
    ),
]
ExtractorOption = Annotated[
    str | None,
    typer.Option(
        "--extractor",
        help="Feature network: efficientnet-lite2, efficientnet-lite2-260, pixels or timm:NAME.",
        show_default="efficientnet-lite2",
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the pictures: the same seed gives the same pictures.")]
