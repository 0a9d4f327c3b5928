"""The studio's pages that paint: explore, compare, classify and export."""

import dataclasses
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.artist.again import paint_again
from ganvas.artist.artist import load
from ganvas.artist.origin import Cell
from ganvas.data.dataset.layout import read_info
from ganvas.foundation.errors import GanvasError
from ganvas.studio import painter
from ganvas.studio.folder import Found, StudioFolder
from ganvas.studio.jobs import Jobs
from ganvas.studio.votes import Side, Votes, interval
from support.datasets import write_dataset
from support.studio import Client, studio
from support.studio_requests import CELL, SOURCE, png


def pixels(content: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))


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
        found = json.loads(client.upload("/explore/restore", content, name=name).body)
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
        "the dataset data of this run is not under this folder, or has changed since",
    )


def test_a_dataset_that_was_moved_is_known_by_its_content(
    client: Client, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(root / "data", root / "moved")
    write_dataset(root / "foreign", seed=9)
    found = Found({"first": root / "first"}, {"foreign": root / "foreign", "moved": root / "moved"})
    monkeypatch.setattr(StudioFolder, "look", lambda self: found)
    assert StudioFolder(root).dataset_of(root / "data", read_info(root / "data").fingerprint) == "moved"
    assert client.post("/explore/neighbours", **SOURCE, cell=CELL).status == 200


def test_what_takes_longer_is_a_command(client: Client, started: list[list[str]]) -> None:
    source = "first/snapshots/last.safetensors"
    client.post("/explore/directions", **SOURCE, count=3)
    names = [json.loads(client.post("/explore/keep", **SOURCE, cell={"seed": seed}).body) for seed in (1, 2)]
    kept = [each["name"] for each in names[1]["favourites"]]
    client.post("/explore/film", **SOURCE, favourites=kept, seconds=2, kind="gif")
    assert client.post("/explore/film", **SOURCE, favourites=["nothing", "else"]).status == 400
    assert client.upload("/explore/project", png(), **SOURCE).status == 200
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


def test_there_is_no_vote_between_a_generator_and_itself(client: Client, root: Path) -> None:
    best = root / "first" / "snapshots" / "best.safetensors"
    shutil.copy(best.with_name("last.safetensors"), best)
    try:
        answer = client.post("/compare/begin", first=SOURCE, second=SOURCE | {"snapshot": "best"})
    finally:
        best.unlink()
    assert (answer.status, "both snapshots are the same generator" in answer.text) == (400, True)


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
    answer = client.upload("/classify/ask", png(), name="mind")
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
