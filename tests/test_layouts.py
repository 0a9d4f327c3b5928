"""Collections as they are published: small replicas load with the right labels, splits and counts."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ganvas.data.sources.opening import open_source
from ganvas.foundation.errors import DataError
from support import replicas
from support.command_line import with_any_name
from support.prepared import Made, rejections

# ---- Painter by Numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("spread", [False, True])
def test_painter_by_numbers(made: Made, tmp_path: Path, spread: bool) -> None:
    summary, index = made(replicas.painter_by_numbers(tmp_path / "pbn", spread))
    assert summary.class_counts == {"landscape": 6, "portrait": 6}
    assert index["split"].value_counts().to_dict() == {"train": 8, "test": 4}
    assert rejections(summary.path) == {f"{'train_2' if spread else 'train'}/1012.jpg": "no value in column 'genre'"}
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
    assert rejections(summary.path) == {
        "1002.jpg": "missing (named in all_data_info.csv)",
        "train/1012.jpg": "no value in column 'genre'",
        "train/stray.jpg": "not in all_data_info.csv",
    }


def test_what_is_missing_is_listed_if_it_was_asked_for(made: Made, tmp_path: Path) -> None:
    root = replicas.painter_by_numbers(tmp_path / "pbn")
    (root / "train" / "1000.jpg").unlink()
    (root / "train" / "1001.jpg").unlink()
    summary, _ = made(root, where='artist == "Paul Cezanne"')
    assert set(rejections(summary.path)) == {"1000.jpg", "train/1012.jpg"}


def test_the_published_split_can_be_left_aside(made: Made, tmp_path: Path) -> None:
    root = replicas.painter_by_numbers(tmp_path / "pbn")
    assert set(made(root, split="none")[1]["split"]) == {"train"}
    _, index = made(root, split=0.5)
    assert index.groupby("genre")["split"].value_counts().to_dict() == {
        (genre, split): 3 for genre in ("landscape", "portrait") for split in ("train", "test")
    }


# ---- Best Artworks of All Time ----------------------------------------------------------------------------------


@with_any_name
def test_best_artworks(made: Made, tmp_path: Path) -> None:
    summary, index = made(replicas.best_artworks(tmp_path / "best"))
    assert summary.class_counts == {"Albrecht Dürer": 3, "Pierre-Auguste Renoir": 2, "Vincent van Gogh": 2}
    assert set(index["source"].str.split("/").str[:2].str.join("/")) == {"images/images"}
    assert set(index["nationality"]) == {"Dutch"}
    assert set(index["years"]) == {replicas.YEARS}
    assert "bio" not in index
    assert "recognised Best Artworks of All Time (artists.csv and images/images): class by artist" in str(summary)


@with_any_name
def test_best_artworks_resized(made: Made, tmp_path: Path) -> None:
    root = replicas.best_artworks(tmp_path / "best")
    shutil.rmtree(root / "images")
    summary, index = made(root)
    assert summary.class_counts == {"Albrecht Dürer": 2, "Pierre-Auguste Renoir": 2, "Vincent van Gogh": 2}
    assert index["source"][0] == "resized/resized/Albrecht_Dürer_1.jpg"


@with_any_name
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
    assert rejections(summary.path) == {"Cubism/notes.txt": "not a picture (extension .txt)"}
    by_artist, _ = made(root, labels="artist", min_per_class=2)
    assert by_artist.class_counts == {"hiroshige": 2}


def test_gangogh(made: Made, tmp_path: Path) -> None:
    summary, index = made(replicas.gangogh(tmp_path / "art"))
    assert summary.class_counts == {"abstract": 2, "flower-painting": 2, "nude-painting-nu": 2}
    assert index["genre"].tolist() == ["abstract"] * 2 + ["flower-painting"] * 2 + ["nude-painting-nu"] * 2
    assert "recognised GANGogh's genre folders" in str(summary)


@pytest.mark.parametrize(
    "write",
    [
        replicas.painter_by_numbers,
        pytest.param(replicas.best_artworks, marks=with_any_name),
        replicas.wikiart,
        replicas.gangogh,
    ],
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
        (no_class_list, "has lists of genres, but no genre_class.txt with the names of the classes"),
        (
            strange_class_list,
            "style_class.txt has the line 'Cubism'; expected a number and a name, as in 12 Impress",
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
