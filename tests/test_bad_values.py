"""Options, keys and paths that cannot be meant: one line each, and nothing is written."""

import os
import stat
from pathlib import Path

import pytest

from ganvas.data.sources.text_table import read_columns
from ganvas.foundation.errors import ConfigError, DataError, GanvasError, WriteError
from ganvas.foundation.files import whole_file
from ganvas.foundation.paths import new_path
from ganvas.settings.config import keywords_for, read_config, resolve
from ganvas.settings.options import Options

BOMB = "\n".join(
    [
        "width:",
        "- &a [x, x, x, x, x, x, x, x]",
        *(f"- &{b} [{', '.join([f'*{a}'] * 8)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    ]
)


@pytest.mark.parametrize("key", ["data", "out", "recipe", "start", "display"])
def test_the_name_of_an_argument_is_not_an_option(key: str) -> None:
    from ganvas.planning.run import train

    with pytest.raises(ConfigError, match=f"^{key} is not an option of --set or --config"):
        keywords_for(train, {key: "x"})


def test_options_become_keywords() -> None:
    from ganvas.planning.run import train

    assert keywords_for(train, {"budget": "1m", "width": "4"}) == {"budget": "1m", "width": "4"}


@pytest.mark.parametrize(
    "content",
    ["width: 4\nwidth: 8", "width: 4\noptions: {width: 8}", "settings: {seed: 1}\nseed: 2", "options: {r1: 1, r1: 2}"],
)
def test_a_key_that_stands_twice_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(content)
    with pytest.raises(ConfigError, match="set it once"):
        read_config(file)


def test_a_merged_mapping_may_be_overridden(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("options:\n  <<: {width: 4, r1: 1.0}\n  width: 8")
    assert read_config(file)[1] == {"width": 8, "r1": 1.0}


@pytest.mark.parametrize(("key", "value"), [("width", True), ("g_lr", True), ("seed", False), ("real_target", True)])
def test_a_truth_value_is_not_a_number(key: str, value: bool) -> None:
    with pytest.raises(ConfigError, match=f"option {key}"):
        resolve("dcgan", Options(), {key: value})


@pytest.mark.parametrize("key", ["width", "budget", "g_schedule", "augment", "device"])
def test_a_message_is_short_however_large_the_value(tmp_path: Path, key: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(BOMB.replace("width", key))
    with pytest.raises(ConfigError) as error:
        resolve("dcgan", Options(), read_config(file)[1])
    assert len(str(error.value)) < 2000


def test_no_budget_is_answered_with_how_to_write_one() -> None:
    with pytest.raises(ConfigError, match="write a number and a unit"):
        resolve("dcgan", Options(), {"budget": None})


def test_links_that_form_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(GanvasError, match="circle"):
        new_path(tmp_path / "a" / "run")


def test_a_quote_that_is_never_closed_swallows_no_rows() -> None:
    with pytest.raises(DataError, match="line 3: a quote"):
        read_columns(b'file,style\na.png,x\nb.png,"y\nc.png,x\n', "t.csv")


@pytest.mark.parametrize("encoding", ["utf-32", "utf-16"])
def test_a_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    assert read_columns("file,style\na.png,Café\n".encode(encoding), "t.csv").cells["style"] == ["Café"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_not_a_regular_file_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.html"
    os.mkfifo(pipe)
    with pytest.raises(WriteError, match="not a regular file"), whole_file(pipe) as partial:
        partial.write_text("page")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]
