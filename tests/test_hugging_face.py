"""Datasets of Hugging Face: true files that `datasets` has written, streams, and a hub out of reach."""

import io
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ganvas.data.pictures.frame import Frame
from ganvas.data.pictures.rejection import Rejected
from ganvas.data.prepare.prepare import prepare
from ganvas.data.prepare.summary import Summary
from ganvas.data.sources import Request
from ganvas.data.sources.arrow import ArrowFile
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.picture_table import embedded_items
from ganvas.data.sources.schemes.hf import open_hub
from ganvas.foundation.errors import DataError
from support import replicas
from support.command_line import Cli
from support.prepared import Made, images_of, rejections

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
    assert rejections(summary.path) == {
        "train.parquet#000004": "empty file",
        "train.parquet#000005": "no picture in the table",
    }


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_row_reads_no_file_outside_the_folder_of_its_table(made: Made, tmp_path: Path, kind: str) -> None:
    folder, secret = tmp_path / "in", replicas.write_picture(tmp_path / "private" / "me.png", 9)
    for number in range(2):
        replicas.write_picture(folder / "below" / f"{number}.png", number)
    (folder / "link.png").symlink_to(secret)
    (folder / "way").symlink_to(secret.parent, target_is_directory=True)
    (folder / "loop.png").symlink_to(folder / "loop.png")
    inside = ["below/0.png", "below/../below/1.png"]
    outside = [str(secret), "../private/me.png", "below/../../private/me.png", "link.png", "way/me.png"]
    nowhere = ["no\0name.png", "loop.png"]
    rows = [{"bytes": None, "path": path} for path in [*inside, *outside, *nowhere]]
    table = pa.Table.from_pylist([{"image": row} for row in rows])
    if kind == "parquet":
        pq.write_table(table, folder / "train.parquet")
    else:
        with pa.OSFile(str(folder / "train.arrow"), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
    for source in (f"hf:{folder}", folder / f"train.{kind}"):
        summary, index = made(source)
        assert index["source"].tolist() == inside
        reasons = rejections(summary.path)
        assert {reasons[path] for path in outside} == {"a row that names a file outside the folder of its table"}
        assert {reasons[path] for path in nowhere} == {"missing (or a broken link)"}
    _, index = made(folder / f"train.{kind}", root=tmp_path)
    assert index["source"].tolist() == [str(secret)], "the root is what may be read"


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


def test_pictures_that_the_hub_downloaded_as_files_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    picture = replicas.write_picture(tmp_path / "extracted" / "0.png", 0)
    path = tmp_path / "cache" / "train.arrow"
    path.parent.mkdir()
    table = pa.table({"image": pa.array([{"bytes": None, "path": str(picture)}])})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    part = types.SimpleNamespace(cache_files=[{"filename": str(path)}])
    monkeypatch.setattr(datasets, "load_dataset", lambda *_: {"train": part})
    (item,) = open_hub("some/pictures", Request()).items
    with pytest.raises(Rejected, match="outside the folder"):
        item.read(Frame(8))
    monkeypatch.setattr(datasets.config, "EXTRACTED_DATASETS_PATH", tmp_path / "extracted")
    (item,) = open_hub("some/pictures", Request()).items
    assert item.read(Frame(8)).width == 12


@pytest.mark.parametrize("words", [[], ["--limit", "10"]])
def test_the_hub_out_of_reach_is_one_line(cli: Cli, words: list[str]) -> None:
    done = cli("prepare", "hf:huggan/wikiart", "data", *words)
    assert done.returncode == 2
    assert done.stderr.startswith("ganvas: hf:huggan/wikiart cannot be loaded from the hub (")
    assert "check the name and the network, or name a folder of its Parquet files" in done.stderr
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


def test_columns_of_unequal_lengths_are_damage(tmp_path: Path) -> None:
    """As in a Parquet file whose footer was damaged: one number tells the rows of labels, others those of pictures."""
    rows = [{"image": {"bytes": b"", "path": f"{number}.png"}, "style": "x"} for number in range(3)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    table = ArrowFile.open(tmp_path / "a.parquet")
    assert len(embedded_items(table, "image", table.rows(), tmp_path)) == 3
    with pytest.raises(DataError, match=r"a.parquet is damaged: its columns have 3 and 2 rows"):
        embedded_items(table, "image", table.rows()[:2], tmp_path)
