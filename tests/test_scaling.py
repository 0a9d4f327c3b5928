"""The model of several processes: it counts what two processes exchange, and its limits are those expected."""

from pathlib import Path

import pytest
import torch
from benchmarks import many_gpus, scaling
from torch import Tensor
from torch import distributed as dist

from ganvas.data.dataset.dataset import Dataset
from ganvas.distributed.part import Division
from ganvas.distributed.world import World
from ganvas.machine import device
from ganvas.planning.scaling import Computation, Scaling, Wire, exchanges
from ganvas.settings.budget import Amount, Progress
from ganvas.settings.config import Settings
from ganvas.training.clock import Clock
from ganvas.training.updater import Updater
from support.datasets import write_dataset
from support.ranks import in_ranks
from support.runs import tiny_recipe

# Losses, terms and accuracies that travel with a gradient.
SCALARS = range(4, 4 * 16)


@pytest.mark.parametrize(("name", "changes"), [("dcgan", {}), ("can", {"d_steps": 2, "g_steps": 3})])
def test_the_model_counts_what_two_processes_exchange_in_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, changes: dict[str, object]
) -> None:
    data, recipe = write_dataset(tmp_path / "data", size=64), tiny_recipe(name, batch_size=4, **changes)
    here = device.choose(Settings(device="cpu", precision="float32", threads=1))

    def own(world: World) -> dict[str, Tensor]:
        updater = Updater(recipe, Dataset.open(data), here, device.launch(here), Settings(), Division(world))
        progress, clock, seen = Progress(48), Clock(Amount(1, "h")), list[int]()
        clock.start(progress)
        whole = dist.all_reduce

        def counting(values: Tensor) -> None:
            seen.append(values.numel() * values.element_size())
            whole(values)

        monkeypatch.setattr(dist, "all_reduce", counting)
        with updater.loader(progress) as loader:
            updater.update(iter(loader), progress, clock)
        step = updater.step
        model = exchanges(step.generator, step.discriminator, recipe.options, 64)
        return {"seen": torch.tensor(seen), "model": torch.tensor(model)}

    for rank in in_ranks(2, tmp_path / "ranks", own):
        seen, model = rank["seen"].tolist(), rank["model"].tolist()
        assert model.pop() == 24  # the trainer's own exchange of the time
        assert len(seen) == len(model)
        updates = recipe.options.d_steps + recipe.options.g_steps
        assert all(one - other in SCALARS for one, other in zip(seen[:updates], model[:updates], strict=True))
        assert seen[updates:] == model[updates:]


def test_an_exchange_costs_latency_when_it_is_short_and_bandwidth_when_it_is_long() -> None:
    wire = Wire(latency=1e-3, bandwidth=1e6)
    assert wire.all_reduce(10**6, 1) == 0
    assert wire.all_reduce(0, 2) == pytest.approx(2e-3)
    assert wire.all_reduce(0, 1000) == pytest.approx(20e-3)
    assert wire.all_reduce(10**6, 2) == pytest.approx(1.002)
    assert wire.all_reduce(10**6, 1024) == pytest.approx(2, rel=0.02)  # each byte is sent twice


def test_a_batch_that_stays_gains_less_and_less_and_one_that_grows_nearly_all() -> None:
    model = Scaling(Computation(0.01, 0.001), (10**6, 10**6), Wire(1e-5, 1e9))
    assert model.img_per_s(128, 1) == pytest.approx(128 / 0.138)
    assert model.efficiency(128, 1) == 1
    speeds = [model.img_per_s(128, count) for count in (1, 2, 4, 8, 128)]
    assert speeds == sorted(speeds)
    assert speeds[-1] < 128 / 0.01  # what every process does whatever its part
    assert model.img_per_s(64 * 1024, 1024) > 0.9 * 1024 * model.img_per_s(64, 1)


def test_computation_is_read_off_two_measurements() -> None:
    found = Computation.of(10, 0.3, 30, 0.7)
    assert found.fixed == pytest.approx(0.1)
    assert found.per_picture == pytest.approx(0.02)
    noisy = Computation.of(10, 0.5, 30, 0.4)
    assert (noisy.fixed, noisy.per_picture) == (0.5, 0)


def test_the_tables_have_a_line_for_each_number_of_processes() -> None:
    one = scaling.Round({1: 100.0, 2: 90.0}, {1: 60.0, 2: 100.0}, {1: 40.0, 2: 80.0})
    lines = scaling.table([one, one], "dcgan", 128, (10**6,), Wire(1e-4, 1e9)).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| 1", "| 2"]
    assert lines[3].endswith("| 100.0 | 0.90 (0.90 to 0.90) |")
    table = many_gpus.table("mlp", 16)
    assert table.startswith("mlp at 16 px: ")
    assert [line.split(" | ")[0] for line in table.splitlines()[4:]] == ["| 1", "| 8", "| 64", "| 256", "| 1,024"]
