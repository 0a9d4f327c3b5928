"""Discriminators with phases, and what is measured and said of each phase."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from torch import nn

from ganvas.data.dataset.dataset import Dataset
from ganvas.gans.dcgan import DCGAN
from ganvas.gans.recipe import Spec
from ganvas.machine.device import choose
from ganvas.networks.critique import Critique
from ganvas.networks.phased import Phased, phases_of
from ganvas.planning import costs as costing
from ganvas.planning.costs import Costs, PhaseCost
from ganvas.planning.plan import RunPlan
from ganvas.planning.timeline import Forecast
from ganvas.settings.config import Settings
from ganvas.tricks.objective import Objective
from support.datasets import write_dataset


def test_phases_begin_when_as_many_pictures_have_been_counted() -> None:
    network, phases = Phased([8, 12]), []
    for _ in range(4):
        phases.append(network.phase)
        network.count(4)
    assert phases == [0, 0, 1, 2]
    other = Phased([8, 12])
    other.load_state_dict(network.state_dict())
    assert (other.images_seen, other.phase) == (16, 2)


def test_a_phase_is_entered_once_and_never_left() -> None:
    network = Phased([8, 12])
    network.enter(1)
    assert (network.phase, network.images_seen) == (1, 8)
    network.count(2)
    network.enter(1)
    assert network.images_seen == 10
    network.enter_last()
    assert network.images_seen == 12
    network.enter(0)
    assert network.images_seen == 12


def test_a_network_without_phases_has_one() -> None:
    network = phases_of(nn.Linear(1, 1))
    network.enter_last()
    assert (network.starts, network.phase) == ((), 0)


class ThreePhases(Phased):
    """A discriminator in three phases that do the same."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__([100, 300])
        self.network = network

    def forward(self, images: object) -> Critique:
        critique: Critique = self.network(images)
        return critique


class InThreePhases(DCGAN):
    """A GAN of one's own whose discriminator has phases."""

    def build(self, spec: Spec) -> tuple[nn.Module, nn.Module]:
        generator, discriminator = super().build(spec)
        return generator, ThreePhases(discriminator)


def test_every_phase_is_measured(tmp_path: Path) -> None:
    data = Dataset.open(write_dataset(tmp_path / "data"))
    recipe = InThreePhases(DCGAN.defaults.model_copy(update={"width": 2, "batch_size": 4}))
    costs = costing.estimate(recipe, Spec.of(data), choose(Settings(device="cpu", threads=1)))
    assert [phase.images for phase in costs.earlier_phases] == [100, 200]
    assert all(speed > 0 for speed in (costs.img_per_s, *(phase.img_per_s for phase in costs.earlier_phases)))


def test_a_recipe_of_ones_own_is_counted_by_its_objective() -> None:
    objective = Objective(InThreePhases(DCGAN.defaults.model_copy(update={"width": 2, "batch_size": 60})))
    discriminator = objective.build(Spec(16))[1]
    for phase in (0, 0, 1, 1, 1, 2):
        assert phases_of(discriminator).phase == phase
        objective.after_discriminator_step(discriminator)


def test_training_costs_what_the_phases_cost_that_it_lies_in() -> None:
    costs = Costs(1, 1, 10, 10.0, earlier_phases=(PhaseCost(100, 50.0), PhaseCost(200, 20.0)))
    assert costs.training(0, 100) == 2
    assert costs.training(50, 200) == 1 + 5
    assert costs.training(0, 400) == 2 + 10 + 10
    assert costs.training(300, 400) == 10
    assert costs.speed(300) == 300 / 12


@pytest.mark.parametrize(("kimg", "end"), [(0.3, "; this budget ends before the last phase"), (0.31, "")])
def test_the_plan_names_the_speed_of_every_phase(kimg: float, end: str) -> None:
    costs = Costs(1, 1, 10, 10.0, earlier_phases=(PhaseCost(100, 50.0), PhaseCost(200, 20.0)))
    forecast = cast("Forecast", SimpleNamespace(costs=costs, kimg=kimg))
    text = RunPlan._earlier_phases(forecast)
    assert text == f", 50 for the first 0.1 kimg, 20 for the next 0.2 kimg{end}"
