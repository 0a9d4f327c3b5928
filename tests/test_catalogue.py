"""The list of recipes, and what it says of their size and cost."""

import json

import pytest

from ganvas import gans
from ganvas.experiments.catalogue import Entry, catalogue, operations_per_image
from ganvas.gans.recipe import ClassUse
from support.command_line import Cli


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return {entry.name: entry for entry in catalogue()}


def test_every_recipe_is_listed_at_64_px_or_the_nearest_size(entries: dict[str, Entry]) -> None:
    assert list(entries) == gans.names()
    for name, entry in entries.items():
        recipe = gans.find(name)
        assert (entry.paper, entry.sizes) == (recipe.paper, recipe.sizes)
        assert entry.conditional == (recipe.class_use in (ClassUse.AUXILIARY, ClassUse.CONDITIONAL))
        assert (entry.needs_classes, entry.class_use) == (recipe.class_use.is_required, recipe.class_use)
        assert entry.size in recipe.sizes
        assert entry.size == 64 or 64 not in recipe.sizes
        assert entry.gflops_per_image > 0
    assert (entries["dcgan"].size, entries["dcgan128"].size) == (64, 128)


def test_parameters_are_those_of_the_networks_at_their_default_width(entries: dict[str, Entry]) -> None:
    for name, expected in {
        "dcgan": (3_576_704, 2_765_568),
        # Keras's counts of paper 2 less the two moving statistics of each BatchNorm channel.
        "keras-dcgan": (5_137_283 - 2 * 960, 4_318_337 - 2 * 896),
    }.items():
        assert (entries[name].generator_parameters, entries[name].discriminator_parameters) == expected


def test_the_operations_of_two_layers_against_two_are_counted_by_hand() -> None:
    pixels, hidden, latent = 3 * 32 * 32, 1024, 100
    g, d = (latent * hidden, hidden * pixels), (pixels * hidden, hidden)
    # D: G forward; D forward, by its weights, and by the input of its second layer, on real and generated pictures.
    products = sum(g) + 2 * (sum(d) + sum(d) + d[1])
    # G: D forward and by its inputs; G by its weights, and by the input of its second layer.
    products += sum(d) + sum(d) + sum(g) + g[1]
    mlp = gans.find("mlp")
    assert operations_per_image(mlp(mlp.defaults), 32) == 2 * products


def test_costs_compare_with_dcgan_at_the_same_size(entries: dict[str, Entry]) -> None:
    assert entries["dcgan"].relative_cost == 1
    # The same bodies with the same steps, whatever the size.
    assert entries["dcgan128"].relative_cost == 1
    assert entries["dcgan128"].gflops_per_image > 2 * entries["dcgan"].gflops_per_image
    # G trains once in five updates of D; the penalty's second derivatives cost more than that saves.
    wgan, wgan_gp = entries["wgan"].relative_cost, entries["wgan-gp"].relative_cost
    assert wgan is not None
    assert wgan_gp is not None
    assert wgan < 1 < wgan_gp


def test_a_size_that_the_yardstick_lacks_has_no_relative_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvas.experiments.catalogue.USUAL_SIZE", 28)
    monkeypatch.setattr(gans, "names", lambda: ["dcgan", "mlp"])
    dcgan, mlp = catalogue()
    assert (dcgan.size, mlp.size) == (32, 28)
    assert dcgan.relative_cost == 1
    assert mlp.relative_cost is None


def test_the_command_prints_a_table_or_json(
    cli: Cli, entries: dict[str, Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Counting the operations of every recipe takes seconds, and has been done.
    monkeypatch.setattr("ganvas.experiments.catalogue.catalogue", lambda: list(entries.values()))
    rows = cli("recipes", check=True).stdout.splitlines()
    assert [row.split()[0] for row in rows[1:-1]] == list(entries)
    listed = json.loads(cli("recipes", "--json", check=True).stdout)
    assert [entry["name"] for entry in listed] == list(entries)
    assert listed[0].keys() == Entry.__dataclass_fields__.keys()
