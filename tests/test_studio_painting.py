"""The studio's pages that paint: explore, compare, classify and export."""

import base64
import dataclasses
import io
import json
import zlib
from pathlib import Path
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganvas.artist.again import paint_again
from ganvas.artist.artist import load
from ganvas.artist.origin import Cell
from ganvas.artist.png import write_painted
from ganvas.foundation.errors import GanvasError
from ganvas.studio import painter
from ganvas.studio.folder import StudioFolder
from ganvas.studio.jobs import Jobs
from ganvas.studio.votes import Side, Votes, interval
from support.studio import Answer, Client, studio
from support.studio_names import NAMES, listing

SOURCE = {"name": "first", "snapshot": "last"}
# A picture that the pages may ask for.
CELL: dict[str, object] = {"seed": 3, "number": 5, "truncation": 0.7}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that are started, without starting them."""
    commands: list[list[str]] = []

    class Ended:
        pid = 2**22 - 5

        def poll(self) -> int:
            return 0

    def spawn(self: Jobs, words: list[str], log: int) -> Ended:
        commands.append(list(words))
        return Ended()

    monkeypatch.setattr(Jobs, "_spawn", spawn)
    return commands


def pixels(content: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))


def upload(client: Client, path: str, content: bytes, **query: str) -> Answer:
    sent = {"Content-Type": "application/octet-stream"}
    return client.ask(f"{path}?{urlencode(query)}", "POST", content, sent)


# --- Explore ---


def test_a_wall_is_one_sheet_with_the_pixels_of_sample(client: Client, root: Path) -> None:
    cells = [{"seed": 3, "number": number} for number in range(64)]
    answer = client.post("/explore/paint", **SOURCE, cells=cells, columns=8)
    assert answer.headers["content-type"] == "image/png"
    sheet = pixels(answer.body).reshape(8, 16, 8, 16, 3).swapaxes(1, 2).reshape(64, 16, 16, 3)
    assert np.array_equal(sheet, load(root / "first").sample(64, seed=3))


def test_a_preview_is_nearly_what_is_downloaded(client: Client) -> None:
    preview = pixels(client.post("/explore/paint", **SOURCE, cells=[CELL], columns=1).body).astype(int)
    exact = pixels(client.post("/explore/download", **SOURCE, cells=[CELL]).body)
    assert np.abs(preview - exact).max() <= 1


@pytest.mark.parametrize("cell", [CELL, CELL | {"label": {"class0": 0.25, "class1": 0.75}}])
def test_what_is_downloaded_is_painted_again_bit_for_bit(
    client: Client, root: Path, tmp_path: Path, cell: dict[str, object]
) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(client.post("/explore/download", **SOURCE, cells=[cell]).body)
    assert paint_again(root / "first", file, tmp_path / "again.png").differing == 0
    assert file.read_bytes() == (tmp_path / "again.png").read_bytes()


def test_a_file_that_ganvas_painted_brings_everything_back(client: Client) -> None:
    """Also from the page of another run."""
    content = client.post("/explore/download", **SOURCE, cells=[CELL, CELL | {"number": 6, "label": "class1"}]).body
    for name in ("first", "second"):
        found = json.loads(upload(client, "/explore/restore", content, name=name).body)
        assert (found["name"], found["snapshot"]) == ("first", "last")
        assert found["cells"][1] == CELL | {"number": 6, "label": "class1"}


def test_a_picture_is_described_with_the_command_that_paints_it(client: Client) -> None:
    mixed = CELL | {"label": {"class0": 0.25, "class1": 0.75}}
    answer = json.loads(client.post("/explore/describe", **SOURCE, cell=mixed).body)
    assert answer["command"] == (
        "ganvas explore grid first/snapshots/last.safetensors -n 1 --seed 3 --first 5 "
        "--label class0=0.25,class1=0.75 --truncation 0.7 --out picture.png"
    )
    own = json.loads(client.post("/explore/describe", **SOURCE, cell=CELL).body)
    assert own["cell"]["label"] in ("class0", "class1")


def test_favourites_are_those_of_the_command(client: Client, root: Path) -> None:
    kept = json.loads(client.post("/explore/keep", **SOURCE, cell=CELL).body)["favourites"]
    assert [each["name"] for each in kept] == ["seed 3 number 5"]
    assert [each.name for each in load(root / "first").favourites] == ["seed 3 number 5"]
    again = client.post("/explore/keep", **SOURCE, cell=CELL)
    assert (again.status, json.loads(again.body)["error"]) == (409, "this picture is kept already")
    other = json.loads(client.post("/explore/keep", **SOURCE, cell=CELL | {"truncation": 0.5}).body)["favourites"]
    assert other[1]["name"] == "seed 3 number 5 (2)"
    for each in other:
        left = client.post("/explore/forget", **SOURCE, favourite=each["name"])
    assert json.loads(left.body) == {"favourites": []}
    assert client.post("/explore/forget", **SOURCE, favourite="nothing").status == 400


def test_a_way_leads_from_one_picture_to_another(client: Client) -> None:
    ends = {"start": {"seed": 1, "label": "class0"}, "end": {"seed": 2, "label": "class1"}}
    cells = json.loads(client.post("/explore/between", **SOURCE, **ends, steps=5).body)["cells"]
    assert [cell["label"] for cell in cells[::4]] == ["class0", "class1"]
    painted = pixels(client.post("/explore/paint", **SOURCE, cells=cells, columns=5).body)
    first = pixels(client.post("/explore/paint", **SOURCE, cells=[ends["start"]], columns=1).body)
    assert np.abs(painted[:, :16].astype(int) - first).max() <= 1


def test_the_nearest_training_pictures_are_those_of_the_library(client: Client, root: Path) -> None:
    answer = client.post("/explore/neighbours", **SOURCE, cell=CELL)
    about = json.loads(answer.headers["x-about"])
    cell = Cell(seed=3, number=5, truncation=0.7, label=load(root / "first").cells([5], 3)[0].label)
    found = load(root / "first").neighbours([cell])
    assert about["pixels"]["name"] == str(found.described[1])
    assert about["features"]["distance"] == pytest.approx(float(found.by_features.distances[0]))
    assert pixels(answer.body).shape == (16, 48, 3)


def test_no_dataset_outside_of_the_folder_is_read(client: Client, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = dataclasses.replace(StudioFolder(root).look(), datasets={})
    monkeypatch.setattr(StudioFolder, "look", lambda self: elsewhere)
    answer = client.post("/explore/neighbours", **SOURCE, cell=CELL)
    assert (answer.status, json.loads(answer.body)["error"]) == (
        404,
        "the dataset data of this run is not under this folder",
    )


def test_what_takes_longer_is_a_command(client: Client, started: list[list[str]]) -> None:
    source = "first/snapshots/last.safetensors"
    client.post("/explore/directions", **SOURCE, count=3)
    names = [json.loads(client.post("/explore/keep", **SOURCE, cell={"seed": seed}).body) for seed in (1, 2)]
    kept = [each["name"] for each in names[1]["favourites"]]
    client.post("/explore/film", **SOURCE, favourites=kept, seconds=2, kind="gif")
    assert client.post("/explore/film", **SOURCE, favourites=["nothing", "else"]).status == 400
    assert upload(client, "/explore/project", png(), **SOURCE).status == 200
    client.post("/export/start", **SOURCE, to="hub", out="given", license="cc-by-4.0")
    client.post("/classify/train", data="data", out="other", model="forest")
    assert started[0] == ["explore", "directions", source, "-n", "3"]
    assert started[1] == [
        "explore", "walk", source, "--out", "first-walk.gif", "--seconds", "2", "--", *kept,
    ]  # fmt: skip
    assert started[2][:3] == ["explore", "project", source]
    assert (client.root / started[2][3]).read_bytes() == png()
    assert started[3] == ["export", source, "--to", "hub", "--out", "given", "--license=cc-by-4.0"]
    assert started[4] == ["classify", "train", "data", "--out", "other", "--model", "forest"]


def test_a_run_begins_anew_from_another_in_a_run_of_its_own(client: Client, started: list[list[str]]) -> None:
    anew = {"name": "first", "out": "next", "budget": "1steps"}
    assert client.post("/run/again", **anew, start="newest").status == 200
    assert client.post("/run/again", **anew, start="best").status == 404, "it was not evaluated"
    assert client.post("/run/again", **anew | {"out": "second"}, start="newest").status == 400, "the name is taken"
    assert started == [
        ["train", "data", "--config", "first/config.yaml", "--from", "first", "--budget", "1steps", "--out", "next"]
    ]


def test_the_file_that_a_command_has_made_can_be_fetched(client: Client, root: Path, started: list[list[str]]) -> None:
    number = json.loads(client.post("/export/start", **SOURCE, to="web", out="page.html").body)["number"]
    assert client.ask(f"/job/result?number={number}").status == 404
    (root / "page.html").write_text("<p>a page</p>")
    answer = client.ask(f"/job/result?number={number}")
    assert (answer.body, answer.headers["content-type"]) == (b"<p>a page</p>", "application/octet-stream")
    assert answer.headers["content-disposition"].startswith("attachment")
    (root / "page.html").unlink()
    (root / "page.html").symlink_to(root.parent / "outside")
    assert client.ask(f"/job/result?number={number}").status == 404
    (root / "page.html").unlink()


def test_one_request_paints_at_a_time_and_few_wait(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painter, "MOST_WAITING", 1)
    with studio(root) as client, client.server.studio.painter.turn():
        answer = client.post("/explore/paint", **SOURCE, cells=[CELL], columns=1)
    assert (answer.status, json.loads(answer.body)["error"]) == (
        503,
        "the studio is painting for other pages; try again in a moment",
    )


# --- Compare ---


def test_the_interval_of_a_vote_is_wilsons() -> None:
    """Against the values of R's binom.confint(x, 10, methods = "wilson")."""
    assert interval(7, 10) == pytest.approx((0.3967781, 0.8922087), abs=1e-6)
    assert interval(10, 10) == pytest.approx((0.7224672, 1.0), abs=1e-6)
    assert interval(0, 0) == (0.0, 1.0)


def test_a_vote_of_ten_shows_no_name_until_one_asks(client: Client, root: Path) -> None:
    sides = {"first": SOURCE, "second": SOURCE | {"name": "second"}}
    answer = client.post("/compare/begin", **sides)
    number = json.loads(answer.body)["vote"]
    likes, votes = "second", Votes(StudioFolder(root))
    for question in range(10):
        assert b"first" not in answer.body
        assert b"second" not in answer.body
        left = votes.find(number).shown("left", question)
        choice = "left" if left.name == likes else "right"
        answer = client.post("/compare/choose", vote=number, question=question, choice=choice)
    told = json.loads(answer.body)
    assert (told["decided"], told["wins"], round(told["low"], 3)) == (10, 10, 0.722)
    revealed = json.loads(client.post("/compare/reveal", vote=number).body)
    assert (revealed["leader"]["name"], revealed["other"]["name"]) == ("second", "first")
    assert client.post("/compare/choose", vote=number, question=10, choice="left").status == 409


def test_both_sides_of_a_question_are_painted_from_the_same_latents(client: Client, root: Path) -> None:
    votes = Votes(StudioFolder(root))
    vote = votes.begin(Side(name="first", snapshot="last"), Side(name="second", snapshot="last"))
    for place in ("left", "right"):
        shown = client.ask(f"/compare/picture?vote={vote.number}&question=0&place={place}")
        artist = load(root / vote.shown(place, 0).name)
        painted = pixels(shown.body).reshape(3, 16, 3, 16, 3).swapaxes(1, 2).reshape(9, 16, 16, 3)
        assert np.array_equal(painted, artist.sample(9, seed=vote.seed))
    assert client.ask(f"/compare/picture?vote={vote.number}&question=1&place=left").status == 404
    assert client.ask(f"/compare/picture?vote={vote.number}&question=0&place=up").status == 400


def test_nothing_is_kept_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / ".ganvas-studio").symlink_to(tmp_path / "outside")
    folder = StudioFolder(tmp_path / "folder")
    for keep in (
        lambda: Jobs(folder).start(["doctor"], "nothing"),
        lambda: Votes(folder).begin(Side(name="a"), Side(name="b")),
    ):
        with pytest.raises(GanvasError, match="is a link"):
            keep()
    assert list((tmp_path / "outside").iterdir()) == []


def test_an_answer_counts_once_and_neither_is_undecided(root: Path) -> None:
    votes = Votes(StudioFolder(root))
    vote = votes.begin(Side(name="first"), Side(name="second"))
    votes.choose(vote.number, 0, "neither")
    with pytest.raises(Exception, match="answered already"):
        votes.choose(vote.number, 0, "left")
    assert votes.find(vote.number).wins == (0, 0)


# --- Classify and export ---


def test_a_classifier_says_what_it_thinks_how_sure_and_where_it_looked(client: Client) -> None:
    answer = upload(client, "/classify/ask", png(), name="mind")
    about = json.loads(answer.headers["x-about"])
    assert {each["name"] for each in about["classes"]} == {"class0", "class1"}
    assert sum(each["probability"] for each in about["classes"]) == pytest.approx(1)
    width = 32 if about["looked"] or pixels(answer.body).shape[1] == 32 else 16
    assert pixels(answer.body).shape == (16, width, 3)


def test_the_card_is_that_of_the_export(client: Client) -> None:
    text = json.loads(client.ask("/export/card?name=first&snapshot=last").body)["card"]
    assert text.startswith("# cdcgan on data")
    assert "What it learned from" in text


def test_pages_name_what_is_there(client: Client) -> None:
    assert "class1" in client.ask("/explore?name=first").text
    assert "second, newest" in client.ask("/compare").text
    assert "mind" in client.ask("/classify").text
    assert "safetensors" in client.ask("/export?name=first").text


# --- Hostile requests ---


READS = [
    "/explore?name={}", "/explore?name=first&snapshot={}", "/explore/projected?number={}", "/compare?name={}",
    "/compare/picture?question=0&place=left&vote={}", "/compare/picture?vote=1&place=left&question={}",
    "/classify?name={}", "/export?name={}", "/export/card?snapshot=last&name={}",
    "/export/card?name=first&snapshot={}", "/job/result?number={}",
]  # fmt: skip


@pytest.mark.parametrize("read", READS)
def test_no_name_leads_out_of_the_folder(client: Client, read: str) -> None:
    before = listing(client.root)
    for name in NAMES:
        answer = client.ask(read.format(quote(name, safe="")))
        assert 400 <= answer.status < 500, name
        assert b"root:" not in answer.body
    assert listing(client.root) == before


POSTS: dict[str, dict[str, object]] = {
    "/explore/paint": {"cells": [CELL], "columns": 1},
    "/explore/download": {"cells": [CELL], "columns": 1},
    "/explore/describe": {"cell": CELL},
    "/explore/between": {"start": CELL, "end": CELL},
    "/explore/neighbours": {"cell": CELL},
    "/explore/keep": {"cell": CELL},
    "/explore/forget": {"favourite": "x"},
    "/explore/directions": {},
    "/explore/rename": {"old": "x", "new": "y"},
    "/explore/film": {"favourites": ["x", "y"]},
    "/export/start": {"to": "web", "out": "x.html"},
}


@pytest.mark.parametrize("path", POSTS)
def test_no_post_leads_out_of_the_folder(client: Client, path: str) -> None:
    before = listing(client.root)
    for name in NAMES:
        assert client.post(path, name=name, snapshot="last", **POSTS[path]).status in (400, 404), name
    for snapshot in ("best", "../last", "", "LAST"):
        assert client.post(path, name="first", snapshot=snapshot, **POSTS[path]).status in (400, 404), snapshot
    assert listing(client.root) == before


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
@pytest.mark.parametrize("path", ["/explore/paint", "/explore/keep", "/explore/download"])
def test_bad_pictures_are_refused(client: Client, path: str, cell: dict[str, object]) -> None:
    before = listing(client.root)
    fields: dict[str, object] = {"cell": cell} if path.endswith("keep") else {"cells": [cell], "columns": 1}
    answer = client.post(path, **SOURCE, **fields)
    assert answer.status == 400
    assert json.loads(answer.body)["error"]
    assert listing(client.root) == before


def test_counts_are_bounded(client: Client) -> None:
    for cells, columns in (([CELL] * 65, 8), ([], 8), ([CELL], 0), ([CELL], 65)):
        assert client.post("/explore/paint", **SOURCE, cells=cells, columns=columns).status == 400
    ends = {"start": CELL, "end": CELL}
    assert client.post("/explore/between", **SOURCE, **ends, steps=1000).status == 400
    assert client.post("/explore/film", **SOURCE, favourites=["x"] * 65).status == 400
    assert client.ask("/explore/paint", "POST", b" " * (2**18 + 1), {"Content-Type": "application/json"}).status == 413


BAD_VOTES: list[tuple[str, dict[str, object]]] = [
    ("/compare/begin", {"first": SOURCE, "second": SOURCE}),
    ("/compare/begin", {"first": SOURCE, "second": {"name": "../outside"}}),
    ("/compare/begin", {"first": SOURCE, "second": {"name": "second", "snapshot": "../../x"}}),
    ("/compare/choose", {"vote": 999, "question": 0, "choice": "left"}),
    ("/compare/choose", {"vote": -1, "question": 0, "choice": "left"}),
    ("/compare/choose", {"vote": 1, "question": 10**9, "choice": "left"}),
    ("/compare/choose", {"vote": 1, "question": 0, "choice": "me"}),
    ("/compare/reveal", {"vote": "../1"}),
    ("/compare/reveal", {"vote": 999_999}),
]


@pytest.mark.parametrize(("path", "fields"), BAD_VOTES)
def test_bad_votes_are_refused(client: Client, path: str, fields: dict[str, object]) -> None:
    before = listing(client.root)
    assert client.post(path, **fields).status in (400, 404, 409)
    assert listing(client.root) == before


def test_a_damaged_vote_is_said_to_be(client: Client, root: Path) -> None:
    vote = Votes(StudioFolder(root)).begin(Side(name="first"), Side(name="second"))
    (root / ".ganvas-studio" / "votes" / f"{vote.number:06d}.json").write_text("{")
    assert client.post("/compare/reveal", vote=vote.number).status == 400


def png(*chunks: tuple[str, str]) -> bytes:
    file, info = io.BytesIO(), PngInfo()
    for keyword, text in chunks:
        info.add_itxt(keyword, text, zip=True)
    Image.new("RGB", (16, 16)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def origin(**changes: object) -> bytes:
    content = {"format": 1, "ganvas": "0", "snapshot": "0" * 64, "recipe": "cdcgan", "size": 16, "cells": [{}]}
    return png(("ganvas", json.dumps(content | changes)))


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
    before = listing(client.root)
    answer = upload(client, "/explore/restore", content, name="first")
    assert answer.status == 400
    assert b"ganvas-studio-" not in answer.body, "no name of a temporary file"
    assert listing(client.root) == before


@pytest.mark.parametrize("content", [b"", b"x", png()[:45], b"\xff\xd8\xff\xe0" + b"\0" * 99], ids=range(4))
def test_what_is_no_picture_is_not_classified(client: Client, content: bytes) -> None:
    answer = upload(client, "/classify/ask", content, name="mind")
    assert answer.status == 400
    assert b"ganvas-studio-" not in answer.body, "no name of a temporary file"


def test_dropped_files_are_bounded(client: Client) -> None:
    sent = {"Content-Type": "application/octet-stream", "Content-Length": str(33 * 2**20)}
    for path in (
        "/explore/restore?name=first",
        "/classify/ask?name=mind",
        "/explore/project?name=first&snapshot=last",
    ):
        assert client.ask(path, "POST", b"", sent).status == 413
        assert client.ask(path, "POST", png(), {"Content-Type": "text/plain"}).status == 400


def test_a_picture_of_a_run_that_is_not_here_says_so(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    artist = load(client.root / "first")
    made = artist.origin([Cell(seed=1, label="class0")])
    assert made is not None
    write_painted(file, np.zeros((16, 16, 3), np.uint8), made.model_copy(update={"snapshot": "ab" * 32}))
    answer = upload(client, "/explore/restore", file.read_bytes(), name="first")
    assert (answer.status, "which no run under this folder has any more" in answer.text) == (400, True)
