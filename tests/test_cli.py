"""The command line through its real entry point, as a user or a script meets it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganvas.data.dataset.layout import INFO
from ganvas.foundation.files import read_records
from ganvas.foundation.version import VERSION
from support.command_line import PATIENCE, Cli, with_any_name
from support.datasets import write_dataset
from support.runs import TINY, TINY_WORDS

QUICK = ["--budget", "2steps", *TINY_WORDS]


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    script = (
        "import sys, ganvas.cli\n"
        "sys.argv = ['ganvas', '--help']\n"
        "try: ganvas.cli.main()\n"
        "except SystemExit as end: assert not end.code, end\n"
        "print(sorted({'torch', 'numpy', 'pandas', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("prepare", "train", "resume", "sample", "evaluate", "demo"):
        assert command in done.stdout


def completed(*words: str) -> list[str]:
    """What bash is told about the last of the words of a command, and the heavy libraries that were loaded for it."""
    script = (
        "import sys, ganvas.cli\n"
        "sys.argv = ['ganvas']\n"
        "try: ganvas.cli.main()\n"
        "except SystemExit: pass\n"
        "print(*{'torch', 'numpy', 'pandas'} & set(sys.modules))"
    )
    environment = os.environ | {"_GANVAS_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(words)}
    environment["COMP_CWORD"] = str(len(words) - 1)
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()


def test_a_shell_completes_commands_and_loads_nothing_heavy() -> None:
    assert completed("ganvas", "re") == ["recipes", "resume", "report", "reproduce"]
    assert "--budget" in completed("ganvas", "resume", "--")


def test_importing_the_package_does_not_import_torch() -> None:
    script = (
        "import ganvas, sys; print('torch' in sys.modules, ganvas.__version__)\n"
        "ganvas.load; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", VERSION, "True"]


def test_every_command_and_option_has_help() -> None:
    import typer

    from ganvas.cli import app

    for command in typer.main.get_group(app).commands.values():
        assert command.help, command.name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{command.name} {parameter.name}"


def test_the_way_from_training_to_numbers(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    done = cli("train", tiny_data, "--out", "run", "--recipe", "dcgan", *QUICK, "--set", "eval_samples=16", check=True)
    assert done.stdout.startswith("run: 0.0 kimg")
    for word in ("pictures", "classes", "parameters", "machine", "img/s", "budget", "memory"):
        assert word in done.stderr
    cli("resume", "run", "--budget", "1steps", check=True)
    cli("sample", "run", "--out", "grid.png", "-n", "5", check=True)
    cli("sample", "run/snapshots/last.safetensors", "--out", "singles", "-n", "5", "--seed", "3", check=True)
    assert Image.open(tmp_path / "grid.png").size == (3 * 16 + 4, 2 * 16 + 2)
    assert len(list((tmp_path / "singles").iterdir())) == 5
    scores = json.loads(cli("evaluate", "run", "--json", "--samples", "32", check=True).stdout)
    assert scores.keys() >= {"kid", "kid_se", "fid", "precision", "recall", "extractor", "generated", "real"}
    assert (scores["generated"], scores["real"]) == (32, 48)
    text = cli("evaluate", "singles", "--data", tiny_data, "--samples", "16").stderr
    assert "5" in text  # five pictures are too few to score


def test_the_demo_ends_with_its_page_and_can_be_run_again(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganvas.experiments.demo.PAINTINGS", 24)
    monkeypatch.setattr(
        "ganvas.experiments.demo.OPTIONS",
        TINY | {"d_width": 4, "vision": 0, "eval_samples": 16, "extractor": "pixels"},
    )
    for number in (1, 2):
        done = cli("demo", "--minutes", "0.01", check=True)
        page = tmp_path / done.stdout.splitlines()[-1]
        assert page == tmp_path / "demo" / f"run-{number}" / "page.html"
        assert "Generated" in page.read_text("utf-8")


def test_a_folder_is_prepared_and_the_summary_counts_what_was_left_out(cli: Cli, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "art" / name).mkdir(parents=True)
        for number in range(2):
            pixels = np.full((20, 30, 3), 60 * number + 40, np.uint8)
            Image.fromarray(pixels).save(tmp_path / "art" / name / f"{number}.png")
    (tmp_path / "art" / "a" / "broken.png").write_bytes(b"\x89PNG")
    done = cli("prepare", "art", "data", "--size", "16", check=True)
    assert "4" in done.stdout
    assert "1" in done.stdout
    assert "broken.png" in (tmp_path / "data" / "rejected.csv").read_text("utf-8")


def test_a_dry_run_says_what_would_happen_and_writes_nothing(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    done = cli("train", tiny_data, "--out", "run", "--dry-run", *QUICK, check=True)
    assert "48 pictures of 16 px" in done.stdout
    assert "img/s measured" in done.stdout
    assert sorted(tmp_path.rglob("*")) == before


def test_flags_win_over_set_and_set_over_the_file(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    (tmp_path / "options.yaml").write_text("seed: 1\nwidth: 2\nbatch_size: 4\n")
    words = ["--config", "options.yaml", *QUICK, "--set", "seed=2", "--seed", "3"]
    cli("train", tiny_data, "--out", "run", *words, check=True)
    config = (tmp_path / "run" / "config.yaml").read_text("utf-8")
    assert "seed: 3" in config
    assert "width: 4" in config  # QUICK's --set over the file's 2


BAD = {
    "no such dataset": (["train", "missing", "--out", "run"], "missing does not exist"),
    "not a dataset": (["train", ".", "--out", "run"], "not a ganvas dataset"),
    "unknown recipe": (["train", "data", "--out", "run", "--recipe", "dcgen"], "did you mean 'dcgan'"),
    "unknown option": (["train", "data", "--out", "run", "--set", "bach_size=3"], "did you mean 'batch_size'"),
    "option without value": (["train", "data", "--out", "run", "--set", "width"], "key=value"),
    "option out of range": (["train", "data", "--out", "run", "--set", "width=0"], "width"),
    "budget without unit": (["train", "data", "--out", "run", "--budget", "20"], "90s, 20m"),
    "no budget at all": (["train", "data", "--out", "run", "--budget", "0s"], "above zero"),
    "config file missing": (["train", "data", "--out", "run", "--config", "none.yaml"], "none.yaml"),
    "start missing": (["train", "data", "--out", "run", "--from", "none.safetensors", *QUICK], "none.safetensors"),
    "run taken": (["train", "data", "--out", "taken", *QUICK], "exists already"),
    "size not supported": (["train", "odd", "--out", "run"], "16, 32, 64, 128, 256 pixels, not 20"),
    "resume of nothing": (["resume", "missing"], "is not a run directory"),
    "sample of nothing": (["sample", "missing", "--out", "grid.png"], "does not exist"),
    "sample of no run": (["sample", "data", "--out", "grid.png"], "not a run directory"),
    "sample of no snapshot": (["sample", "data/images.npy", "--out", "grid.png"], "cannot be read as a snapshot"),
    "evaluate nothing": (["evaluate", "missing"], "missing"),
    "evaluate without data": (["evaluate", "taken"], "--data"),
    "prepare nothing": (["prepare", "missing", "new"], "missing"),
    "prepare onto a dataset": (["prepare", "taken", "data"], "exists already"),
    "unknown source": (["prepare", "ftp:pictures", "new"], "ftp"),
    "unknown fit": (["prepare", "taken", "new", "--fit", "corp"], "did you mean 'crop'"),
    "empty folder": (["prepare", "empty", "new"], "empty"),
    "demo onto a file": (["demo", "--out", "taken/file.txt"], "file.txt"),
    "unknown command": (["trian"], "trian"),
    "unknown flag": (["train", "data", "--ot", "run"], "--ot"),
    "missing argument": (["train", "data"], "--out"),
}


@pytest.mark.parametrize(("words", "expected"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_clear_line_with_exit_code_2_and_leaves_nothing(
    cli: Cli, tmp_path: Path, words: list[str], expected: str
) -> None:
    write_dataset(tmp_path / "data")
    write_dataset(tmp_path / "odd", size=20)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file.txt").touch()
    (tmp_path / "empty").mkdir()
    before = sorted(tmp_path.rglob("*"))
    done = cli(*words)
    assert done.returncode == 2, done.stderr
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda data: (data / "images.npy").write_bytes((data / "images.npy").read_bytes()[:-100]), "images.npy"),
        (lambda data: (data / "images.npy").unlink(), "images.npy"),
        (lambda data: (data / "index.parquet").write_bytes(b"PAR1"), "index.parquet"),
        (lambda data: (data / INFO).write_text("{"), INFO),
        (lambda data: (data / INFO).write_text('{"schema_version": 99}'), "schema version 99"),
    ],
    ids=["cut short", "no pictures", "no index", "broken json", "other version"],
)
def test_a_damaged_dataset_is_one_clear_line(
    cli: Cli, tiny_data: Path, damage: Callable[[Path], object], expected: str
) -> None:
    damage(tiny_data)
    done = cli("train", tiny_data, "--out", "run")
    assert (done.returncode, expected in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def test_a_snapshot_of_another_version_is_refused(cli: Cli, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    for name, metadata in (("old", {"ganvas": '{"schema_version": 99}'}), ("alien", {}), ("broken", {"ganvas": "{"})):
        save_file({"weight": torch.zeros(1)}, tmp_path / f"{name}.safetensors", metadata)
        done = cli("sample", f"{name}.safetensors", "--out", "grid.png")
        assert done.returncode == 2
        assert f"{name}.safetensors" in done.stderr
    assert not (tmp_path / "grid.png").exists()


def test_an_existing_run_is_refused_and_resume_is_named(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    cli("train", tiny_data, "--out", "run", *QUICK, check=True)
    before = (tmp_path / "run" / "config.yaml").read_bytes()
    done = cli("train", tiny_data, "--out", "run", *QUICK)
    assert (done.returncode, "ganvas resume run" in done.stderr) == (2, True)
    assert (tmp_path / "run" / "config.yaml").read_bytes() == before


# Slow, because test_interruption.py has each part of it.
@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_stopped_run_says_how_to_go_on_and_does(
    cli: Cli, tmp_path: Path, tiny_data: Path, number: signal.Signals, code: int
) -> None:
    command = [sys.executable, "-m", "ganvas", "train", str(tiny_data), "--out", "run", *TINY_WORDS]
    command += ["--budget", "1h", "--set", "log_every=1steps"]
    run = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        wait_for_stats(tmp_path / "run", run)
        run.send_signal(number)
        _, stderr = run.communicate(timeout=PATIENCE)
    finally:
        run.kill()
    assert run.returncode == code
    assert "continue with: ganvas resume run" in stderr
    cli("resume", "run", "--budget", "2steps", check=True)


# Slow, because it needs three processes. `make torture` kills many runs, and other tests resume within a process.
@pytest.mark.slow
def test_a_killed_run_goes_on_from_its_last_checkpoint(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    command = [sys.executable, "-m", "ganvas", "train", str(tiny_data), "--out", "run", *TINY_WORDS]
    command += ["--budget", "1h", "--set", "log_every=1steps", "--set", "checkpoint_every=3steps"]
    run = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    wait_for_stats(tmp_path / "run", run, lines=8)
    run.kill()
    run.wait()
    cli("resume", "run", "--budget", "2steps", check=True)
    steps = [record["step"] for record in read_records(tmp_path / "run" / "stats.jsonl")]
    assert steps == list(range(1, len(steps) + 1))


def wait_for_stats(run: Path, process: subprocess.Popen[str] | subprocess.Popen[bytes], lines: int = 1) -> None:
    while len(read_records(run / "stats.jsonl")) < lines:
        assert process.poll() is None, "the run ended before it was stopped"
        time.sleep(0.05)


def test_a_full_disk_is_one_clear_line(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    """The limit on file sizes stands for the full disk: the kernel refuses to write more."""
    import resource

    words = ["train", tiny_data, "--out", "run", *QUICK, "--set", "width=16", "--set", "tensorboard=1"]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        done = cli(*words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert done.returncode == 2, done.stderr
    assert "could not write" in done.stderr
    assert "Traceback" not in done.stderr
    assert not [name for _, _, files in os.walk(tmp_path) for name in files if "partial" in name]


def test_a_grid_of_another_kind_is_refused(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    cli("train", tiny_data, "--out", "run", *QUICK, check=True)
    done = cli("sample", "run", "--out", "grid.jpg")
    assert (done.returncode, "ends in .png" in done.stderr) == (2, True)


def test_a_dry_run_refuses_a_start_that_is_not_there(cli: Cli, tiny_data: Path) -> None:
    done = cli("train", tiny_data, "--out", "run", "--from", "none.safetensors", "--dry-run")
    assert (done.returncode, "none.safetensors" in done.stderr) == (2, True)


def test_same_seed_same_pictures_however_many(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    import ganvas

    cli("train", tiny_data, "--out", "run", *QUICK, check=True)
    artist = ganvas.load(tmp_path / "run")
    many = artist.sample(70, seed=4)
    assert many.shape == (70, 16, 16, 3)
    assert np.array_equal(artist.sample(5, seed=4), many[:5])
    assert not np.array_equal(artist.sample(5, seed=5), many[:5])


def test_a_reader_that_closes_early_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m ganvas --help | head -c 10", shell=True, cwd=tmp_path, capture_output=True, check=False
    )
    assert b"Traceback" not in done.stderr


def test_a_module_in_the_folder_of_commands_is_a_command(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import typer

    from ganvas.cli import app, commands

    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "say_twice.py").write_text(
        'import typer\n\n\ndef say_twice(word: str) -> None:\n    """Say a word twice."""\n    typer.echo(word * 2)\n'
    )
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path / "more")])
    names = list(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert (names[0], names[-1]) == ("prepare", "say-twice")
    assert "say-twice  Say a word twice." in cli("--help", check=True).stdout
    assert cli("say-twice", "ab", check=True).stdout == "abab\n"


def test_every_option_of_prepare_is_a_flag_and_a_keyword() -> None:
    import inspect

    import typer

    import ganvas
    from ganvas.cli import app
    from ganvas.data.prepare.options import PrepareArguments

    fields = PrepareArguments.model_fields
    keywords = inspect.signature(ganvas.prepare).parameters
    assert list(keywords) == ["source", "target", *fields]
    assert {name: keywords[name].default for name in fields} == {name: each.default for name, each in fields.items()}
    flags = {each.name: each for each in typer.main.get_command(app).commands["prepare"].params}  # type: ignore[attr-defined]
    assert list(flags) == ["source", "data", *(name for name in fields if name != "progress")]
    assert all(flags[name].help == fields[name].description for name in fields if name != "progress")


def test_an_unknown_keyword_of_prepare_names_the_nearest(tmp_path: Path) -> None:
    import ganvas
    from ganvas.foundation.errors import DataError

    with pytest.raises(DataError, match=r"unknown option 'sise' \(did you mean 'size'\?\)"):
        ganvas.prepare("painter:40", tmp_path / "data", **{"sise": 16})
    with pytest.raises(DataError, match="option size='wide': "):
        ganvas.prepare("painter:40", tmp_path / "data", **{"size": "wide"})


def test_the_options_in_a_dataset_are_recorded_as_ever() -> None:
    """The bytes of `dataset.json`, and the key by which an interrupted preparation is found, are those of 9f1f967."""
    from ganvas.data.prepare.options import PrepareOptions

    options = PrepareOptions(size=16, max_aspect=3, labels="style, artist", classes=2, split="0.2")
    assert json.dumps(options.record("painter:9")) == (
        '{"source": "painter:9", "fit": "crop", "classes": 2, "labels": ["style", "artist"], "background": "white", '
        '"focus": "centre", "alpha": "background", "linear": false, "smallest_side": 8, "max_aspect": 3, '
        '"dedupe": "none", "split": 0.2, "group": null, "seed": 0}'
    )
    key = options.key("painter:9")
    assert json.dumps({name: key[name] for name in ("source", "path_column", "root", "frame", "seed")}) == (
        '{"source": {"": "painter:9"}, "path_column": null, "root": null, "frame": {"size": 16, "fit": "crop", '
        '"background": [255, 255, 255], "focus": "centre", "alpha": "background", "linear": false, '
        '"smallest_side": 8, "max_aspect": 3}, "seed": 0}'
    )


def ganvas_process(*words: str, cwd: Path, environment: dict[str, str] | None = None) -> tuple[int, bytes, bytes]:
    command = [sys.executable, "-m", "ganvas", *words]
    done = subprocess.run(command, cwd=cwd, env=os.environ | (environment or {}), capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


@with_any_name
@pytest.mark.parametrize("encoding", ["cp1252", pytest.param("latin-1", marks=pytest.mark.slow)])
def test_output_escapes_what_the_encoding_lacks(tmp_path: Path, encoding: str) -> None:
    for name in ("北斎", "Cézanne"):
        (tmp_path / "art" / name).mkdir(parents=True)
        for number in range(2):
            picture = Image.fromarray(np.full((16, 16, 3), 60 * number + 40, np.uint8))
            picture.save(tmp_path / "art" / name / f"{number}.png")
    environment = {"PYTHONIOENCODING": encoding}
    code, out, err = ganvas_process("prepare", "art", "data", "--size", "16", cwd=tmp_path, environment=environment)
    assert (code, rb"\u5317" in out) == (0, True), err
    code, out, err = ganvas_process("survey", "data", "--json", cwd=tmp_path, environment=environment)
    assert (code, "北斎" in str(json.loads(out))) == (0, True), err


@pytest.mark.parametrize("words", [["doctor"], ["--help"], pytest.param(["recipes", "--json"], marks=pytest.mark.slow)])
def test_results_that_cannot_be_written_are_one_line(tmp_path: Path, words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ganvas", *words],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "ganvas: input or output failed: No space left on device\n")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("1: 2", "holds the key 1"),
        ("width: !!int ''", "cannot be read"),
        ("width: !!timestamp x", "cannot be read"),
        ("settings:\n  true: 2", "settings holds the key True"),
        ("recipe: 5", "recipe must be the name of a recipe, not 5"),
        ("seed: 18446744073709551616", "seed=18446744073709551616"),
        ("seed: .inf", "seed=inf"),
        ("budget: [1]", "budget=[1]"),
        ("[" * 5000, "cannot be read"),
    ],
)
def test_a_config_file_with_strange_values_is_one_line(
    cli: Cli, tmp_path: Path, tiny_data: Path, content: str, expected: str
) -> None:
    (tmp_path / "options.yaml").write_text(content)
    done = cli("train", tiny_data, "--out", "run", "--config", "options.yaml")
    assert (done.returncode, done.stderr.count("\n"), expected in done.stderr) == (2, 1, True), done.stderr


TOO_BIG = "18446744073709551616"


def test_a_seed_out_of_range_is_one_line(cli: Cli, tiny_data: Path) -> None:
    cli("train", tiny_data, "--out", "run", *QUICK, check=True)
    for words in (
        ["train", tiny_data, "--out", "other", "--seed", TOO_BIG],
        ["baseline", tiny_data, "--kind", "mean", "--out", "mean.safetensors", "--seed", TOO_BIG],
        ["sample", "run", "--out", "grid.png", "--seed", TOO_BIG],
        ["evaluate", "run", "--samples", "16", "--seed", TOO_BIG],
        ["train", tiny_data, "--out", "other", "--budget", "9" * 400 + "h"],
    ):
        done = cli(*words)
        assert (done.returncode, done.stderr.count("\n"), "out of range" in done.stderr or "seed" in done.stderr) == (
            2,
            1,
            True,
        ), done.stderr


LONG = "x" * 300
UNUSABLE = [
    ["prepare", "art", LONG],
    ["prepare", LONG, "new"],
    ["survey", LONG],
    ["survey", "data", "--out", f"{LONG}.html"],
    ["train", "data", "--out", LONG],
    ["train", LONG, "--out", "new"],
    ["train", "data", "--out", "new", "--from", LONG],
    ["train", "data", "--out", LONG, "--per-class"],
    ["resume", LONG],
    ["sample", LONG, "--out", "grid.png"],
    ["evaluate", LONG],
    ["report", LONG, "--out", "page.html"],
    ["report", "run", "--out", f"{LONG}.html"],
    ["compare", "data", "--recipes", "dcgan", "--out", LONG],
    ["baseline", "data", "--kind", "mean", "--out", LONG],
    ["demo", "--out", LONG],
    ["classify", "train", "data", "--out", LONG],
    ["classify", "predict", LONG, "data"],
    ["classify", "judge", LONG],
    ["classify", "evaluate", LONG],
]


@pytest.mark.parametrize("words", UNUSABLE, ids=lambda words: "-".join(words).replace(LONG, "LONG"))
def test_a_name_that_is_too_long_is_one_line(cli: Cli, tiny_data: Path, words: list[str]) -> None:
    done = cli(*words)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert f"{LONG}" in done.stderr
    assert "File name too long" in done.stderr


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without permission; tests may run as root, whom permissions do not stop."""
    folder = tmp_path / "closed"
    folder.mkdir()
    stat, listdir = os.stat, os.listdir

    def refuse(path: object) -> None:
        text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
        if isinstance(text, str) and f"/{folder.name}/" in f"/{text}":
            raise PermissionError(13, "Permission denied", text)

    def closed_stat(path: Any, *args: Any, **options: Any) -> object:
        refuse(path)
        return stat(path, *args, **options)

    def closed_listdir(path: Any = ".") -> object:
        refuse(f"{path}/")
        return listdir(path)

    monkeypatch.setattr(os, "stat", closed_stat)
    monkeypatch.setattr(os, "listdir", closed_listdir)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["train", "closed/data", "--out", "new"],
        ["train", "data", "--out", "closed/new"],
        ["resume", "closed/run"],
        ["sample", "closed/run", "--out", "grid.png"],
        ["evaluate", "closed/run"],
        ["report", "closed/run", "--out", "page.html"],
        ["survey", "closed/data"],
        ["classify", "predict", "closed/classifier", "data"],
        ["compare", "data", "--recipes", "dcgan", "--out", "closed/new"],
    ],
    ids="-".join,
)
def test_a_closed_folder_is_one_line(cli: Cli, tiny_data: Path, closed: Path, words: list[str]) -> None:
    done = cli(*words)
    assert (done.returncode, done.stderr.count("\n"), "Permission denied" in done.stderr) == (2, 1, True), done.stderr


def test_closed_checkpoints_are_not_called_empty(
    cli: Cli, tmp_path: Path, tiny_data: Path, closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("train", tiny_data, "--out", "run", *QUICK, check=True)
    (tmp_path / "run" / "checkpoints").rename(closed)
    monkeypatch.setattr("ganvas.runs.directory.RunDirectory.checkpoints", property(lambda self: closed))
    done = cli("resume", "run", "--budget", "1steps")
    assert (done.returncode, "Permission denied" in done.stderr, "holds none" in done.stderr) == (2, True, False)


@pytest.mark.slow
def test_home_directories_are_expanded(
    cli: Cli, tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ganvas

    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    tiny_data.rename(home / "data")
    cli("train", "~/data", "--out=~/run", *QUICK, check=True)
    cli("resume", "~/run", "--data=~/data", "--budget", "1steps", check=True)
    cli("sample", "~/run", "--out=~/grid.png", "-n", "4", check=True)
    cli("survey", "~/data", "--out=~/survey.html", check=True)
    cli("report", "~/run", "--out=~/report.html", check=True)
    cli("baseline", "~/data", "--kind", "mean", "--out=~/mean.safetensors", check=True)
    cli("prepare", "painter:48", "~/painted", "--size", "16", check=True)
    (home / "options.yaml").write_text("seed: 4")
    cli("train", "~/data", "--out=~/other", "--config=~/options.yaml", "--from=~/run", *QUICK, check=True)
    assert ganvas.load("~/run").sample(1).shape == (1, 16, 16, 3)
    assert len(ganvas.Dataset.open("~/data")) == 48
    ganvas.train("~/data", "~/again", "dcgan", budget="1steps", eval_samples=0, width=4, batch_size=8)
    made = {path.name for path in home.iterdir()}
    assert {"run", "grid.png", "survey.html", "report.html", "mean.safetensors", "painted", "other", "again"} <= made
    assert not list(tmp_path.rglob("~"))


@pytest.mark.parametrize(
    "words",
    [
        ["prepare", "painter:4", ".", "--size", "16"],
        ["train", "{data}", "--out", ".", *QUICK],
        ["baseline", "{data}", "--kind", "mean", "--out", "."],
        ["classify", "train", "{data}", "--model", "forest", "--out", "."],
    ],
    ids=lambda words: words[0],
)
def test_the_current_directory_as_output(
    cli: Cli, tmp_path: Path, tiny_data: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    done = cli(*(word.format(data=tiny_data) for word in words))
    if done.returncode:
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    else:
        assert here.is_file() or any(here.iterdir())


def test_hints_can_be_pasted_into_a_shell(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    done = cli("train", tiny_data, "--out", "it's mine", *QUICK, check=True)
    assert "ganvas sample 'it'\"'\"'s mine' --out grid.png" in done.stderr
    done = cli("train", tiny_data, "--out", "it's mine", *QUICK)
    assert "ganvas resume 'it'\"'\"'s mine'," in done.stderr
    assert "--out 'no run'" in cli("resume", "no run").stderr
    assert "ganvas prepare PICTURES 'no data'" in cli("survey", "no data").stderr
    done = cli("train", tiny_data, "--out=-r", *QUICK, check=True)
    assert "ganvas sample ./-r --out grid.png" in done.stderr


def test_a_run_without_a_checkpoint_is_not_to_be_resumed(
    cli: Cli, tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganvas.training.trainer.Trainer.run", lambda self: False)
    done = cli("train", tiny_data, "--out", "run", *QUICK)
    assert done.returncode == 130
    assert done.stderr.splitlines()[-1] == "interrupted before the first checkpoint; remove run and train again"
    for words in (["resume", "run"], ["train", tiny_data, "--out", "run", *QUICK]):
        done = cli(*words)
        assert (done.returncode, "ganvas resume" in done.stderr, "remove" in done.stderr) == (2, False, True)


@pytest.mark.parametrize(
    ("words", "function"),
    [
        (["evaluate", "run"], "ganvas.artist.evaluate.evaluate"),
        (["sample", "run", "--out", "grid.png"], "ganvas.artist.artist.load"),
        (["report", "run", "--out", "page.html"], "ganvas.report.run.page.write_page"),
        (["compare", "data", "--recipes", "dcgan", "--out", "side"], "ganvas.experiments.compare.compare"),
        (["classify", "evaluate", "classifier"], "ganvas.classify.evaluate.evaluate"),
    ],
    ids=lambda words: words[0] if isinstance(words, list) else "",
)
def test_ctrl_c_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch, words: list[str], function: str) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(function, interrupt)
    done = cli(*words)
    expected = "ganvas: interrupted; nothing half-written was left behind\n"
    assert (done.returncode, done.stdout, done.stderr) == (130, "", expected)
