"""Tiny sweeps: a recipe that needs other learning rates, what to vary, and a PostgreSQL for the time of a test."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ganvas.gans.dcgan import DCGAN
from ganvas.settings.options import Options
from ganvas.settings.ranges import Values, Varied

# Where distributions keep a PostgreSQL server that is not on the path.
POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class Detuned(DCGAN):
    """A DCGAN that does not learn: its rates are far too low."""

    defaults = Options(batch_size=16, width=4, latent_dim=16, g_lr=2e-6, d_lr=2e-6)


RECIPE = "support.sweeps:Detuned"
# Rates with which it learns, and rates of G that ruin it at once.
SPACE: dict[str, Varied] = {"g_lr": Values((0.005, 0.7, 0.8, 0.9)), "d_lr": Values((0.001, 0.002))}
RUINED = 0.7
SPACE_FILE = "g_lr: [0.005, 0.7, 0.8, 0.9]\nd_lr: [0.001, 0.002]\n"
# What a trial sets to take a second.
SHORT: dict[str, Any] = {"budget": "2kimg", "evaluations": 4}
COMMON: dict[str, Any] = {
    "eval_samples": 64,
    "extractor": "pixels",
    "tensorboard": False,
    "threads": 1,
    "precision": "float32",
    "grid_size": 1,
}
SHORT_WORDS = ["--budget", "2kimg", "--evaluations", "4"]
SHORT_WORDS += [word for key, value in COMMON.items() for word in ("--set", f"{key}={value}")]


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Start a PostgreSQL of its own in a temporary folder, or skip the test where there is none.

    Yields:
        The URL of an empty database.
    """
    initdb = shutil.which("initdb", path=os.pathsep.join([*map(str, POSTGRES), os.environ.get("PATH", "")]))
    if initdb is None:
        pytest.skip("no PostgreSQL server on this machine")
    # The server refuses to run as root.
    user = None if os.geteuid() else _other_user()
    folder = Path(tempfile.mkdtemp(prefix="ganvas-postgres-"))
    try:
        if user:
            shutil.chown(folder, user)
        data, port = folder / "data", _free_port()
        words: list[str | Path] = [
            initdb,
            "--pgdata",
            data,
            "--username",
            "ganvas",
            "--auth",
            "trust",
            "--no-sync",
            "--encoding",
            "UTF8",
        ]
        subprocess.run(words, user=user, cwd=folder, check=True, capture_output=True)
        server = Path(initdb).with_name("postgres")
        settings = [
            f"-cport={port}",
            f"-cunix_socket_directories={folder}",
            "-clisten_addresses=127.0.0.1",
            "-cfsync=off",
        ]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen([server, "-D", data, *settings], user=user, cwd=folder, stdout=log, stderr=log) as process,
        ):
            try:
                _await(Path(initdb).with_name("pg_isready"), port, process, folder / "log")
                yield f"postgresql://ganvas@127.0.0.1:{port}/postgres"
            finally:
                process.send_signal(signal.SIGINT)  # which ends connections that are still open, too
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _other_user() -> str:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _await(is_ready: Path, port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server answers."""
    while subprocess.run([is_ready, "-h", "127.0.0.1", "-p", str(port)], capture_output=True).returncode:
        if server.poll() is not None:
            pytest.fail(f"PostgreSQL did not start: {log.read_text('utf-8')}")
