"""The training loop by what it leaves behind: run directories that resume, log, sample and stop as they should."""

import json
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import ganvas
from ganvas import gans
from ganvas.foundation.errors import ConfigError, DivergedError, GanvasError, RunError, WriteError
from ganvas.foundation.files import append_record, read_records
from ganvas.gans.dcgan import DCGAN
from ganvas.gans.recipe import Batch, Spec
from ganvas.machine import cores, device
from ganvas.machine.precision import Calibration
from ganvas.metrics.scores import Scores
from ganvas.networks.losses import Targets
from ganvas.planning.run import Outcome, resume, train
from ganvas.runs import snapshot
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.directory import RunDirectory
from ganvas.settings.config import Settings
from ganvas.training import clock, evaluation, updater
from ganvas.training.ema import MovingAverage
from ganvas.training.evaluation import RunEvaluator
from ganvas.training.logbook import Logbook
from ganvas.training.saver import Saver
from ganvas.training.step import AdversarialStep, frozen
from ganvas.training.trainer import Trainer
from support.datasets import write_dataset
from support.narrowing import not_none
from support.runs import TINY, Interrupter, newest, tensors
from support.scores import scores
from support.snapshots import first_stage
from torture.acts import run_facts


def quick(data: Path, out: Path, **changes: Any) -> Outcome:
    return train(data, out, **({"recipe": "dcgan"} | TINY | {"budget": "4steps"} | changes))


def whole_and_halves(folder: Path, **changes: Any) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """The last checkpoints of a run of eight steps, and of one that was stopped after four and resumed."""
    data = write_dataset(folder / "data", size=min(gans.find(changes["recipe"]).sizes))
    changes |= first_stage(changes["recipe"], folder)
    quick(data, folder / "whole", budget="8steps", sample_every="100steps", **changes)
    quick(data, folder / "halves", budget="4steps", sample_every="100steps", **changes)
    torch.rand(3)  # what happens between must not matter
    resume(folder / "halves", budget="4steps")
    return tensors(newest(folder / "whole")), tensors(newest(folder / "halves"))


UNEQUAL = {"d_steps": 2, "g_steps": 2, "batch_size": 13}


@pytest.mark.parametrize(
    ("recipe", "changes"),
    [
        *(pytest.param(name, {}, id=f"plain-{name}") for name in gans.names()),
        # The trainer takes unequal steps in the same way for every recipe.
        *(
            pytest.param(name, UNEQUAL, id=f"unequal-{name}", marks=() if name == "dcgan" else pytest.mark.slow)
            for name in gans.names()
        ),
    ],
)
def test_a_resumed_run_equals_one_never_stopped_bit_for_bit(
    tmp_path: Path, recipe: str, changes: dict[str, Any]
) -> None:
    whole, halves = whole_and_halves(tmp_path, recipe=recipe, **changes)
    assert whole.keys() == halves.keys()
    assert [key for key in whole if not torch.equal(whole[key], halves[key])] == []
    for part in ("generator", "discriminator", "average", "g_optimizer", "d_optimizer", "latents", "random"):
        assert any(key.startswith(f".{part}") for key in whole), part
    losses = [[each["d_loss"] for each in read_records(tmp_path / run / "stats.jsonl")] for run in ("whole", "halves")]
    assert losses[0][-1] != losses[1][0]


def test_frozen_features_are_looked_at_and_forgotten_at_the_same_steps_in_a_resumed_run(
    tmp_path: Path,
) -> None:
    # After five steps of eight, and one of four; their judges begin anew two steps later.
    moments = {"vision_from": 0.04, "vision_over": 0.02, "vision_renewed": 0.016}
    whole, halves = whole_and_halves(tmp_path, recipe="atelier", **moments)
    assert [key for key in whole if not torch.equal(whole[key], halves[key])] == []
    heads = [key for key in whole if ".d_optimizer" in key and key.endswith(".step")]
    assert {whole[key].item() for key in heads} == {3, 8}


def test_seeds_repeat_and_differ(tmp_path: Path, tiny_data: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        quick(tiny_data, tmp_path / name, seed=seed)
    states = {name: tensors(newest(tmp_path / name)) for name in "abc"}
    assert all(torch.equal(states["a"][key], states["b"][key]) for key in states["a"])
    assert not torch.equal(states["a"][".generator.body.0.weight"], states["c"][".generator.body.0.weight"])


def test_a_run_leaves_what_the_contract_says(tmp_path: Path, tiny_data: Path) -> None:
    run = tmp_path / "run"
    outcome = quick(tiny_data, run, eval_samples=32, tensorboard=True, log_every="1steps", grid_size=3)
    assert outcome == Outcome(run, True, 0.032, outcome.best_kid, verdict="warming up")
    assert {path.name for path in run.iterdir()} == {
        "config.yaml", "stats.jsonl", "evals.jsonl", "samples", "checkpoints", "snapshots", "tensorboard",
    }  # fmt: skip
    stats, evals = read_records(run / "stats.jsonl"), read_records(run / "evals.jsonl")
    assert [record["kimg"] for record in stats] == [0.008, 0.016, 0.024, 0.032]
    assert stats[0].keys() >= {"kimg", "seconds", "img_per_s", "step", "d_loss", "g_loss", "d_loss/real"}
    assert all(0 <= record["d_accuracy_real"] <= 1 for record in stats)
    assert evals[-1].keys() >= {"kimg", "kid", "kid_se", "fid", "precision", "recall", "extractor", "generated", "real"}
    assert min(record["kid"] for record in evals) == outcome.best_kid
    best = snapshot.read_card(run / "snapshots" / "best.safetensors")
    assert best.scores["kid"] == outcome.best_kid
    assert best.recipe == "dcgan"
    assert Image.open(run / "samples" / "00000000.032.png").size == (3 * 16 + 2 * 2, 3 * 16 + 2 * 2)


def test_the_last_checkpoint_knows_the_best_score(tmp_path: Path, tiny_data: Path) -> None:
    outcome = quick(tiny_data, tmp_path / "run", eval_samples=16, extractor="pixels")
    assert newest(tmp_path / "run")["best_kid"] == outcome.best_kid


def test_a_runs_own_record_repeats_it(tmp_path: Path, tiny_data: Path) -> None:
    from ganvas.settings.config import read_config

    quick(tiny_data, tmp_path / "first", seed=5, g_lr=3e-4)
    recipe, changes = read_config(tmp_path / "first" / "config.yaml")
    train(tiny_data, tmp_path / "second", recipe or "", **changes)
    first, second = tensors(newest(tmp_path / "first")), tensors(newest(tmp_path / "second"))
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_an_interrupt_ends_with_a_checkpoint_and_the_rest_of_the_budget_to_go(tmp_path: Path, tiny_data: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    outcome = quick(tiny_data, tmp_path / "run", log_every="2steps", budget="6steps", display=Interrupter())
    assert (outcome.finished, outcome.kimg) == (False, 0.016)
    assert signal.getsignal(signal.SIGINT) is before
    assert resume(tmp_path / "run") == Outcome(tmp_path / "run", True, 0.048, None)
    quick(tiny_data, tmp_path / "whole", budget="6steps")
    whole, stopped = tensors(newest(tmp_path / "whole")), tensors(newest(tmp_path / "run"))
    assert all(torch.equal(whole[key], stopped[key]) for key in whole)


def test_resuming_drops_what_was_logged_after_the_checkpoint(tmp_path: Path, tiny_data: Path) -> None:
    run = tmp_path / "run"
    quick(tiny_data, run, log_every="1steps")
    append_record(run / "stats.jsonl", {"kimg": 99.0, "d_loss": 1.0})
    (run / "samples" / "00000099.000.png").touch()
    resume(run, budget="1steps")
    assert [record["kimg"] for record in read_records(run / "stats.jsonl")] == [0.008, 0.016, 0.024, 0.032, 0.04]
    assert not (run / "samples" / "00000099.000.png").exists()


def test_a_torn_last_line_does_not_swallow_the_next(tmp_path: Path, tiny_data: Path) -> None:
    run = tmp_path / "run"
    quick(tiny_data, run, log_every="1steps")
    with (run / "stats.jsonl").open("a") as file:
        file.write('{"kimg": 0.03')
    resume(run, budget="1steps")
    assert [record["step"] for record in read_records(run / "stats.jsonl")] == [1, 2, 3, 4, 5]


def test_a_resume_that_is_refused_drops_nothing(tmp_path: Path, tiny_data: Path) -> None:
    run = tmp_path / "run"
    quick(tiny_data, run, log_every="1steps")
    append_record(run / "stats.jsonl", {"kimg": 99.0})
    for budget in ("nonsense", None):
        with pytest.raises(ConfigError):
            resume(run, budget=budget)
    assert read_records(run / "stats.jsonl")[-1] == {"kimg": 99.0}


def test_too_few_pictures_to_evaluate_against_are_refused_before_training(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "few", count=10)
    with pytest.raises(ConfigError, match=r"10 pictures, too few.*eval_samples=0"):
        quick(data, tmp_path / "run", eval_samples=16)
    assert not (tmp_path / "run").exists()
    assert quick(data, tmp_path / "run").finished


class SlowEvaluator:
    """Stands for an evaluation that takes an hour: it moves the clock that the trainer reads."""

    hours = 0

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def score(self, images: Any, labels: Any = None, real: Any = None) -> Scores:
        type(self).hours += 1
        return scores(kid=1.0)


def test_evaluations_take_a_tenth_of_the_time_by_default(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock on which a step takes 3 minutes and an evaluation an hour."""
    steps: list[None] = []
    monkeypatch.setattr(evaluation, "Evaluator", SlowEvaluator)
    slow = SimpleNamespace(
        perf_counter=lambda: len(steps) * 180.0 + SlowEvaluator.hours * 3600.0, process_time=lambda: 0.0
    )
    monkeypatch.setattr(clock, "time", slow)
    real_update = updater.Updater.update

    def counted(self: Any, *arguments: Any) -> None:
        steps.append(None)
        real_update(self, *arguments)

    monkeypatch.setattr(updater.Updater, "update", counted)
    changes = {"eval_samples": 16, "extractor": "pixels", "budget": "24h", "sample_every": "24h"}
    changes |= {"checkpoint_every": "24h"}
    quick(tiny_data, tmp_path / "run", **changes)
    # At 2.4 h the first, one more when there is time for it, and the last when the day is over.
    assert len(read_records(tmp_path / "run" / "evals.jsonl")) == 3


def test_a_spent_budget_asks_for_more(tmp_path: Path, tiny_data: Path) -> None:
    quick(tiny_data, tmp_path / "run")
    with pytest.raises(ConfigError, match=r"spent its budget of 4steps.*--budget 10m"):
        resume(tmp_path / "run")


def test_a_changed_dataset_is_not_resumed_on(tmp_path: Path, tiny_data: Path) -> None:
    quick(tiny_data, tmp_path / "run")
    with pytest.raises(RunError, match="has changed since"):
        resume(tmp_path / "run", budget="1steps", data=write_dataset(tmp_path / "other", seed=9))


def test_a_moved_dataset_is_named_with_data(tmp_path: Path, tiny_data: Path) -> None:
    quick(tiny_data, tmp_path / "run")
    moved = tiny_data.rename(tmp_path / "moved")
    with pytest.raises(GanvasError, match="does not exist"):
        resume(tmp_path / "run", budget="1steps")
    assert resume(tmp_path / "run", budget="1steps", data=moved).finished


@pytest.mark.parametrize("content", ["", "[]", "schema_version: 7", "schema_version: 1\nrecipe: 3", "a: [", "\0"])
def test_a_damaged_record_is_one_clear_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "config.yaml").write_text(content)
    with pytest.raises(RunError, match=r"config\.yaml (cannot be read|has schema version)"):
        resume(tmp_path)


def test_starting_from_a_snapshot_takes_its_generator(tmp_path: Path, tiny_data: Path) -> None:
    quick(tiny_data, tmp_path / "first")
    source = tmp_path / "first" / "snapshots" / "last.safetensors"
    quick(tiny_data, tmp_path / "second", start=source, g_lr=1e-12, seed=8)
    first, second = (ganvas.load(tmp_path / name).sample(8).astype(int) for name in ("first", "second"))
    quick(tiny_data, tmp_path / "fresh", g_lr=1e-12, seed=8)
    fresh = ganvas.load(tmp_path / "fresh").sample(8).astype(int)
    assert np.abs(first - second).mean() < 0.5 * np.abs(first - fresh).mean()


def test_starting_from_a_run_takes_both_networks_of_its_checkpoint(tmp_path: Path, tiny_data: Path) -> None:
    quick(tiny_data, tmp_path / "first")
    changes = {"g_lr": 1e-12, "d_lr": 1e-12, "budget": "1steps"}
    quick(tiny_data, tmp_path / "second", start=tmp_path / "first", **changes)
    first, second = newest(tmp_path / "first"), newest(tmp_path / "second")
    for network in ("generator", "discriminator"):
        weight = "body.0.weight"
        assert torch.allclose(first[network][weight], second[network][weight], atol=1e-8)


@pytest.mark.parametrize("changes", [{"width": 5}, {"latent_dim": 3}])
def test_starting_from_weights_that_do_not_fit_leaves_no_run(
    tmp_path: Path, tiny_data: Path, changes: dict[str, Any]
) -> None:
    quick(tiny_data, tmp_path / "first")
    with pytest.raises(RunError, match="do not fit"):
        quick(tiny_data, tmp_path / "second", start=tmp_path / "first", **changes)
    assert not (tmp_path / "second").exists()


def test_a_loss_that_is_not_finite_stops_before_the_step_and_names_the_term(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy = Targets.terms
    has_begun: list[None] = []
    create = RunDirectory.create

    def begins(directory: RunDirectory) -> None:
        create(directory)
        has_begun.append(None)

    def fails_at_last(targets: Targets, real: torch.Tensor, fake: torch.Tensor) -> dict[str, torch.Tensor]:
        if has_begun:  # the steps of the forecast come before
            has_begun.append(None)
        return healthy(targets, real, fake * (float("nan") if len(has_begun) > 3 else 1))

    monkeypatch.setattr(Targets, "terms", fails_at_last)
    monkeypatch.setattr(RunDirectory, "create", begins)
    with pytest.raises(DivergedError, match=r"discriminator's loss term 'fake' is nan; the last checkpoint"):
        quick(tiny_data, tmp_path / "run", checkpoint_every="1steps")
    kept = newest(tmp_path / "run")
    assert kept["progress"]["steps"] == 2
    assert all(value.isfinite().all() for value in tensors(kept).values() if value.is_floating_point())


@pytest.mark.parametrize(
    "moment", [*(pytest.param(each, marks=pytest.mark.slow) for each in ("_log", "_sample")), "_evaluate"]
)
def test_a_run_that_is_killed_while_it_ends_gets_its_last_grid_and_scores(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    often = {"budget": "4steps", "checkpoint_every": "1steps", "eval_every": "1h", "eval_samples": 32}
    quick(tiny_data, tmp_path / "whole", **often)
    real = getattr(Trainer, moment)

    def killed(trainer: Trainer, *arguments: Any) -> None:
        if trainer.progress.steps == 4:
            raise SystemExit(137)
        real(trainer, *arguments)

    monkeypatch.setattr(Trainer, moment, killed)
    with pytest.raises(SystemExit):
        quick(tiny_data, tmp_path / "run", **often)
    monkeypatch.undo()
    assert resume(tmp_path / "run").finished
    first, second = (RunDirectory.open(tmp_path / name) for name in ("whole", "run"))
    assert list(first.sample_grids) == list(second.sample_grids)
    scores = [[line["kid"] for line in read_records(each.evals)] for each in (first, second)]
    assert scores[0] == scores[1]
    assert len(scores[0]) >= 1


# Each takes two seconds.
SLOW = {("log line", 4), ("grid", 4), ("measurement", 2), ("scores", 4), ("best snapshot", 2)}


@pytest.mark.parametrize(
    ("owner", "method", "at"),
    [
        pytest.param(owner, method, at, id=f"{what}-{at}", marks=[pytest.mark.slow] if (what, at) in SLOW else [])
        for what, owner, method, moments in (
            ("log line", Logbook, "stats", (2, 4)),
            ("grid", Logbook, "samples", (2, 4)),
            ("measurement", RunEvaluator, "measure", (2, 4)),
            ("scores", Logbook, "evaluation", (2, 4)),
            ("best snapshot", Saver, "save_best", (2,)),
            ("checkpoint", CheckpointDirectory, "save", (4,)),
        )
        for at in moments
    ],
)
def test_what_could_not_be_done_after_a_step_is_done_by_the_resumed_run(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch, owner: type, method: str, at: int
) -> None:
    """After the second step, and after the fourth, which is the last."""
    often: dict[str, Any] = {"log_every": "1steps", "sample_every": "1steps", "eval_every": "2steps"}
    often |= {"eval_samples": 32, "extractor": "pixels", "tensorboard": True, "g_schedule": "plateau:1:0.5"}
    quick(tiny_data, tmp_path / "whole", **often)
    real, follow_up = getattr(owner, method), Trainer._follow_up
    steps = 0

    def counted(trainer: Trainer) -> None:
        nonlocal steps
        steps = trainer.progress.steps
        follow_up(trainer)

    def refused(*arguments: Any) -> object:
        if steps == at:
            raise WriteError("could not write: No space left on device")
        return real(*arguments)

    monkeypatch.setattr(Trainer, "_follow_up", counted)
    monkeypatch.setattr(owner, method, refused)
    with pytest.raises(WriteError):
        quick(tiny_data, tmp_path / "run", **often)
    monkeypatch.undo()
    assert newest(tmp_path / "run")["progress"]["steps"] == 2, "with a checkpoint of the last step, it could not resume"
    assert resume(tmp_path / "run").finished
    whole, mended = (run_facts(name)(tmp_path) for name in ("whole", "run"))
    assert mended == whole


def test_a_full_disk_stops_with_the_earlier_checkpoint_whole(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = Path.write_bytes, list[Path]()

    def fills_up(path: Path, content: bytes) -> int:
        written.append(path)
        if len(written) > 2:  # a snapshot and a checkpoint fit
            write(path, content[:100])
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", fills_up)
    with pytest.raises(GanvasError, match="No space left on device"):
        quick(tiny_data, tmp_path / "run", checkpoint_every="2steps")
    monkeypatch.undo()
    assert resume(tmp_path / "run").finished


def test_the_last_discriminator_batch_is_shared_and_frozen_networks_get_no_gradient() -> None:
    options = DCGAN.defaults.model_copy(update={"width": 2, "batch_size": 4, "d_steps": 2, "g_steps": 2})
    machine = device.choose(Settings(device="cpu", threads=1))
    step = AdversarialStep(DCGAN(options), Spec(16), machine, device.launch(machine))
    forwards: list[bool] = []
    step.generator.register_forward_hook(lambda _m, _i, images: forwards.append(images.requires_grad))
    random = torch.Generator()
    batches = [Batch(torch.rand(4, 3, 16, 16), step.recipe.latents(4, random)) for _ in range(3)]
    step(batches, images_seen=8)
    assert forwards == [False, True, True]  # D's first batch without a graph; the shared one; G's second
    with frozen(step.discriminator):
        step.discriminator.zero_grad()
        torch.autograd.backward(step.recipe.generator_loss(step.generator, step.discriminator, batches[0]).total)
    assert all(weight.grad is None for weight in step.discriminator.parameters())
    assert all(weight.requires_grad for weight in step.discriminator.parameters())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop"])
def test_every_optimiser_trains_in_every_precision_the_cpu_has(
    tmp_path: Path, tiny_data: Path, precision: str, optimizer: str
) -> None:
    quick(tiny_data, tmp_path / "run", precision=precision, optimizer=optimizer, batch_size=2)
    state = newest(tmp_path / "run")
    assert all(value.isfinite().all() for value in tensors(state).values() if value.is_floating_point())
    assert state["generator"]["body.0.weight"].dtype == torch.float32


def test_the_average_follows_with_its_half_life() -> None:
    network = torch.nn.BatchNorm1d(1)
    average = MovingAverage(network, half_life_kimg=1.0)
    with torch.no_grad():
        network.weight.fill_(3.0)
    not_none(network.num_batches_tracked).fill_(7)
    average.update(network, batch_size=1000, images_seen=10**6)
    assert average.module.get_parameter("weight").item() == pytest.approx(2.0)
    assert average.module.num_batches_tracked == 7
    follower = MovingAverage(network, half_life_kimg=0)
    with torch.no_grad():
        network.weight.fill_(-1.0)
    follower.update(network, 1, 1)
    assert follower.module.get_parameter("weight").item() == -1.0


def test_early_averages_forget_the_untrained_start() -> None:
    network = torch.nn.Linear(1, 1, bias=False)
    average = MovingAverage(network, half_life_kimg=100.0)
    with torch.no_grad():
        network.weight.fill_(5.0)
    for seen in range(10, 1010, 10):
        average.update(network, batch_size=10, images_seen=seen)
    assert average.module.get_parameter("weight").item() == pytest.approx(5.0, abs=1e-3)


@pytest.mark.parametrize(
    ("there", "wanted", "expected"),
    [
        ({}, {}, ("cpu", "float32")),
        ({"amx": True}, {}, ("cpu", "bfloat16")),
        ({"amx": True}, {"precision": "float32"}, ("cpu", "float32")),
        ({"cuda": True, "bf16": True}, {}, ("cuda", "bfloat16")),
        ({"cuda": True}, {}, ("cuda", "float16")),
        ({"cuda": True, "bf16": True}, {"device": "cpu"}, ("cpu", "float32")),
        ({"mps": True}, {}, ("mps", "float32")),
    ],
)
def test_the_best_device_and_precision_there_are_get_chosen(
    monkeypatch: pytest.MonkeyPatch, there: dict[str, bool], wanted: dict[str, Any], expected: tuple[str, str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in there)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: "bf16" in there)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in there)
    monkeypatch.setattr(device, "_processor_features", lambda: {"amx_bf16": "amx" in there})
    monkeypatch.setattr(device, "calibration", lambda _: Calibration(2.0, 1.0, 4.0))
    machine = device.choose(Settings(**wanted))
    assert (machine.device, machine.precision) == expected
    assert (machine.memory_format is torch.channels_last) == (machine.device != "mps")


@pytest.mark.parametrize(
    ("asked", "threads", "expected"),
    [("3", 0, 3), ("3", 5, 5), ("6,2", 0, 6), (" 4 ", 0, 4), ("0", 0, 7), ("many", 0, 7), ("-2", 0, 7), (None, 0, 7)],
)
def test_threads_are_those_asked_for_or_one_a_core(
    monkeypatch: pytest.MonkeyPatch, asked: str | None, threads: int, expected: int
) -> None:
    monkeypatch.setattr(cores, "usable_cores", lambda: 7)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if asked is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert device.choose(Settings(device="cpu", threads=threads)).threads == expected


def test_a_device_or_precision_that_is_not_here_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"device=cuda: this machine has none; choose from: auto, cpu"):
        device.choose(Settings(device="cuda"))
    with pytest.raises(ConfigError, match="float16 needs a GPU"):
        device.choose(Settings(device="cpu", precision="float16"))


def test_stats_are_json_of_finite_numbers(tmp_path: Path, tiny_data: Path) -> None:
    quick(tiny_data, tmp_path / "run", log_every="1steps")
    lines = (tmp_path / "run" / "stats.jsonl").read_text("utf-8").splitlines()
    assert all(np.isfinite(value) for line in lines for value in json.loads(line).values())
