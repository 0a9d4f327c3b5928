"""Starting the processes of a run on this machine, and ending them together."""

import contextlib
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from ganvas.distributed import environment
from ganvas.foundation.errors import ConfigError, LostProcess

AUTO = "auto"
# Seconds between looks at the processes.
_POLL = 0.2
# Seconds that they have to end by themselves once one has failed. They say why, so they get their time.
LAST_WORDS = 15.0
MOST = 1024


def count(devices: str) -> int:
    """The number of processes that `--devices` asks for: auto is one for each GPU of this machine, so it may be 0.

    Raises:
        ConfigError: it is not a number from 1 to 1024, nor auto.
    """
    if devices == AUTO:
        import torch  # takes a second, and only auto needs it

        return torch.cuda.device_count()
    if not devices.isdecimal() or not 1 <= int(devices) <= MOST:
        raise ConfigError(f"--devices {devices}: write a number of processes from 1 to {MOST}, or auto")
    return int(devices)


def is_started() -> bool:
    """Whether this process is one of several that `--devices`, torchrun or SLURM has started."""
    return environment.find() is not None


def quieten_torch() -> None:
    """Hide the traces of C++ with which torch reports each lost connection. Call this before torch is imported."""
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")


def run(processes: int, arguments: Sequence[str]) -> int:
    """Start `ganvas` with these arguments as several processes that train together, and wait for their end.

    Signals are passed on to all of them.

    Returns:
        0, or the exit code of a process that failed: if possible of one that did not fail because of another.
    """
    with tempfile.TemporaryDirectory(prefix="ganvas-") as folder:
        fate, shared = Path(folder) / "fate", _shared_environment(processes)
        shared[environment.FATE] = str(fate)
        started: list[subprocess.Popen[bytes]] = []
        with _passing_signals_on(started):
            command = [sys.executable, "-m", "ganvas", *arguments]
            for rank in range(processes):
                own = {"RANK": str(rank), "LOCAL_RANK": str(rank)}
                # In a session of their own, so that Ctrl-C reaches each of them once: through this process.
                started.append(subprocess.Popen(command, env=shared | own, start_new_session=True))
            codes = _wait(started, fate)
    return exit_code(codes)


def exit_code(codes: Sequence[int]) -> int:
    """The exit code for several processes: that of a failure, rather than of one that followed from it.

    >>> exit_code([LostProcess.exit_code, 2, -9])
    2
    """
    failed = [code for code in codes if code]
    own = [code for code in failed if code > 0 and code != LostProcess.exit_code]
    following = [code for code in failed if code > 0]
    code = next(iter([*own, *following, *failed]), 0)
    return 128 - code if code < 0 else code


def _shared_environment(processes: int) -> dict[str, str]:
    from ganvas.machine.cores import threads_asked_for, usable_cores

    variables = dict(os.environ)
    variables |= {
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(processes),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
        environment.LAUNCHER: str(os.getpid()),
    }
    if not threads_asked_for():
        variables["OMP_NUM_THREADS"] = str(max(1, usable_cores() // processes))
    # The name of this machine need not lead to an address of it.
    variables.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
    return variables


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(started: Sequence[subprocess.Popen[bytes]], fate: Path) -> list[int]:
    """Wait until all processes have ended. If one fails, the others get time to say so and are then ended.

    Returns:
        Their exit codes. Those that were ended here have the code of a process that lost another.
    """
    failed_at: float | None = None
    ended_here = set[int]()
    while any(process.poll() is None for process in started):
        time.sleep(_POLL)
        for rank, process in enumerate(started):
            if failed_at is None and process.poll():
                failed_at = time.monotonic()
                partial = fate.with_suffix(".partial")
                partial.write_text(_described(rank, process.pid, process.returncode), encoding="utf-8")
                partial.replace(fate)
        if failed_at is not None and time.monotonic() - failed_at > LAST_WORDS:
            for process in started:
                if process.poll() is None:
                    process.kill()
                    ended_here.add(process.pid)
    return [LostProcess.exit_code if process.pid in ended_here else process.returncode for process in started]


def _described(rank: int, pid: int, code: int) -> str:
    """How a process ended, as `watch.Watch` reads it: its rank, and then a text."""
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return f"{rank} rank {rank} (process {pid} on {platform.node()}) {how}"


@contextlib.contextmanager
def _passing_signals_on(started: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    """A context in which signals that ask this process to stop are passed on instead."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    earlier: Mapping[int, object] = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what `signal.signal` returned
