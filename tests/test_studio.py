"""The studio: who gets in, what it shows, and that what it starts is a process of its own."""

import concurrent.futures
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from ganvas.artist.grids import class_grid
from ganvas.data.pictures.frame import Frame
from ganvas.foundation.errors import DataError, GanvasError
from ganvas.foundation.locks import exclusive, holder
from ganvas.studio import machine
from ganvas.studio.door import keys
from ganvas.studio.door.hosts import Hosts
from ganvas.studio.folder import StudioFolder
from ganvas.studio.glimpse import glimpse
from ganvas.studio.jobs import Job, Jobs
from ganvas.studio.thumbnails import Thumbnails
from ganvas.studio.training import Trainings
from support.command_line import PATIENCE, Cli
from support.studio import Client, studio

PAGES = [
    "/",
    "/home",
    "/new",
    "/run?name=first",
    "/run/parts?name=first",
    "/run/grid?name=first&kimg=0",
    "/job?number=1",
]


def test_a_studio_lets_open_pages_go_when_it_ends(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool, studio(tmp_path) as client:
        listening = pool.submit(client.ask, "/events")
        while client.server.studio.audience.is_empty:
            time.sleep(0.01)
        client.server.stop()
        assert listening.result(timeout=PATIENCE).status == 200
    assert capfd.readouterr().err == ""


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


# --- What it shows ---


def test_it_finds_what_is_under_the_folder_and_follows_no_link(root: Path) -> None:
    found = StudioFolder(root).look()
    assert (list(found.runs), list(found.datasets), found.refused) == (["first", "second"], ["data"], ["link"])


def test_what_a_projection_found_is_no_source_of_pictures(tmp_path: Path) -> None:
    for folder, names in {"found": ("comparison.png", "found-000.png"), "mine": ("comparison.png", "b.png")}.items():
        (tmp_path / folder).mkdir()
        for name in names:
            Image.new("RGB", (8, 8)).save(tmp_path / folder / name)
    assert list(StudioFolder(tmp_path).look().sources) == ["mine"]


def test_home_shows_runs_and_datasets(client: Client) -> None:
    page = client.ask("/").text
    assert "first" in page
    assert "Nothing is being trained" in page
    assert client.ask("/run/thumbnail?name=first").headers["content-type"] == "image/webp"
    assert client.ask("/dataset/thumbnail?name=data").headers["content-type"] == "image/webp"


def test_pictures_are_seen_before_they_become_a_dataset(client: Client) -> None:
    answer = client.ask("/new/source?name=pictures&size=32&fit=crop&classes=none")
    assert json.loads(answer.headers["x-about"]) == {
        "words": "3 pictures, their shorter side 16 px.",
        "mind": [
            "3 pictures are few: a generator may learn them by heart. More are better.",
            "3 of 3 are smaller than 32 px and will be enlarged, which blurs.",
        ],
    }
    with Image.open(io.BytesIO(answer.body)) as sheet:
        assert sheet.size == (3 * 32, 32)


def test_what_to_mind_in_a_folder_of_pictures(tmp_path: Path) -> None:
    for name, count in (("many", 7), ("few", 2)):
        (tmp_path / name).mkdir()
        for number in range(count):
            Image.new("RGB", (20 + number, 40)).save(tmp_path / name / f"{number}.png")
    (tmp_path / "few" / "broken.png").write_bytes(b"no picture")
    (tmp_path / "few" / "notes.txt").write_text("a note")
    seen = glimpse(tmp_path, Frame(16, "pad"), "folders")
    assert seen.words == "10 pictures, their shorter side 20 to 26 px; 2 classes: many (7), few (3); 1 other file."
    assert seen.squares.shape == (6, 16, 16, 3), "whole rows"
    assert seen.mind[0].startswith("1 of 10 that were looked at cannot be read and will be left out: not an image")
    assert glimpse(tmp_path, Frame(16), "none").words.count("class") == 0
    with pytest.raises(DataError, match="none of its pictures can be read: not an image"):
        (tmp_path / "broken").mkdir()
        (tmp_path / "few" / "broken.png").rename(tmp_path / "broken" / "1.png")
        glimpse(tmp_path / "broken", Frame(16), "none")


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


def test_a_thumbnail_shows_whole_pictures_without_the_names_of_classes(tmp_path: Path) -> None:
    tiles = np.full((3, 8, 32, 32, 3), (200, 40, 40), np.uint8)
    Image.fromarray(class_grid(tiles, ["a long name", "b", "c"])).save(tmp_path / "grid.png")
    with Image.open(io.BytesIO(Thumbnails().of_grid(tmp_path / "grid.png", 32))) as small:
        assert small.size == (3 * 34 - 2,) * 2
        corners = [small.getpixel((x, y)) for x in (0, 99) for y in (0, 99)]
    assert np.abs(np.array(corners) - (200, 40, 40)).max() < 20


def test_a_command_that_has_trained_a_run_is_about_to_end(root: Path) -> None:
    trainings, run = Trainings(), root / "first"
    assert trainings.open(run).phase == "finished"
    assert trainings.open(run, began=time.time() + 100).phase == "starting"
    assert trainings.open(run, began=0).phase == "ending"


def test_the_machine_is_as_busy_as_its_cores_whichever_page_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = [(10.0, 90.0), (13.0, 91.0), (13.0, 95.0)]

    class Times:
        def _asdict(self) -> dict[str, float]:
            user, idle = times.pop(0)
            return {"user": user, "guest": user, "idle": idle}

    monkeypatch.setattr(psutil, "cpu_times", Times)
    monkeypatch.setattr(machine, "FRESH", -1.0)
    watch = machine.MachineWatch(tmp_path)
    with concurrent.futures.ThreadPoolExecutor(1) as other:
        assert other.submit(watch.look).result().busy == 0.75
    assert str(watch.look().record()["line"]).startswith("0 % of ")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads the words of a process")
def test_another_program_that_takes_a_core_is_named_with_its_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "FRESH", -1.0)
    monkeypatch.setattr(machine, "BUSY", 1e-9)
    (tmp_path / "thumbs.py").write_text("while True:\n    pass\n")
    with subprocess.Popen([sys.executable, str(tmp_path / "thumbs.py")]) as program:
        try:
            watch = machine.MachineWatch(tmp_path)
            while not any("thumbs.py" in warning for warning in watch.look().warnings):
                time.sleep(0.05)
        finally:
            program.kill()


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
        jobs.start(["export", "x"], "page.html", makes="page.html")
        assert jobs.unused("page.html") == "page.html-2", "it will be there when the job ends"
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
    stats = (root / "first" / "stats.jsonl").read_text("utf-8")
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
