"""The machine that a run uses: device, precision, memory format and threads.

They are chosen once. Lightning Fabric then moves modules, opens the autocast context and scales float16 losses.
"""

import logging
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from ganvas.foundation.errors import ConfigError
from ganvas.machine.cores import threads_asked_for, usable_threads
from ganvas.machine.memory import keep_freed_memory, prefer_huge_pages, share_heap
from ganvas.machine.precision import calibration
from ganvas.settings.config import Settings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

FABRIC_PRECISION: dict[str, Literal["32-true", "bf16-mixed", "16-mixed"]] = {
    "float32": "32-true",
    "bfloat16": "bf16-mixed",
    "float16": "16-mixed",
}
# Processor features that include bfloat16 matrix products.
BFLOAT16_FEATURES = ("amx_bf16", "avx512_bf16")


@dataclass(frozen=True)
class Machine:
    """The hardware that a run uses, and how.

    Attributes:
        device: "cpu", "cuda" or "mps".
        device_name: the name of the processor or GPU.
        precision: "float32", "bfloat16" or "float16". The last two mean autocast; weights stay float32.
        threads: threads of an operation on the CPU.
    """

    device: str
    device_name: str
    precision: str
    threads: int

    @property
    def memory_format(self) -> torch.memory_format:
        """channels_last, in which convolutions are faster, except on MPS."""
        return torch.contiguous_format if self.device == "mps" else torch.channels_last

    def __str__(self) -> str:
        return f"{self.device} ({self.device_name}), {self.precision}, {self.threads} threads"

    def record(self) -> dict[str, object]:
        """The fields, for `config.yaml`."""
        return asdict(self)

    def place(self, module: nn.Module) -> nn.Module:
        """Move a module to this device and memory format."""
        # torch's annotations of `to` lack the combination of a device and a memory format.
        return module.to(device=self.device, memory_format=self.memory_format)  # type: ignore[call-overload,no-any-return]


def choose(settings: Settings) -> Machine:
    """Choose the machine for these settings: the device that was asked for, or else the best one available.

    Raises:
        ConfigError: the device is not available, or does not support the precision.
    """
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    device = settings.device
    if device == "auto":
        device = "cuda" if available["cuda"] else "mps" if available["mps"] else "cpu"
    if not available[device]:
        choices = ", ".join(name for name, is_available in available.items() if is_available)
        raise ConfigError(f"device={device}: this machine has none; choose from: auto, {choices}")
    precision = _best_precision(device) if settings.precision == "auto" else settings.precision
    if precision == "float16" and device == "cpu":
        raise ConfigError("precision=float16 needs a GPU; on the CPU choose float32 or bfloat16")
    return Machine(device, _device_name(device), precision, settings.threads or usable_threads())


def follows_load(settings: Settings, machine: Machine) -> bool:
    """Whether the number of threads may change with the load of other programs.

    The number decides in which order sums are rounded. So it is fixed where a run is to repeat bit for bit. If its
    budget is a time, the clock decides how far it comes, and it does not repeat anyway.
    """
    is_free = not settings.threads and not threads_asked_for() and machine.device == "cpu"
    return is_free and settings.budget.seconds is not None


def _best_precision(device: str) -> str:
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    if device == "cpu" and multiplies_bfloat16():
        return calibration(processor_name()).fastest
    return "float32"


def multiplies_bfloat16() -> bool:
    """Whether this processor has bfloat16 matrix products. Emulated ones are never faster than float32."""
    features = _processor_features()
    return any(features.get(name) for name in BFLOAT16_FEATURES)


def processor_name() -> str:
    """The name of the processor."""
    return str(_processor_features().get("cpu_name") or platform.processor() or platform.machine())


def _device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else processor_name()


def _processor_features() -> Mapping[str, object]:
    """The processor's features according to torch; empty with older releases."""
    return torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}


def launch(machine: Machine) -> "Fabric":
    """Start Fabric on a machine, and set threads, TF32 and cuDNN's choice of kernels for the whole process."""
    from lightning_fabric import Fabric  # takes seconds to import; mistyped options are reported first
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # the plan names the precision
    torch.set_num_threads(machine.threads)
    if machine.device == "cpu":
        share_heap()
        keep_freed_memory()
        prefer_huge_pages()
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    return Fabric(
        accelerator=machine.device,
        # Each process of a run has one device.
        devices=[torch.cuda.current_device()] if machine.device == "cuda" else 1,
        precision=FABRIC_PRECISION[machine.precision],
        # Fabric must not take part in what torchrun or SLURM started: `distributed` does.
        plugins=[LightningEnvironment()],
    )
