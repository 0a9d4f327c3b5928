"""Where the time of a training step goes: a profile by layer and by kind of operation.

Every operation of torch in a step is timed, forward and backward, and charged to the innermost layer that it belongs
to. At the CPU's peak speed, the multiplications of a layer would take a part of its time. The rest is lost, to other
work and to slow kernels. Lost time and the time of multiplications at peak speed add up to the step. Operations are
counted as they are carried out: a layer that needs fewer multiplications than the textbook layer
(`ganvas/networks/stride_two.py`) is charged only with those.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Self
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import conv_flop_count, flop_registry, register_flop_formula
from torch.utils.hooks import RemovableHandle
from torch.utils.module_tracker import ModuleTracker

from ganvas import gans
from ganvas.experiments.catalogue import CLASSES
from ganvas.gans.recipe import Batch, Recipe, Spec
from ganvas.machine.ceiling import matrix_product_flops
from ganvas.machine.device import Machine, choose, launch
from ganvas.networks.augment import Augmentation
from ganvas.networks.fused import OPERATION
from ganvas.networks.phased import phases_of
from ganvas.planning.costs import noise_batches
from ganvas.settings.config import resolve
from ganvas.training.step import AdversarialStep


def _operations_of_fused(maps: Any, weight: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    """Operations of a convolution with an activation (`ganvas/networks/fused.py`), from its shapes."""
    return conv_flop_count(maps, weight, out_shape)


if hasattr(torch.ops.mkldnn, OPERATION):
    register_flop_formula(getattr(torch.ops.mkldnn, OPERATION))(_operations_of_fused)

# Kinds of operations by parts of torch's names for them; the first that matches counts.
KINDS = {
    "convolutions": ("convolution",),
    "matrix products": ("mm", "baddbmm"),
    "normalisation": ("batch_norm", "layer_norm", "group_norm"),
    "optimiser": ("_fused_", "addcdiv", "addcmul"),
    "activations": ("relu", "hardtanh", "tanh", "sigmoid", "threshold", "softplus", "elu"),
    "casts and copies": ("_to_copy", "copy_", "clone", "cat", "fill_", "zero"),
    "padding and resampling": ("pad", "upsample", "pool", "slice_backward", "index"),
}
ELSE = "sums, products and the rest"
# Operations outside of the networks by parts of their names.
OUTSIDE = {"optimisers": ("_fused_", "addcdiv", "addcmul"), "moving average": ("_foreach_lerp",)}
OUTSIDE_ELSE = "losses, second derivatives, gradient norms"
AUGMENTATION = "D.augmentation"
# Layers with a smaller share of a step than this are summed in one row.
SMALL = 0.01
WARM_UP_STEPS = 2


class Key(NamedTuple):
    """What an operation is charged to."""

    layer: str
    kind: str
    backward: bool


@dataclass
class Charge:
    """Seconds and floating-point operations."""

    seconds: float = 0.0
    operations: float = 0.0

    def add(self, other: "Charge") -> None:
        """Add another charge to this one."""
        self.seconds += other.seconds
        self.operations += other.operations


@dataclass
class Account:
    """The profile of a recipe's training step.

    Attributes:
        charges: those of a typical step, by what they are charged to.
        seconds: of a step without the profiler.
        ceiling: operations per second of a large matrix product.
        kinds_of_layers: the class of every layer by its name.
    """

    charges: dict[Key, Charge]
    seconds: float
    ceiling: float
    kinds_of_layers: dict[str, str] = field(default_factory=dict)

    @property
    def watched(self) -> float:
        """Seconds of all operations."""
        return sum(charge.seconds for charge in self.charges.values())

    def lost(self, charge: Charge) -> float:
        """The share of a step's time that its multiplications, at the ceiling, would not need."""
        return (charge.seconds - charge.operations / self.ceiling) / self.watched


class Tracker:
    """Tracks which layer is running, forward or backward.

    A step of the backward pass belongs to the layer that made it in the forward pass. Steps of a second derivative are
    made in a backward pass and belong to none.
    """

    def __init__(self, names: dict[nn.Module, str]) -> None:
        self._names = names
        self._running: list[tuple[str, set[Any]]] = []
        self._backward, self._known = "", set[Any]()
        self._hooks: list[RemovableHandle] = []

    @property
    def innermost(self) -> str:
        """The layer inside all others; empty outside of the networks."""
        return self._running[-1][0] if self._running else self._backward

    def __enter__(self) -> Self:
        self._hooks = [
            register_module_forward_pre_hook(self._begin),
            register_module_forward_hook(self._end),
        ]
        return self

    def __exit__(self, *error: object) -> None:
        for hook in self._hooks:
            hook.remove()
        self._known.clear()

    def _begin(self, module: nn.Module, inputs: Any) -> None:
        name = AUGMENTATION if isinstance(module, _Augmentation) else self._names.get(module, "")
        self._running.append((name or self.innermost, _steps(inputs)))

    def _end(self, module: nn.Module, inputs: Any, outputs: Any) -> None:
        """Assign the steps between outputs and inputs to the layer, except those that an inner layer has."""
        name, before = self._running.pop()
        waiting = _steps(outputs)
        while waiting:
            node = waiting.pop()
            if node in self._known or node in before:
                continue
            self._known.add(node)
            self._hooks += [
                node.register_prehook(partial(self._enter_backward, name)),
                node.register_hook(partial(self._enter_backward, "")),
            ]
            waiting |= {following for following, _ in node.next_functions if following is not None}

    def _enter_backward(self, name: str, *gradients: Any) -> None:
        self._backward = name


def _steps(tensors: Any) -> set[Any]:
    """The first steps of the backward pass from tensors in any structure."""
    leaves = tree_leaves(tensors)
    return {leaf.grad_fn for leaf in leaves if isinstance(leaf, Tensor) and leaf.grad_fn is not None}


class _Augmentation(nn.Module):
    """`Augmentation` as a layer, so that `Tracker` sees it."""

    def __init__(self, names: tuple[str, ...], probability: float = 1.0) -> None:
        super().__init__()
        self._augmentation = Augmentation(names, probability)

    def forward(self, images: Tensor) -> Tensor:
        return self._augmentation(images)


class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Times every operation in its context and adds it to `charges`."""

    def __init__(self, tracker: Tracker, clock: Callable[[], float]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._tracker, self._clock = tracker, clock
        self.charges: dict[Key, Charge] = defaultdict(Charge)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operation and charge it."""
        kwargs = kwargs or {}
        started = self._clock()
        result = func(*args, **kwargs)
        seconds = self._clock() - started
        count = flop_registry.get(func.overloadpacket)
        operations = count(*args, **kwargs, out_val=result) if count else 0
        name = func.overloadpacket.__name__
        layer = self._tracker.innermost or _first_match(OUTSIDE, name, OUTSIDE_ELSE)
        key = Key(layer, _first_match(KINDS, name, ELSE), ModuleTracker().is_bw)
        self.charges[key].add(Charge(seconds, operations))
        return result


def _first_match(names: dict[str, tuple[str, ...]], operation: str, default: str) -> str:
    return next((name for name, parts in names.items() if any(part in operation for part in parts)), default)


def account(name: str, size: int, changes: dict[str, Any], steps: int) -> tuple[Account, Recipe, Machine]:
    """Train a recipe for a few steps, first without and then with the profiler."""
    recipe_class = gans.find(name)
    config = resolve(name, recipe_class.defaults, changes)
    recipe, machine = recipe_class(config.options), choose(config.settings)
    clock = time.thread_time if machine.threads == 1 else time.perf_counter
    spec = Spec(size, CLASSES if recipe.class_use.is_required else 0)
    torch.manual_seed(0)
    random = torch.Generator().manual_seed(0)
    with mock.patch("ganvas.tricks.augment.Augmentation", _Augmentation):
        step = AdversarialStep(recipe, spec, machine, launch(machine))
    phases_of(step.discriminator).enter_last()
    plain = [_timed(step, noise_batches(recipe, spec, machine, random), clock) for _ in range(WARM_UP_STEPS + steps)]
    layers = _layers(step)
    watched = []
    for _ in range(steps):
        noise = noise_batches(recipe, spec, machine, random)
        with Tracker(layers) as tracker, Watch(tracker, clock) as watch:
            _timed(step, noise, clock)
        watched.append(dict(watch.charges))
    ceiling = matrix_product_flops(machine.precision, machine.threads, side=4096, clock=clock)
    kinds = {layer: type(module).__name__ for module, layer in layers.items()}
    return Account(_typical(watched), statistics.median(plain[WARM_UP_STEPS:]), ceiling, kinds), recipe, machine


def _layers(step: AdversarialStep) -> dict[nn.Module, str]:
    """The names of the layers of both networks, which begin with G or D."""
    roots = {"G": step.generator, "D": step.discriminator}
    return {
        module: f"{root}.{name}" if name else root
        for root, network in roots.items()
        for name, module in network.named_modules()
    }


def _timed(step: AdversarialStep, batches: list[Batch], clock: Callable[[], float]) -> float:
    """Seconds of one step."""
    started = clock()
    step(batches, images_seen=1)
    return clock() - started


def _typical(watched: list[dict[Key, Charge]]) -> dict[Key, Charge]:
    """The median over steps of each charge."""
    keys = dict.fromkeys(key for charges in watched for key in charges)
    found = {key: [charges.get(key, Charge()) for charges in watched] for key in keys}
    return {
        key: Charge(
            statistics.median(each.seconds for each in charges), statistics.median(each.operations for each in charges)
        )
        for key, charges in found.items()
    }


def print_account(name: str, size: int, changes: dict[str, Any], steps: int, depth: int) -> None:
    """Print two tables of time: by layer, with names cut to `depth` parts, and by kind of operation."""
    found, recipe, machine = account(name, size, changes, steps)
    pictures = recipe.options.batch_size * recipe.options.d_steps
    operations = sum(charge.operations for charge in found.charges.values())
    clock = "CPU time of one thread" if machine.threads == 1 else "wall-clock time"
    print(
        f"{name}, {size} px, {pictures} real pictures per step, {machine.precision}, {machine.threads} threads, {clock}"
    )
    reached = operations / found.watched / found.ceiling
    print(
        f"one step: {found.seconds:.2f} s ({pictures / found.seconds:.1f} img/s), profiled {found.watched:.2f} s; "
        f"{operations / pictures / 1e9:.2f} GFLOP per picture as carried out; "
        f"ceiling {found.ceiling / 1e9:.0f} GFLOP/s, of which {reached:.0%} is reached\n"
    )
    layers = _grouped(found, lambda key: ".".join(key.layer.split(".")[:depth]))
    names = {layer: f"`{layer}` {found.kinds_of_layers.get(layer, '')}".strip() for layer in layers}
    _print_table("layer", found, {names[layer]: charges for layer, charges in layers.items()})
    print()
    _print_table("kind of operation", found, _grouped(found, lambda key: key.kind))


Directions = tuple[Charge, Charge]


def _grouped(found: Account, group: Callable[[Key], str]) -> dict[str, Directions]:
    """The sums of charges, forward and backward, by group."""
    groups: dict[str, Directions] = defaultdict(lambda: (Charge(), Charge()))
    for key, charge in found.charges.items():
        groups[group(key)][key.backward].add(charge)
    return groups


def _print_table(title: str, found: Account, groups: dict[str, Directions]) -> None:
    """A row for each group, most lost time first; small groups share the last row."""
    print(f"| {title} | forward | backward | share of step | GFLOP | GFLOP/s | share of ceiling | lost |")
    print("|---|---|---|---|---|---|---|---|")
    rest, count = (Charge(), Charge()), 0
    for name, charges in sorted(groups.items(), key=lambda item: -found.lost(_sum(item[1]))):
        if _sum(charges).seconds >= SMALL * found.watched:
            print(_row(name, found, charges))
            continue
        count += 1
        for total, charge in zip(rest, charges, strict=True):
            total.add(charge)
    if count:
        print(_row(f"{count} more", found, rest))
    print(_row("**all**", found, _both(groups.values())))


def _both(groups: Iterable[Directions]) -> Directions:
    total = (Charge(), Charge())
    for charges in groups:
        for sum_, charge in zip(total, charges, strict=True):
            sum_.add(charge)
    return total


def _sum(charges: Directions) -> Charge:
    return Charge(sum(each.seconds for each in charges), sum(each.operations for each in charges))


def _row(name: str, found: Account, charges: Directions) -> str:
    total = _sum(charges)
    speed = total.operations / total.seconds if total.seconds else 0.0
    multiplies = f"{total.operations / 1e9:.1f} | {speed / 1e9:.0f} | {speed / found.ceiling:.0%}"
    return (
        f"| {name} | {charges[0].seconds * 1000:.0f} ms | {charges[1].seconds * 1000:.0f} ms "
        f"| {total.seconds / found.watched:.1%} | {multiplies if total.operations else '| |'} "
        f"| {found.lost(total):.1%} |"
    )
