"""Start commands in processes that have imported everything already.

Importing torch takes longer than a tiny training, and thousands of commands are tried. So one process imports once,
and each command runs in a copy of it (`fork`), through the real entry point. That process never runs anything itself,
so its copies are like new ones.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

# What `prepare` needs, and what training, looking and exporting need besides.
LIGHT = ("ganvas.cli", "ganvas.cli.commands.prepare", "ganvas.data.prepare.prepare", "pandas", "pyarrow.parquet")
HEAVY = (
    *LIGHT, "ganvas.planning.run", "ganvas.training.trainer", "ganvas.artist.evaluate", "ganvas.artist.again",
    "ganvas.classify.train", "ganvas.experiments.compare", "ganvas.experiments.sweep", "ganvas.report.run.page",
    "ganvas.sharing.export", "ganvas.report.survey.page", "ganvas.training.baseline", "ganvas.artist.explore",
    "ganvas.metrics.measures", "torch.utils.tensorboard", "sklearn.cluster", "optuna",
)  # fmt: skip
# Seconds after which a command that still runs must hang, however busy the machine is.
PATIENCE = 900.0


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code, or the negative number of the signal that ended it.
        out: what it printed.
        error: what it printed on stderr.
        calls: system calls that changed files, as the shim has counted them; 0 without it.
        seconds: processor time.
        memory: the most memory that it had, in bytes.
        left: ids of processes that it started and that outlived it.
        kept: files and threads that were still open when it had ended, a line each.
    """

    code: int
    out: str
    error: str
    calls: int
    seconds: float
    memory: int
    left: tuple[int, ...]
    kept: list[str]


class Started:
    """A command that runs."""

    def __init__(self, warm: "Warm", pid: int, files: Sequence[Path]) -> None:
        self._warm, self.pid, self._files = warm, pid, files

    @property
    def seconds(self) -> float:
        """Processor time that it has used so far; infinity once it has ended."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            return float("inf")
        if fields[0] in "ZX":
            return float("inf")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident(self) -> int:
        """Pages of memory that are its own; 0 once it has ended."""
        try:
            total, shared = (int(field) for field in Path(f"/proc/{self.pid}/statm").read_text("utf-8").split()[1:3])
        except (OSError, ValueError):
            return 0
        return total - shared

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self) -> Ended:
        """Wait until it has ended, and end what it has left behind."""
        answer = self._warm.ask({"wait": self.pid})
        left = _of_session(self.pid)
        end = time.monotonic() + 5  # workers notice the end of their parent
        while left and time.monotonic() < end:
            time.sleep(0.05)
            left = _of_session(self.pid)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        out, error, count, kept = (file.read_text(errors="replace") if file.exists() else "" for file in self._files)
        return Ended(
            answer["code"], out, error, int(count or 0), answer["seconds"], answer["memory"], left, kept.splitlines()
        )


class Warm:
    """The process whose copies are the commands. It is started by `warm`."""

    def __init__(self, process: "subprocess.Popen[str]", scratch: Path) -> None:
        self._process, self._scratch = process, scratch

    def ask(self, request: Mapping[str, Any]) -> Any:
        """Send a request, and wait for the answer."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request, default=str) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(
        self, folder: Path, words: Sequence[object], fault: Mapping[str, Any] | None = None, **environment: str
    ) -> Started:
        """Start a command.

        Args:
            folder: where it runs. Only calls that change files under it fail.
            words: what follows `ganvas`.
            fault: what the shim does, see `arm` in `shim.c`.
            **environment: variables to set.
        """
        files = [self._scratch / name for name in ("out", "error", "calls", "kept")]
        for file in files:
            file.unlink(missing_ok=True)
        answer = self.ask(
            {
                "words": [str(word) for word in words],
                "folder": str(folder),
                "files": [str(file) for file in files],
                "fault": dict(fault or {}),
                "environment": {"GANVAS_CACHE": str(folder / "cache"), **environment},
            }
        )
        return Started(self, answer["pid"], files)

    def run(self, folder: Path, *words: object, fault: Mapping[str, Any] | None = None, **environment: str) -> Ended:
        """Run a command to its end."""
        return self.start(folder, words, fault, **environment).wait()


@contextlib.contextmanager
def warm(scratch: Path, imports: Sequence[str] = HEAVY, shim: Path | None = None) -> Iterator[Warm]:
    """Start a process that has imported these modules, and end it afterwards.

    Args:
        scratch: a folder for what commands print.
        imports: names of modules.
        shim: the library that makes system calls fail; by default none do.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment |= {"LD_PRELOAD": str(shim)} if shim else {}
    process = subprocess.Popen(
        [sys.executable, "-m", "torture.warm", *imports],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield Warm(process, scratch)
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(60)


def _of_session(number: int) -> tuple[int, ...]:
    """The living processes of a session."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            fields = file.read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == number and fields[0] not in "ZX":
                found.append(int(file.parent.name))
    return tuple(found)


# ---- inside that process ---------------------------------------------------------------------------------------


def _serve() -> dict[str, Any]:
    """Answer requests until there are no more. Returns the request in each copy, which is then that command."""
    for name in sys.argv[1:]:
        importlib.import_module(name)
    if "torch" in sys.modules:
        from _pytest.monkeypatch import MonkeyPatch

        from support import brevity

        brevity.shorten(MonkeyPatch())
    # Else each copy would look through everything for garbage.
    gc.collect()
    gc.freeze()
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    while line := requests.readline():
        request: dict[str, Any] = json.loads(line)
        if "wait" in request:
            answer = _awaited(request["wait"])
        elif pid := os.fork():
            answer = {"pid": pid}
        else:
            _become(request, requests, answers)
            return request
        print(json.dumps(answer), file=answers, flush=True)
    os._exit(0)


def _awaited(pid: int) -> dict[str, float]:
    end = time.monotonic() + PATIENCE
    while not (found := os.wait4(pid, os.WNOHANG))[0]:
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    used = found[2]
    return {
        "code": os.waitstatus_to_exitcode(found[1]),
        "seconds": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * 1024,
    }


def _become(request: Mapping[str, Any], *inherited: IO[str]) -> None:
    """Turn this copy into the command that was asked for."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    out, error, count, _ = request["files"]
    for number, name in enumerate([os.devnull, out, error]):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    for file in inherited:
        file.close()  # not the descriptor alone, which the end of `_serve` would close again
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    sys.argv = ["ganvas", *request["words"]]
    if fault := request["fault"]:
        shim = ctypes.CDLL(None)
        strings = (str(fault.get(key, "")).encode() for key in ("within", "log"))
        numbers = (int(fault.get(key, 0)) for key in ("first", "error", "lasting", "clock"))
        shim.arm(*strings, count.encode(), *numbers)


def _run() -> int:
    """Run the command as its entry point does; its exit code."""
    from ganvas.cli import main

    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else bool(ended.code)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _kept(folder: str) -> list[str]:
    """What this process has not closed: files in its folder, threads that would keep it from ending, and children."""
    links = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            links.append(str(link.readlink()))
    own = (threading.current_thread(), threading.main_thread())
    return [
        *(f"{link} is open" for link in links if link.startswith(folder)),
        *(f"thread {thread.name} runs" for thread in threading.enumerate() if thread not in own and not thread.daemon),
    ]


if __name__ == "__main__":
    asked = _serve()
    code = _run()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    Path(asked["files"][3]).write_text("\n".join(_kept(asked["folder"])))
    # All that Python does at its end, except for taking thousands of modules apart.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    os._exit(code)
