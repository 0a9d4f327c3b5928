"""Sweeps: trials that several workers share, the bad ones ended early, and what is found in the end."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import Trial, TrialState

from ganvas import gans
from ganvas.experiments.sweep import trials as states
from ganvas.experiments.sweep.heartbeat import Heartbeat
from ganvas.experiments.sweep.journal import Journal, remove_cut_line
from ganvas.experiments.sweep.plan import SweepPlan
from ganvas.experiments.sweep.results import Sweep
from ganvas.experiments.sweep.storage import open_storage, shown
from ganvas.experiments.sweep.study import MOST_TAKEN, STARTUP, SharedStudy
from ganvas.experiments.sweep.sweep import prepare_sweep, sweep
from ganvas.experiments.sweep.trial import AT_ONCE, TrialReferee, name_of
from ganvas.foundation.errors import ConfigError, GanvasError, WriteError
from ganvas.foundation.locks import InUse, exclusive
from ganvas.planning import run as runs
from ganvas.planning.plan import check
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.directory import RunDirectory
from ganvas.runs.logs import RunLogs
from ganvas.settings.config import read_config
from ganvas.settings.ranges import Values, Varied, read_ranges
from ganvas.training.display import Silent
from ganvas.verdict.evaluation import Evaluation, Verdict
from support.command_line import Cli
from support.datasets import write_dataset
from support.narrowing import not_none
from support.runs import Interrupter
from support.sweeps import COMMON, RECIPE, RUINED, SHORT, SHORT_WORDS, SPACE, SPACE_FILE, postgres

TRIALS = 5


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("sweep") / "data", count=64, classes=0)


@pytest.fixture(scope="module")
def swept(data: Path) -> Sweep:
    """A sweep of a few trials that one worker trained."""
    return sweep(data, data.parent / "out", RECIPE, space=SPACE, trials=TRIALS, seed=1, **SHORT, **COMMON)


@pytest.fixture
def plan(data: Path) -> SweepPlan:
    return prepare_sweep(data, RECIPE, SPACE, **SHORT, **COMMON)


def joined(folder: Path, plan: SweepPlan) -> SharedStudy:
    """One more worker of a sweep in a folder."""
    return SharedStudy.join(open_storage(None, folder), "it", plan)


def taken(shared: SharedStudy, wanted: int = 10) -> Trial:
    return not_none(shared.take(wanted))


def test_as_many_trials_are_trained_as_were_asked_for_the_recipes_own_values_first(swept: Sweep) -> None:
    assert swept.finished
    assert sorted(trial.number for trial in swept.trials) == list(range(TRIALS))
    own = not_none(swept.defaults)
    assert (own.number, dict(own.values), own.is_whole) == (0, {}, True)  # they lie outside the space
    assert all(set(trial.values) == set(SPACE) for trial in swept.trials if trial.number)


def test_the_best_trial_beats_the_values_of_a_detuned_recipe(swept: Sweep) -> None:
    best = not_none(swept.best)
    assert best.values["g_lr"] == 0.005
    assert not_none(best.kid) < 0.5 * not_none(not_none(swept.defaults).kid)
    assert best is swept.trials[0]


def test_trials_in_trouble_are_ended_by_the_verdict(swept: Sweep) -> None:
    ruined = [trial for trial in swept.trials if float(trial.values.get("g_lr", 0)) >= RUINED]
    assert ruined
    assert {trial.is_whole for trial in ruined} == {False}
    assert {trial.ending for trial in ruined} <= AT_ONCE
    assert f"{len(ruined)} {ruined[0].ending}" in swept.summary
    for trial in ruined:
        assert not_none(trial.kimg) < swept.plan.kimg
        assert trial.curve[-1] == (trial.kimg, trial.kid)
        logs = RunLogs.open(swept.path / "runs" / name_of(trial.number))
        assert logs.evaluations[-1].kimg == trial.kimg


def test_the_end_is_a_table_a_page_and_a_configuration(swept: Sweep, data: Path) -> None:
    best, lines = not_none(swept.best), str(swept).splitlines()
    assert lines[0] == "| trial | KID | kimg | ended | verdict | g_lr | d_lr |"
    assert len(lines) == 2 + TRIALS
    assert lines[2].startswith(f"| {best.number} | ")
    page = (swept.path / "sweep.html").read_text("utf-8")
    for text in (swept.summary, "0 (the recipe&#39;s own)", "chart-courses", "chart-option-0", "The worst trials"):
        assert text in page
    recipe, options = read_config(swept.path / "config.yaml")
    assert (recipe, options["g_lr"], options["d_lr"]) == (RECIPE, best.values["g_lr"], best.values["d_lr"])
    assert check(data, RECIPE, options).config.options.g_lr == best.values["g_lr"]


def test_a_finished_sweep_trains_nothing_and_a_larger_one_goes_on(
    swept: Sweep, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {"space": SPACE, "seed": 1, **SHORT, **COMMON}
    monkeypatch.setattr(runs, "complete", lambda *_given, **_changes: pytest.fail("all of it is done"))
    again = sweep(data, swept.path, RECIPE, trials=TRIALS, **whole)
    assert [trial.number for trial in again.trials] == [trial.number for trial in swept.trials]
    with pytest.raises(pytest.fail.Exception, match="all of it is done"):
        sweep(data, swept.path, RECIPE, trials=TRIALS + 1, **whole)


def test_an_interrupted_trial_is_continued_by_the_same_command(data: Path, tmp_path: Path) -> None:
    whole = {"space": SPACE, "trials": 1, **SHORT, **COMMON, "log_every": "4steps"}
    stopped = sweep(data, tmp_path / "out", RECIPE, display=Interrupter(), **whole)
    assert not stopped.finished
    assert stopped.trials == []
    run = tmp_path / "out" / "runs" / name_of(0)
    assert 0 < not_none(RunLogs.open(run).kimg) < 2
    before = RunDirectory.open(run).record
    done = sweep(data, tmp_path / "out", RECIPE, **whole)
    assert [trial.ending for trial in done.trials] == [states.WHOLE]
    assert not_none(done.defaults).kimg == pytest.approx(2.0)
    assert [path.name for path in (tmp_path / "out" / "runs").iterdir()] == [run.name]
    assert RunDirectory.open(run).record == before


def test_a_trial_that_could_not_write_its_end_is_ended_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrialReferee, "judge", lambda referee, _: setattr(referee, "pruned_by", "collapsed"))
    whole = {"space": SPACE, "trials": 1, **SHORT, **COMMON}
    with monkeypatch.context() as refusing, pytest.raises(WriteError):
        refusing.setattr(CheckpointDirectory, "save", refuse)
        sweep(data, tmp_path / "out", RECIPE, **whole)
    run = tmp_path / "out" / "runs" / name_of(0)
    assert RunLogs.open(run).evaluations
    assert not CheckpointDirectory(run / "checkpoints")
    done = sweep(data, tmp_path / "out", RECIPE, **whole)
    assert [trial.ending for trial in done.trials] == ["collapsed"]
    assert runs.is_spent(run)


def refuse(*_: object) -> Path:
    raise WriteError("could not write: No space left on device")


def test_a_trial_that_cannot_be_trained_is_told_and_the_others_go_on(data: Path, tmp_path: Path) -> None:
    space = tmp_path / "space.yaml"
    space.write_text("clip: [0.01, 0.02, 0.03]\nspectral_norm: [false, true]\n")
    done = sweep(data, tmp_path / "out", RECIPE, space=space, trials=3, seed=1, **SHORT, **COMMON)
    failed = [trial for trial in done.trials if trial.ending == "failed"]
    assert [trial.number for trial in failed] == [1, 2]
    assert "clip and spectral_norm" in not_none(failed[0].error)
    assert len(done.trials) == 3


def test_the_command_continues_and_prints_the_table(swept: Sweep, data: Path, cli: Cli) -> None:
    Path("space.yaml").write_text(SPACE_FILE)
    words = ["sweep", data, "--recipe", RECIPE, "--space", "space.yaml", "--out", swept.path, *SHORT_WORDS]
    done = cli(*words, "--seed", 1, "--trials", TRIALS)
    assert done.returncode == 2  # options that came as words are others
    assert "was begun with changes" in done.stderr
    made = cli(*words[: -len(SHORT_WORDS) - 1], "new", *SHORT_WORDS, "--trials", 1, check=True)
    assert made.stdout.splitlines()[2].startswith("| 0 (the recipe's own) |")
    assert "1 trial: 1 trained to the end" in made.stderr
    assert yaml.safe_load(Path("new/config.yaml").read_text("utf-8"))["recipe"] == RECIPE


def test_a_dry_run_prints_a_file_of_ranges_and_writes_nothing(data: Path, cli: Cli) -> None:
    words = ["--set", "batch_size=16", "--set", "extractor=pixels"]
    done = cli("sweep", data, "--recipe", "dcgan", "--out", "out", "--dry-run", *words, check=True)
    Path("space.yaml").write_text(done.stdout)
    space = read_ranges(Path("space.yaml"))
    assert space == {key: each for key, each in gans.find("dcgan").space().items() if key != "batch_size"}
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--recipe", "dcgen"], "did you mean 'dcgan'"),
        (["--budget", "10m"], "write kimg or epochs"),
        (["--set", "seed=3"], "has an argument or a flag for it"),
        (["--set", "on_trouble=stop"], "always ended"),
        (["--set", "quality=good"], "differs between machines"),
        (["--set", "eval_samples=0"], "eval_samples=0 disables"),
        (["--set", "trials=3"], "trials is not an option of --set"),
        (["--space", "none.yaml"], "--space none.yaml cannot be read"),
        (["--storage", "sqlite:///a.db"], "SQLite does not serve several workers"),
        (["--storage", "redis://host"], "redis is not supported; write postgresql://"),
        (["--storage", "here"], "is not the URL of a database"),
        (["--storage", "postgresql://me:secret@127.0.0.1:1/it"], "postgresql://me:***@127.0.0.1:1/it cannot be used"),
    ],
)
def test_bad_input_is_one_clear_line(words: list[str], named: str, data: Path, cli: Cli) -> None:
    done = cli("sweep", data, "--out", "out", "--recipe", "dcgan", *words)
    assert done.returncode == 2
    assert named in done.stderr
    assert "secret" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert not Path("out/runs/trial-0000").exists()


def test_without_optuna_it_says_what_to_install(data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    done = cli("sweep", data, "--out", "out")
    assert (done.returncode, done.stderr) == (
        2,
        "ganvas: a sweep needs Optuna; install it with: pip install 'ganvas[sweep]'\n",
    )


def test_one_worker_alone_gets_the_same_suggestions_again(plan: SweepPlan, tmp_path: Path) -> None:
    def suggestions(name: str) -> list[dict[str, Any]]:
        (tmp_path / name).mkdir()
        found = []
        for number in range(STARTUP + 3):  # as if it was started anew for each trial
            shared = joined(tmp_path / name, plan)
            trial = taken(shared, wanted=20)
            found.append(trial.params)
            shared.study.tell(trial, number / 10)
        return found

    first = suggestions("a")
    assert first == suggestions("b")
    assert len({json.dumps(each) for each in first}) > 2


def test_another_plan_is_refused(plan: SweepPlan, tmp_path: Path) -> None:
    joined(tmp_path, plan)
    with pytest.raises(
        ConfigError, match=r"the study it was begun with seed 0, not 7: use the same, or choose .*--study"
    ):
        joined(tmp_path, plan.model_copy(update={"seed": 7}))
    with pytest.raises(ConfigError, match="the pictures or classes of the dataset have changed"):
        joined(tmp_path, plan.model_copy(update={"fingerprint": "other"}))
    joined(tmp_path, plan.model_copy(update={"data": "elsewhere"}))


def test_a_study_of_something_else_is_left_alone(
    plan: SweepPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganvas.experiments.sweep.study.PATIENCE", 0.0)
    optuna.create_study(storage=open_storage(None, tmp_path), study_name="it").ask()
    with pytest.raises(GanvasError, match="not one of ganvas sweep"):
        joined(tmp_path, plan)


@pytest.mark.parametrize("has_trial", [False, True])
def test_a_study_whose_maker_was_killed_is_begun_by_the_next_worker(
    plan: SweepPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_trial: bool
) -> None:
    monkeypatch.setattr("ganvas.experiments.sweep.study.PATIENCE", 0.0)
    study = optuna.create_study(storage=open_storage(None, tmp_path), study_name="it")
    if has_trial:
        study.enqueue_trial({}, user_attrs={states.DEFAULTS: True})
    shared = joined(tmp_path, plan)
    assert [trial.user_attrs for trial in shared.trials()] == [{states.DEFAULTS: True}]
    assert joined(tmp_path, plan).plan == plan


def test_no_values_are_tried_twice_as_long_as_there_are_others(data: Path, tmp_path: Path) -> None:
    space: dict[str, Varied] = {"g_lr": Values((0.1, 0.2)), "d_lr": Values((0.1, 0.2))}
    shared = joined(tmp_path, prepare_sweep(data, RECIPE, space, **SHORT, **COMMON))
    first = [taken(shared).params for _ in range(5)]
    assert sorted(first[1:], key=str) == [{"g_lr": g, "d_lr": d} for g in (0.1, 0.2) for d in (0.1, 0.2)]
    assert taken(shared).params in first[1:]


def test_no_trial_is_started_beyond_those_asked_for(plan: SweepPlan, tmp_path: Path) -> None:
    one, two = joined(tmp_path, plan), joined(tmp_path, plan)
    assert [taken(one, 2).number, taken(two, 2).number] == [0, 1]
    assert one.take(2) is None
    # Two workers that saw room for one more at the same moment.
    late = one.study.ask()
    assert states.is_surplus(late.number, one.trials(), 2)
    assert not states.is_surplus(1, one.trials(), 2)


def test_a_silent_worker_loses_its_trial_and_the_next_gets_its_values(plan: SweepPlan, tmp_path: Path) -> None:
    dead, alive = joined(tmp_path, plan), joined(tmp_path, plan)
    taken(dead)
    lost = taken(dead)
    lost.set_user_attr(states.RUN, "trial-0001")
    kept = taken(alive)
    said: list[str] = []

    class Said(Silent):
        def say(self, line: str) -> None:
            said.append(line)

    with Heartbeat(alive, 0.02, Said()) as beating:
        beating.train(kept._trial_id)
        while sum(trial.state is TrialState.FAIL for trial in alive.trials()) < 2:
            time.sleep(0.02)
    assert [trial.state.name for trial in alive.trials()] == ["FAIL", "FAIL", "RUNNING", "WAITING", "WAITING"]
    assert sorted(line.split(":")[0] for line in said) == ["trial 0", "trial 1"]
    # It was stopped, not dead. Now it learns that its trial is another's.
    with Heartbeat(dead, 0.02, Silent()) as late:
        late.train(lost._trial_id)
        while not late.lost:
            time.sleep(0.02)
    again = [taken(alive), taken(alive)]
    assert again[0].user_attrs[states.DEFAULTS] is True
    assert again[1].params == lost.params
    assert again[1].user_attrs[states.RUN] == "trial-0001"


def test_a_trial_that_ends_its_workers_is_not_tried_for_ever(plan: SweepPlan, tmp_path: Path) -> None:
    shared = joined(tmp_path, plan)
    for death in range(MOST_TAKEN):
        trial = shared.trials()[taken(shared).number]
        assert shared.give_back(trial) is (death < MOST_TAKEN - 1)
        assert not shared.give_back(trial)  # another worker was first
    assert shared.trials()[-1].user_attrs[states.ERROR] == f"its worker died {MOST_TAKEN} times"
    assert sum(map(states.is_finished, shared.trials())) == 1
    asked = taken(shared)
    assert shared.give_back(shared.trials()[asked.number], has_died=False)
    assert shared.trials()[-1].user_attrs[states.TAKEN] == 0


def test_values_are_reported_on_a_fixed_grid(plan: SweepPlan, tmp_path: Path) -> None:
    shared = joined(tmp_path, plan)
    trial = taken(shared)
    with Heartbeat(shared, 10.0, Silent()) as beating:
        referee = TrialReferee(trial, shared, beating)
        for kimg, kid in ((0.512, 0.9), (0.6, 5.0), (1.0, 0.7), (1.504, 0.6)):
            assert referee(Evaluation(kimg, {"kid": kid}, verdict=Verdict("learning", 0.5))) is None
        assert shared.trials()[0].intermediate_values == {1: 0.9, 2: 0.7, 3: 0.6}
        copies = Evaluation(1.9, {"kid": 0.01}, verdict=Verdict("memorising", 1.9))
        assert referee(copies) == "pruned by memorising"
    assert 4 not in shared.trials()[0].intermediate_values


def test_a_trial_that_is_worse_than_the_others_is_pruned_by_kid(plan: SweepPlan, tmp_path: Path) -> None:
    shared = joined(tmp_path, plan)
    with Heartbeat(shared, 10.0, Silent()) as beating:
        for number in range(STARTUP // 2):
            trial = taken(shared)
            referee = TrialReferee(trial, shared, beating)
            for step in range(1, plan.evaluations + 1):
                assert referee(Evaluation(step * plan.every, {"kid": 0.1 * number})) is None
            shared.study.tell(trial, 0.1 * number)
        worse = TrialReferee(taken(shared), shared, beating)
        assert worse(Evaluation(plan.every, {"kid": 2.0})) is None  # too early to compare
        assert worse(Evaluation(2 * plan.every, {"kid": 2.0})) == "pruned by KID"


def test_a_journal_whose_last_line_was_cut_goes_on(plan: SweepPlan, tmp_path: Path) -> None:
    shared, file = joined(tmp_path, plan), tmp_path / "journal.jsonl"
    taken(shared)
    whole = file.read_bytes()
    with file.open("ab") as journal:
        journal.write(b'{"op_code":8,"worker_id":"')
    other = joined(tmp_path, plan)  # started while the line is still there
    trial = taken(shared)
    assert file.read_bytes().startswith(whole)
    assert all(json.loads(line) for line in file.read_text("utf-8").splitlines())
    assert [each.number for each in other.trials()] == [0, trial.number]
    assert [each.number for each in joined(tmp_path, plan).trials()] == [0, trial.number]

    # With Optuna alone, the line that follows is lost.
    bare = tmp_path / "bare.jsonl"
    bare.write_bytes(whole + b'{"op_code":8,"worker_id":"')
    with pytest.raises((ValueError, AssertionError)):
        optuna.create_study(storage=JournalStorage(JournalFileBackend(str(bare))), study_name="new")


@pytest.mark.parametrize(
    ("content", "kept"), [(b"", b""), (b"a", b""), (b"a\n", b"a\n"), (b"a\nb\nc", b"a\nb\n"), (b"x" * 200_000, b"")]
)
def test_only_what_has_no_end_is_removed(content: bytes, kept: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    remove_cut_line(file)
    assert file.read_bytes() == kept
    file.write_bytes(b"first\n" + content)
    remove_cut_line(file)
    assert file.read_bytes() == b"first\n" + kept


def test_a_journal_that_is_something_else_is_named(plan: SweepPlan, tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text("5\n5\n")
    with pytest.raises(GanvasError, match=r"journal\.jsonl cannot be read as the journal of a sweep"):
        joined(tmp_path, plan)


def test_a_lock_waits_for_its_owner(tmp_path: Path) -> None:
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with exclusive(tmp_path / "it", "held"):
            inside.set()
            leave.wait()

    owner = threading.Thread(target=hold)
    owner.start()
    inside.wait()
    with pytest.raises(InUse), exclusive(tmp_path / "it", "held", wait=0.05):
        pass
    threading.Timer(0.05, leave.set).start()
    with exclusive(tmp_path / "it", "held", wait=60.0):
        assert leave.is_set()
    owner.join()


def test_a_password_is_not_shown() -> None:
    assert shown("mysql://me:secret@host/it") == "mysql://me:***@host/it"


# Slow, because most of its time is the start of a server; the same code meets in a journal above.
@pytest.mark.slow
def test_workers_meet_in_a_postgresql(data: Path, tmp_path: Path) -> None:
    whole = {"space": SPACE, **SHORT, **COMMON}
    with postgres() as url:
        done = sweep(data, tmp_path / "one", RECIPE, trials=2, storage=url, study="it", **whole)
        assert done.finished
        # Another machine: its own directory, the same study.
        plan = prepare_sweep(data, RECIPE, **whole)
        there, here = (SharedStudy.join(open_storage(url, tmp_path), "it", plan) for _ in range(2))
        assert there.take(2) is None
        silent = taken(there, 3)
        with Heartbeat(here, 0.05, Silent()):
            while here.trials()[silent.number].state is not TrialState.FAIL:
                time.sleep(0.05)
        more = sweep(data, tmp_path / "two", RECIPE, trials=3, storage=url, study="it", **whole)
        assert [trial.number for trial in more.trials if trial.number > silent.number]
        assert more.finished
        assert len(more.trials) == 3
        assert not (tmp_path / "two" / "journal.jsonl").exists()
        assert len(list((tmp_path / "two" / "runs").iterdir())) == 1
        with pytest.raises(ConfigError, match="the study it was begun with seed"):
            sweep(data, tmp_path / "three", RECIPE, trials=3, seed=5, storage=url, study="it", **whole)


def test_the_journal_says_when_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="could not write"):
        Journal(tmp_path / "missing" / "journal.jsonl")
