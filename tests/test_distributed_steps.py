"""Two and four processes train as one does: the same numbers, the same gradients, the same weights."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas import gans
from ganvas.data.dataset.dataset import Dataset
from ganvas.distributed import gradients
from ganvas.distributed.layers import PartialDropout, SynchronisedBatchNorm2d
from ganvas.distributed.part import WHOLE, Division, Part, drawn, working_on
from ganvas.distributed.reduction import average_statistics, require_alike
from ganvas.distributed.world import ALONE, World
from ganvas.foundation.errors import DivergedError, UnlikeProcesses
from ganvas.gans.brushwork import Parts
from ganvas.machine import device
from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.leaks import SIGNS
from ganvas.networks.degradation import degraded
from ganvas.settings.budget import Amount, Progress
from ganvas.settings.config import Settings
from ganvas.training.clock import Clock
from ganvas.training.updater import Updater
from support.datasets import write_dataset
from support.narrowing import not_none
from support.ranks import in_ranks
from support.runs import tiny_recipe

# Recipes whose networks look at each picture by itself, with options that make them so, and tricks that do so too.
INDEPENDENT: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("mlp", {}),
    "styles": ("can", {"normalisation": "none", "g_steps": 2, "d_steps": 2}),
    "penalties": ("can", {"normalisation": "none", "r1": 1.0, "r2": 1.0, "penalty_every": 3}),
    "replay": ("mlp", {"replay": 12, "replay_every": 2, "replay_keep": 5}),
    "unrolled": ("mlp", {"unrolled": 2, "unrolled_lr": 0.01}),
    "shown": (
        "can",
        {"normalisation": "none", "flip": True, "augment": "colour,translation,cutout", "augment_probability": 0.7},
    ),
    "noise": ("mlp", {"d_dropout": 0.3, "real_target": "0.8:1", "label_swap": 0.3, "latent": "uniform"}),
    "features": ("mlp", {"feature_matching": 0.1, "spectral_norm": True}),
}


def machine() -> device.Machine:
    return device.choose(Settings(device="cpu", precision="float32", threads=1))


def trained(
    data: Path, name: str, changes: dict[str, Any], steps: int, division: Division = WHOLE
) -> dict[str, Tensor]:
    """The weights of all networks after some steps, and the mean of what was logged."""
    recipe = tiny_recipe(name, **{"batch_size": 8} | changes)
    torch.manual_seed(0)
    here = machine()
    updater = Updater(recipe, Dataset.open(data), here, device.launch(here), Settings(), division)
    progress, clock = Progress(48), Clock(Amount(1, "h"))
    clock.start(progress)
    with updater.loader(progress) as loader:
        pictures = iter(loader)
        for _ in range(steps):
            updater.update(pictures, progress, clock)
    step, logged = updater.step, updater.statistics(progress)
    networks = {"G": step.generator, "D": step.discriminator, "average": step.average.module}
    weights = {f"{name}.{key}": value for name, each in networks.items() for key, value in each.state_dict().items()}
    return weights | {f"log.{key}": torch.tensor(value) for key, value in logged.items() if key != "img_per_s"}


def distance(first: dict[str, Tensor], second: dict[str, Tensor], part: str) -> float:
    """The distance between two versions of what belongs to a part, relative to its length."""
    assert first.keys() == second.keys()
    one, other = (
        torch.cat([value.flatten().double() for key, value in sorted(each.items()) if key.startswith(f"{part}.")])
        for each in (first, second)
    )
    return float((one - other).norm() / one.norm())


@pytest.mark.parametrize("case", INDEPENDENT)
def test_two_processes_end_with_the_weights_of_one(tmp_path: Path, case: str) -> None:
    name, changes = INDEPENDENT[case]
    data = write_dataset(tmp_path / "data")
    alone = trained(data, name, changes, 20)
    ranks = in_ranks(2, tmp_path / "ranks", lambda world: trained(data, name, changes, 20, Division(world)))
    assert all(torch.equal(value, ranks[1][key]) for key, value in ranks[0].items())
    for part in ("G", "D", "average"):
        assert distance(alone, ranks[0], part) < 1e-5, part
    assert distance(alone, ranks[0], "log") < 1e-4


def test_four_processes_with_micro_batches_end_with_the_weights_of_one(tmp_path: Path) -> None:
    name, changes = INDEPENDENT["penalties"]
    data = write_dataset(tmp_path / "data")
    alone = trained(data, name, changes, 10)
    ranks = in_ranks(
        4, tmp_path / "ranks", lambda world: trained(data, name, changes, 10, Division(world, micro_batch=1))
    )
    assert all(distance(alone, each, part) < 1e-5 for each in ranks for part in ("G", "D", "average"))


@pytest.mark.parametrize("micro_batch", [0, 2])
def test_exchanges_that_begin_during_the_backward_pass_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, micro_batch: int
) -> None:
    name, changes = INDEPENDENT["penalties"]
    data, begun = write_dataset(tmp_path / "data"), list[int]()
    monkeypatch.setattr(gradients, "pays", lambda _weights: True)
    monkeypatch.setattr(gradients, "BUCKET", 1 << 10)
    begin = World.begin_sum_

    def counting(world: World, values: Tensor) -> Callable[[], None]:
        begun.append(len(values))
        return begin(world, values)

    def own(world: World) -> dict[str, Tensor]:
        monkeypatch.setattr(World, "begin_sum_", counting)
        return trained(data, name, changes, 5, Division(world, micro_batch)) | {"begun": torch.tensor(begun)}

    alone = trained(data, name, changes, 5)
    ranks = in_ranks(2, tmp_path / "ranks", own)
    assert all(torch.equal(value, ranks[1][key]) for key, value in ranks[0].items())
    assert len(ranks[0].pop("begun")) >= 5 * 2 * 2
    for part in ("G", "D", "average"):
        assert distance(alone, ranks[0], part) < 1e-5, part


@pytest.mark.parametrize("case", ["penalties", "replay", "shown", "noise"])
def test_micro_batches_make_the_step_of_the_batch(tmp_path: Path, case: str) -> None:
    name, changes = INDEPENDENT[case]
    data = write_dataset(tmp_path / "data")
    whole, small = (trained(data, name, changes, 10, Division(micro_batch=size)) for size in (0, 2))
    assert all(distance(whole, small, part) < 1e-5 for part in ("G", "D", "average"))


@pytest.mark.parametrize("recipe", gans.names())
def test_every_recipe_keeps_the_same_weights_on_two_processes(tmp_path: Path, recipe: str) -> None:
    data = write_dataset(tmp_path / "data", size=min(gans.find(recipe).sizes))
    ranks = in_ranks(2, tmp_path / "ranks", lambda world: trained(data, recipe, {}, 3, Division(world)))
    assert [key for key, value in ranks[0].items() if not torch.equal(value, ranks[1][key])] == []
    assert all(value.isfinite().all() for value in ranks[0].values())


def batch_norm_by(layer: nn.Module, maps: Tensor) -> dict[str, Tensor]:
    """The output of a layer, its first derivative, and the derivative of a gradient penalty."""
    maps = maps.clone().requires_grad_()
    output = layer(maps)
    (slopes,) = torch.autograd.grad(output.pow(3).sum(), maps, create_graph=True)
    (curvature,) = torch.autograd.grad(slopes.square().sum(), maps)
    return {"output": output, "slopes": slopes, "curvature": curvature}


def statistics_of(layer: nn.BatchNorm2d) -> dict[str, Tensor]:
    return {"mean": not_none(layer.running_mean), "var": not_none(layer.running_var)}


def test_synchronised_batch_norm_is_that_of_the_whole_batch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    maps = torch.randn(8, 3, 4, 4, dtype=torch.float64) + 5
    weight, bias = torch.randn(2, 3, dtype=torch.float64)

    def layer(kind: type[nn.BatchNorm2d]) -> nn.BatchNorm2d:
        made = kind(3, dtype=torch.float64)
        made.load_state_dict(made.state_dict() | {"weight": weight, "bias": bias})
        return made

    def own(world: World) -> dict[str, Tensor]:
        part = Division(world).own(8)
        made = layer(SynchronisedBatchNorm2d)
        with working_on(part):
            values = batch_norm_by(made, maps[part.start :][: part.count])
        return values | statistics_of(made)

    whole_layer = layer(nn.BatchNorm2d)
    whole = batch_norm_by(whole_layer, maps)
    ranks = in_ranks(2, tmp_path / "ranks", own)
    for key in ("output", "slopes", "curvature"):
        torch.testing.assert_close(torch.cat([each[key] for each in ranks]), whole[key].detach())
    for each in ranks:
        torch.testing.assert_close(each["mean"], whole_layer.running_mean)
        torch.testing.assert_close(each["var"], whole_layer.running_var)


def test_batch_norm_by_itself_ends_with_the_same_statistics_everywhere(tmp_path: Path) -> None:
    def own(world: World) -> dict[str, Tensor]:
        layer = nn.BatchNorm2d(2)
        layer(torch.full((2, 2, 3, 3), float(world.rank)))
        exact = torch.nn.Parameter(torch.tensor([0.1]))
        layer.register_buffer("alike", exact.detach() / 3)
        also = average_statistics([layer], world, torch.tensor([[2.0 * world.rank]], dtype=torch.float64))
        return {"mean": statistics_of(layer)["mean"], "alike": layer.get_buffer("alike"), "also": also}

    ranks = in_ranks(3, tmp_path / "ranks", own)
    for each in ranks:
        torch.testing.assert_close(each["mean"], torch.full((2,), 0.1))
        assert torch.equal(each["alike"], torch.tensor([0.1]) / 3)
        assert each["also"].tolist() == [[2.0]]


def test_partial_dropout_drops_what_dropout_of_the_whole_batch_drops() -> None:
    torch.manual_seed(3)
    values = torch.randn(6, 4, 5, 5).contiguous(memory_format=torch.channels_last)
    torch.manual_seed(1)
    whole = F.dropout(values, 0.4)
    parts = []
    for start in (0, 3):
        torch.manual_seed(1)
        with working_on(Part(6, start, 3)):
            parts.append(PartialDropout(0.4)(values[start : start + 3]))
    assert torch.equal(torch.cat(parts), whole)


def test_stacked_batches_are_divided_one_by_one() -> None:
    """Atelier's discriminator sees real and generated pictures as one batch."""
    torch.manual_seed(0)
    whole = torch.rand(12, 2)
    torch.manual_seed(0)
    with working_on(Part(6, 2, 2)):
        assert torch.equal(drawn(4, lambda rows: torch.rand(rows, 2)), whole[[2, 3, 8, 9]])


def test_parts_of_large_pictures_are_those_of_the_whole_batch() -> None:
    recipe, images = tiny_recipe("brushwork", crop=64), torch.rand(8, 3, 128, 128)
    latents = recipe.latents(8, torch.Generator())

    def seen(start: int, count: int) -> tuple[Parts, Tensor]:
        torch.manual_seed(0)
        with working_on(Part(8, start, count)):
            batch = recipe.batch(images[start:][:count], latents[start:][:count])
            assert isinstance(batch, Parts)
            return batch, degraded(batch.images)

    (whole, faulty), *parts = (seen(*place) for place in ((0, 8), (0, 4), (4, 4)))
    assert torch.equal(torch.cat([batch.images for batch, _ in parts]), whole.images)
    assert torch.equal(torch.cat([not_none(batch.windows) for batch, _ in parts]), not_none(whole.windows))
    assert torch.equal(torch.cat([each for _, each in parts]), faulty)
    micro = whole.rows(4, 4)
    assert isinstance(micro, Parts)
    assert torch.equal(not_none(micro.windows), not_none(whole.windows)[4:])
    assert (whole.pairs, micro.pairs) == (2 * parts[0][0].pairs, parts[0][0].pairs)


def test_processes_describe_pictures_together_as_one_does_alone(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (7, 16, 16, 3), dtype=np.uint8)

    def described(world: World) -> dict[str, Tensor]:
        pictures = Descriptors.shared_out(images, load_extractor("pixels"), world)
        arrays = {name: getattr(pictures, name) for name in ("features", "thumbnails", "colours")}
        arrays |= {name: getattr(pictures.signs, name) for name in SIGNS}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    alone = described(ALONE)
    for each in in_ranks(3, tmp_path / "ranks", described):
        assert all(torch.equal(each[name], value) for name, value in alone.items())


def test_a_difference_between_processes_is_named(tmp_path: Path) -> None:
    def own(world: World) -> dict[str, Tensor]:
        tensors = {"generator.first": torch.ones(2), "generator.second": torch.tensor([1.0, world.rank == 1])}
        with pytest.raises(UnlikeProcesses, match=r"generator\.second of rank 1 differs from that of rank 0"):
            require_alike(tensors, world)
        require_alike({"generator.first": torch.ones(2)}, world)
        return {}

    in_ranks(2, tmp_path / "ranks", own)


def test_a_loss_that_is_not_finite_on_one_process_stops_all_before_the_update(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")

    def own(world: World) -> dict[str, Tensor]:
        recipe = tiny_recipe("mlp", batch_size=8)
        here = machine()
        torch.manual_seed(0)
        updater = Updater(recipe, Dataset.open(data), here, device.launch(here), Settings(), Division(world))
        before = {key: value.clone() for key, value in updater.step.discriminator.state_dict().items()}
        images = torch.full((4, 3, 16, 16), float("nan") if world.rank else 0.5)
        with pytest.raises(DivergedError, match="discriminator's loss term 'real'"):
            updater.step([recipe.batch(images, torch.randn(4, 6))], 8)
        assert all(torch.equal(before[key], value) for key, value in updater.step.discriminator.state_dict().items())
        return {}

    in_ranks(2, tmp_path / "ranks", own)


def test_one_process_draws_and_trains_as_before_there_were_several() -> None:
    torch.manual_seed(0)
    expected = torch.rand(5)
    torch.manual_seed(0)
    assert torch.equal(drawn(5, torch.rand), expected)
    values = torch.rand(3)
    exchanges: list[Callable[[Tensor], Tensor]] = [ALONE.mean, ALONE.sum_, ALONE.broadcast_]
    assert all(exchange(values) is values for exchange in exchanges)
