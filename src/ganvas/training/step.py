"""One step of adversarial training: its mathematics, and the module that defines each term.

For each of `d_steps` batches of real pictures x and latents z:

1. Flip mirrors pictures (`tricks/flip.py`), and replay may show D earlier G(z) (`tricks/replay.py`).
2. D descends L_D: the recipe's terms over D(x) and D(G(z)), G(z) without its graph (`discriminator_loss` in `gans/`)
   + r1/2 E|grad D(x)|^2 + r2/2 E|grad D(G(z))|^2 (`tricks/gradient_penalties.py`)
   + l2 |kernels of D|^2 (`tricks/l2.py`)
   + the cross-entropy of the styles that a layer of D names (`tricks/ambiguity.py`).
3. D's weights are constrained (`after_discriminator_step` in `gans/`, `tricks/clip.py`).

Then, with D's weights frozen, for the last of these batches and `g_steps` - 1 more:

4. G descends L_G: the recipe's terms over D(G(z)) (`generator_loss` in `gans/`), with a D that has been trained a few
   steps further if G is unrolled (`tricks/unrolled.py`)
   + feature_matching |E f(x) - E f(G(z))|^2 (`tricks/feature_matching.py`)
   + ambiguity times the cross-entropy of G(z)'s style with the uniform distribution (`tricks/ambiguity.py`)
   + l2 |kernels of G|^2 (`tricks/l2.py`).

Finally, the average of G moves towards G by the share 1 - 2^(-images / half-life) (`training/ema.py`).

D sees all pictures through the augmentation (`tricks/augment.py`). Dropout, spectral normalisation and the minibatch
layer are parts of the networks. All terms except the recipe's are optional. `tricks/objective.py` adds them up.

Several processes, each with its part of a batch, average the gradients of a network before it descends. A process may
also work through its part in micro-batches, whose gradients add up (`distributed/part.py`).
"""

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ganvas.distributed.gradients import Gradients
from ganvas.distributed.layers import fit_parts
from ganvas.distributed.part import WHOLE, Division, Repeated, working_on
from ganvas.distributed.reduction import average_statistics, broadcast_weights
from ganvas.foundation.errors import DivergedError, RunError
from ganvas.foundation.state import State
from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.machine.device import Machine
from ganvas.settings.options import Options
from ganvas.training.ema import MovingAverage
from ganvas.tricks.augment import without_augmentation
from ganvas.tricks.objective import Objective

if TYPE_CHECKING:
    from lightning_fabric import Fabric

# The weights of networks by their names, as state dicts.
Weights: TypeAlias = Mapping[str, Mapping[str, Tensor]]


class AdversarialStep:
    """Both networks and their optimisers. Calling it trains them for one step.

    Attributes:
        recipe: whose networks they are.
        objective: the losses of the recipe, with the tricks that its options enable.
        generator: G, in training mode.
        discriminator: D, in training mode.
        average: the moving average of G, which is sampled, evaluated and saved in snapshots.
    """

    def __init__(
        self, recipe: Recipe, spec: Spec, machine: Machine, fabric: "Fabric", division: Division = WHOLE
    ) -> None:
        self.recipe, self._fabric, self._division, options = recipe, fabric, division, recipe.options
        self.objective = Objective(recipe, _style_classifier(options, machine))
        self.generator, self.discriminator = (machine.place(network) for network in self.objective.build(spec))
        for network in (self.generator, self.discriminator):
            fit_parts(network, division)
        self._gradients = {
            network: Gradients(network, division.world) for network in (self.generator, self.discriminator)
        }
        self.average = MovingAverage(self.generator, options.ema_kimg)
        self._g, self._d = (InPrecision(network, fabric) for network in (self.generator, self.discriminator))
        self._g_optimizer: Any = fabric.setup_optimizers(optimizer(self.generator, options.g_lr, options, machine))
        self._d_optimizer: Any = fabric.setup_optimizers(optimizer(self.discriminator, options.d_lr, options, machine))

    def __call__(self, batches: Sequence[Batch], images_seen: int) -> dict[str, float]:
        """Train on `d_steps` batches. The generator uses the last of them.

        Args:
            batches: one for each discriminator update, then one for each generator update after the first. Of each, a
                process has its own part.
            images_seen: number of real pictures that D has seen, including these. The moving average uses it.

        Returns:
            Values by name, each from the last update that computed it: all losses and terms (`d_loss`, `d_loss/real`
            ...), the norm of each network's gradient, D's accuracy and mean logits if it has logits, and the diversity
            of the generated pictures of a batch, relative to the real ones. All are those of whole batches.

        Raises:
            DivergedError: a loss is not finite. It has not changed any weight.
            LostProcess: another process does not answer.
        """
        world, count = self._division.world, len(batches[0].images)
        with working_on(None if self._division.is_whole else self._division.own(world.size * count)):
            return self._train(batches, images_seen)

    def _train(self, batches: Sequence[Batch], images_seen: int) -> dict[str, float]:
        d_steps, world = self.recipe.options.d_steps, self._division.world
        batches = [self.objective.batch(batch) for batch in batches]
        shared, values = batches[d_steps - 1], dict[str, Tensor]()
        shown = self._split(shared)
        for batch in batches[:d_steps]:
            # G's first update needs the graph of the pictures in the shared batch. With micro-batches, it makes them
            # again, because the graphs of all would take the memory of the whole.
            has_graph = shown[0] is batch
            with contextlib.nullcontext() if has_graph else frozen(self.generator):
                values |= self._update_discriminator(shown if has_graph else self._split(batch))
        with frozen(self.discriminator):
            for batch in batches[d_steps - 1 :]:
                values |= self._update_generator(shown if batch is shared else self._split(batch))
        values["batch_diversity"] = self._average_statistics(shown)
        self.average.update(self.generator, d_steps * world.size * len(shared.images), images_seen)
        return _read(values)

    def _average_statistics(self, shown: Sequence[Batch]) -> Tensor:
        """Average the running statistics of both networks over all processes.

        Returns:
            How far the generated pictures of the whole batch spread, relative to the real ones.
        """
        world = self._division.world
        fakes, images = [batch.fakes(self._g) for batch in shown], [batch.images for batch in shown]
        moments = torch.stack([_moments(each[0] if len(each) == 1 else torch.cat(each)) for each in (fakes, images)])
        count = sum(map(len, images))
        if world.size > 1:
            moments = average_statistics([self.generator, self.discriminator], world, _raw(moments, count))
            count *= world.size
            moments = _central(moments, count)
        spreads = moments[:, 1].div_(count - 1).sqrt_().mean((1, 2, 3))
        return spreads[0] / spreads[1]

    def _split(self, batch: Batch) -> list[Batch]:
        """The micro-batches of a batch: the batch itself if there is one only."""
        count = self._division.micro_batch
        if not 0 < count < len(batch.images):
            return [batch]
        return [batch.rows(start, count) for start in range(0, len(batch.images), count)]

    def _update_discriminator(self, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """Update D once. Returns the scalars to log."""

        def loss_of(batch: Batch) -> Loss:
            return self.objective.discriminator_loss(self._g, self._d, batch)

        values = self._descend(batches, loss_of, self._d_optimizer, self.discriminator, "d")
        self.objective.after_discriminator_step(self.discriminator)
        return values

    def _update_generator(self, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """Update G once, with D's weights frozen. Returns the scalars to log."""

        def loss_of(batch: Batch) -> Loss:
            return self.objective.generator_loss(self._g, self._d, batch)

        return self._descend(batches, loss_of, self._g_optimizer, self.generator, "g")

    def set_learning_rates(self, g_lr: float, d_lr: float) -> None:
        """Set the learning rates of the next updates."""
        for optimizer, rate in ((self._g_optimizer, g_lr), (self._d_optimizer, d_lr)):
            for group in optimizer.param_groups:
                group["lr"] = rate

    def _descend(
        self,
        batches: Sequence[Batch],
        loss_of: Callable[[Batch], Loss],
        optimizer: Optimizer,
        network: nn.Module,
        prefix: str,
    ) -> dict[str, Tensor]:
        """Update a network once, on the mean loss of all micro-batches of all processes. Returns the scalars to log."""
        optimizer.zero_grad(set_to_none=True)
        gradients = self._gradients[network]
        values = self._backward(batches, loss_of, prefix, gradients)
        if self._division.world.size > 1:
            scalars = gradients.average(torch.stack(list(values.values())))
            values = dict(zip(values, scalars, strict=True))
        _require_finite(values, f"{prefix}_loss", "generator" if prefix == "g" else "discriminator")
        norm = torch.nn.utils.get_total_norm(
            [parameter.grad for parameter in network.parameters() if parameter.grad is not None], foreach=True
        )
        scaler = getattr(self._fabric.strategy.precision, "scaler", None)  # float16 losses are scaled
        if scaler:
            norm = norm / scaler.get_scale()  # before the step, which may change the scale
        optimizer.step()
        return {f"{prefix}_grad": norm} | values

    def _backward(
        self, batches: Sequence[Batch], loss_of: Callable[[Batch], Loss], prefix: str, gradients: Gradients
    ) -> dict[str, Tensor]:
        """Add up the gradients of the micro-batches of this process. Returns the means of their scalars."""
        seen = list[dict[str, Tensor]]()
        random = Repeated(batches[0].images.device) if len(batches) > 1 else None
        for batch, part in zip(batches, self._division.micro_batches(sum(map(_size, batches))), strict=True):
            if random:
                random.begin()
            with working_on(part):
                loss = loss_of(batch)
                if batch is batches[-1]:
                    gradients.expect()
                self._fabric.backward(loss.total if len(batches) == 1 else loss.total / len(batches))
            seen.append(_scalars(f"{prefix}_loss", loss) | (_judgements(loss) if prefix == "d" else {}))
            if len(batches) > 1:
                batch.forget_graph()
        if len(seen) == 1:
            return {name: value.detach().float() for name, value in seen[0].items()}
        return {name: torch.stack([each[name].detach().float() for each in seen]).mean() for name in seen[0]}

    def copies(self) -> tuple[nn.Module, nn.Module]:
        """Copies of G and D in training mode. Calling them does not change the originals.

        The copy of D does not augment pictures.
        """
        generator, discriminator = (copy.deepcopy(network) for network in (self.generator, self.discriminator))
        without_augmentation(discriminator)
        return InPrecision(generator, self._fabric), InPrecision(discriminator, self._fabric)

    def load_weights(self, weights: Weights) -> None:
        """Load initial weights.

        Args:
            weights: state dicts of "generator", "discriminator" and "average", or of a part of one, such as
                "generator.first". Networks and parts without one are unchanged.

        Raises:
            RunError: the weights do not fit the networks.
        """
        networks = {"generator": self.generator, "discriminator": self.discriminator, "average": self.average.module}
        try:
            for name, state in weights.items():
                network, _, part = name.partition(".")
                networks[network].get_submodule(part).load_state_dict(state)
        except RuntimeError as error:
            raise RunError(
                "the initial weights do not fit this run: use the recipe, picture size and options of their own run"
            ) from error

    def broadcast(self) -> None:
        """Give all processes the weights of the first."""
        broadcast_weights([self.generator, self.discriminator, self.average.module], self._division.world)

    def state(self) -> State:
        """The state of the networks, the optimisers and the tricks."""
        states = {name: part.state_dict() for name, part in self._parts().items()}
        # The scale of float16 losses; empty for other precisions.
        precision = self._fabric.strategy.precision.state_dict()
        return states | {"precision": precision, "tricks": self.objective.state()}

    def load_state(self, state: State) -> None:
        """Restore exactly what `state` returned."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        if state["precision"]:  # empty if the run used another precision before; float16 then starts with a new scale
            self._fabric.strategy.precision.load_state_dict(state["precision"])
        self.objective.load_state(state["tricks"])
        for optimizer in (self._g_optimizer, self._d_optimizer):
            _restore_strides(optimizer)

    def _parts(self) -> dict[str, nn.Module | Optimizer]:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "average": self.average.module,
            "g_optimizer": self._g_optimizer,
            "d_optimizer": self._d_optimizer,
        }


class InPrecision(nn.Module):
    """Runs a network in the precision of the machine. Its outputs are float32.

    Fabric's own wrapper allows only the derivatives of `fabric.backward`, but gradient penalties and unrolled GANs
    compute others for their losses.
    """

    def __init__(self, network: nn.Module, fabric: "Fabric") -> None:
        super().__init__()
        self.network, self._precision = network, fabric.strategy.precision

    def forward(self, *inputs: Tensor) -> Any:
        """Call the network."""
        with self._precision.forward_context():
            outputs = self.network(*inputs)
        return self._precision.convert_output(outputs)


def _style_classifier(options: Options, machine: Machine) -> nn.Module | None:
    """The fixed classifier that the options name, on the machine's device."""
    if options.style_classifier is None:
        return None
    from ganvas.classify.frozen import FrozenClassifier  # imported late, because few runs need one

    return machine.place(FrozenClassifier.open(options.style_classifier))


def optimizer(network: nn.Module, lr: float, options: Options, machine: Machine) -> Optimizer:
    """Build the optimiser that the options name, in its fastest implementation for the machine."""
    parameters, decay = network.parameters(), options.weight_decay
    if options.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, lr, alpha=options.beta2, weight_decay=decay, foreach=True)
    betas, fused = (options.beta1, options.beta2), machine.device != "mps"
    if options.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr, betas, weight_decay=decay, fused=fused)
    return torch.optim.Adam(parameters, lr, betas, weight_decay=decay, fused=fused)


@contextlib.contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """A context without gradients of the weights of `network`. Gradients of its inputs are computed."""
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in trainable:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trainable:
            parameter.requires_grad_(True)


def _size(batch: Batch) -> int:
    return len(batch.images)


def _require_finite(values: Mapping[str, Tensor], key: str, name: str) -> None:
    """Stop before an update whose loss is not finite.

    Args:
        values: the loss at `key`, and its terms at keys that begin so.
        key: of the loss.
        name: of the network.
    """
    if torch.isfinite(values[key]):
        return
    terms = {each.removeprefix(f"{key}/"): value for each, value in values.items() if each.startswith(f"{key}/")}
    term = next((each for each, value in terms.items() if not torch.isfinite(value)), "their sum")
    raise DivergedError(
        f"training diverged: the {name}'s loss term {term!r} is {values[key].item()}; the last checkpoint is "
        "from before: start a new run from it (train --from) with lower g_lr and d_lr"
    )


def _read(scalars: dict[str, Tensor]) -> dict[str, float]:
    """The scalars as numbers, in one transfer from the device."""
    values: list[float] = torch.stack([scalar.detach().float() for scalar in scalars.values()]).tolist()
    return dict(zip(scalars, values, strict=True))


def _scalars(prefix: str, loss: Loss) -> dict[str, Tensor]:
    return {prefix: loss.total} | {f"{prefix}/{name}": term for name, term in loss.terms.items()}


def _judgements(loss: Loss) -> dict[str, Tensor]:
    """D's mean logits, and its accuracy at a probability of 0.5.

    The accuracy counts the true origin of pictures, whatever targets D was trained with.
    """
    opinions = {}
    if loss.real_logits is not None:
        opinions["d_accuracy_real"] = (loss.real_logits > 0).float().mean()
        opinions["d_logit_real"] = loss.real_logits.mean()
    if loss.fake_logits is not None:
        opinions["d_accuracy_fake"] = (loss.fake_logits < 0).float().mean()
        opinions["d_logit_fake"] = loss.fake_logits.mean()
    return opinions


def _moments(images: Tensor) -> Tensor:
    """The mean of each pixel over a batch, and the sum of its squared deviations from that, float32 [2, 3, H, W].

    Args:
        images: float [B, 3, S, S].
    """
    # Every second row and column say as much, in a fourth of the time.
    pictures = images.detach()[:, :, ::2, ::2].float()
    mean = pictures.mean(0)
    return torch.stack([mean, (pictures - mean).square_().sum(0)])  # five times as fast on a CPU as `std`


def _raw(moments: Tensor, count: int) -> Tensor:
    """The means of values and of their squares, which can be averaged over processes; of `_moments` [..., 2, 3, H, W].

    They are doubles, because their difference may be small.
    """
    mean, squares = moments.double().unbind(1)
    return torch.stack([mean, squares / count + mean.square()], 1)


def _central(raw: Tensor, count: int) -> Tensor:
    """The inverse of `_raw`."""
    mean, squares = raw.unbind(1)
    return torch.stack([mean, (squares - mean.square()).clamp_(min=0) * count], 1)


def _restore_strides(optimizer: Optimizer) -> None:
    """Give loaded moments the memory format of their weights. Files store tensors in contiguous order."""
    for parameter, state in optimizer.state.items():
        for key, value in state.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                state[key] = torch.empty_like(parameter).copy_(value)
