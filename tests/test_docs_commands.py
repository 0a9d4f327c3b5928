"""The commands of the documentation: each is run as it is written, page by page, in the order of the page.

Only what takes hours is cut: budgets are a few steps, networks are narrow, and the pictures are few and small. What is
not run stands in `NOT_RUN` with the reason.
"""

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from support.command_line import Cli
from support.documentation import commands
from support.pictures import write_pictures
from support.runs import TINY

ROOT = Path(__file__).parents[1]
PAGES = {page.name: page for page in sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])}
# Pages that a script generates from the code show the use of each command, not commands to run.
GENERATED = ("cli.md", "configuration.md")

HUB = "it asks a server of datasets or models"
# Commands that are not run, by how they begin.
NOT_RUN = {
    "ganvas prepare hf:": HUB,
    "ganvas prepare torchvision:": HUB,
    "ganvas prepare pbn": "it needs the published archive; tests/test_layouts.py has one of the same form",
    "ganvas export run --to hub --out hub --license cc-by-4.0 --push": HUB,
    "ganvas train data --out run --devices": "tests/test_processes.py trains with several processes",
    "ganvas resume run --devices": "tests/test_processes.py trains with several processes",
    "ganvas train my-data --config sweep/config.yaml": "two steps have no best trial; tests/test_sweep.py has one",
    "ganvas studio": "it serves until it is stopped",
    "ganvas reproduce": "tests/test_reproduce.py runs it at another length",
    "ganvas sweep my-data --recipe dcgan --out sweep --storage": "it needs a database; tests/test_sweep.py has one",
    "ganvas classify train my-data --label artist": "it needs a column of artists",
    "ganvas train my-data --recipe acgan --out by-group --per-group 10": "it needs more than ten classes",
    "ganvas classify train paintings --model transfer --set backbone=resnet18": "it needs a file of weights",
}
# What a training sets, unless the page does.
SMALL = TINY | {"eval_samples": 64, "extractor": "pixels"}
# Pages whose commands are of long experiments. `python -m benchmarks...` repeats these.
LONG_PAGES = ("results.md", "recipe-notes.md")


def is_run(command: str) -> bool:
    return not command.startswith(tuple(NOT_RUN))


# --- What the pages take for granted ---

# Makes a file or folder of this name.
Maker = Callable[[Cli, Path], None]


def _folder_of_classes(cli: Cli, place: Path) -> None:
    for seed, name in enumerate(("portrait", "landscape")):
        write_pictures(place / name, 24, seed, side=256)


def _dataset(cli: Cli, place: Path) -> None:
    cli("prepare", "painter:120", place, "--size", "16", "--split", "0.2", check=True)


def _run(recipe: str) -> Maker:
    def make(cli: Cli, place: Path) -> None:
        data = place.with_name(f"of-{place.name}")
        _dataset(cli, data)
        cli(*shortened(["train", str(data), "--out", str(place), "--recipe", recipe]), check=True)

    return make


def _pictures(cli: Cli, place: Path) -> None:
    write_pictures(place, 16, side=32)


def _picture(cli: Cli, place: Path) -> None:
    write_pictures(place.parent / "one", 1, side=32)
    shutil.move(place.parent / "one" / "0.png", place)


def _table(cli: Cli, place: Path) -> None:
    write_pictures(place.parent / "artworks", 24, side=32)
    genres = ("portrait", "landscape")
    lines = [
        f"artworks/{number}.png,{'ab'[number % 2]},{'xyz'[number % 3]},{genres[number % 2]}" for number in range(24)
    ]
    place.write_text("\n".join(["path,artist,style,genre", *lines]))


def _crops(cli: Cli, place: Path) -> None:
    for number, file in enumerate(sorted(write_pictures(place, 24, side=64).iterdir())):
        file.rename(place / f"harbour{number // 4}_{number % 4}_0.png")


def _art_set(cli: Cli, place: Path) -> None:
    for name in ("portrait", "landscape"):
        _crops(cli, place / name)
        for file in (place / name).iterdir():
            with Image.open(file) as picture:
                picture.save(file.with_suffix(".jpg"))
            file.unlink()


def _divided(cli: Cli, place: Path) -> None:
    for seed, name in enumerate(("train", "test")):
        write_pictures(place / name / "sea", 16, seed, side=64)


RUN = _run("acgan")
# By page, what exists before its first command.
NEEDS: dict[str, dict[str, Maker]] = {
    "README.md": {"my-pictures": _folder_of_classes},
    "classify.md": {"my-pictures": _folder_of_classes, "photo.jpg": _picture, "more-pictures": _pictures, "run-1": RUN},
    "data.md": {
        "my-pictures": _folder_of_classes,
        "art-set": _art_set,
        "photos": _pictures,
        "wikiart/Impressionism": _pictures,
        "pictures.csv": _table,
        "my-crops": _crops,
        "my-divided-pictures": _divided,
    },
    "explore.md": {"run": RUN, "portrait.jpg": _picture, "other.png": _picture},
    "export.md": {"run": RUN},
    "large.md": {"photos": _folder_of_classes, "scans": _pictures},
    "metrics.md": {"run": RUN, "some-folder": _pictures, "my-data": _dataset},
    "performance.md": {"paintings": _dataset, "art5": _folder_of_classes},
    "recipes.md": {"my-data": _dataset, "art": _dataset, "paint": _dataset, "paintings.csv": _table},
    "report.md": {"run": RUN, "first": RUN, "second": RUN, "third": _run("dcgan")},
    "survey.md": {"my-data": _dataset},
    "sweep.md": {"my-data": _dataset},
    "verdict.md": {"my-data": _dataset},
}


def shortened(words: list[str]) -> list[str]:
    """A command that trains with a budget of a few steps, and with narrow networks."""
    if words[:2] == ["classify", "train"] and not {"forest", "--overfit"} & {*words}:
        return [*words, "--set", "epochs=1"]
    if words[0] not in ("train", "compare", "sweep", "resume"):
        return words
    budget = "0.016kimg" if words[0] == "sweep" else "2steps"
    words = [re.sub(r"^\d+(\.\d+)?(s|m|h|kimg)$", budget, "2" if word == "40" else word) for word in words]
    if words[0] == "resume":
        return words
    words += [] if "--budget" in words else ["--budget", budget]
    given = {word.partition("=")[0] for word in words}
    return words + [word for key, value in SMALL.items() if key not in given for word in ("--set", f"{key}={value}")]


def make_way(words: list[str]) -> None:
    """Remove what an example before this one made under the same name, if the command wants to make it anew."""
    if words[0] in ("prepare", "train", "compare"):
        target = Path(words[2] if words[0] == "prepare" else words[words.index("--out") + 1])
        if target.exists():
            shutil.rmtree(target)


@pytest.mark.slow
@pytest.mark.parametrize("page", NEEDS)
def test_the_commands_of_a_page_run_as_written(cli: Cli, tmp_path: Path, page: str) -> None:
    for name, make in NEEDS[page].items():
        make(cli, tmp_path / name)
    for command in filter(is_run, commands(PAGES[page])):
        words = shlex.split(command)[1:]
        make_way(words)
        done = cli(*shortened(words))
        assert done.returncode == 0, f"{command}: {done.stderr}"
        out = re.search(r"--out (\S+)", command)
        assert out is None or "--dry-run" in words or (tmp_path / out[1]).exists(), command


def test_every_page_with_commands_is_run_or_says_why_not() -> None:
    with_commands = {name for name, page in PAGES.items() if any(map(is_run, commands(page)))}
    assert with_commands - {*GENERATED, *LONG_PAGES} == set(NEEDS)
    shown = [command for page in PAGES.values() for command in commands(page)]
    assert [each for each in NOT_RUN if not any(command.startswith(each) for command in shown)] == []
