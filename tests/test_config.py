import re
from pathlib import Path

import pytest
import yaml

from ganvas.foundation.errors import ConfigError
from ganvas.settings.budget import Amount
from ganvas.settings.config import Settings, parse_assignments, read_config, resolve
from ganvas.settings.options import Options
from support.command_line import Cli

DEFAULTS = Options(width=48)


def test_changes_override_the_recipes_defaults_and_strings_are_converted() -> None:
    config = resolve("dcgan", DEFAULTS, {"g_lr": "1e-3", "batch_size": "32", "budget": "5kimg", "tensorboard": "false"})
    assert (config.options.width, config.options.g_lr, config.options.batch_size) == (48, 1e-3, 32)
    assert config.settings.budget == Amount(5, "kimg")
    assert config.settings.tensorboard is False


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("batch_size", "1"),
        ("batch_size", "many"),
        ("width", "0"),
        ("g_lr", "0"),
        ("d_lr", "-1"),
        ("d_lr", "nan"),
        ("beta1", "1"),
        ("optimizer", "sgd"),
        ("d_steps", "0"),
        ("g_steps", "1.5"),
        ("ema_kimg", "-1"),
        ("seed", "-1"),
        ("budget", "20"),
        ("device", "tpu"),
        ("precision", "int8"),
        ("log_every", "often"),
        ("eval_samples", "3"),
        ("grid_size", "0"),
    ],
)
def test_a_value_out_of_range_names_its_key(key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=key):
        resolve("dcgan", DEFAULTS, {key: value})


def test_an_unknown_key_names_the_nearest_and_all() -> None:
    with pytest.raises(ConfigError) as error:
        resolve("dcgan", DEFAULTS, {"bach_size": "3"})
    message = str(error.value)
    assert "did you mean 'batch_size'?" in message
    assert all(key in message for key in [*Options.model_fields, *Settings.model_fields])


def test_keys_are_unique_over_settings_and_options() -> None:
    assert not set(Options.model_fields) & set(Settings.model_fields)


def test_every_key_has_help() -> None:
    for model in (Options, Settings):
        assert all(field.description for field in model.model_fields.values())


def test_a_resolved_configuration_resolves_to_itself() -> None:
    config = resolve("dcgan", DEFAULTS, {"budget": "90s", "eval_every": "30s"})
    again = resolve("dcgan", Options(), config.settings.model_dump() | config.options.model_dump())
    assert again == config


def test_a_file_may_be_flat_or_grouped_as_a_run_records_it(tmp_path: Path) -> None:
    flat, grouped = tmp_path / "flat.yaml", tmp_path / "grouped.yaml"
    flat.write_text("recipe: dcgan\nwidth: 8\nseed: 3\n")
    record = {"recipe": "dcgan", "schema_version": 1, "versions": {}, "settings": {"seed": 3}, "options": {"width": 8}}
    grouped.write_text(yaml.safe_dump(record))
    assert read_config(flat) == read_config(grouped) == ("dcgan", {"width": 8, "seed": 3})


@pytest.mark.parametrize(
    "content", [b"- a list", b"just words", b"a: [1", b"\xff\xfe\x00", b"options: 3", b"!!python/object:os.system {}"]
)
def test_a_file_that_is_no_mapping_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"broken\.yaml"):
        read_config(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path / "none.yaml")


@pytest.mark.parametrize("word", ["width", "=3", " = 3", ""])
def test_an_assignment_needs_a_key_and_an_equals_sign(word: str) -> None:
    with pytest.raises(ConfigError, match="key=value"):
        parse_assignments([word])


def test_a_value_may_hold_an_equals_sign() -> None:
    assert parse_assignments(["a=b=c", " d = e "]) == {"a": "b=c", "d": "e"}


def test_the_name_of_an_argument_is_not_an_option(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "start.yaml").write_text("start: 5\n")
    for words in (
        ["train", "data", "--out", "x", "--config", "start.yaml"],
        ["train", "data", "--out", "x", "--set", "out=y", "--dry-run"],
        ["train", "data", "--out", "x", "--set", "display=y", "--per-class"],
        ["compare", "data", "--out", "x", "--recipes", "dcgan", "--set", "seeds=2"],
        ["baseline", "data", "--out", "x", "--kind", "mean", "--set", "kind=pca"],
        ["classify", "train", "data", "--out", "x", "--set", "label=y"],
    ):
        done = cli(*words)
        assert done.returncode == 2
        assert re.fullmatch(r"ganvas: \w+ is not an option of --set or --config; .*\n", done.stderr), done.stderr
