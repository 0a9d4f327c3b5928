"""`ganvas evaluate`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganvas.cli.arguments import Seed

if TYPE_CHECKING:
    from ganvas.classify.judge import Judgement


def evaluate(
    target: Annotated[Path, typer.Argument(help="Run, snapshot, or folder of pictures.", show_default=False)],
    data: Annotated[
        Path | None, typer.Option(help="Dataset to compare with. By default the one that the generator was trained on.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of pictures to generate.")] = 1000,
    seed: Seed = 0,
    extractor: Annotated[
        str | None,
        typer.Option(
            help="Feature network: efficientnet-lite2 (the default), efficientnet-lite2-260, pixels, inception or "
            "timm:NAME.",
            show_default=False,
        ),
    ] = None,
    patches: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS",
            help="Compare squares of this side, at full resolution, instead of whole pictures: does it copy textures?",
            show_default=False,
        ),
    ] = None,
    judge: Annotated[
        bool,
        typer.Option(
            "--judge", help="Also let a classifier of the real pictures check how often the labels are right."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Score generated pictures against real ones.

    The scores measure distance, variety and copies, also class by class.
    """
    from ganvas.artist.evaluate import evaluate

    scores = evaluate(target, data, samples=samples, seed=seed, extractor=extractor, patches=patches)
    judgement = _ask_judge(target, data, samples, seed) if judge else None
    if as_json:
        typer.echo(json.dumps(scores.record() | ({"judge": judgement.record()} if judgement else {}), indent=2))
    else:
        typer.echo(f"{scores}\n\n{judgement}" if judgement else str(scores))


def _ask_judge(target: Path, data: Path | None, samples: int, seed: int) -> "Judgement":
    from ganvas.classify.judge import judge
    from ganvas.cli.terminal import ClassifierDisplay

    with ClassifierDisplay() as display:
        return judge(target, data, samples=samples, seed=seed, progress=display)
