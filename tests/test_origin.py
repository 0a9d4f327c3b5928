"""A picture says how it was made, and is made again from that."""

import json
import random
import struct
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganvas.artist import png
from ganvas.artist.again import paint_again
from ganvas.artist.artist import Artist, load, write_samples
from ganvas.artist.kept_directions import Direction, write_directions
from ganvas.artist.origin import MOST_CELLS, Cell, Edit, Label, Origin, Sheet, decoded, encoded
from ganvas.artist.png import KEYWORD, read_origin
from ganvas.artist.sheets import write_sheet
from ganvas.foundation.errors import RunError
from ganvas.planning.run import train
from ganvas.runs.snapshot import Snapshot
from support.command_line import Cli
from support.runs import TINY
from support.snapshots import write_snapshot

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
NAMES = ["sea", "forest", "town"]
RECIPES = {"dcgan": [], "vanilla": [], "atelier": NAMES, "cdcgan": NAMES, "acgan": NAMES}


@pytest.fixture(scope="session")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Snapshots of five recipes, with and without classes, normal and uniform, each with two directions."""
    folder = tmp_path_factory.mktemp("snapshots")
    files = {name: write_snapshot(folder / f"{name}.safetensors", name, names) for name, names in RECIPES.items()}
    vectors = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 2)))[0].T.astype(np.float32)
    for file in files.values():
        kept = [
            Direction(
                name=name, vector=encoded(vector), method="sefa", strength=1, pixels=1, features=1, extractor="pixels"
            )
            for name, vector in zip(("light", "warmth"), vectors, strict=True)
        ]
        write_directions(file, Snapshot.load(file).digest, kept)
    return files


def some_cell(artist: Artist, chance: random.Random) -> Cell:
    """A picture of any seed, with or without truncation, edits, and a mixture of classes."""
    label: Label | None = chance.choice(artist.class_names) if artist.class_names else None
    if label is not None and chance.random() < 0.5:
        label = {name: chance.uniform(0.05, 1) for name in chance.sample(artist.class_names, 2)}
    edits = [Edit(direction=name, amount=chance.uniform(-3, 3)) for name in ("light", "warmth")]
    return Cell(
        seed=chance.choice([0, 7, 2**64 - 1]),
        number=chance.choice([0, 3, 63, 64, 200]),
        latent=encoded(np.array([chance.gauss(0, 1) for _ in range(6)], np.float32)) if chance.random() < 0.2 else None,
        label=label,
        truncation=chance.choice([1.0, 0.7, 1.3]),
        edits=edits[: chance.randrange(3)],
    )


@pytest.mark.parametrize("recipe", RECIPES)
def test_pictures_are_painted_again_bit_for_bit(snapshots: dict[str, Path], recipe: str, tmp_path: Path) -> None:
    artist, chance = load(snapshots[recipe]), random.Random(recipe)
    cells = [some_cell(artist, chance) for _ in range(20)]
    painted = artist.paint(cells)
    for number, (cell, pixels) in enumerate(zip(cells, painted, strict=True)):
        file, out = tmp_path / f"{number}.png", tmp_path / f"again-{number}.png"
        png.write_painted(file, pixels, artist.origin([cell]))
        assert paint_again(snapshots[recipe], file, out).differing == 0
        assert np.array_equal(np.asarray(Image.open(out)), pixels)
        assert out.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("recipe", ["dcgan", "atelier"])
def test_a_grid_knows_all_its_cells(cli: Cli, snapshots: dict[str, Path], recipe: str, tmp_path: Path) -> None:
    words = ["-n", "7", "--seed", "3", "--truncation", "0.8", "--edit", "light=2"]
    cli("sample", snapshots[recipe], "--out", "grid.png", *words, check=True)
    origin = read_origin(tmp_path / "grid.png")
    assert {(cell.seed, cell.truncation, cell.edits[0].amount) for cell in origin.cells} == {(3, 0.8, 2.0)}
    assert len(origin.cells) == (9 if recipe == "atelier" else 7)
    done = cli("sample", snapshots[recipe], "--like", "grid.png", "--out", "again.png", check=True)
    assert "the same again" in done.stderr
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "grid.png").read_bytes()


def test_an_interpolation_and_a_mixture_are_painted_again(cli: Cli, snapshots: dict[str, Path], tmp_path: Path) -> None:
    source = snapshots["acgan"]
    cli("sample", source, "--out", "way.png", "-n", "16", "--interpolate", "linear", "--truncation", "0.5", check=True)
    cli("sample", source, "--out", "mix.png", "-n", "4", "--label", "sea=3,town=1", check=True)
    assert read_origin(tmp_path / "mix.png").cells[0].label == {"sea": 0.75, "town": 0.25}
    for name in ("way", "mix"):
        cli("sample", source, "--like", f"{name}.png", "--out", f"{name}-2.png", check=True)
        assert (tmp_path / f"{name}-2.png").read_bytes() == (tmp_path / f"{name}.png").read_bytes()


def test_single_files_are_those_of_the_grid(cli: Cli, snapshots: dict[str, Path], tmp_path: Path) -> None:
    words = ["-n", "70", "--truncation", "0.7", "--edit", "warmth=-1"]
    cli("sample", snapshots["dcgan"], "--out", "singles", *words, check=True)
    files = sorted((tmp_path / "singles").iterdir())
    artist = load(snapshots["dcgan"])
    painted = artist.sample(70, truncation=0.7, edits=[Edit(direction="warmth", amount=-1)])
    assert np.array_equal(np.stack([np.asarray(Image.open(file)) for file in files]), painted)
    assert [read_origin(file).cells[0].number for file in files] == list(range(70))
    assert paint_again(snapshots["dcgan"], files[66], tmp_path / "again.png").differing == 0


def test_truncation_draws_latents_towards_the_origin(snapshots: dict[str, Path]) -> None:
    artist = load(snapshots["dcgan"])
    cells = artist.cells(range(5), truncation=0.25)
    assert torch.equal(artist.latents(cells), artist.latents(artist.cells(range(5))) * 0.25)
    assert np.array_equal(artist.sample(5, truncation=0), artist.sample(1, truncation=0).repeat(5, axis=0))


def test_a_mixture_of_one_class_is_that_class(snapshots: dict[str, Path]) -> None:
    for recipe in ("atelier", "cdcgan", "acgan"):
        artist = load(snapshots[recipe])
        assert np.array_equal(artist.sample(9, label={"forest": 1.0}), artist.sample(9, label="forest")), recipe
        half = artist.sample(9, label={"forest": 0.5, "sea": 0.5})
        assert not any(np.array_equal(half, artist.sample(9, label=name)) for name in artist.class_names), recipe


def test_files_say_that_an_algorithm_made_them_unless_asked_not_to(
    cli: Cli, snapshots: dict[str, Path], tmp_path: Path
) -> None:
    cli("sample", snapshots["dcgan"], "--out", "said.png", check=True)
    cli("sample", snapshots["dcgan"], "--out", "unsaid.png", "--no-metadata", check=True)
    cli("sample", snapshots["dcgan"], "--out", "singles", "-n", "1", "--no-metadata", check=True)
    with Image.open(tmp_path / "said.png") as said, Image.open(tmp_path / "unsaid.png") as unsaid:
        (description,) = ElementTree.fromstring(said.info["xmp"]).iter(f"{RDF}Description")
        assert description.attrib[f"{IPTC}DigitalSourceType"].endswith("/digitalsourcetype/trainedAlgorithmicMedia")
        assert json.loads(str(said.info[KEYWORD]))["recipe"] == "dcgan"
        assert np.array_equal(np.asarray(said), np.asarray(unsaid))
        assert not unsaid.info
    assert not Image.open(next((tmp_path / "singles").iterdir())).info
    done = cli("sample", snapshots["dcgan"], "--like", "unsaid.png", "--out", "again.png")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "does not say how it was made" in done.stderr


@pytest.mark.parametrize("recipe", ["dcgan", "cdcgan"])
def test_the_last_grid_of_a_run_is_painted_again_from_its_last_snapshot(
    recipe: str, tiny_data: Path, tmp_path: Path
) -> None:
    train(tiny_data, tmp_path / "run", recipe, budget="2steps", **TINY)
    grid = max((tmp_path / "run" / "samples").iterdir())
    assert paint_again(tmp_path / "run", grid, tmp_path / "again.png").differing == 0


def edited(file: Path, content: bytes, *, zipped: bool = True) -> Path:
    """The file with another description."""
    chunks = PngInfo()
    text = content if not zipped else zlib.compress(content)
    chunks.add(b"iTXt", KEYWORD.encode() + (b"\0\1\0" if zipped else b"\0\0\0") + b"\0\0" + text)
    with Image.open(file) as picture:
        picture.save(file.with_name("hostile.png"), pnginfo=chunks)
    return file.with_name("hostile.png")


HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "negative seed": ({"cells": [{"seed": -1}]}, "cells.0.seed: Input should be greater than or equal to 0"),
    "endless number": ({"cells": [{"number": 10**9}]}, "cells.0.number"),
    "many latents": ({"cells": [{"seed": n, "number": 999_999} for n in range(5)], "sheet": {"columns": 5}}, "drawn"),
    "seed as text": ({"cells": [{"seed": "0"}]}, "cells.0.seed"),
    "other recipe": ({"snapshot": "0" * 64, "recipe": "wgan"}, "recipe wgan, 16 px"),
    "unknown class": ({"cells": [{"label": "sea"}]}, "without classes"),
    "path": ({"snapshot": "/etc/passwd"}, "snapshot: String should match pattern"),
    "unknown field": ({"path": "/etc/passwd"}, "path: Extra inputs are not permitted"),
    "nothing": ({"cells": []}, "cells"),
    "other length": ({"cells": [{"latent": encoded(np.zeros(7, np.float32))}]}, "7 values"),
    "not a vector": ({"cells": [{"latent": "AAAA"}]}, "a vector has 3 bytes"),
    "not finite": ({"cells": [{"latent": encoded(np.array([np.nan] * 6, np.float32))}]}, "not finite"),
    "unknown direction": ({"cells": [{"edits": [{"direction": "up", "amount": 1}]}]}, "'up' has no vector"),
    "large amount": ({"cells": [{"edits": [{"direction": "up", "amount": 1e9}]}]}, "amount"),
    "huge sheet": ({"cells": [{}] * 64, "sheet": {"columns": 8}}, "are not a picture of 16 x 16"),
    "huge enlargement": ({"sheet": {"columns": 1, "enlarge": 16}}, "are not a picture of 16 x 16"),
    "rows without names": ({"sheet": {"columns": 1, "rows": []}}, "0 row names for 1"),
    "two without a sheet": ({"cells": [{}, {}]}, "without an arrangement"),
    "another format": ({"format": 2}, "format"),
    "real picture": ({"cells": [{"other": "training picture 3"}]}, "training picture 3"),
}


@pytest.mark.parametrize(("changes", "expected"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_description_is_one_clear_line(
    cli: Cli, snapshots: dict[str, Path], tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    artist = load(snapshots["dcgan"])
    write_sheet(artist, tmp_path / "one.png", [Cell()], None)
    said = json.loads(read_origin(tmp_path / "one.png").to_json())
    edited(tmp_path / "one.png", json.dumps(said | changes).encode())
    done = cli("sample", snapshots["dcgan"], "--like", "hostile.png", "--out", "again.png")
    assert (done.returncode, done.stderr.count("\n"), expected in done.stderr) == (2, 1, True), done.stderr
    assert not (tmp_path / "again.png").exists()


def test_a_description_of_ten_megabytes_is_not_read(snapshots: dict[str, Path], tmp_path: Path) -> None:
    artist = load(snapshots["dcgan"])
    write_sheet(artist, tmp_path / "one.png", [Cell()], None)
    with pytest.raises(RunError, match="longer than 4 MiB"):
        read_origin(edited(tmp_path / "one.png", b" " * 10 * 2**20, zipped=False))
    bomb = edited(tmp_path / "one.png", b" " * 64 * 2**20)
    assert bomb.stat().st_size < 2**20
    with pytest.raises(RunError, match="longer than 16 MiB"):
        read_origin(bomb)
    with pytest.raises(RunError, match="cannot be used"):
        read_origin(edited(tmp_path / "one.png", b"[" * 100_000))


def test_a_damaged_file_is_one_clear_error(snapshots: dict[str, Path], tmp_path: Path) -> None:
    artist, file = load(snapshots["dcgan"]), tmp_path / "one.png"
    write_sheet(artist, file, [Cell()], None)
    whole = file.read_bytes()
    for end in range(0, whole.index(b"XML:com.adobe.xmp") - 12, 7):  # up to the end of the description
        file.write_bytes(whole[:end])
        with pytest.raises(RunError):
            read_origin(file)
    endless = whole[:33] + struct.pack(">I4sI", 0, b"tEXt", 0) * 100_000
    file.write_bytes(endless)
    with pytest.raises(RunError, match="more than 100,000 chunks"):
        read_origin(file)
    with pytest.raises(RunError, match="not a PNG file"):
        read_origin(Path(__file__))
    with pytest.raises(RunError, match="does not exist"):
        read_origin(tmp_path / "none.png")


def test_an_edited_picture_is_told(snapshots: dict[str, Path], tmp_path: Path) -> None:
    artist = load(snapshots["dcgan"])
    pixels = artist.paint([Cell()])[0].copy()
    pixels[0, 0, 0] ^= 3
    png.write_painted(tmp_path / "one.png", pixels, artist.origin([Cell()]))
    again = paint_again(snapshots["dcgan"], tmp_path / "one.png", tmp_path / "again.png")
    assert again.differing == 1
    assert "1 values differ" in str(again)


BAD = {
    "other name": (["--like", "one.png", "--out", "again.jpg"], "ends in .png"),
    "both": (["--like", "one.png", "--out", "again.png", "--seed", "3"], "leave out --seed"),
    "edit alone": (["--out", "new.png", "--edit", "light"], "brightness=1.5"),
    "unknown direction": (["--out", "new.png", "--edit", "lihgt=1"], "did you mean 'light'"),
    "edit and interpolation": (["--out", "new.png", "--edit", "light=1", "--interpolate", "linear"], "--edit"),
    "edit too large": (["--out", "new.png", "--edit", "light=1e9"], "amount"),
    "no mixture": (["--out", "new.png", "--label", "sea=0,town=1"], "above zero"),
    "unknown part": (["--out", "new.png", "--label", "sae=1,town=1"], "did you mean 'sea'"),
}


@pytest.mark.parametrize(("words", "expected"), BAD.values(), ids=BAD.keys())
def test_bad_words_are_one_clear_line(
    cli: Cli, snapshots: dict[str, Path], tmp_path: Path, words: list[str], expected: str
) -> None:
    write_sheet(load(snapshots["atelier"]), tmp_path / "one.png", [Cell(label="sea")], None)
    done = cli("sample", snapshots["atelier"], *words)
    assert (done.returncode, done.stderr.count("\n"), expected in done.stderr) == (2, 1, True), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["one.png"]


def test_a_damaged_snapshot_is_named_as_such(snapshots: dict[str, Path], cli: Cli, tmp_path: Path) -> None:
    whole = snapshots["dcgan"].read_bytes()
    for name, content in {
        "cut": whole[:-1000],
        "flipped": whole[:-1000] + bytes([whole[-1000] ^ 1]) + whole[-999:],
        "card": whole.replace(b'\\"kimg\\":1.0', b'\\"kimg\\":9.0'),
    }.items():
        (tmp_path / "damaged.safetensors").write_bytes(content)
        done = cli("sample", "damaged.safetensors", "--out", "grid.png")
        expected = "cut short" if name == "cut" else "is damaged"
        assert (done.returncode, done.stderr.count("\n"), expected in done.stderr) == (2, 1, True), (name, done.stderr)


def test_directions_of_another_snapshot_are_refused(snapshots: dict[str, Path], tmp_path: Path) -> None:
    kept = snapshots["dcgan"].with_name("dcgan.directions.safetensors").read_bytes()
    write_snapshot(tmp_path / "dcgan.safetensors", seed=1)
    (tmp_path / "dcgan.directions.safetensors").write_bytes(kept)
    artist = load(tmp_path / "dcgan.safetensors")
    write_samples(artist, tmp_path / "plain.png", 4, seed=0)
    with pytest.raises(RunError, match="belongs to another snapshot"):
        artist.paint([Cell(edits=[Edit(direction="light", amount=1)])])
    (tmp_path / "dcgan.directions.safetensors").write_bytes(kept[:-9])
    with pytest.raises(RunError, match="cannot be read"):
        load(tmp_path / "dcgan.safetensors").offset([Edit(direction="light", amount=1)])


def test_a_grid_with_more_cells_than_are_kept_says_so(
    snapshots: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    artist = load(snapshots["dcgan"])
    assert artist.origin([Cell()] * (MOST_CELLS + 1), Sheet(columns=128)) is None
    assert "does not say how its pictures were made" in caplog.text


def test_a_description_survives_its_file() -> None:
    vector = np.random.default_rng(0).normal(size=100).astype(np.float32)
    assert np.array_equal(decoded(encoded(vector)), vector)
    origin = Origin(
        snapshot="a" * 64,
        recipe="dcgan",
        size=16,
        cells=[Cell(seed=2**64 - 1, label={"ü": 0.1, "b": 1 / 3}, edits=[Edit(direction="d", amount=-0.1)]), Cell()],
        sheet=Sheet(columns=1, rows=["x", ""], captions=["", "y"]),
        directions={"d": encoded(vector)},
    )
    assert Origin.from_json(origin.to_json().encode(), "here") == origin
    assert [str(cell) for cell in origin.cells] == [
        "seed 18446744073709551615, number 0, 0.10 ü + 0.33 b, d -0.1",
        "seed 0, number 0",
    ]
