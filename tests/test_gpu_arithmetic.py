"""What only a GPU does, as far as the processor can show it: scaled float16 losses, exact features, full memory."""

import math
from pathlib import Path
from typing import cast

import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import MixedPrecision

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.errors import ConfigError
from ganvas.gans.mlp import MLP
from ganvas.gans.recipe import Spec
from ganvas.machine.device import Machine, launch
from ganvas.metrics.features import _exact
from ganvas.networks.minibatch import MinibatchStddev
from ganvas.planning import costs
from ganvas.planning.costs import noise_batches
from ganvas.settings.config import Settings
from ganvas.training.step import AdversarialStep
from support.datasets import write_dataset

SIZE, HALF = 16, Machine("cpu", "a processor", "float16", 1)
RECIPE = MLP(MLP.defaults.model_copy(update={"width": 4, "batch_size": 4}))


def step_in_float16(scale: float) -> AdversarialStep:
    """Networks whose losses are scaled by a power of two, as on GPUs without bfloat16."""
    torch.manual_seed(0)
    scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    fabric = Fabric(accelerator="cpu", plugins=MixedPrecision("16-mixed", "cpu", scaler))
    return AdversarialStep(RECIPE, Spec(SIZE), HALF, fabric)


def gradient(step: AdversarialStep) -> float:
    """The norm of D's gradient in a step that is always the same."""
    values = step(noise_batches(RECIPE, Spec(SIZE), HALF, torch.Generator().manual_seed(0)), images_seen=4)
    return values["d_grad"]


def scale_of(step: AdversarialStep) -> float:
    return cast(float, step.state()["precision"]["scale"])


def test_the_norm_of_a_gradient_does_not_depend_on_the_scale_of_the_loss() -> None:
    small, large = gradient(step_in_float16(1.0)), gradient(step_in_float16(256.0))
    assert small == pytest.approx(large, rel=0.01)


def test_the_norm_is_of_the_scale_before_it_grows() -> None:
    step = step_in_float16(1.0)
    precision = step.state()["precision"]
    step.load_state(step.state() | {"precision": precision | {"_growth_tracker": precision["growth_interval"] - 1}})
    assert gradient(step) == pytest.approx(gradient(step_in_float16(1.0)), rel=0.01)
    assert scale_of(step) > 1


def test_too_large_a_scale_changes_no_weight_and_is_halved() -> None:
    step = step_in_float16(2.0**40)
    before = {name: weight.clone() for name, weight in step.discriminator.named_parameters()}
    assert not math.isfinite(gradient(step))
    assert all(torch.equal(before[name], weight) for name, weight in step.discriminator.named_parameters())
    assert scale_of(step) < 2.0**40


def test_a_run_in_float32_goes_on_in_float16() -> None:
    other = Machine("cpu", "a processor", "float32", 1)
    before = AdversarialStep(RECIPE, Spec(SIZE), other, launch(other)).state()
    step = step_in_float16(8.0)
    step.load_state(before)
    assert scale_of(step) == 8.0
    step.load_state(step.state() | {"precision": step.state()["precision"] | {"scale": 4.0}})
    assert scale_of(step) == 4.0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_equal_pictures_have_a_spread_with_a_derivative(dtype: torch.dtype) -> None:
    features = torch.ones(4, 3, dtype=dtype, requires_grad=True)
    seen = MinibatchStddev()(features)
    assert (seen.dtype, seen.shape) == (dtype, (4, 4))
    seen.sum().backward()
    assert features.grad is not None
    assert torch.isfinite(features.grad).all()


def test_features_on_a_gpu_are_not_rounded_to_tf32() -> None:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        with _exact(torch.device("cuda")):
            assert torch.get_float32_matmul_precision() == "highest"
            assert not torch.backends.cudnn.allow_tf32
        assert torch.get_float32_matmul_precision() == "high"
        assert torch.backends.cudnn.allow_tf32
        with _exact(torch.device("cpu")):
            assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision(before)


def test_networks_that_do_not_fit_are_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: AdversarialStep, *_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB ...")

    monkeypatch.setattr(AdversarialStep, "__call__", full)
    data = Dataset.open(write_dataset(tmp_path / "data", size=SIZE))
    machine = Machine("cpu", "a small GPU", "float32", 1)
    with pytest.raises(ConfigError, match="batches of 4 pictures do not fit into the memory of a small GPU"):
        costs.measure(RECIPE, data, machine, Settings(eval_samples=0))
