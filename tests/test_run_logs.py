"""A run's logs and files: read by one reader, which leaves out what it did not write itself."""

import io
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import ganvas
from ganvas.experiments.per_class import train_per_class
from ganvas.foundation.errors import RunError
from ganvas.foundation.files import append_record
from ganvas.planning.run import resume, train
from ganvas.report.run.run import Run
from ganvas.runs.by_kimg import file_name, files_by_kimg
from ganvas.runs.checkpoint import save
from ganvas.runs.directory import RunDirectory
from ganvas.runs.logs import RunLogs, discard_after
from support.command_line import Cli
from support.datasets import write_dataset
from support.narrowing import not_none
from support.runs import TINY

EVALUATED = TINY | {"eval_samples": 16, "extractor": "pixels", "budget": "2steps", "eval_every": "1steps"}
COPIED = {"kimg": 0.1, "kid": -5.0, "kid_se": 0.1, "precision": 1.0, "recall": 0.0, "verdict": "memorising"}
STRANGERS = ("._00000000.008", "favourite", "x (1)", "00000000.008 (1)", "8", "1e3", "nan", "0000000a.000")


@pytest.fixture
def run(tmp_path: Path, tiny_data: Path) -> Path:
    train(tiny_data, tmp_path / "run", "dcgan", **TINY | {"budget": "2steps", "log_every": "1steps"})
    return tmp_path / "run"


def write_lines(file: Path, records: Sequence[Mapping[str, object]]) -> None:
    file.write_text("".join(json.dumps(record) + "\n" for record in records))


# ---- the best evaluation -------------------------------------------------------------------------------------------


def test_the_table_of_classes_tells_of_the_snapshots_that_were_kept(tiny_data: Path, tmp_path: Path) -> None:
    """Copies of the training pictures have the lowest KID of all, and their snapshot is not kept."""
    done = train_per_class(tiny_data, tmp_path / "out", "dcgan", **EVALUATED)
    before, verdict = str(done), not_none(RunLogs.open(done.run("class0")).evaluations[-1].verdict)
    append_record(done.run("class0") / "evals.jsonl", COPIED | {"best": False})
    # The scores are of the kept snapshot; the verdict is the newest.
    assert str(done) == before.replace(verdict.name, "memorising", 1)
    kept = ganvas.load(done.run("class0")).card.scores["kid"]
    assert f"| {kept:.3f} ± " in str(done)


def test_the_best_evaluation_is_the_same_wherever_it_is_asked_for(run: Path) -> None:
    records: list[dict[str, object]] = [{"kimg": 1, "kid": 0.5, "best": True}, {"kimg": 2, "kid": 0.4, "best": True}]
    records.append(COPIED | {"best": False})
    write_lines(run / "evals.jsonl", records)
    best = RunLogs.open(run).best
    assert best is not None
    assert best.kid == 0.4
    assert Run.open(run).logs.best == best


def test_a_run_that_only_copied_has_no_best_evaluation(run: Path) -> None:
    write_lines(run / "evals.jsonl", [COPIED | {"best": False}])
    assert RunLogs.open(run).best is None


# ---- the logs ------------------------------------------------------------------------------------------------------


def test_lines_that_a_crash_cut_short_and_lines_without_a_kimg_are_left_out(run: Path) -> None:
    (run / "stats.jsonl").write_text(
        '{"kimg": 1, "d_loss": null}\n{"d_loss": 2}\n[3]\n\n{"kimg": 2.5, "seconds": 9}\n{"ki'
    )
    (run / "evals.jsonl").unlink()
    logs = RunLogs.open(run)
    assert [line.kimg for line in logs.stats] == [1.0, 2.5]
    assert (logs.kimg, logs.latest("seconds"), logs.latest("d_loss")) == (2.5, 9.0, None)
    assert (logs.evaluations, logs.best, logs.first_kid, logs.curve, logs.img_per_s) == ((), None, None, [], None)


def test_numbers_that_no_float_can_hold_are_not_numbers(run: Path) -> None:
    huge = "1" + "0" * 400
    (run / "stats.jsonl").write_text(f'{{"kimg": {huge}}}\n{{"kimg": 1, "img_per_s": {huge}}}\n{"[" * 100_000}\n')
    logs = RunLogs.open(run)
    assert [line.kimg for line in logs.stats] == [1.0]
    assert logs.img_per_s is None


def test_a_curve_is_over_minutes_of_training(run: Path) -> None:
    write_lines(run / "stats.jsonl", [{"kimg": 1, "seconds": 60, "img_per_s": 9}, {"kimg": 3, "seconds": 180}])
    write_lines(run / "evals.jsonl", [{"kimg": 2, "kid": 0.5}, {"kimg": 3, "kid": None}])
    logs = RunLogs.open(run)
    assert (logs.curve, logs.first_kid, logs.img_per_s) == ([(2.0, 0.5)], 0.5, 9.0)


def test_what_is_beyond_a_checkpoint_is_dropped_and_the_rest_kept_to_the_letter(run: Path) -> None:
    kept = '{"kimg":   1,"d_loss": 1e-3}\n'
    (run / "stats.jsonl").write_text(kept + '{"kimg": 2, "d_loss": 1}\n{"kim')
    discard_after(RunDirectory.open(run), 1.5)
    assert (run / "stats.jsonl").read_text("utf-8") == kept


def test_a_long_log_is_rewritten_in_one_pass(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lines(run / "stats.jsonl", [{"kimg": number / 1000, "d_loss": 0.5} for number in range(500)])
    real, opened = io.open, list[str]()

    def counting(file: Any, *words: Any, **options: Any) -> Any:
        opened.append(str(file))
        return real(file, *words, **options)

    monkeypatch.setattr(io, "open", counting)
    discard_after(RunDirectory.open(run), 0.4)
    monkeypatch.undo()
    assert sum("stats.jsonl" in name for name in opened) == 2, "to read it, and to write it"
    assert len(RunLogs.open(run).stats) == 401


# ---- files of others -----------------------------------------------------------------------------------------------


def test_files_of_other_names_are_ignored(tmp_path: Path) -> None:
    for stem in STRANGERS:
        (tmp_path / f"{stem}.png").touch()
    (tmp_path / file_name(3, ".png")).mkdir()
    own = [tmp_path / file_name(kimg, ".png") for kimg in (0.008, 12.8, 123_456_789)]
    for file in reversed(own):
        file.touch()
    assert list(files_by_kimg(tmp_path, ".png").values()) == own


def test_files_of_others_in_its_folders_do_not_disturb_a_run(run: Path, cli: Cli) -> None:
    strangers = [run / "samples" / f"{stem}.png" for stem in STRANGERS]
    strangers += [run / folder / f"{stem}.safetensors" for stem in STRANGERS for folder in ("checkpoints", "snapshots")]
    for file in strangers:
        file.write_bytes(b"not ours")
    cli("resume", run, "--budget", "3steps", check=True)
    for command in ("report", "sample"):
        out = "page.html" if command == "report" else "grid.png"
        cli(command, run, "--out", out, check=True)
    assert all(file.read_bytes() == b"not ours" for file in strangers), "they are neither read nor deleted"
    assert len(files_by_kimg(run / "checkpoints", ".safetensors")) == 2
    assert resume(run, budget="1steps").finished


# ---- pictures too few to evaluate against --------------------------------------------------------------------------


def test_the_checkpoint_of_another_run_is_refused(run: Path, tiny_data: Path, tmp_path: Path) -> None:
    train(tiny_data, tmp_path / "other", "mlp", **TINY | {"budget": "3steps"})
    (other,) = (tmp_path / "other" / "checkpoints").iterdir()
    newest = run / "checkpoints" / other.name
    shutil.copy(other, newest)
    with pytest.raises(RunError, match=r"newest checkpoint in .* is not one of a dcgan run"):
        resume(run, budget="1steps")
    save(newest, {"progress": None})
    with pytest.raises(RunError, match="remove it to go on with the one before"):
        resume(run, budget="1steps")
    newest.unlink()
    assert resume(run, budget="1steps").finished


@pytest.mark.parametrize("content", [b"\xff\x00", b"schema_version: 2020-13-45", b"[" * 5000, b"- a", b""])
def test_a_damaged_config_is_one_clear_line(run: Path, content: bytes) -> None:
    (run / "config.yaml").write_bytes(content)
    with pytest.raises(RunError, match=r"config\.yaml"):
        RunDirectory.open(run)


def test_a_run_of_few_pictures_trains_and_says_what_cannot_be_measured(cli: Cli, tmp_path: Path) -> None:
    write_dataset(tmp_path / "few", count=14)
    words = [
        "--recipe",
        "dcgan",
        "--budget",
        "2steps",
        *["--set", "width=4", "--set", "batch_size=8", "--set", "tensorboard=false"],
    ]
    planned = cli("train", "few", "--out", "run", *words, "--dry-run", check=True).stdout
    done = cli("train", "few", "--out", "run", *words, check=True)
    for said in (planned, done.stderr):
        told = " ".join(said.split())
        assert "never: 14 training pictures are too few to evaluate against (16 are needed)" in told
        assert "KID, recall, copies and the verdict cannot be measured" in told
    assert RunLogs.open(tmp_path / "run").evaluations == ()
    cli("resume", "run", "--budget", "1steps", check=True)


@pytest.mark.parametrize(
    "asked", ["eval_samples=100", "eval_every=1steps", "on_trouble=stop", "g_schedule=plateau:5:0.5"]
)
def test_evaluations_that_were_asked_for_are_refused_where_pictures_are_too_few(
    asked: str, cli: Cli, tmp_path: Path
) -> None:
    write_dataset(tmp_path / "few", count=14)
    done = cli("train", "few", "--out", "run", "--recipe", "dcgan", "--set", asked)
    assert done.returncode == 2
    assert f"{asked.partition('=')[0]}: few has 14 pictures, too few to evaluate against" in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_class_of_few_pictures_is_trained_without_evaluations(cli: Cli, tmp_path: Path) -> None:
    write_dataset(tmp_path / "few", count=28)
    words = ["--recipe", "dcgan", "--per-class", "--budget", "1steps", "--set", "width=4", "--set", "batch_size=8"]
    done = cli("train", "few", "--out", "run", *words, check=True)
    assert [line.split(" | ")[:4] for line in done.stdout.splitlines()[2:4]] == [
        [f"| class{number}", "14", "—", "—"] for number in range(2)
    ]


def test_a_comparison_needs_pictures_to_measure_against(cli: Cli, tmp_path: Path) -> None:
    write_dataset(tmp_path / "few", count=14)
    done = cli("compare", "few", "--out", "out", "--recipes", "dcgan")
    assert done.returncode == 2
    assert "few has 14 pictures, too few to evaluate against" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("part", "broken"),
    [("  fingerprint: ", "  fingerprints: "), ("  training: ", "  training: x"), ("  size: ", "  size: [1] #")],
)
def test_a_record_of_the_dataset_that_is_damaged_is_one_line(run: Path, cli: Cli, part: str, broken: str) -> None:
    config = run / "config.yaml"
    config.write_text(config.read_text("utf-8").replace(part, broken))
    for words in (["resume", run, "--budget", "1steps"], ["report", run, "--out", "page.html"]):
        done = cli(*words)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert "config.yaml" in done.stderr
