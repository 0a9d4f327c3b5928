"""Who belongs to a run, who is missing, and how a run of several processes ends."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import distributed as dist

from ganvas.distributed import environment, launcher, watch
from ganvas.distributed.environment import Address, find, first_host
from ganvas.distributed.part import Division
from ganvas.distributed.watch import Watch
from ganvas.distributed.world import World
from ganvas.foundation.errors import ConfigError, LostProcess
from ganvas.foundation.files import read_records
from ganvas.planning.run import resume, train
from ganvas.settings.config import resolve
from ganvas.settings.options import Options
from support.command_line import PATIENCE, Cli
from support.ranks import in_ranks
from support.runs import TINY, TINY_WORDS, newest, tensors

TORCHRUN = {
    "RANK": "3",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "gpu1",
    "MASTER_PORT": "29500",
}
SLURM = {
    "SLURM_JOB_ID": "7000123",
    "SLURM_PROCID": "5",
    "SLURM_LOCALID": "1",
    "SLURM_STEP_NUM_TASKS": "8",
    "SLURM_STEP_TASKS_PER_NODE": "4(x2)",
    "SLURM_STEP_NODELIST": "gpu[007-008]",
}


def test_torchrun_and_slurm_tell_a_process_its_place() -> None:
    assert find({}) is None
    assert find(TORCHRUN) == Address(3, 4, 1, 2, "gpu1", 29500)
    assert find(TORCHRUN | {"TORCHELASTIC_USE_AGENT_STORE": "True"}) == Address(3, 4, 1, 2, "gpu1", 29500, True)
    assert find(SLURM) == Address(5, 8, 1, 4, "gpu007", 20123)


def test_a_batch_script_of_slurm_is_not_yet_one_of_its_processes() -> None:
    assert find({"SLURM_JOB_ID": "1", "SLURM_PROCID": "0", "SLURM_NTASKS": "8"}) is None


@pytest.mark.parametrize(
    ("hosts", "first"),
    [("one", "one"), ("one,two", "one"), ("gpu[3,5-9],x", "gpu3"), ("r1-n[01-04]-ib,z", "r1-n01-ib")],
)
def test_the_first_of_slurms_hosts(hosts: str, first: str) -> None:
    assert first_host(hosts) == first


def test_an_incomplete_environment_is_named() -> None:
    with pytest.raises(ConfigError, match="MASTER_PORT is missing"):
        find({key: value for key, value in TORCHRUN.items() if key != "MASTER_PORT"})
    with pytest.raises(ConfigError, match="RANK='first' must be a number"):
        find(TORCHRUN | {"RANK": "first"})


@pytest.mark.parametrize("devices", ["0", "-1", "many", "1025"])
def test_a_number_of_processes_that_cannot_be(cli: Cli, tiny_data: Path, devices: str) -> None:
    done = cli("train", tiny_data, "--out", "run", f"--devices={devices}", *TINY_WORDS)
    assert done.returncode == 2
    assert f"--devices {devices}: write a number of processes from 1 to 1024, or auto" in done.stderr
    assert not Path("run").exists()


def test_a_batch_that_cannot_be_divided(cli: Cli, tiny_data: Path) -> None:
    words = ["train", tiny_data, "--out", "run", "--recipe", "mlp", "--devices", "3", "--dry-run", *TINY_WORDS]
    done = cli(*words)
    assert done.returncode == 2
    assert "batch_size=8: 3 processes need equal parts of a batch; choose a multiple of 3, such as 6" in done.stderr


def test_micro_batches_that_do_not_divide_a_part_or_lack_what_a_trick_needs() -> None:
    with pytest.raises(ConfigError, match=r"micro_batch=3: choose a number that divides 4, the pictures"):
        Division(World(0, 2), micro_batch=3).check(8)
    for key in ("unrolled", "feature_matching"):
        with pytest.raises(ConfigError, match=f"micro_batch=2: {key} needs all pictures of a batch at once"):
            resolve("mlp", Options(), {"micro_batch": 2, key: 1})


def test_several_runs_are_not_trained_by_several_processes(cli: Cli, tiny_data: Path) -> None:
    done = cli("train", tiny_data, "--out", "runs", "--per-class", "--devices", "2")
    assert done.returncode == 2
    assert "--per-class, --per-group and --class-group train with one process" in done.stderr


@pytest.mark.parametrize(
    ("codes", "code"), [([0, 0], 0), ([75, 2], 2), ([75, -9], 75), ([-9, 75], 75), ([130, 0], 130), ([-11, 0], 139)]
)
def test_the_exit_code_is_that_of_the_failure(codes: list[int], code: int) -> None:
    assert launcher.exit_code(codes) == code


def test_a_process_that_the_launcher_ends_is_not_the_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "LAST_WORDS", 0.1)
    scripts = ["import os; os.kill(os.getpid(), 9)", "import time; time.sleep(3600)"]
    started = [subprocess.Popen([sys.executable, "-S", "-c", script]) for script in scripts]
    codes = launcher._wait(started, tmp_path / "fate")
    assert codes == [-signal.SIGKILL, LostProcess.exit_code]
    assert launcher.exit_code(codes) == LostProcess.exit_code
    assert (tmp_path / "fate").read_text("utf-8").endswith("was ended by SIGKILL")


def test_the_fate_of_the_first_process_says_more_than_a_broken_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(environment.FATE, str(tmp_path / "fate"))
    company = Company(2, monkeypatch)
    monkeypatch.setattr(company.watches[1], "_store", Gone())
    company.watches[1].start()
    time.sleep(0.05)
    (tmp_path / "fate").write_text("0 rank 0 (process 7 on here) was ended by SIGKILL")
    company.wait({1})
    assert "ganvas: rank 0 (process 7 on here) was ended by SIGKILL; the run has ended" in capsys.readouterr().err


class Gone:
    """A store whose server has ended."""

    def set(self, key: str, value: str) -> None:
        pass

    def add(self, key: str, amount: int) -> int:
        raise RuntimeError("Broken pipe\nand a trace")

    def check(self, keys: list[str]) -> bool:
        raise RuntimeError("Broken pipe")


class Company:
    """Watches of several processes of a run, in one process."""

    def __init__(self, size: int, monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
        for name, value in ({"BEAT": 0.01, "GRACE": 0.1} | seconds).items():
            monkeypatch.setattr(watch, name, value)
        self.ended: dict[int, int] = {}
        self.store = dist.HashStore()  # type: ignore[attr-defined]
        self.watches = [Watch(self.store, rank, size, partial(self.end, rank)) for rank in range(size)]

    def end(self, rank: int, code: int) -> None:
        self.ended[rank] = code

    def wait(self, ranks: set[int]) -> None:
        end = time.monotonic() + PATIENCE
        while not ranks <= self.ended.keys():
            assert time.monotonic() < end
            time.sleep(0.01)
        for each in self.watches:
            each.stop()


def test_a_process_that_falls_silent_ends_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    company = Company(3, monkeypatch, SILENCE=3.0)
    for each in company.watches:
        each.start()
    while not company.store.add("beat/1", 0):
        time.sleep(0.01)
    company.watches[1].stop()
    company.wait({0, 2})
    assert company.ended == {0: 75, 2: 75}
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ganvas: rank 1 (process {os.getpid()} on ")
    assert "has given no sign of life for" in line
    assert line.endswith("its last checkpoint is whole: continue with ganvas resume")


def test_a_process_that_never_starts_ends_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    company = Company(2, monkeypatch, ARRIVAL=0.05)
    company.watches[0].start()
    company.wait({0})
    assert "rank 1 has not started for" in capsys.readouterr().err


def test_a_store_that_is_gone_ends_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    company = Company(2, monkeypatch)
    monkeypatch.setattr(company.watches[1], "_store", Gone())
    company.watches[1].start()
    company.wait({1})
    line = capsys.readouterr().err
    assert "rank 0, which the others report to, cannot be reached: Broken pipe;" in line


def test_a_failed_exchange_is_explained_and_what_a_process_said_itself_is_not_said_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    company = Company(2, monkeypatch)
    for each in company.watches:
        each.start()
    assert company.watches[1].announce(ConfigError("no such folder"))
    lost = company.watches[0].explain(RuntimeError("Connection closed by peer"))
    assert isinstance(lost, LostProcess)
    assert not lost.is_told
    assert "rank 1" in str(lost)
    assert "failed: no such folder" in str(lost)
    company.wait(set())


def run(folder: Path, *words: object, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ganvas", *map(str, words)]
    return subprocess.run(
        command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_a_run_goes_on_with_two_processes_and_four_and_one(tmp_path: Path, tiny_data: Path) -> None:
    options: dict[str, Any] = TINY | {"recipe": "mlp", "log_every": "1steps", "precision": "float32"}
    train(tiny_data, tmp_path / "run", budget="2steps", **options)

    def go_on(world: World) -> dict[str, torch.Tensor]:
        return {"kimg": torch.tensor(resume(tmp_path / "run", budget="2steps", world=world).kimg)}

    for count, kimg in ((2, 0.032), (4, 0.048)):
        for rank in in_ranks(count, tmp_path / f"ranks-{count}", go_on):
            assert float(rank["kimg"]) == pytest.approx(kimg)
    resume(tmp_path / "run", budget="2steps")
    train(tiny_data, tmp_path / "whole", budget="8steps", **options)
    parts, whole = (tensors(newest(tmp_path / name)) for name in ("run", "whole"))
    for key in (".latents", ".random.torch"):
        assert torch.equal(parts[key], whole[key]), key
    for key in (".generator", ".discriminator", ".average"):
        first, second = (
            torch.cat([value.flatten().double() for name, value in each.items() if name.startswith(f"{key}.")])
            for each in (parts, whole)
        )
        assert (first - second).norm() < 1e-5 * second.norm(), key
    losses = [[line["d_loss"] for line in read_records(tmp_path / name / "stats.jsonl")] for name in ("run", "whole")]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("run/checkpoints/0*"))


def wait_for_checkpoint(folder: Path, *processes: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while not checkpoints(folder):
        assert time.monotonic() < end
        assert all(process.poll() is None for process in processes)
        time.sleep(0.1)


ENDLESS: list[str] = ["--out", "run", "--recipe", "mlp", "--budget", "1h", *TINY_WORDS, "--set"]
ENDLESS += ["checkpoint_every=20steps"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_or_stopped_process_ends_the_run_within_a_minute(
    tmp_path: Path, tiny_data: Path, number: signal.Signals, rank: int
) -> None:
    command = [sys.executable, "-m", "ganvas", "train", str(tiny_data), *ENDLESS, "--devices", "2"]
    parent = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    wait_for_checkpoint(tmp_path, parent)
    os.kill(children(parent.pid)[rank], number)
    killed_at = time.monotonic()
    _, text = parent.communicate(timeout=PATIENCE)
    assert time.monotonic() - killed_at < 60
    assert parent.returncode == 75
    (line,) = (line for line in text.splitlines() if line.startswith("ganvas: rank"))
    assert f"rank {rank}" in line
    if number == signal.SIGKILL:
        assert "was ended by SIGKILL" in line
    assert "frame #" not in text
    newest(tmp_path / "run")
    assert run(tmp_path, "resume", "run", "--budget", "1steps").returncode == 0


@pytest.fixture
def wire() -> Iterator[None]:
    """Two network namespaces, `near` at 10.77.0.1 and `far` at 10.77.0.2, joined by a wire."""
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("needs root and ip")
    names = {"near": "10.77.0.1/24", "far": "10.77.0.2/24"}
    try:
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
        ends = ["wire", "netns", "near", "type", "veth", "peer", "name", "wire", "netns", "far"]
        subprocess.run(["ip", "link", "add", *ends], check=True)
        for name, address in names.items():
            subprocess.run(["ip", "-n", name, "address", "add", address, "dev", "wire"], check=True)
            for device in ("lo", "wire"):
                subprocess.run(["ip", "-n", name, "link", "set", device, "up"], check=True)
        yield
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False)


@pytest.mark.slow
@pytest.mark.usefixtures("wire")
def test_a_wire_that_is_cut_ends_the_run_on_both_machines(tmp_path: Path, tiny_data: Path) -> None:
    shared = {"WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1", "MASTER_ADDR": "10.77.0.1"}
    shared |= {"MASTER_PORT": "29517", "GLOO_SOCKET_IFNAME": "wire"}
    machines = []
    for rank, name in enumerate(("near", "far")):
        command = ["ip", "netns", "exec", name, sys.executable, "-m", "ganvas", "train", str(tiny_data), *ENDLESS]
        variables = os.environ | shared | {"RANK": str(rank)}
        machines.append(subprocess.Popen(command, cwd=tmp_path, env=variables, stderr=subprocess.PIPE, text=True))
    wait_for_checkpoint(tmp_path, *machines)
    subprocess.run(["ip", "-n", "far", "link", "set", "wire", "down"], check=True)
    cut_at = time.monotonic()
    near, far = (machine.communicate(timeout=PATIENCE)[1] for machine in machines)
    assert time.monotonic() - cut_at < 60
    assert [machine.returncode for machine in machines] == [75, 75]
    assert "rank 1" in near
    assert "rank 0" in far
    newest(tmp_path / "run")


@pytest.mark.slow
def test_a_full_disk_of_the_first_process_ends_the_run(tmp_path: Path, tiny_data: Path) -> None:
    if os.geteuid():
        pytest.skip("needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], check=True)
    try:
        command = [sys.executable, "-m", "ganvas", "train", str(tiny_data), *ENDLESS, "--devices", "2"]
        parent = subprocess.Popen(command, cwd=disk, stderr=subprocess.PIPE, text=True)
        wait_for_checkpoint(disk, parent)
        with pytest.raises(OSError, match="No space left"), (disk / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        _, text = parent.communicate(timeout=PATIENCE)
        assert parent.returncode == 2
        (line,) = (line for line in text.splitlines() if line.startswith("ganvas:"))
        assert "No space left" in line
        newest(disk / "run")
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.slow
def test_the_command_starts_processes_and_goes_on_with_others(tmp_path: Path, tiny_data: Path) -> None:
    words = [tiny_data, "--out", "run", "--recipe", "mlp", "--budget", "2steps", *TINY_WORDS]
    for command, said in (
        (["train", *words], "processes  2"),
        (["resume", "run", "--budget", "2steps"], "with 2 proc"),
    ):
        done = run(tmp_path, *command, "--devices", "2")
        assert done.returncode == 0, done.stderr
        assert said in done.stderr
        assert done.stdout.count("kimg") == 1


SRUN = """#!/bin/bash
export SLURM_STEP_NUM_TASKS=2 SLURM_STEP_TASKS_PER_NODE=2 SLURM_STEP_NODELIST=localhost
for rank in 0 1; do
    SLURM_PROCID=$rank SLURM_LOCALID=$rank "$@" &
    tasks="$tasks $!"
done
trap 'kill -TERM $tasks' TERM
for task in $tasks; do
    while kill -0 $task 2> /dev/null; do wait $task; done
done
"""


def free_job() -> str:
    """The number of a job whose port is free."""
    for number in range(os.getpid() % environment.PORTS, environment.PORTS):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", environment.FIRST_PORT + number))
            return str(number)
    pytest.fail("no port is free")


def batch_script(pictures: Path) -> str:
    """The script of the documentation, with a small run in place of a large one."""
    text = (Path(__file__).parents[1] / "docs" / "scaling.md").read_text(encoding="utf-8")
    script = text[text.index("#!/bin/bash") :].partition("```")[0]
    words = shlex.join(["train", str(pictures), *ENDLESS])
    assert "srun ganvas train data --out run\n" in script
    return script.replace("srun ganvas train data --out run\n", f"srun ganvas {words}\n")


@pytest.mark.slow
def test_the_batch_script_trains_and_goes_on_when_it_is_submitted_again(tmp_path: Path, tiny_data: Path) -> None:
    """Without SLURM: `srun` is a script that starts two tasks with the variables of two tasks on one node."""
    ganvas = f'#!/bin/bash\nexec {shlex.quote(sys.executable)} -m ganvas "$@"\n'
    for name, content in {"srun": SRUN, "ganvas": ganvas, "job": batch_script(tiny_data)}.items():
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o755)
    variables = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "GLOO_SOCKET_IFNAME": "lo"}
    seen: list[Path] = []
    for _ in range(2):
        variables["SLURM_JOB_ID"] = free_job()
        job = subprocess.Popen([tmp_path / "job"], cwd=tmp_path, env=variables, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + PATIENCE
        while checkpoints(tmp_path)[-1:] in ([], seen[-1:]):
            assert job.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
        (srun,) = map(int, Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text("utf-8").split())
        os.kill(srun, signal.SIGTERM)
        _, said = job.communicate(timeout=PATIENCE)
        assert "ganvas resume run" in said
        seen.append(checkpoints(tmp_path)[-1])
    assert seen[0] < seen[1]


def test_the_batch_script_is_one() -> None:
    subprocess.run(["bash", "-n"], input=batch_script(Path("pictures")), text=True, check=True)


def children(pid: int) -> list[int]:
    """The processes that a launcher has started, in the order of their ranks."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    places = {}
    for child in map(int, listed):
        variables = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        rank = next((each for each in variables if each.startswith(b"RANK=")), None)
        if rank:
            places[int(rank.partition(b"=")[2])] = child
    return [places[rank] for rank in sorted(places)] if len(places) == 2 else []


def test_nothing_of_this_process_says_that_it_is_one_of_several() -> None:
    assert environment.find() is None
