"""The machine a run is on: device, arithmetic, memory format and threads, chosen once, deliberately.

Lightning Fabric carries the choice out: it moves modules, opens the autocast context and scales float16 losses.
"""

import logging
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn

from ganvas.foundation.errors import ConfigError
from ganvas.machine.cores import usable_threads
from ganvas.machine.memory import keep_freed_memory, share_heap
from ganvas.machine.precision import calibration
from ganvas.settings.config import Settings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

FABRIC_PRECISION: dict[str, Literal["32-true", "bf16-mixed", "16-mixed"]] = {
    "float32": "32-true",
    "bfloat16": "bf16-mixed",
    "float16": "16-mixed",
}
# Processor features with native bfloat16 products.
BFLOAT16_FEATURES = ("amx_bf16", "avx512_bf16")


@dataclass(frozen=True)
class Machine:
    """What a run runs on.

    Attributes:
        device: "cpu", "cuda" or "mps".
        device_name: the processor or GPU as it calls itself.
        precision: "float32", "bfloat16" or "float16"; the last two under autocast, weights stay float32.
        threads: threads of one operation on the CPU.
    """

    device: str
    device_name: str
    precision: str
    threads: int

    @property
    def memory_format(self) -> torch.memory_format:
        """channels_last where convolution kernels want it: everywhere but on MPS."""
        return torch.contiguous_format if self.device == "mps" else torch.channels_last

    def __str__(self) -> str:
        return f"{self.device} ({self.device_name}), {self.precision}, {self.threads} threads"

    def record(self) -> dict[str, Any]:
        """The machine as `config.yaml` keeps it."""
        return asdict(self)

    def place(self, module: nn.Module) -> nn.Module:
        """The module on this device, in this memory format."""
        # torch's annotations of `to` know no memory format beside a device.
        return module.to(device=self.device, memory_format=self.memory_format)  # type: ignore[call-overload,no-any-return]


def choose(settings: Settings) -> Machine:
    """The machine for these settings: the best device there is, unless one was asked for.

    Raises:
        ConfigError: the device asked for is not here, or cannot do the precision asked for.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    device = settings.device
    if device == "auto":
        device = "cuda" if there["cuda"] else "mps" if there["mps"] else "cpu"
    if not there[device]:
        found = ", ".join(name for name, is_there in there.items() if is_there)
        raise ConfigError(f"device={device}: this machine has none; choose from: auto, {found}")
    precision = _best_precision(device) if settings.precision == "auto" else settings.precision
    if precision == "float16" and device == "cpu":
        raise ConfigError("precision=float16 needs a GPU; on the CPU choose float32 or bfloat16")
    return Machine(device, _device_name(device), precision, settings.threads or usable_threads())


def _best_precision(device: str) -> str:
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    if device == "cpu" and multiplies_bfloat16():
        return calibration(processor_name()).fastest
    return "float32"


def multiplies_bfloat16() -> bool:
    """Whether this processor has bfloat16 products of its own; without, they are emulated and never faster."""
    features = _processor_features()
    return any(features.get(name) for name in BFLOAT16_FEATURES)


def processor_name() -> str:
    """What the processor calls itself."""
    return str(_processor_features().get("cpu_name") or platform.processor() or platform.machine())


def _device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else processor_name()


def _processor_features() -> Mapping[str, Any]:
    """What torch knows of the processor; older releases do not tell."""
    return torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}


def launch(machine: Machine) -> "Fabric":
    """Start Fabric on that machine and set what the whole process shares: threads, TF32, kernel choice."""
    from lightning_fabric import Fabric  # seconds of import that a mistyped option should not wait for

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # the plan says what precision it is
    torch.set_num_threads(machine.threads)
    if machine.device == "cpu":
        share_heap()
        keep_freed_memory()
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    return Fabric(accelerator=machine.device, devices=1, precision=FABRIC_PRECISION[machine.precision])
