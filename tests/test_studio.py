"""The studio: who gets in, what it shows, and that what it starts is a process of its own."""

import concurrent.futures
import io
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil
import pytest
from PIL import Image

from ganvas.foundation.errors import GanvasError
from ganvas.foundation.locks import exclusive, holder
from ganvas.studio import drops
from ganvas.studio.door import keys
from ganvas.studio.door.hosts import Hosts
from ganvas.studio.folder import StudioFolder
from ganvas.studio.jobs import Job, Jobs
from support.command_line import Cli
from support.studio import Client, studio
from support.studio_names import NAMES, listing

PAGES = [
    "/",
    "/home",
    "/new",
    "/run?name=first",
    "/run/parts?name=first",
    "/run/grid?name=first&kimg=0",
    "/job?number=1",
]
READS = [
    "/run?name={}", "/run/parts?name={}", "/run/events?name={}", "/run/grid?kimg=0&name={}", "/run/thumbnail?name={}",
    "/dataset/thumbnail?name={}", "/new?data={}", "/new/survey?name={}", "/run/grid?name=first&kimg={}",
    "/job?number={}", "/job/events?number={}", "/assets/{}",
]  # fmt: skip


# --- The door ---


def test_the_token_lets_in_and_does_not_stay_in_the_address(client: Client) -> None:
    path = "/" + client.server.address.partition(f"{client.server.port}/")[2]
    answer = client.ask(path, headers={"Cookie": "", "Origin": ""})
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    assert client.ask("/").status == 200


@pytest.mark.parametrize("cookie", ["", "ganvas-studio-1=x", "; ; =", "\x7f=1", "a" * 3000])
def test_nobody_gets_in_without_the_key(client: Client, cookie: str) -> None:
    for page in (*PAGES, "/events", "/assets/run.js", "/nothing"):
        answer = client.ask(page, headers={"Cookie": cookie})
        assert answer.status == 403, page
        assert b"token" in answer.body


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", "[::1",
     "127.0.0.1:{port}@evil.example", "127.0.0.1.nip.io:{port}", "127.0.0.1:{port}x", "0.0.0.0:{port}",
     "2130706433:{port}"],
)  # fmt: skip
@pytest.mark.parametrize("page", ["/", "/run?name=first", "/assets/studio.css"])
def test_it_is_called_by_its_own_names_only(client: Client, host: str, page: str) -> None:
    answer = client.ask(page, headers={"Host": host.format(port=client.server.port)})
    assert answer.status in (400, 421)


def test_its_names_are_those_of_the_loopback(client: Client) -> None:
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert client.ask("/home", headers={"Host": f"{host}:{client.server.port}", "Origin": ""}).status == 200
    everywhere = Hosts.of("0.0.0.0", 80)
    assert everywhere.accepts("192.168.1.5")
    assert not everywhere.accepts("evil.example")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "file://"]
)
@pytest.mark.parametrize("path", ["/", "/run/stop", "/new/train", "/new/upload?folder=x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_sites_are_refused(client: Client, origin: str, path: str, method: str) -> None:
    sent = {"Origin": origin.format(port=client.server.port), "Content-Type": "application/json"}
    assert client.ask(path, method, b"{}", sent).status == 403


def test_a_request_that_changes_something_names_its_origin(client: Client) -> None:
    assert client.ask("/run/stop", "POST", b"{}", {"Origin": ""}).status == 403
    assert client.ask("/", headers={"Origin": "", "Sec-Fetch-Site": "cross-site"}).status == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    assert client.ask("/", method).status in (400, 405)


def test_every_answer_says_what_a_browser_may_do_with_it(client: Client) -> None:
    for path in ("/", "/nothing", "/assets/run.js"):
        policy = client.ask(path).headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy


def test_a_password_is_asked_for_and_guesses_are_counted(tmp_path: Path) -> None:
    with studio(tmp_path, "correct horse") as client:
        assert client.ask("/").headers["location"] == "/login"
        right = client.ask("/login", "POST", b"password=correct+horse")
        assert right.status == 303
        inside = {"Cookie": right.headers["set-cookie"].partition(";")[0]}
        assert client.ask("/", headers=inside).status == 200
        wrong = [client.ask("/login", "POST", b"password=%d" % guess).status for guess in range(keys.GUESSES + 1)]
        assert wrong == [403] * keys.GUESSES + [429]
        assert client.ask("/login", "POST", b"password=correct+horse").status == 429


def test_other_machines_need_a_password(cli: Cli) -> None:
    done = cli("studio", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "--password" in done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_STUDIO_PASSWORD", "short")
        assert "8 or more" in cli("studio", "--password").stderr


def test_a_folder_that_is_not_there_is_one_clear_line(cli: Cli) -> None:
    done = cli("studio", "nowhere")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "nowhere is not a folder" in done.stderr


# --- Hostile requests ---


@pytest.mark.parametrize("read", READS)
def test_no_name_leads_out_of_the_folder(client: Client, read: str) -> None:
    before = listing(client.root)
    for name in NAMES:
        answer = client.ask(read.format(quote(name, safe="")))
        assert 400 <= answer.status < 500, name
        assert b"secret" not in answer.body
        assert b"root:" not in answer.body
    assert listing(client.root) == before


def test_a_link_in_a_run_that_leads_out_is_refused(client: Client) -> None:
    answer = client.ask("/run/grid?name=first&kimg=0.001")
    assert answer.status == 404
    assert b"leads out" in answer.body


@pytest.mark.parametrize(
    "query", ["", "name=first&name=first", "NAME=first", "name[]=first", "name=first;kimg=0", "&&&", "=", "%"]
)
@pytest.mark.parametrize("path", ["/run", "/run/grid", "/run/events", "/new/survey", "/job", "/dataset/thumbnail"])
def test_odd_addresses_get_a_clean_answer(client: Client, path: str, query: str) -> None:
    if (path, query) == ("/run", "name=first"):
        return
    assert 400 <= client.ask(f"{path}?{query}").status < 500


POSTS: dict[str, dict[str, object]] = {
    "/run/stop": {"name": "first"},
    "/run/resume": {"name": "first", "budget": "1steps"},
    "/run/again": {"name": "first", "out": "x", "start": "best", "budget": "1steps"},
    "/new/prepare": {"source": "nowhere", "out": "x", "size": 64, "fit": "crop", "classes": "none"},
    "/new/train": {"data": "data", "out": "x", "budget": "1steps"},
    "/new/forecast": {"data": "data", "out": "x", "budget": "1steps"},
    "/job/stop": {"number": 1},
}
BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"{}",
    b'{"a": 1}',
    b"[" * 20_000,
    b"\xff\xfe",
    b'{"name": "first", "extra": 1}',
    b"NaN",
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("path", POSTS)
def test_malformed_bodies_get_a_clean_answer(client: Client, path: str, body: bytes) -> None:
    before = listing(client.root)
    assert client.ask(path, "POST", body, {"Content-Type": "application/json"}).status == 400
    assert listing(client.root) == before


@pytest.mark.parametrize("path", POSTS)
def test_a_form_is_not_json(client: Client, path: str) -> None:
    sent = {"Content-Type": "text/plain"}
    assert client.ask(path, "POST", json.dumps(POSTS[path]).encode(), sent).status == 415


BAD = {
    "out": ["../x", "/tmp/x", "first", "a/b", ".x", "-x", "x\n", "x;id", "", "A" * 65, "link", "x\x00"],
    "budget": ["-1m", "1e9m", "0m", "nanm", "10 parsecs", "1m; id"],
    "data": ["../outside", "link", "first", "", "/etc"],
    "recipe": ["os:system", "nosuch", "../x", "ganvas.studio.jobs:Jobs"],
    "quality": ["perfect", "--help"],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in BAD.items() for value in values])
def test_bad_values_start_nothing(client: Client, field: str, value: str) -> None:
    before = listing(client.root)
    for path in ("/new/train", "/new/forecast"):
        answer = client.post(path, **(POSTS[path] | {field: value}))
        assert answer.status in (400, 404)
        assert json.loads(answer.body)["error"]
    assert listing(client.root) == before


@pytest.mark.parametrize("length", ["65537", "999999999999999999999999", "-1", "x", "1e3", "0x10"])
def test_large_and_false_lengths_are_refused(client: Client, length: str) -> None:
    sent = {"Content-Length": length, "Content-Type": "application/json"}
    assert client.ask("/run/stop", "POST", b"", sent).status in (400, 413)


def test_a_body_that_does_not_say_its_length_is_bounded(client: Client) -> None:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    sent = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    assert client.ask("/run/stop", "POST", chunk * 2 + b"0\r\n\r\n", sent).status == 413


def test_an_address_has_a_longest_length(client: Client) -> None:
    assert client.ask(f"/run?name={'x' * 5000}").status == 414


def dropped(client: Client, content: bytes, folder: str) -> int:
    path = f"/new/upload?{urlencode({'folder': folder})}"
    return client.ask(path, "POST", content, {"Content-Type": "application/octet-stream"}).status


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


NO_PICTURES = [
    b"",
    b"x",
    b"<svg/>",
    b"%!PS",
    b"GIF89a",
    b"\x89PNG\r\n\x1a\n",
    b"PK\x03\x04",
    b"\xff" * 70_000,
    b"#!/bin/sh\n",
]


@pytest.mark.parametrize("content", NO_PICTURES, ids=range(len(NO_PICTURES)))
def test_what_is_no_picture_is_not_kept(client: Client, content: bytes) -> None:
    before = listing(client.root)
    assert dropped(client, content, "mine") == 400
    assert listing(client.root) == before


@pytest.mark.parametrize("folder", ["..", "../x", "/tmp", "first", "data", "link", ".hidden", "a/b", "", "x\x00"])
def test_pictures_are_dropped_into_new_folders_only(client: Client, folder: str) -> None:
    before = listing(client.root)
    assert dropped(client, png(), folder) == 400
    assert listing(client.root) == before


def test_dropped_pictures_are_bounded_and_have_names_of_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drops, "MOST_PICTURES", 2)
    with studio(tmp_path) as client:
        assert [dropped(client, png(), "mine") for _ in range(3)] == [200, 200, 400]
        assert sorted(file.name for file in (tmp_path / "mine").iterdir()) == ["00001.png", "00002.png"]
        assert b'value="mine"' not in client.ask("/new").body
        assert b"<option>mine</option>" in client.ask("/new").body


def test_slow_clients_do_not_keep_others_out(client: Client) -> None:
    slow = [socket.create_connection(("127.0.0.1", client.server.port)) for _ in range(50)]
    try:
        for each in slow:
            each.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert client.ask("/home").status == 200
    finally:
        for each in slow:
            each.close()


def test_two_hundred_at_once_are_answered_in_bounded_memory(client: Client) -> None:
    before = psutil.Process().memory_info().rss
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        paths = [f"/run?name={quote('../' * 100 + str(number))}" for number in range(200)]
        statuses = list(pool.map(lambda path: client.ask(path).status, paths))
    assert set(statuses) <= {404, 503}
    assert psutil.Process().memory_info().rss - before < 200 * 2**20
    assert client.ask("/").status == 200


# --- What it shows ---


def test_it_finds_what_is_under_the_folder_and_follows_no_link(root: Path) -> None:
    found = StudioFolder(root).look()
    assert (list(found.runs), list(found.datasets), found.refused) == (["first", "second"], ["data"], ["link"])


def test_home_shows_runs_and_datasets(client: Client) -> None:
    page = client.ask("/").text
    assert "first" in page
    assert "Nothing is being trained" in page
    assert client.ask("/run/thumbnail?name=first").headers["content-type"] == "image/webp"
    assert client.ask("/dataset/thumbnail?name=data").headers["content-type"] == "image/webp"


def test_an_empty_folder_says_what_to_do_first(tmp_path: Path) -> None:
    with studio(tmp_path) as client:
        assert "Put a folder or an archive of pictures" in client.ask("/").text


def test_a_run_that_cannot_be_read_is_shown_as_such(tmp_path: Path) -> None:
    (tmp_path / "broken" / "samples").mkdir(parents=True)
    (tmp_path / "broken" / "config.yaml").write_text("schema_version: 99\n")
    with studio(tmp_path) as client:
        assert "schema version" in client.ask("/").text
        assert client.ask("/run?name=broken").status == 400


def test_a_holder_is_named_without_taking_the_lock(tmp_path: Path) -> None:
    assert holder(tmp_path / "run") is None
    with exclusive(tmp_path / "run", "trained"):
        found = holder(tmp_path / "run")
        assert found is not None
        assert (found.process.pid, found.process.is_alive, found.what) == (os.getpid(), True, "trained")
    assert holder(tmp_path / "run") is None


# --- What it starts ---


def await_job(jobs: Jobs, number: int, seconds: float = 600) -> Job:
    end = time.monotonic() + seconds
    while True:
        job = next(each for each in jobs.all() if each.number == number)
        if not job.is_running:
            return job
        assert time.monotonic() < end, jobs.log(job)
        time.sleep(0.1)


def test_a_job_is_a_command_with_a_log_and_another_studio_finds_it(tmp_path: Path) -> None:
    jobs = Jobs(StudioFolder(tmp_path))
    job = jobs.start(["doctor", "--nonsense"], "nothing")
    assert job.command == "ganvas doctor --nonsense"
    assert job.owner.pid != os.getpid()
    assert os.getsid(job.owner.pid) != os.getsid(0)
    later = Jobs(StudioFolder(tmp_path))
    await_job(jobs, job.number)
    assert [each.number for each in later.all()] == [job.number]
    assert any("nonsense" in line for line in later.log(job))


def test_jobs_are_bounded_and_trainings_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    started: list[subprocess.Popen[bytes]] = []

    def spawn(self: Jobs, words: list[str], log: int) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(sleeper))
        return started[-1]

    monkeypatch.setattr(Jobs, "_spawn", spawn)
    jobs = Jobs(StudioFolder(tmp_path))
    try:
        jobs.start(["train", "data"], "one")
        with pytest.raises(GanvasError, match="one is being trained"):
            jobs.start(["resume", "two"], "two")
        jobs.start(["train", "data", "--dry-run"], "forecast")
        jobs.start(["resume", "two"], "two", beside=True)
        jobs.start(["prepare", "x", "y"], "y")
        with pytest.raises(GanvasError, match="4 commands"):
            jobs.start(["prepare", "x", "z"], "z")
    finally:
        for each in started:
            each.kill()
            each.wait()


def test_a_killed_training_is_shown_as_killed_and_is_offered_to_resume(root: Path, client: Client) -> None:
    lock = root / ".first.lock"
    owner = {"host": os.uname().nodename, "pid": 2**22 - 3, "started": "boot.1"}
    lock.write_text(json.dumps({"owner": owner, "what": "trained", "since": "2026-01-01 00:00:00", "inode": None}))
    stats = (root / "first" / "stats.jsonl").read_text()
    try:
        (root / "first" / "stats.jsonl").write_text(stats.splitlines()[0] + "\n")
        page = client.ask("/run?name=first").text
        assert "it was killed" in page
        assert "Resume" in page
        assert client.post("/run/stop", name="first").status == 409
    finally:
        lock.unlink()
        (root / "first" / "stats.jsonl").write_text(stats)


def test_a_spent_budget_needs_more(client: Client) -> None:
    answer = client.post("/run/resume", name="first")
    assert answer.status == 409
    assert b"spent its budget" in answer.body
