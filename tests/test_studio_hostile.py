"""Hostile requests to the studio, a thousand of them: each is refused, nothing is written, and memory is bounded."""

import base64
import concurrent.futures
import contextlib
import json
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import psutil
import pytest

from ganvas.artist.artist import load
from ganvas.artist.origin import Cell
from ganvas.artist.png import write_painted
from ganvas.studio import drops
from ganvas.studio.app import PAGES
from ganvas.studio.door import guard, patience
from ganvas.studio.folder import StudioFolder
from ganvas.studio.votes import Side, Votes
from support.studio import Answer, Client, listing, studio
from support.studio_requests import CELL, GETS, NAMES, POSTS, SOURCE, UPLOADS, png

JSON = {"Content-Type": "application/json"}
# The name of a direction may be anything, and something new may have these names, which are plain.
FREE, PLAIN = {("/explore/rename", "new")}, {"CON", "nan", "inf", "1e999"}


@contextlib.contextmanager
def nothing_written(client: Client) -> Iterator[None]:
    """The folder and what is beside it are as before."""
    before = listing(client.root)
    yield
    assert listing(client.root) == before


def assert_refused(answer: Answer, what: object) -> None:
    """A clean refusal, which gives nothing away."""
    assert 400 <= answer.status < 500, what
    assert b"secret" not in answer.body, what
    assert b"root:" not in answer.body, what
    assert b"Traceback" not in answer.body, what


@contextlib.contextmanager
def bounded_memory(most: int) -> Iterator[None]:
    """This process, and with it the studio, never takes this many bytes more than it did before."""
    process, is_over = psutil.Process(), threading.Event()
    before = largest = process.memory_info().rss

    def watch() -> None:
        nonlocal largest
        while not is_over.wait(0.01):
            largest = max(largest, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()
    assert largest - before < most


def got(client: Client, path: str, query: dict[str, str], headers: dict[str, str] | None = None) -> Answer:
    """The answer to a GET; the name of an asset is in its path."""
    if path == "/assets/{name}":
        return client.ask(f"/assets/{quote(query['name'], safe='')}", headers=headers)
    return client.ask(f"{path}?{urlencode(query)}" if query else path, headers=headers)


# --- All that can be asked ---


def test_every_address_is_tried() -> None:
    routes = [route for each in PAGES for route in each.ROUTES]
    read = {route.path for route in routes if route.methods and "GET" in route.methods}
    sent = {route.path for route in routes if route.methods and "POST" in route.methods}
    assert read == set(GETS)
    assert sent == {*POSTS, *UPLOADS, "/login"}


def test_a_good_request_is_answered(client: Client, root: Path, started: list[list[str]]) -> None:
    """So it is the bad value alone that the others are refused for."""
    job = json.loads(client.post("/new/prepare", **POSTS["/new/prepare"]).body)["number"]
    assert job == 1
    votes = Votes(StudioFolder(root))
    votes.begin(Side(name="first", snapshot="last"), Side(name="second", snapshot="last"))
    endless = {path for path in GETS if path.endswith("events")}
    lacking = {"/login": 404, "/job/result": 404, "/explore/projected": 400}
    for path, query in GETS.items():
        if path not in endless:
            assert got(client, path, query).status == lacking.get(path, 200), path
    # Nothing is being trained, no favourite and no direction has these names, and the budget is spent.
    lacking = {"/run/stop": 409, "/job/stop": 409, "/explore/rename": 400, "/explore/film": 400}
    for path, fields in POSTS.items():
        answer = client.post(path, **fields)
        assert answer.status == lacking.get(path, 200), f"{path}: {answer.text}"
    # The picture says nothing about its making.
    for path, query in UPLOADS.items():
        assert client.upload(path, png(), **query).status == 200, path


# A parameter of each kind, which is tried with all names; the others are tried with a few of them in turn.
KINDS = {("/run", "name"), ("/explore", "snapshot"), ("/dataset/thumbnail", "name"), ("/new/source", "name"),
         ("/classify", "name"), ("/assets/{name}", "name"), ("/job", "number"), ("/compare/picture", "vote"),
         ("/new/prepare", "source"), ("/explore/paint", "name"), ("/new/train", "out")}  # fmt: skip
READ = [(path, name) for path, query in GETS.items() for name in query]
SENT = [(path, name) for path, fields in POSTS.items() for name in fields if (path, name) not in FREE]
# What may be left out.
UNSET = {("/new/train", "recipe"), ("/new/train", "quality"), ("/new/train", "budget"), ("/run/resume", "budget"),
         ("/new/forecast", "budget"), ("/export/start", "license")}  # fmt: skip


def names_for(path: str, name: str) -> list[str]:
    """The hostile values of a parameter."""
    if (path, name) in KINDS:
        return NAMES
    place = [*READ, *SENT].index((path, name))
    return ["../outside", "first\x00", *NAMES[place % 9 :: 9]]


@pytest.mark.parametrize(("path", "name"), READ)
def test_no_parameter_leads_out_of_the_folder(client: Client, path: str, name: str) -> None:
    with nothing_written(client):
        for value in names_for(path, name):
            assert_refused(got(client, path, GETS[path] | {name: value}), value)


@pytest.mark.parametrize(("path", "name"), SENT)
def test_no_field_leads_out_of_the_folder(client: Client, path: str, name: str, started: list[list[str]]) -> None:
    fine = {"out": PLAIN, "license": PLAIN | {"link"}}.get(name, set()) | ({""} if (path, name) in UNSET else set())
    with nothing_written(client):
        for value in names_for(path, name):
            if value not in fine:
                assert_refused(client.post(path, **POSTS[path] | {name: value}), value)
    assert started == []


@pytest.mark.parametrize("field", ["first", "second"])
def test_no_side_of_a_vote_leads_out_of_the_folder(client: Client, field: str) -> None:
    with nothing_written(client):
        for value in NAMES[::3]:
            for side in ({"name": value, "snapshot": "last"}, {"name": "first", "snapshot": value}):
                assert_refused(client.post("/compare/begin", **POSTS["/compare/begin"] | {field: side}), value)


@pytest.mark.parametrize("path", UPLOADS)
def test_no_picture_is_put_where_it_does_not_belong(client: Client, path: str, started: list[list[str]]) -> None:
    with nothing_written(client):
        for name in UPLOADS[path]:
            for value in NAMES[:: 1 if path == "/new/upload" else 4]:
                if path != "/new/upload" or value not in PLAIN:
                    assert_refused(client.upload(path, png(), **UPLOADS[path] | {name: value}), value)
    assert started == []


@pytest.mark.parametrize(
    "query", ["", "name=first&name=first", "NAME=first", "name[]=first", "name=first;kimg=0", "&&&", "=", "%"]
)
@pytest.mark.parametrize("path", ["/run", "/run/grid", "/job"])
def test_odd_addresses_get_a_clean_answer(client: Client, path: str, query: str) -> None:
    if (path, query) == ("/run", "name=first"):
        return
    assert_refused(client.ask(f"{path}?{query}"), query)


def test_an_address_has_a_longest_length(client: Client) -> None:
    assert client.ask(f"/run?name={'x' * 5000}").status == 414


@pytest.mark.parametrize("path", [*GETS, *POSTS, *UPLOADS])
def test_nothing_is_shown_or_done_without_the_key_or_for_another_site(client: Client, path: str) -> None:
    is_get, query = path in GETS, urlencode(GETS.get(path, UPLOADS.get(path, {})))
    address = f"{path.replace('{name}', 'run.js')}?{query}"
    body = json.dumps(POSTS[path]).encode() if path in POSTS else b"" if is_get else png()
    kind = "application/json" if path in POSTS else "application/octet-stream"
    with nothing_written(client):
        for headers in ({"Cookie": ""}, {"Origin": "http://evil.example"}):
            if path == "/login" and "Cookie" in headers:
                continue  # anybody may see the form, where there is one
            answer = client.ask(address, "GET" if is_get else "POST", body, {"Content-Type": kind} | headers)
            assert answer.status == 403, headers


# --- Links ---


def test_a_link_in_a_run_that_leads_out_is_refused(client: Client) -> None:
    answer = client.ask("/run/grid?name=first&kimg=0.001")
    assert answer.status == 404
    assert b"leads out" in answer.body


def test_no_link_in_a_folder_of_pictures_leads_out(tmp_path: Path, started: list[list[str]]) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.png").write_bytes(png())
    pictures = tmp_path / "folder" / "pictures" / "more"
    pictures.mkdir(parents=True)
    (pictures / "own.png").write_bytes(png())
    (pictures.parent / "own.png").symlink_to(pictures / "own.png")
    with studio(tmp_path / "folder") as client:
        assert got(client, "/new/source", GETS["/new/source"]).status == 200, "a link within is followed"
        for name, target in (("linked", "outside"), ("linked.png", "outside/secret.png"), ("loop", "folder/loop")):
            (pictures / name).symlink_to(tmp_path / target)
            refused = [got(client, "/new/source", GETS["/new/source"])]
            if name != "loop":
                refused.append(client.post("/new/prepare", **POSTS["/new/prepare"]))
                assert [answer.status for answer in refused] == [404, 404]
                assert all(f"pictures/more/{name} is a link" in answer.text for answer in refused)
            (pictures / name).unlink()
    assert started == []


def test_nothing_is_kept_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / ".ganvas-studio").symlink_to(tmp_path / "outside")
    with studio(tmp_path / "folder") as client:
        (tmp_path / "folder" / "pictures").mkdir()
        (tmp_path / "folder" / "pictures" / "1.png").write_bytes(png())
        answer = client.post("/new/prepare", **POSTS["/new/prepare"])
        assert (answer.status, "is a link" in answer.text) == (404, True)
    assert list((tmp_path / "outside").iterdir()) == []


# --- Bodies ---


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


@pytest.mark.parametrize("path", POSTS)
def test_malformed_bodies_get_a_clean_answer(client: Client, path: str) -> None:
    with nothing_written(client):
        for body in BODIES if path == "/run/stop" else (b"[]", b'{"name": "first", "extra": 1}'):
            assert client.ask(path, "POST", body, JSON).status == 400, body[:20]
        sent = {"Content-Type": "text/plain"}  # as a form of another site would send it
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
    with nothing_written(client):
        answer = client.post("/new/train", **(POSTS["/new/train"] | {field: value}))
        assert answer.status in (400, 404)
        assert json.loads(answer.body)["error"]


@pytest.mark.parametrize("length", ["65537", "999999999999999999999999", "-1", "x", "1e3", "0x10"])
def test_large_and_false_lengths_are_refused(client: Client, length: str) -> None:
    assert client.ask("/run/stop", "POST", b"", {"Content-Length": length} | JSON).status in (400, 413)


@pytest.mark.parametrize("path", ["/run/stop", "/explore/paint", "/new/upload?folder=huge", "/classify/ask?name=mind"])
def test_a_body_that_does_not_say_its_length_is_bounded(
    client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in guard.LARGER:
        monkeypatch.setitem(guard.LARGER, each, guard.MOST_BODY)
    body = png() + bytes(2 * guard.MOST_BODY)
    chunks = b"".join(b"8000\r\n" + body[start : start + 0x8000] + b"\r\n" for start in range(0, 0x18000, 0x8000))
    kind = "application/octet-stream" if "?" in path else "application/json"
    with nothing_written(client):
        sent = {"Transfer-Encoding": "chunked", "Content-Type": kind}
        assert client.ask(path, "POST", chunks + b"0\r\n\r\n", sent).status == 413


def vector(*values: float) -> str:
    return base64.b64encode(np.array(values, "<f4").tobytes()).decode()


BAD_CELLS: list[dict[str, object]] = [
    {"seed": -1}, {"seed": 2**64}, {"seed": 1.5}, {"seed": "1"}, {"number": 10**7}, {"number": 900_000},
    {"truncation": 11}, {"truncation": None}, {"label": "nobody"}, {"label": {"nobody": 1}}, {"label": {}, "x": 1},
    {"latent": "x"}, {"latent": vector(1)}, {"latent": vector(*[float("nan")] * 6)}, {"latent": vector(*[0.0] * 5000)},
    {"edits": [{"direction": "none", "amount": 1}]}, {"edits": [{"direction": "none", "amount": 1e9}]},
    {"edits": [{"direction": "x", "amount": 0}] * 65}, {"other": "a training picture"}, {"path": "/etc/passwd"},
]  # fmt: skip


@pytest.mark.parametrize("cell", BAD_CELLS, ids=range(len(BAD_CELLS)))
def test_bad_pictures_are_refused(client: Client, cell: dict[str, object]) -> None:
    with nothing_written(client):
        for path, fields in POSTS.items():
            bad: dict[str, Any] = {name: cell for name in ("cell", "end") if name in fields}
            bad |= {"cells": [CELL, cell]} if "cells" in fields else {}
            if bad:
                answer = client.post(path, **fields | bad)
                assert answer.status == 400, path
                assert json.loads(answer.body)["error"]


def test_counts_are_bounded(client: Client) -> None:
    for cells, columns in (([CELL] * 65, 8), ([], 8), ([CELL], 0), ([CELL], 65)):
        assert client.post("/explore/paint", **SOURCE, cells=cells, columns=columns).status == 400
    ends = {"start": CELL, "end": CELL}
    assert client.post("/explore/between", **SOURCE, **ends, steps=1000).status == 400
    assert client.post("/explore/film", **SOURCE, favourites=["x"] * 65).status == 400
    assert client.ask("/explore/paint", "POST", b" " * (2**18 + 1), JSON).status == 413


BAD_VOTES: list[tuple[str, dict[str, object]]] = [
    ("/compare/begin", {"first": SOURCE, "second": SOURCE}),
    ("/compare/choose", {"vote": 999, "question": 0, "choice": "left"}),
    ("/compare/choose", {"vote": -1, "question": 0, "choice": "left"}),
    ("/compare/choose", {"vote": 1, "question": 10**9, "choice": "left"}),
    ("/compare/choose", {"vote": 1, "question": 0, "choice": "me"}),
    ("/compare/reveal", {"vote": 999_999}),
]


@pytest.mark.parametrize(("path", "fields"), BAD_VOTES)
def test_bad_votes_are_refused(client: Client, path: str, fields: dict[str, object]) -> None:
    with nothing_written(client):
        assert client.post(path, **fields).status in (400, 404, 409)


def test_a_damaged_vote_is_said_to_be(client: Client, root: Path) -> None:
    vote = Votes(StudioFolder(root)).begin(Side(name="first"), Side(name="second"))
    (root / ".ganvas-studio" / "votes" / f"{vote.number:06d}.json").write_text("{")
    assert client.post("/compare/reveal", vote=vote.number).status == 400


# --- Pictures that are sent ---


def origin(**changes: object) -> bytes:
    content = {"format": 1, "ganvas": "0", "snapshot": "0" * 64, "recipe": "cdcgan", "size": 16, "cells": [{}]}
    return png(("ganvas", json.dumps(content | changes)))


def bomb(side: int) -> bytes:
    """A file that says it is a picture of this many pixels on each side, and ends in its first row."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000)))


HOSTILE = [
    b"", b"x", b"\x89PNG\r\n\x1a\n", png(), png(("ganvas", "")), png(("ganvas", "{")), png(("ganvas", "[" * 100_000)),
    png(("ganvas", "x" * (17 * 2**20))), origin(), origin(cells=[]), origin(cells=[{"number": 10**9}]),
    origin(cells=[{"other": "x"}]), origin(snapshot="../x"), origin(recipe="os:system"), origin(path="/etc/passwd"),
    origin(cells=[{}] * 17_000), origin(sheet={"columns": 10**9}, cells=[{}, {}]), origin(size=4096),
    origin(cells=[{"edits": [{"direction": "x", "amount": 1}]}]), origin(directions={"x": "not base64"}),
    png(("ganvas", json.dumps({"a": "<script>alert(1)</script>"}))), png()[:60], png() + b"x" * 1000,
    b"\x89PNG\r\n\x1a\n" + zlib.compress(b"0" * 100_000), b"GIF89a" + b"\0" * 100,
]  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_are_refused(client: Client, content: bytes) -> None:
    with nothing_written(client):
        answer = client.upload("/explore/restore", content, name="first")
    # Any other picture is welcome too, but there is nothing to restore.
    assert answer.status == 400 or (answer.status, answer.body) == (200, b"null")
    assert b"ganvas-studio-" not in answer.body, "no name of a temporary file"


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
    b"\xff\xd8\xff\xe0" + b"\0" * 99,
]


@pytest.mark.parametrize("content", NO_PICTURES, ids=range(len(NO_PICTURES)))
def test_what_is_no_picture_is_not_taken(client: Client, content: bytes, started: list[list[str]]) -> None:
    with nothing_written(client):
        for path, query in UPLOADS.items():
            answer = client.upload(path, content, **query)
            assert answer.status == 400, path
            assert b"ganvas-studio-" not in answer.body, "no name of a temporary file"
    assert started == []


def test_a_picture_that_is_cut_short_or_a_bomb_is_not_classified(client: Client) -> None:
    with bounded_memory(200 * 2**20):
        for content in (png()[:45], bomb(10_000), bomb(2**31 - 1)):
            answer = client.upload("/classify/ask", content, name="mind")
            assert answer.status == 400
            assert b"ganvas-studio-" not in answer.body, "no name of a temporary file"


def test_dropped_files_are_bounded(client: Client) -> None:
    for path, query in UPLOADS.items():
        address, most = f"{path}?{urlencode(query)}", guard.LARGER[path]
        sent = {"Content-Type": "application/octet-stream", "Content-Length": str(most + 1)}
        assert client.ask(address, "POST", b"", sent).status == 413
        assert client.ask(address, "POST", png(), {"Content-Type": "text/plain"}).status == 400


@pytest.mark.parametrize("folder", ["..", "../x", "/tmp", "first", "data", "link", ".hidden", "a/b", "", "x\x00"])
def test_pictures_are_dropped_into_new_folders_only(client: Client, folder: str) -> None:
    with nothing_written(client):
        assert client.upload("/new/upload", png(), folder=folder).status == 400


def test_dropped_pictures_are_bounded_and_have_names_of_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drops, "MOST_PICTURES", 2)
    with studio(tmp_path) as client:
        assert [client.upload("/new/upload", png(), folder="mine").status for _ in range(3)] == [200, 200, 400]
        assert sorted(file.name for file in (tmp_path / "mine").iterdir()) == ["00001.png", "00002.png"]
        assert b"<option>mine</option>" in client.ask("/new").body


def test_a_folder_of_dropped_pictures_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drops, "MOST_BYTES", len(png()) + 10)
    with studio(tmp_path) as client:
        assert client.upload("/new/upload", png(), folder="mine").status == 200
        answer = client.upload("/new/upload", png(), folder="mine")
        assert (answer.status, "the most that can be dropped" in answer.text) == (400, True)
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["00001.png"]


def test_a_picture_of_a_run_that_is_not_here_says_so(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    artist = load(client.root / "first")
    made = artist.origin([Cell(seed=1, label="class0")])
    assert made is not None
    write_painted(file, np.zeros((16, 16, 3), np.uint8), made.model_copy(update={"snapshot": "ab" * 32}))
    answer = client.upload("/explore/restore", file.read_bytes(), name="first")
    assert (answer.status, "which no run under this folder has any more" in answer.text) == (400, True)


# --- Many, and slow ones ---


def test_slow_clients_do_not_keep_others_out_and_are_sent_away(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    slow = [socket.create_connection(("127.0.0.1", client.server.port), timeout=600) for _ in range(50)]
    try:
        for each in slow:
            each.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert client.ask("/home").status == 200
        assert [each.recv(100) for each in slow] == [b""] * 50
    finally:
        for each in slow:
            each.close()


def test_a_body_must_come_in_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "PATIENCE", 0.2)
    with nothing_written(client):
        for path, query in UPLOADS.items():
            sent = {"Content-Length": "1000", "Content-Type": "application/octet-stream"}
            assert client.ask(f"{path}?{urlencode(query)}", "POST", png()[:50], sent).status == 408, path
        assert client.ask("/run/stop", "POST", b"{", JSON | {"Content-Length": "1000"}).status == 408


def test_two_hundred_at_once_are_answered_in_bounded_memory(client: Client) -> None:
    with bounded_memory(200 * 2**20), nothing_written(client), concurrent.futures.ThreadPoolExecutor(200) as pool:
        paths = [f"/run?name={quote('../' * 100 + str(number))}" for number in range(200)]
        statuses = list(pool.map(lambda path: client.ask(path).status, paths))
        assert set(statuses) == {404}
    assert client.ask("/").status == 200


def test_large_pictures_are_received_a_few_at_a_time(client: Client) -> None:
    """Of 16 pictures of 16 MiB each, which would be 512 MiB with what they are put together from."""
    content = png() + bytes(16 * 2**20)
    pool = concurrent.futures.ThreadPoolExecutor(16)
    with pool, bounded_memory(300 * 2**20), nothing_written(client):
        asked = [pool.submit(client.upload, "/explore/restore", content, name="first") for _ in range(16)]
        assert {each.result().status for each in asked} == {400}
