"""`kill -9` of the studio, while it starts a training and keeps pictures."""

import contextlib
import http.client
import json
import os
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random

from ganvas.studio.folder import StudioFolder
from ganvas.studio.jobs import Jobs
from support.studio import StudioProcess
from torture.checks import unreadable

# Seconds within which the studio is killed, and for the training that it started.
_LONGEST, _PATIENCE = 4.0, 900.0
# The run that it resumes, and the one whose pictures it keeps.
_RUN, _SOURCE = "half", {"name": "done", "snapshot": "last"}


class Studio(StudioProcess):
    """A studio in a process of its own, and a client that it lets in."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._host, self._cookie = self.home.removeprefix("http://"), ""
        self._cookie = self.ask(self.address.removeprefix(self.home))[2].partition(";")[0]

    def ask(self, path: str, **fields: object) -> tuple[int, str, str]:
        """Ask for a page, or send fields as JSON: the status, the body and the cookie of the answer.

        Raises:
            OSError, http.client.HTTPException: it does not answer.
        """
        connection = http.client.HTTPConnection(self._host, timeout=60)
        headers = {"Cookie": self._cookie, "Origin": f"http://{self._host}", "Content-Type": "application/json"}
        try:
            connection.request("POST" if fields else "GET", path, json.dumps(fields) if fields else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.getheader("set-cookie", "")
        finally:
            connection.close()


def killed(folder: Path, random: Random) -> Iterator[str]:
    """Kill a studio that works, and say what is wrong then: with its files, its training, and the next studio."""
    studio = Studio(folder)
    client = threading.Thread(target=_keep_busy, args=(studio,))
    client.start()
    time.sleep(random.uniform(0, _LONGEST))
    studio.kill()
    client.join()
    yield from unreadable(folder)
    next_one = Studio(folder)
    try:
        yield from _shown(next_one, folder)
    finally:
        next_one.kill()


def _keep_busy(studio: Studio) -> None:
    """Resume a run, then keep pictures and vote until the studio is gone."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        studio.ask("/run/resume", name=_RUN)
        sides = {"first": _SOURCE, "second": _SOURCE | {"snapshot": "best"}}
        vote = json.loads(studio.ask("/compare/begin", **sides)[1]).get("vote")
        for number in count():
            studio.ask("/explore/keep", **_SOURCE, cell={"seed": number, "number": 0})
            if vote is not None:
                studio.ask("/compare/choose", vote=vote, question=number, choice="left")


def _shown(studio: Studio, folder: Path) -> Iterator[str]:
    """What the next studio does not show; then wait for the training, as its page does."""
    for path in ("/", f"/run?name={_RUN}", f"/explore?name={_SOURCE['name']}", "/compare"):
        status, body, _ = studio.ask(path)
        if status != 200:
            yield f"the next studio answers {status} to {path}: {body[-300:]}"
    status, body, _ = studio.ask("/explore/keep", **_SOURCE, cell={"seed": 10**6, "number": 0})
    if status != 200:
        yield f"no picture can be kept: {status} {body[-300:]}"
    end = time.monotonic() + _PATIENCE
    jobs = Jobs(StudioFolder(folder))
    while jobs.running() and time.monotonic() < end:
        time.sleep(0.2)
    for job in jobs.running():
        os.kill(job.owner.pid, 9)
        yield f"its training hangs: {job.command}"
