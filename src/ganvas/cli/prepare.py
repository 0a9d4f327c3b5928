"""Commands that make datasets."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.train import INTERRUPTED


@contextlib.contextmanager
def interruptible(data: Path) -> Iterator[None]:
    """Say what has become of the work when Ctrl-C ends it."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"ganvas: interrupted; {data} is not made yet, the same command goes on from here", err=True)
        raise typer.Exit(INTERRUPTED) from None


def prepare(
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="[CLASS=]SOURCE",
            help="A folder of pictures (a sub-folder's name is the class), a zip or tar archive, a CSV, TSV or Parquet "
            "table, hf:OWNER/NAME or hf:FOLDER, torchvision:NAME, digits:, or painter: or painter:COUNT for the "
            "embedded paintings. Several are a class each, as in flowers=photos landscape=wikiart/landscape.",
            show_default=False,
        ),
    ],
    data: Annotated[Path, typer.Argument(help="Dataset directory to make.", show_default=False)],
    size: Annotated[int, typer.Option(help="Height and width in pixels.")] = 64,
    fit: Annotated[
        str,
        typer.Option(
            help="How a picture becomes square: crop, pad, squash, or multicrop for several squares of a long one."
        ),
    ] = "crop",
    focus: Annotated[
        str,
        typer.Option(help="Where to crop: centre, entropy (most detail) or saliency (what stands out)."),
    ] = "centre",
    classes: Annotated[
        str,
        typer.Option(
            metavar="folders|none|LEVEL",
            help="Where classes come from: folders (or what a table or collection says), none, or the number of a "
            "folder level, as 2 for the second or -1 for the one a picture lies in.",
        ),
    ] = "folders",
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN[,COLUMN...]",
            help="Labels to keep, the first being the class; by default all, and the class that the source has.",
            show_default=False,
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="CONDITION",
            help="Take only pictures whose labels fulfil this, as 'artist == \"Vincent van Gogh\" and year > 1886'.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Take at most so many pictures, at random and of every class its share; of the hub, the first.",
            show_default=False,
        ),
    ] = None,
    min_per_class: Annotated[int, typer.Option(min=0, help="Leave out classes with fewer pictures.")] = 0,
    balance: Annotated[
        bool,
        typer.Option("--balance", help="Take as many training pictures of each class as the smallest has, at random."),
    ] = False,
    path_column: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column of a table that names the pictures.", show_default=False),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(
            help="Folder that the paths of a table begin in (by default its own), or where torchvision's files are.",
            show_default=False,
        ),
    ] = None,
    background: Annotated[str, typer.Option(help="Colour behind transparency and padding.")] = "white",
    alpha: Annotated[
        str,
        typer.Option(help="Transparent pictures: all on the background, or cropped to the subject (what can be seen)."),
    ] = "background",
    linear: Annotated[bool, typer.Option("--linear", help="Resize light, not the numbers that stand for it.")] = False,
    smallest_side: Annotated[int, typer.Option(help="Leave out pictures with a side under so many pixels.")] = 8,
    max_aspect: Annotated[
        float, typer.Option(help="Leave out pictures with a side over so many times the other.")
    ] = 50.0,
    dedupe: Annotated[
        str, typer.Option(help="Duplicates to leave out: none, exact (same pixels) or near (looking alike too).")
    ] = "none",
    split: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN|FRACTION",
            help="What to hold back from training: a fraction of every class, as 0.2, or the label (class for a "
            "folder) that says train, validation or test; none leaves aside what the source says by itself.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN|REGEX",
            help="Which pictures must not be parted by the split: a label, or a regular expression whose match in a "
            "picture's name is its group; by default near-duplicates.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the embedded paintings, and of what is taken or held back.")
    ] = 0,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0 takes every core.")] = 0,
) -> None:
    """Turn pictures into a dataset directory; bad files are listed in its rejected.csv.

    If it is interrupted, the same command goes on where it was.
    """
    from ganvas.cli.terminal import PreparationDisplay
    from ganvas.data.prepare.prepare import prepare

    with interruptible(data), PreparationDisplay() as display:
        summary = prepare(
            _named(source),
            data,
            size=size,
            fit=fit,
            classes=classes,
            labels=labels or (),
            where=where,
            limit=limit,
            min_per_class=min_per_class,
            balance=balance,
            path_column=path_column,
            root=root,
            background=background,
            focus=focus,
            alpha=alpha,
            linear=linear,
            smallest_side=smallest_side,
            max_aspect=max_aspect,
            dedupe=dedupe,
            split=split,
            group=group,
            seed=seed,
            workers=workers,
            progress=display.update,
        )
    typer.echo(str(summary))


def _named(sources: list[str]) -> str | dict[str, str]:
    """One source as it is; or several, or one with a class, by their classes."""
    from ganvas.foundation.errors import DataError

    if len(sources) == 1 and (_exists(sources[0]) or "=" not in sources[0] or ":" in sources[0].partition("=")[0]):
        return sources[0]
    named: dict[str, str] = {}
    for source in sources:
        name, equals, place = source.partition("=")
        if not (name and equals and place):
            raise DataError(
                f"{source} is one of several sources and needs a class, as in flowers=photos "
                "landscape=wikiart/landscape; a single source is written alone"
            )
        if name in named:
            raise DataError(f"the class {name!r} is given twice; put its pictures into one folder")
        named[name] = place
    return named


def _exists(path: str) -> bool:
    with contextlib.suppress(OSError, ValueError):  # a name that no file can have
        return Path(path).exists()
    return False
