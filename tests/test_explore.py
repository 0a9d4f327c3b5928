"""`ganvas explore`: each command through the real entry point, and what its figures mean."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.artist.artist import Artist, load
from ganvas.artist.explore.directions import axes, find_directions, first_layer_gram, metric_tensor
from ganvas.artist.explore.film import write_film
from ganvas.artist.explore.projection import project
from ganvas.artist.explore.smoothness import Ways, measure_smoothness
from ganvas.artist.explore.ways import closed_curve, closed_walk, mixed, straight_ways
from ganvas.artist.kept_directions import read_directions
from ganvas.artist.origin import Cell, Edit
from ganvas.artist.png import read_origin
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.foundation.errors import ConfigError, RunError
from ganvas.metrics.extractors import load_extractor
from ganvas.planning.run import train
from ganvas.runs.snapshot import save
from ganvas.training.baseline import fit
from support.command_line import Cli
from support.datasets import write_dataset
from support.runs import TINY
from support.snapshots import write_snapshot

NAMES = ["sea", "forest", "town"]


@pytest.fixture
def plain(tmp_path: Path) -> Artist:
    """A generator without classes."""
    return load(write_snapshot(tmp_path / "plain.safetensors"))


@pytest.fixture
def classes(tmp_path: Path) -> Artist:
    """A generator of three classes."""
    return load(write_snapshot(tmp_path / "classes.safetensors", "acgan", NAMES))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two classes, whose dataset is there."""
    folder = tmp_path_factory.mktemp("finished")
    train(write_dataset(folder / "data"), folder / "run", "cdcgan", budget="2steps", **TINY)
    return folder / "run"


# Ways


def test_a_closed_curve_goes_through_its_points_without_a_jerk() -> None:
    points = np.random.default_rng(0).normal(size=(5, 40))
    curve = closed_curve(points, np.arange(6.0) % 5, spherical=True)
    assert np.allclose(curve, points[[0, 1, 2, 3, 4, 0]])
    times = np.linspace(0, 5, 5001)
    path = closed_curve(points, times, spherical=True)
    speed = np.diff(path, axis=0) * 1000
    jumps = np.linalg.norm(np.diff(speed, axis=0), axis=1)
    assert jumps.max() < 0.02 * np.linalg.norm(speed, axis=1).mean()  # a corner would jump by about the speed itself
    assert np.allclose(speed[0], speed[-1], atol=0.1)
    radii, own = np.linalg.norm(path, axis=1), np.linalg.norm(points, axis=1)
    assert own.min() * 0.9 < radii.min() <= radii.max() < own.max() * 1.1
    straight = closed_curve(points, times, spherical=False)
    assert np.linalg.norm(straight, axis=1).min() < radii.min()


def test_a_walk_goes_through_its_pictures_and_mixes_their_classes(classes: Artist) -> None:
    keys = [Cell(seed=1, label="sea"), Cell(seed=2, label="town"), Cell(seed=3, label="sea", truncation=0.5)]
    frames = closed_walk(classes, keys, 12)
    assert [frames[place].label for place in (0, 4, 8)] == ["sea", "town", "sea"]
    assert frames[2].label == {"sea": 0.5, "town": 0.5}
    painted, wanted = classes.paint(frames), classes.paint(keys)
    assert np.abs(painted[[0, 4, 8]].astype(int) - wanted).max() <= 1
    with pytest.raises(ConfigError, match="at least 2 pictures"):
        closed_walk(classes, keys[:1], 12)


def test_ways_begin_and_end_at_their_pictures(plain: Artist) -> None:
    cells = [Cell(seed=1), Cell(seed=2), Cell(seed=3)]
    ways = plain.paint(straight_ways(plain, cells, 5)).reshape(2, 5, 16, 16, 3).astype(int)
    wanted = plain.paint(cells)
    assert np.abs(ways[:, 0] - wanted[:2]).max() <= 1
    assert np.abs(ways[:, -1] - wanted[1:]).max() <= 1
    assert np.array_equal(plain.between([1, 2, 3], 5), ways)


def test_classes_are_mixed_by_their_weights() -> None:
    assert mixed("a", "b", 0.25) == {"a": 0.75, "b": 0.25}
    assert mixed("a", "b", 1.0) == "b"
    assert mixed({"a": 0.5, "b": 0.5}, "b", 0.5) == {"a": 0.25, "b": 0.75}
    assert mixed(None, None, 0.3) is None


def test_interpolate_paints_between_seeds_files_favourites_and_classes(
    cli: Cli, classes: Artist, tmp_path: Path
) -> None:
    cli("explore", "favourites", classes.path, "--keep", "5:2", "--label", "town", "--name", "mine", check=True)
    cli("sample", classes.path, "--out", "singles", "-n", "1", check=True)
    (file,) = (tmp_path / "singles").iterdir()
    cli("explore", "interpolate", classes.path, "3", "mine", file, "--out", "way.png", "--steps", "4", check=True)
    origin = read_origin(tmp_path / "way.png")
    assert len(origin.cells) == 8
    assert origin.cells[3].label == origin.cells[4].label == "town"
    words = ["--label", "sea", "--label", "forest=1,town=1"]
    cli("explore", "interpolate", classes.path, "7", "--out", "classes.png", *words, check=True)
    ends = read_origin(tmp_path / "classes.png").cells
    assert (ends[0].label, ends[-1].label) == ("sea", {"forest": 0.5, "town": 0.5})
    for name in ("way", "classes"):
        cli("sample", classes.path, "--like", f"{name}.png", "--out", "again.png", check=True)
        assert (tmp_path / "again.png").read_bytes() == (tmp_path / f"{name}.png").read_bytes()


# Films


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_a_film_has_its_length_rate_and_size(cli: Cli, plain: Artist, tmp_path: Path, kind: str) -> None:
    words = ["--seconds", "1", "--fps", "12", "--enlarge", "3", "-n", "3"]
    cli("explore", "walk", plain.path, "--out", f"walk.{kind}", *words, check=True)
    with Image.open(tmp_path / f"walk.{kind}") as picture:
        assert picture.size == (48, 48)
        assert picture.info["loop"] == 0
        durations = []
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            picture.load()
            durations.append(picture.info["duration"])
        assert sum(durations) == pytest.approx(1000, abs=10)
        assert b"trainedAlgorithmicMedia" in (tmp_path / f"walk.{kind}").read_bytes()
    if kind == "webp":
        assert len(durations) == 12


def test_an_mp4_plays_and_has_even_sides(plain: Artist, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    frames = np.random.default_rng(0).integers(0, 256, (1, 15, 17, 3), np.uint8).repeat(10, axis=0)
    write_film(tmp_path / "film.mp4", frames, 10, 3)
    with av.open(str(tmp_path / "film.mp4")) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.pix_fmt, stream.codec.name) == (52, 46, "yuv420p", "h264")
        assert "trainedAlgorithmicMedia" in container.metadata["comment"]
    assert len(shown) == 10


def test_films_that_cannot_be_made_are_refused_before_anything_is_painted(
    cli: Cli, plain: Artist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    for words, expected in (
        (["--out", "walk.avi"], ".gif, .webp, .mp4"),
        (["--out", "walk.gif", "--fps", "60"], "at most 50 pictures a second"),
        (["--out", "walk.mp4"], "pip install 'ganvas[video]'"),
        (
            ["--out", "walk.webp", "-n", "5", "--seconds", "0.1"],
            "at least 2 pictures in as many frames; these are 5, 3",
        ),
    ):
        done = cli("explore", "walk", plain.path, *words)
        assert (done.returncode, done.stderr.count("\n"), expected in done.stderr) == (2, 1, True), done.stderr
    assert not list(tmp_path.glob("walk*"))


# Directions


def test_the_projected_jacobian_is_that_of_finite_differences(plain: Artist) -> None:
    network, step = load_extractor("pixels"), 1e-3
    latents = plain.latents(plain.cells(range(64)))
    columns = []
    with torch.no_grad():
        for axis in torch.eye(6) * step:
            ends = (network.differentiable(plain.snapshot.generator(latents + side * axis)) for side in (1, -1))
            columns.append(next(ends) - next(ends))
    jacobian = torch.stack(columns, dim=2).double() / (2 * step)
    exact = (jacobian.transpose(1, 2) @ jacobian).mean(0)
    found = metric_tensor(plain, network, samples=64)
    assert (found - exact).norm() < 0.25 * exact.norm()
    (values, vectors), (_, right_vectors) = axes(found), axes(exact)
    assert vectors[0] @ right_vectors[0] > 0.9
    assert torch.equal(values, values.sort(descending=True).values)


@pytest.mark.parametrize(("recipe", "layer"), [("acgan", "dense"), ("atelier", "first"), ("cdcgan", "from_latents")])
def test_sefa_takes_the_columns_of_the_latent_alone(tmp_path: Path, recipe: str, layer: str) -> None:
    artist = load(write_snapshot(tmp_path / "one.safetensors", recipe, NAMES))
    weight = artist.snapshot.generator.get_parameter(f"{layer}.weight").double()
    weight = weight.flatten(1).T if recipe == "cdcgan" else weight[:, :6]
    assert torch.allclose(first_layer_gram(artist), weight.T @ weight, atol=1e-4)
    values, vectors = axes(first_layer_gram(artist))
    assert np.allclose(vectors @ vectors.T, np.eye(6), atol=1e-5)
    assert all(vector[np.abs(vector).argmax()] > 0 for vector in vectors)
    assert float(values.diff().max()) <= 0


def test_directions_are_kept_named_and_painted_with(cli: Cli, plain: Artist, tmp_path: Path) -> None:
    words = ["--extractor", "pixels", "-n", "3"]
    done = cli("explore", "directions", plain.path, *words, "--out", "strip.png", "--steps", "5", check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["jacobian-1", "jacobian-2", "jacobian-3"]
    origin = read_origin(tmp_path / "strip.png")
    assert [cell.edits[0].amount for cell in origin.cells[:5]] == [-3, -1.5, 0, 1.5, 3]
    assert origin.sheet is not None
    assert origin.sheet.rows == ["jacobian-1", "jacobian-2", "jacobian-3"]
    cli("explore", "directions", plain.path, "--name", "jacobian-1=light", check=True)
    cli("explore", "directions", plain.path, "--method", "sefa", *words, check=True)
    assert plain.path is not None
    kept = read_directions(plain.path, plain.snapshot.digest)
    assert [each.name for each in kept] == ["sefa-1", "sefa-2", "sefa-3", "light", "jacobian-2", "jacobian-3"]
    assert all(each.pixels > 0 and each.features > 0 for each in kept)
    cli("sample", plain.path, "--out", "light.png", "-n", "1", "--edit", "light=2", check=True)
    cli("explore", "grid", plain.path, "--out", "grid.png", "-n", "4", "--first", "7", "--edit", "light=2", check=True)
    assert [cell.number for cell in read_origin(tmp_path / "grid.png").cells] == [7, 8, 9, 10]
    # Without the directions beside the snapshot, the files still have all that makes them again.
    plain.path.with_name("plain.directions.safetensors").unlink()
    for name in ("light", "grid", "strip"):
        cli("sample", plain.path, "--like", f"{name}.png", "--out", "again.png", check=True)
        assert (tmp_path / "again.png").read_bytes() == (tmp_path / f"{name}.png").read_bytes()


def test_a_direction_of_the_embedded_paintings_changes_their_light_or_hue(tmp_path: Path) -> None:
    prepare("painter:24", tmp_path / "data", size=16, classes="none")
    artist = Artist(fit(tmp_path / "data", "pca", components=8))
    cells, amounts = artist.cells(range(40)), np.linspace(-2, 2, 5).tolist()
    shares = []
    for direction in find_directions(artist, extractor="pixels"):
        moved = [
            cell.model_copy(update={"edits": [Edit(direction=direction.name, amount=amount)]})
            for cell in cells
            for amount in amounts
        ]
        pictures = artist.paint(moved, {direction.name: direction.values}).reshape(40, 5, -1, 3).mean(2)
        for change in (pictures.mean(2), pictures[..., 0] - pictures[..., 2]):  # brightness, and red against blue
            steps = np.diff(change, axis=1)
            shares.append(max((steps > 0).all(1).mean(), (steps < 0).all(1).mean()))
    assert max(shares) >= 0.9


def test_directions_need_pictures_that_depend_on_z(cli: Cli, tmp_path: Path) -> None:
    fitted = fit(write_dataset(tmp_path / "data"), "mean")
    save(tmp_path / "mean.safetensors", fitted.generator, fitted.card)
    for method, expected in (("jacobian", "do not depend on z"), ("sefa", "linear layer"), ("sega", "'sefa'")):
        done = cli("explore", "directions", "mean.safetensors", "--method", method, "--extractor", "pixels")
        assert (done.returncode, done.stderr.count("\n"), expected in done.stderr) == (2, 1, True), done.stderr
    assert not list(tmp_path.glob("*.directions.*"))


# Projection


def test_generated_pictures_are_found_again(plain: Artist) -> None:
    targets = plain.sample(100, seed=77)
    found = project(plain, targets, extractor="pixels", restarts=4, steps=40)
    assert sum(each.pixels <= 2 for each in found) >= 95
    assert np.array_equal(plain.paint([found[3].cell])[0], found[3].found)
    assert all(each.pixels < each.typical_pixels for each in found)
    radii = [float(plain.latents([each.cell]).norm()) for each in found]
    assert 0.3 < min(radii) <= max(radii) < 5  # of normal latents of 6 values


def test_a_projection_finds_the_class_and_stays_in_the_cube(tmp_path: Path, classes: Artist) -> None:
    wanted = classes.cells(range(4), seed=5)
    found = project(classes, classes.paint(wanted), extractor="pixels", restarts=6, steps=40)
    assert [each.cell.label for each in found] == [cell.label for cell in wanted]
    uniform = load(write_snapshot(tmp_path / "uniform.safetensors", latent="uniform"))
    (one,) = project(uniform, uniform.sample(1, seed=5), extractor="pixels", restarts=4, steps=20)
    assert float(uniform.latents([one.cell]).abs().max()) <= 1


def test_pictures_of_any_size_and_mode_are_projected(cli: Cli, plain: Artist, tmp_path: Path) -> None:
    Image.new("RGBA", (40, 20), (200, 30, 30, 255)).save(tmp_path / "wide.png")
    Image.new("1", (9, 30)).save(tmp_path / "tall.bmp")
    words = ["--steps", "3", "--restarts", "2", "--extractor", "pixels", "--out", "found"]
    done = cli("explore", "project", plain.path, "wide.png", "tall.bmp", *words, check=True)
    assert done.stdout.count("grey levels away (random pictures: ") == 2
    names = sorted(path.name for path in (tmp_path / "found").iterdir())
    assert names == ["comparison.png", "found-000.png", "found-001.png"]
    cli("sample", plain.path, "--like", "found/found-001.png", "--out", "again.png", check=True)
    again = cli("sample", plain.path, "--like", "found/comparison.png", "--out", "other.png")
    assert "4 of its 6 cells" in again.stderr
    assert "a picture that was given (wide.png)" in again.stderr


# Smoothness and fidelity


def test_blends_are_straight_and_even_by_pixels(finished: Path) -> None:
    artist = load(finished)
    measured = measure_smoothness(artist, Dataset.open(artist.data), pairs=4, steps=6, extractor="pixels")
    assert measured.real is not None
    assert measured.real.detour == pytest.approx(1, abs=1e-3)
    assert measured.real.largest == pytest.approx(1, abs=1e-3)
    assert measured.generated.length > 0
    assert "latents 2k and 2k + 1 of seed 0; features of pixels" in str(measured)


def test_a_jump_is_told_from_an_even_way() -> None:
    even, jump = np.ones((3, 10)), np.eye(10)[[0, 5, 9]] * 10
    ends = np.full(3, 5.0)
    assert (Ways.of(even, ends).largest, Ways.of(jump, ends).largest) == (1, 10)
    assert (Ways.of(even, ends).detour, Ways.of(even, ends).per_step) == (2, 1)


def test_smoothness_needs_no_dataset_unless_one_is_named(cli: Cli, plain: Artist) -> None:
    words = ["--pairs", "2", "--steps", "3", "--extractor", "pixels"]
    record = json.loads(cli("explore", "smoothness", plain.path, *words, "--json", check=True).stdout)
    assert record["real"] is None
    assert record["path"] == "sphere"
    assert cli("explore", "smoothness", plain.path, *words, "--data", "missing").returncode == 2


def test_truncation_is_measured(cli: Cli, finished: Path) -> None:
    words = ["--at", "0", "--at", "1", "--samples", "32", "--extractor", "pixels"]
    rows = json.loads(cli("explore", "truncation", finished, *words, "--json", check=True).stdout)
    assert [row["truncation"] for row in rows] == [0, 1]
    alone = json.loads(cli("evaluate", finished, "--samples", "32", "--extractor", "pixels", "--json").stdout)
    assert rows[1]["precision"] == alone["precision"]
    assert rows[1]["kid"] == alone["kid"]
    assert rows[0]["kid"] != rows[1]["kid"]
    assert "precision" in cli("explore", "truncation", finished, *words, check=True).stdout


# Ranking and neighbours


def test_top_and_bottom_are_ranked_by_the_discriminator(cli: Cli, finished: Path, tmp_path: Path) -> None:
    words = ["-n", "4", "--of", "32"]
    top = cli("explore", "top", finished, *words, "--out", "top.png", check=True).stdout.splitlines()
    bottom = cli("explore", "bottom", finished / "snapshots" / "last.safetensors", *words, check=True).stdout
    assert len(top) == len(bottom.splitlines()) == 4
    best, worst = (load(finished).top(32, 32), load(finished).bottom(32, 32))
    assert [each.cell for each in best] == [each.cell for each in worst][::-1]
    assert [each.probability for each in best] == sorted((each.probability or 0 for each in best), reverse=True)
    assert load(finished).top(1, 4, label="class1", truncation=0.5)[0].cell.truncation == 0.5
    origin = read_origin(tmp_path / "top.png")
    assert origin.cells == [each.cell for each in best[:4]]
    assert origin.sheet is not None
    assert origin.sheet.captions == [each.score for each in best[:4]]


def test_neighbours_are_the_nearest_training_pictures(cli: Cli, finished: Path, tmp_path: Path) -> None:
    artist = load(finished)
    data = Dataset.open(artist.data)
    found = artist.neighbours([3, "4:1"], extractor="pixels")
    pictures = artist.paint(found.cells).astype(int)
    distances = np.abs(pictures[:, None] - np.asarray(data.images)).mean((2, 3, 4))
    assert found.by_pixels.rows.tolist() == distances.argmin(1).tolist()
    assert np.allclose(found.by_pixels.distances, distances.min(1))
    assert np.array_equal(found.pictures[1], data.images[found.by_pixels.rows[0]])
    done = cli("explore", "neighbours", finished, "3", "--out", "near.png", "--extractor", "pixels", check=True)
    assert f"training picture {found.by_pixels.rows[0]} (" in done.stdout
    again = cli("sample", finished, "--like", "near.png", "--out", "again.png")
    assert "2 of its 3 cells are no pictures of the generator" in again.stderr


def test_labels_show_the_same_latents_in_every_class(cli: Cli, classes: Artist, tmp_path: Path) -> None:
    cli("explore", "labels", classes.path, "--out", "labels.png", "-n", "5", check=True)
    cells = read_origin(tmp_path / "labels.png").cells
    assert [(cell.label, cell.number) for cell in cells] == [(name, number) for name in NAMES for number in range(5)]


# Favourites


def test_favourites_are_kept_listed_painted_and_removed(cli: Cli, plain: Artist, tmp_path: Path) -> None:
    cli("explore", "favourites", plain.path, "--keep", "7:3", "--name", "red sea", "--truncation", "0.6", check=True)
    done = cli("explore", "favourites", plain.path, "--keep", "8", "--name", "other", "--out", "kept.png", check=True)
    assert done.stdout.splitlines() == [
        f"{'red sea':20} seed 7, number 3, truncation 0.6",
        f"{'other':20} seed 8, number 0",
    ]
    assert read_origin(tmp_path / "kept.png").cells == [Cell(seed=7, number=3, truncation=0.6), Cell(seed=8)]
    assert np.array_equal(plain.paint([plain.place("red sea")]), plain.sample(4, seed=7, truncation=0.6)[3:])
    cli("explore", "favourites", plain.path, "--remove", "red sea", check=True)
    assert [each.name for each in plain.favourites] == ["other"]
    # The file now holds other weights.
    assert plain.path is not None
    write_snapshot(plain.path, seed=1)
    assert "of another snapshot" in cli("explore", "favourites", plain.path, check=True).stdout
    with pytest.raises(RunError, match="not by this one"):
        load(plain.path).place("other")


BAD = {
    "nothing": (["grid", "missing", "--out", "grid.png"], "does not exist"),
    "other ending": (["grid", "plain.safetensors", "--out", "grid.jpg"], "ends in .png"),
    "labels without classes": (["labels", "plain.safetensors", "--out", "grid.png"], "without classes"),
    "label that is not there": (
        ["grid", "classes.safetensors", "--out", "a.png", "--label", "see"],
        "did you mean 'sea'",
    ),
    "top of a snapshot alone": (["top", "plain.safetensors"], "is not in a run"),
    "neighbours without data": (["neighbours", "plain.safetensors"], "which is gone; name its dataset with --data"),
    "neighbours of another size": (["neighbours", "plain.safetensors", "--data", "data"], "8 px"),
    "unknown favourite": (["interpolate", "plain.safetensors", "mine", "0", "--out", "a.png"], "unknown favourite"),
    "one picture": (["interpolate", "plain.safetensors", "3", "--out", "a.png"], "two pictures"),
    "classes and pictures": (
        [
            "interpolate",
            "classes.safetensors",
            "1",
            "2",
            "--label",
            "sea",
            "--label",
            "town",
            "--label",
            "sea",
            "--out",
            "a.png",
        ],
        "3 classes for 2 pictures",
    ),
    "seed out of range": (["walk", "plain.safetensors", "99999999999999999999", "0", "--out", "a.webp"], "seed"),
    "keep without name": (["favourites", "plain.safetensors", "--keep", "3"], "--name"),
    "name like a seed": (["favourites", "plain.safetensors", "--keep", "3", "--name", "3"], "not a number"),
    "remove nothing": (["favourites", "plain.safetensors", "--remove", "mine"], "unknown favourite"),
    "unknown direction": (["directions", "plain.safetensors", "--name", "a=b"], "no directions are kept"),
    "name and search": (["directions", "plain.safetensors", "--name", "a=b", "-n", "3"], "leave out"),
    "no picture": (["project", "plain.safetensors", "text.txt", "--out", "found"], "text.txt cannot be used"),
    "taken": (["project", "plain.safetensors", "text.txt", "--out", "data"], "exists already"),
    "no derivative": (["smoothness", "plain.safetensors", "--extractor", "resnet"], "unknown feature extractor"),
}


@pytest.mark.parametrize(("words", "expected"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_clear_line(
    cli: Cli, tmp_path: Path, plain: Artist, classes: Artist, words: list[str], expected: str
) -> None:
    write_dataset(tmp_path / "data", size=8)
    (tmp_path / "text.txt").write_text("no picture")
    before = sorted(tmp_path.rglob("*"))
    done = cli("explore", *words)
    assert (done.returncode, done.stderr.count("\n"), expected in done.stderr) == (2, 1, True), done.stderr
    assert sorted(tmp_path.rglob("*")) == before
