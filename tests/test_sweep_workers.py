"""A sweep by three workers in processes of their own, one of which is killed while it trains."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from optuna.trial import TrialState

from ganvas.experiments.sweep import trials as states
from ganvas.experiments.sweep.plan import SweepPlan
from ganvas.experiments.sweep.storage import open_storage
from ganvas.experiments.sweep.study import SharedStudy
from ganvas.experiments.sweep.trial import AT_ONCE
from support.datasets import write_dataset
from support.narrowing import not_none
from support.sweeps import RECIPE, SHORT_WORDS, SPACE_FILE

WORKERS, TRIALS = 3, 12


@pytest.mark.slow
def test_three_workers_of_whom_one_is_killed_train_twelve_trials(tmp_path: Path) -> None:
    write_dataset(tmp_path / "data", count=64, classes=0)
    (tmp_path / "space.yaml").write_text(SPACE_FILE)
    words = ["sweep", "data", "--recipe", RECIPE, "--space", "space.yaml", "--out", "out", "--trials", str(TRIALS)]
    words += ["--seed", "1", "--heartbeat", "5", *SHORT_WORDS, "--set", "log_every=4steps"]
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    workers = []
    for number in range(WORKERS):
        log = (tmp_path / f"worker-{number}.log").open("wb")
        command = [sys.executable, "-m", "ganvas", *words]
        workers.append(subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log))
    try:
        victim = _kill_the_first_that_trains(tmp_path, workers)
        others = [worker for worker in workers if worker is not victim]
        assert [worker.wait() for worker in others] == [0, 0], (tmp_path / "worker-0.log").read_text("utf-8")
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()

    plan = SweepPlan.model_validate_json((tmp_path / "out" / "sweep.json").read_text("utf-8"))
    trials = SharedStudy.join(open_storage(None, tmp_path / "out"), "out", plan).trials()
    over = [trial for trial in trials if states.is_finished(trial)]
    assert len(over) == TRIALS
    assert [trial for trial in over if trial.user_attrs.get(states.TAKEN)]  # what the victim trained
    by_verdict = [trial for trial in over if trial.user_attrs.get(states.PRUNED_BY) in AT_ONCE]
    assert len(by_verdict) >= 4, states.summary(over)
    own = next(trial for trial in over if trial.user_attrs.get(states.DEFAULTS))
    best = min(not_none(trial.value) for trial in over if trial.state is TrialState.COMPLETE)
    assert best < not_none(own.value)
    for file in ("sweep.html", "config.yaml"):
        assert (tmp_path / "out" / file).is_file()


def _kill_the_first_that_trains(folder: Path, workers: "list[subprocess.Popen[bytes]]") -> "subprocess.Popen[bytes]":
    """Kill a worker, by SIGKILL, in the middle of its second trial or a later one."""
    while True:
        for number, worker in enumerate(workers):
            assert worker.poll() is None, (folder / f"worker-{number}.log").read_text("utf-8")
            log = (folder / f"worker-{number}.log").read_text(errors="replace")
            if log.count("trial ") >= 3 and "img/s" in log.rpartition("\ntrial ")[2]:
                worker.send_signal(signal.SIGKILL)
                worker.wait()
                return worker
        time.sleep(0.02)
