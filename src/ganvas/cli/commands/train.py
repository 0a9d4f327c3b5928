"""`ganvas train`."""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.arguments import Assignments, Data, Out
from ganvas.cli.fields import options_of
from ganvas.cli.groups import INTERRUPTED
from ganvas.cli.processes import Devices, asked, launch
from ganvas.machine.memory import share_heap
from ganvas.settings.config import Settings, is_record, keywords_for, parse_assignments, read_config

# The recipe that --enlarge trains.
SECOND_STAGE = "brushwork"


# A flag that is not given is None, so that --set, --config and the recipe's defaults apply.
@options_of(Settings, "quality", "budget", "seed", "size", "label_column", "on_trouble", "patience", use_defaults=False)
def train(
    data: Data,
    out: Out,
    recipe: Annotated[
        str | None,
        typer.Option(help="The GAN: the name of a recipe, or module:Class for your own.", show_default="atelier"),
    ] = None,
    *,
    assignments: Assignments = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML file of options. Another run's config.yaml repeats that run.")
    ] = None,
    start: Annotated[Path | None, typer.Option("--from", help="Start from the weights of a snapshot or run.")] = None,
    enlarge: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Train a second stage (recipe brushwork), which paints the pictures of this run or snapshot again, as "
            "large as those of the dataset.",
        ),
    ] = None,
    per_class: Annotated[
        bool,
        typer.Option("--per-class", help="Train one GAN for each class; --out is the directory for all of them."),
    ] = False,
    per_group: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Train one GAN for each group of about N classes, in the order of their names; --out as with "
            "--per-class.",
            show_default=False,
        ),
    ] = None,
    class_group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLASS,CLASS...",
            help="Train one GAN for this group of classes. Can be repeated; --out as with --per-class.",
        ),
    ] = None,
    devices: Devices = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would happen, and write nothing.")] = False,
    **settings: object,
) -> None:
    """Train a GAN on a dataset. Ctrl-C stops it, and `ganvas resume` continues."""
    share_heap()
    named, changes = _in_file(config) if config else (None, {})
    changes |= parse_assignments(assignments or [])
    changes |= {key: value for key, value in settings.items() if value is not None}
    if enlarge is not None:
        named = _second_stage(recipe)
        changes["first"] = str(enlarge)
    groups = _groups(per_class, per_group, class_group)
    has_several_runs = per_class or groups is not None
    if has_several_runs:
        _refuse_devices(devices)
    elif not dry_run:
        launch(devices)  # before anything heavy is imported
    from ganvas.cli.outcome import conclude
    from ganvas.cli.terminal import TerminalDisplay
    from ganvas.distributed.joining import joined
    from ganvas.distributed.world import World
    from ganvas.planning import run as runs

    recipe = recipe or named or runs.DEFAULT_RECIPE
    if has_several_runs:
        _train_per_class(data, out, recipe, groups, start, dry_run, changes)
        return
    if dry_run:
        planned = World(0, asked(devices))
        options = keywords_for(runs.dry_run, changes)
        typer.echo(runs.dry_run(data, out, recipe, start=start, world=planned, **options))
        return
    options = keywords_for(runs.train, changes)
    with joined() as world, TerminalDisplay(is_shown=world.is_first) as display:
        outcome = runs.train(data, out, recipe, start=start, display=display, world=world, **options)
    if world.is_first:
        conclude(outcome)


def _in_file(config: Path) -> tuple[str | None, dict[str, object]]:
    """The recipe and the options in a file. The run of an earlier version is repeated as it was then."""
    from ganvas import gans

    recipe, changes = read_config(config)
    return recipe, gans.find(recipe).recorded(changes) if recipe and is_record(config) else changes


def _second_stage(recipe: str | None) -> str:
    """The recipe of a second stage, which `--recipe` may also name."""
    from ganvas.foundation.errors import ConfigError

    if recipe not in (None, SECOND_STAGE):
        raise ConfigError(f"--enlarge trains the recipe {SECOND_STAGE}, not {recipe}; leave out --recipe")
    return SECOND_STAGE


def _groups(per_class: bool, per_group: int | None, class_group: list[str] | None) -> int | list[list[str]] | None:
    """The groups of classes that were asked for; None for single classes, or for one GAN of all."""
    from ganvas.foundation.errors import ConfigError

    if per_class + (per_group is not None) + bool(class_group) > 1:
        raise ConfigError("--per-class, --per-group and --class-group cannot be used together; choose one")
    return [[name.strip() for name in words.split(",")] for words in class_group] if class_group else per_group


def _refuse_devices(devices: str | None) -> None:
    """Refuse several processes where several runs are trained, one after the other."""
    from ganvas.distributed import launcher
    from ganvas.foundation.errors import ConfigError

    if launcher.is_started() or asked(devices) > 1:
        raise ConfigError(
            "--per-class, --per-group and --class-group train with one process; leave out --devices, torchrun and srun"
        )


def _train_per_class(
    data: Path,
    out: Path,
    recipe: str,
    groups: int | list[list[str]] | None,
    start: Path | None,
    dry_run: bool,
    changes: dict[str, object],
) -> None:
    from ganvas.cli.terminal import TerminalDisplay
    from ganvas.experiments import per_class

    changes = keywords_for(per_class.train_per_class, changes)
    if dry_run:
        typer.echo(per_class.dry_run(data, recipe, changes, groups))
        return
    with TerminalDisplay() as display:
        result = per_class.train_per_class(data, out, recipe, groups=groups, start=start, display=display, **changes)
    if not result.finished:
        typer.echo("interrupted; the same command continues where it stopped", err=True)
        raise typer.Exit(INTERRUPTED)
    typer.echo(str(result))
    typer.echo(f"compare them in {out / per_class.PAGE} and {out / per_class.GRID}", err=True)
