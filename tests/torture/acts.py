"""What is tortured: the commands, each with what it needs and what it must have made in the end."""

import hashlib
import json
import shutil
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch

from ganvas.foundation.files import read_records
from ganvas.foundation.tensors import digest
from ganvas.runs.checkpoint import CheckpointDirectory, tensors_of
from ganvas.runs.directory import RunDirectory, is_run
from ganvas.runs.logs import RunLogs
from ganvas.runs.snapshot import Snapshot
from support.pictures import write_pictures
from support.runs import newest
from torture.warm import Ended, Warm

# Short, exact on one thread, and with everything that a run writes.
COMMON = [
    "width=4", "batch_size=8", "latent_dim=6", "threads=1", "precision=float32", "extractor=pixels", "grid_size=2",
    "eval_samples=64",
]  # fmt: skip
OFTEN = ["log_every=1steps", "sample_every=4steps", "checkpoint_every=3steps", "eval_every=4steps"]


def _set(*changes: str) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


TRAIN = ["train", "data", "--out", "run", "--recipe", "dcgan", "--budget", "12steps", *_set(*COMMON, *OFTEN)]
PREPARE = ["prepare", "pictures", "data", "--size", "16", "--workers", "1"]
SPACE = "g_lr: [0.001, 0.002]\n"

# Commands that make something which must not be there yet.
_MADE_ONCE = ("prepare", "export", "baseline", "classify")

# What a command says whose work was done before the accident.
_NOTHING_LEFT = {"explore": "there is a favourite 'it' already", "resume": "has spent its budget"}

# What a command has made, by name: the same words lead to the same facts.
Facts = Mapping[str, str]


@dataclass(frozen=True)
class Act:
    """A command.

    Attributes:
        words: what follows `ganvas`.
        needs: files and folders that it reads, by their names on the stage.
        makes: files and folders that it makes or changes.
        facts: what it has made.
        name: what it is called in results; by default the command.
    """

    words: tuple[str, ...]
    needs: tuple[str, ...]
    makes: tuple[str, ...]
    facts: Callable[[Path], Facts]
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.words[0]

    def set_up(self, stage: Path, folder: Path) -> None:
        """Make a folder with what it needs."""
        folder.mkdir(parents=True)
        for name in self.needs:
            copy = shutil.copytree if (stage / name).is_dir() else shutil.copy2
            copy(stage / name, folder / name)

    def go_on(self, warm: Warm, folder: Path) -> Ended | None:
        """Do what its messages advise after an accident, until it has succeeded; None if nothing is left to do."""
        words = self.words
        if words[0] in ("train", "resume") and is_run(folder / "run"):
            if CheckpointDirectory(folder / "run" / "checkpoints"):
                words = ("resume", "run")
            else:
                shutil.rmtree(folder / "run")  # "without a checkpoint to resume from; remove it"
        if all((folder / name).exists() for name in self.makes) and self.words[0] in _MADE_ONCE:
            return None  # it is whole, or the facts will show
        ended = warm.run(folder, *words)
        said = _NOTHING_LEFT.get(words[0])
        return None if said and said in ended.error else ended


def file_facts(*names: str) -> Callable[[Path], Facts]:
    """The bytes of files, and of all files in folders."""

    def facts(folder: Path) -> Facts:
        found = [
            file for name in names for file in ([folder / name] if (folder / name).is_file() else _in(folder / name))
        ]
        return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in found}

    return facts


def _in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))


def run_facts(name: str) -> Callable[[Path], Facts]:
    """The weights of the last checkpoint, bit for bit, and of both snapshots; sample grids, and what was logged."""

    def facts(folder: Path) -> Facts:
        run = RunDirectory(folder / name, RunDirectory.open(folder / name).record)
        found = {"checkpoint": digest(tensors_of(newest(run.path)))}
        for each in ("best", "last"):
            found[each] = digest(safetensors.torch.load_file(run.snapshot(each)))
        for kimg, grid in run.sample_grids.items():
            found[f"grid {kimg}"] = hashlib.sha256(grid.read_bytes()).hexdigest()
        losses = [[line["kimg"], line["d_loss"]] for line in read_records(run.stats)]
        scores = [[line["kimg"], line["kid"], line["fid"]] for line in read_records(run.evals)]
        return found | {"stats": json.dumps(losses), "evals": json.dumps(scores)}

    return facts


def comparison_facts(folder: Path) -> Facts:
    """The scores of its runs."""
    results = read_records(folder / "both" / "results.jsonl")
    found = {f"{each['recipe']}-{each['seed']}": json.dumps([each["kid"], each["kimg"]]) for each in results}
    return found | {"page": str((folder / "both" / "comparison.html").is_file())}


def sweep_facts(folder: Path) -> Facts:
    """The generator of its first trial that was not cut off, and whether its page is there."""
    runs = sorted((folder / "sweep" / "runs").iterdir())
    whole = [run for run in runs if is_run(run) and (RunLogs.open(run).kimg or 0) >= 0.032]
    snapshot = RunDirectory.open(whole[0]).snapshot("last") if whole else None
    weights = digest(safetensors.torch.load_file(snapshot)) if snapshot and snapshot.exists() else "none"
    return {"first": weights, **page_facts("sweep/sweep.html")(folder)}


def snapshot_facts(name: str) -> Callable[[Path], Facts]:
    """The generator of a snapshot. The order of its file's metadata differs from one process to another."""
    return lambda folder: {name: Snapshot.load(folder / name).digest}


def classifier_facts(folder: Path) -> Facts:
    """The bytes of its files, but what is said of it without the times."""
    mind = folder / "mind"
    told = [json.loads((mind / "classifier.json").read_text("utf-8")), *read_records(mind / "history.jsonl")]
    timeless = [{key: value for key, value in each.items() if key != "seconds"} for each in told]
    files = {name: each for name, each in file_facts("mind")(folder).items() if not name.endswith((".json", ".jsonl"))}
    return files | {"told": json.dumps(timeless)}


def page_facts(name: str) -> Callable[[Path], Facts]:
    """Whether a page is whole; it names times, which differ."""
    return lambda folder: {name: str((folder / name).read_text("utf-8").rstrip().endswith("</html>"))}


SWEEP = ["sweep", "data", "--out", "sweep", "--recipe", "dcgan", "--space", "space.yaml", "--trials", "2"]
SWEEP += ["--budget", "0.064kimg", "--evaluations", "2", *_set(*COMMON)]
COMPARE = ["compare", "data", "--out", "both", "--recipes", "dcgan", "--budget", "3steps", "--seeds", "2"]
COMPARE += ["--samples", "64", *_set(*COMMON)]

ACTS = (
    Act(tuple(PREPARE), ("pictures",), ("data",), file_facts("data")),
    Act(tuple(TRAIN), ("data",), ("run",), run_facts("run")),
    Act(("resume", "half"), ("data", "half"), ("half",), run_facts("half")),
    Act(tuple(COMPARE), ("data", "cache"), ("both",), comparison_facts),
    Act(tuple(SWEEP), ("data", "space.yaml"), ("sweep",), sweep_facts),
    Act(("export", "done", "--to", "safetensors", "--out", "kept"), ("data", "done"), ("kept",), file_facts("kept")),
    Act(("sample", "done", "--out", "grid.png", "-n", "4"), ("data", "done"), ("grid.png",), file_facts("grid.png")),
    Act(
        ("explore", "favourites", "done", "--keep", "3", "--name", "it"), ("data", "done"),
        ("done",), file_facts("done/snapshots"), "explore favourites",
    ),
    Act(("evaluate", "done", "--samples", "64", "--extractor", "pixels"), ("data", "done"), (), lambda _: {}),
    Act(("report", "done", "--out", "page.html"), ("data", "done"), ("page.html",), page_facts("page.html")),
    Act(("survey", "data", "--out", "survey.html"), ("data",), ("survey.html",), page_facts("survey.html")),
    Act(
        ("baseline", "data", "--kind", "mean", "--out", "mean.safetensors"), ("data",), ("mean.safetensors",),
        snapshot_facts("mean.safetensors"),
    ),
    Act(
        ("classify", "train", "data", "--out", "mind", "--model", "cnn", "--set", "epochs=2", "--set", "size=16"),
        ("data",), ("mind",), classifier_facts, "classify train",
    ),
)  # fmt: skip


def act(name: str) -> Act:
    """A command by its name."""
    return next(each for each in ACTS if str(each) == name)


def build_stage(warm: Warm, stage: Path) -> None:
    """Make everything that the commands need, unless it is there."""
    if (stage / "done").exists():
        return
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    (stage / "space.yaml").write_text(SPACE)
    for name, seed in (("a", 0), ("b", 1)):
        write_pictures(stage / "pictures" / name, 12, seed)
    for words in (PREPARE, TRAIN):
        ended = warm.run(stage, *words)
        assert ended.code == 0, ended.error
    _train_half(warm, stage)
    assert warm.run(stage, *COMPARE).code == 0  # for the judge, which the cache keeps
    (stage / "run").rename(stage / "done")


def _train_half(warm: Warm, stage: Path) -> None:
    """A run that was killed after a checkpoint, and before its end."""
    while True:
        running = warm.start(stage, ["half" if word == "run" else word for word in TRAIN])
        while running.seconds < float("inf"):
            if len(read_records(stage / "half" / "stats.jsonl")) >= 5:
                running.send(signal.SIGKILL)
        running.wait()
        files = CheckpointDirectory(stage / "half" / "checkpoints")
        if files and files.latest()["progress"]["steps"] < 12:
            return
        shutil.rmtree(stage / "half")
