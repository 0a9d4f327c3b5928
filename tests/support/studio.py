"""A studio that answers on a port of its own, and a client that is in."""

import contextlib
import http.client
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from ganvas.classify.train import train as train_classifier
from ganvas.planning.run import train
from ganvas.studio.serve import Server
from support.datasets import write_dataset
from support.runs import TINY
from support.studio_requests import png


class StudioProcess:
    """A `ganvas studio` in a process of its own, as a user starts it.

    Attributes:
        address: what it prints, with the token that lets in.
        home: the same without.
    """

    def __init__(self, folder: Path) -> None:
        words = [sys.executable, "-m", "ganvas", "studio", str(folder), "--no-browser"]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        self.home = self.address.partition("/?")[0]

    def kill(self) -> None:
        """As `kill -9` does."""
        self._process.kill()
        self._process.communicate()


@dataclass(frozen=True)
class Answer:
    """What the studio answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Client:
    """Asks a studio.

    Attributes:
        server: the studio.
        root: its folder.
        cookie: what lets in.
    """

    server: Server
    root: Path
    cookie: str

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask with these headers in addition to those of a page of the studio; an empty one is left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=600)
        own = {"Host": self.host, "Cookie": self.cookie, "Origin": f"http://{self.host}"}
        sent = {name: value for name, value in (own | dict(headers or {})).items() if value}
        try:
            connection.putrequest(method, path, skip_host=True)
            if body is not None and "Content-Length" not in sent and "Transfer-Encoding" not in sent:
                sent["Content-Length"] = str(len(body))
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()

    def post(self, path: str, **fields: object) -> Answer:
        """Send JSON, as the pages do."""
        return self.ask(path, "POST", json.dumps(fields).encode(), {"Content-Type": "application/json"})

    def upload(self, path: str, content: bytes, **query: str) -> Answer:
        """Send a picture, as the pages do."""
        sent = {"Content-Type": "application/octet-stream"}
        return self.ask(f"{path}?{urlencode(query)}", "POST", content, sent)


@contextlib.contextmanager
def studio(root: Path, password: str | None = None) -> Iterator[Client]:
    """A studio of a folder, and a client; with a password, the client is not in."""
    server = Server(root, password=password)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.is_ready:
        time.sleep(0.01)
    try:
        client = Client(server, root.resolve(), "")
        if password is None:
            entered = client.ask("/" + server.address.partition(f"{server.port}/")[2], headers={"Origin": ""})
            client = Client(server, root.resolve(), entered.headers["set-cookie"].partition(";")[0])
        yield client
    finally:
        server.stop()
        thread.join(10)


def write_folder(folder: Path) -> Path:
    """A folder with pictures, a dataset, two runs of two classes, a classifier, and links that lead out of it."""
    outside = folder.with_name("outside")
    write_dataset(folder / "data")
    (folder / "pictures").mkdir()
    for number in range(3):
        (folder / "pictures" / f"{number}.png").write_bytes(png())
    for name, budget, seed in (("first", "4steps", 0), ("second", "1steps", 1)):
        often = {"sample_every": "2steps", "log_every": "1steps"}
        changes = TINY | often | {"budget": budget, "seed": seed}
        train(folder / "data", folder / name, "cdcgan", **changes)
    train_classifier(folder / "data", folder / "mind", model="cnn", epochs=1)
    shutil.copytree(folder / "second", outside / "run")
    (outside / "secret.png").write_bytes(b"secret")
    (folder / "link").symlink_to(outside)
    (folder / "first" / "samples" / "00000000.001.png").symlink_to(outside / "secret.png")
    return folder


def listing(root: Path) -> list[str]:
    """Everything in the folder and beside it, to see that nothing was written."""
    return sorted(str(path) for path in root.parent.rglob("*"))
