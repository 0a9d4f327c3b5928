"""What a sweep varies: files of ranges, and those that come with each recipe."""

from pathlib import Path

import pytest

from ganvas import gans
from ganvas.foundation.errors import ConfigError
from ganvas.settings.ranges import Range, Values, around, check_ranges, read_ranges, written


def read(folder: Path, text: str) -> object:
    file = folder / "space.yaml"
    file.write_text(text)
    return read_ranges(file)


def test_a_file_holds_ranges_and_values(tmp_path: Path) -> None:
    ranges = read(
        tmp_path,
        "g_lr: {low: 1e-5, high: 0.001, log: true}\nwidth: {low: 16, high: 64, step: 16}\nflip: [true, false]\n",
    )
    assert ranges == {
        "g_lr": Range(1e-5, 1e-3, log=True),  # YAML itself takes 1e-5 for a word
        "width": Range(16, 64, step=16),
        "flip": Values((True, False)),
    }


@pytest.mark.parametrize("name", gans.names())
def test_each_recipe_names_what_to_vary_around_its_own_values(name: str, tmp_path: Path) -> None:
    recipe = gans.find(name)
    space, own = recipe.space(), recipe.defaults.model_dump()
    assert {"g_lr", "d_lr", "batch_size"} < set(space)
    check_ranges(space, name, recipe.defaults, {}, "its space")
    assert [key for key, varied in space.items() if not varied.contains(own[key])] == []
    assert read(tmp_path, written(space)) == space


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "holds no option"),
        ("g_lr: 3", "g_lr: cannot read 3; write a range such as"),
        ("g_lr: {low: 1}", "cannot read"),
        ("g_lr: {low: 1, high: 2, steps: 1}", "cannot read"),
        ("g_lr: {low: 2, high: 1}", "low must be below high, not 2 and 1"),
        ("g_lr: {low: 0, high: 1, log: true}", "log needs a low above 0"),
        ("g_lr: {low: 0, high: 1, log: maybe}", "log must be true or false"),
        ("g_lr: {low: a, high: 1}", "low must be a number, not 'a'"),
        ("g_lr: {low: true, high: 2}", "low must be a number"),
        ("g_lr: {low: 0, high: .inf}", "high must be a number"),
        ("g_lr: {low: 0, high: 1, step: 2}", "step must be above 0"),
        ("g_lr: [1]", "give 2 to 100 different values"),
        ("g_lr: [1, 1]", "different values"),
        ("g_lr: [1, [2]]", "is no value of an option"),
        ("- g_lr", "must hold `key: value` lines"),
        ("g_lr: [1, 2]\ng_lr: [1, 3]", "a second time"),
        ("g_lr: {", "cannot be read"),
    ],
)
def test_a_bad_file_is_one_clear_line(text: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"space\.yaml") as error:
        read(tmp_path, text)
    assert named in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--space .*none\.yaml cannot be read"):
        read_ranges(tmp_path / "none.yaml")


def test_what_no_trial_could_have_is_refused() -> None:
    defaults = gans.find("dcgan").defaults
    for ranges, named in (
        ({"widht": Range(1, 2)}, "did you mean 'width'"),
        ({"budget": Values((1, 2))}, "unknown option 'budget'"),
        ({"g_lr": Range(0.5, 2.0)}, "option g_lr=2.0"),
        ({"augment": Values(("none", "colours"))}, "colours"),
    ):
        with pytest.raises(ConfigError, match=named):
            check_ranges(ranges, "dcgan", defaults, {}, "the file")
    with pytest.raises(ConfigError, match="varies width, which --set gives one value"):
        check_ranges({"width": Range(8, 16)}, "dcgan", defaults, {"width": 3}, "the file")


def test_a_range_around_a_value() -> None:
    assert around(2e-4) == Range(4e-5, 1e-3, log=True)
