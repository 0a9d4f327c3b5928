"""Commands that look at what was learnt."""

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganvas.cli.arguments import Seed

if TYPE_CHECKING:
    from ganvas.classify.judge import Judgement


def sample(
    source: Annotated[Path, typer.Argument(help="Run directory or snapshot (.safetensors).", show_default=False)],
    out: Annotated[
        Path,
        typer.Option(help="A .png for one grid, else a directory of single pictures.", show_default=False),
    ],
    n: Annotated[int, typer.Option("-n", min=1, max=1_000_000, help="How many pictures.")] = 64,
    seed: Seed = 0,
    label: Annotated[
        str | None,
        typer.Option(help="Class to paint, by name; by default all, in a grid a row each.", show_default=False),
    ] = None,
) -> None:
    """Paint pictures with a trained generator."""
    from ganvas.artist.artist import load, write_samples

    write_samples(load(source), out, n, seed, label)
    typer.echo(str(out))


def evaluate(
    target: Annotated[Path, typer.Argument(help="Run, snapshot, or folder of pictures.", show_default=False)],
    data: Annotated[
        Path | None, typer.Option(help="Dataset to compare with; by default the one it was trained on.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Pictures to generate.")] = 1000,
    seed: Seed = 0,
    extractor: Annotated[
        str | None,
        typer.Option(
            help="Feature network: efficientnet-lite2 (the default), efficientnet-lite2-260, pixels, inception or "
            "timm:NAME.",
            show_default=False,
        ),
    ] = None,
    judge: Annotated[
        bool, typer.Option("--judge", help="Also ask a classifier of the real pictures: are labels right, is it sure?")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure pictures against real ones: how far apart, how varied, how many copies, class by class."""
    from ganvas.artist.evaluate import evaluate

    scores = evaluate(target, data, samples=samples, seed=seed, extractor=extractor)
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


def report(
    runs: Annotated[list[Path], typer.Argument(help="Run directories; several are compared.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The page to write, an .html; replaced if it exists.", show_default=False)],
) -> None:
    """Write one self-contained page about a run: verdict, curves, pictures, copies, provenance; or compare several."""
    from ganvas.report.comparison.runs import write_page as write_comparison
    from ganvas.report.run import page

    page.check_out(out)
    say = functools.partial(typer.echo, err=True)
    if len(runs) == 1:
        page.write_page(runs[0], out, say)
    else:
        write_comparison(runs, out, say)
    typer.echo(str(out))
