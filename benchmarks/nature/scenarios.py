"""The runs of the benchmark. None has a planted fault, and none has a truth that its setting decides.

Every setting has six runs, whose pictures or seeds differ. The first was for tuning the rules. Each of the next four
was looked at once, and the rules have been tuned on it, too, since. Nobody has looked at the last.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Group = Literal["tuning", "test", "fresh", "fourth", "fifth", "sixth"]
GROUPS: tuple[Group, ...] = ("tuning", "test", "fresh", "fourth", "fifth", "sixth")
# The seeds of the groups that do not have the usual one.
SEEDS: dict[Group, int] = {"fresh": 1, "fourth": 2, "fifth": 3, "sixth": 4}

# Options of all runs. Networks are small, so that a run takes a minute or two of a core.
COMMON: dict[str, Any] = {
    "eval_samples": 500,
    "ema_kimg": 2.0,
    "tensorboard": False,
    "sample_every": "8kimg",
    "checkpoint_every": "60m",
    "log_every": "1kimg",
    "threads": 1,
}
WIDTH: dict[str, int] = {"dcgan": 32, "cdcgan": 32, "acgan": 16, "wgan": 32, "wgan-gp": 24, "can": 16, "atelier": 16}
KIMG, EVALUATIONS = 40.0, 10
# The pictures of a fresh run, by those of the test, and of a later one, by those that served to tune.
OTHER_PICTURES: dict[str, str] = {
    "art": "paintings",
    "digits": "fashion",
    "fashion": "art",
    "paintings": "portraits",
    "portraits": "paintings",
}
PICTURES: dict[Group, dict[str, str]] = {
    "fresh": OTHER_PICTURES,
    "fourth": OTHER_PICTURES,
    "fifth": {"art": "emoji", "digits": "paintings", "fashion": "emoji", "paintings": "digits", "portraits": "emoji"},
    "sixth": {"art": "icons", "digits": "art", "fashion": "icons", "paintings": "fashion", "portraits": "icons"},
}
# Of a fourth run whose other pictures would not be few.
FEW: dict[str, str] = {"atelier-few": "digits-16-60"}
LOUD = "benchmarks.nature.loud:LoudDCGAN"
# Options that usually keep a small GAN healthy.
STEADY: dict[str, Any] = {"r1": 1.0, "penalty_every": 4, "minibatch": "stddev"}


@dataclass(frozen=True)
class Scenario:
    """One run.

    Attributes:
        name: its setting and its pictures.
        group: what it is for.
        data: a dataset of `pictures.py`.
        recipe: a recipe's name, or module:Class.
        kimg: its budget.
        options: settings and options beyond `COMMON`.
    """

    name: str
    group: Group
    data: str
    recipe: str
    kimg: float
    options: dict[str, Any] = field(default_factory=dict)


def budget(scenario: Scenario) -> dict[str, Any]:
    """The common settings of a scenario, with its budget."""
    return COMMON | {"budget": f"{scenario.kimg}kimg", "eval_every": f"{scenario.kimg / EVALUATIONS}kimg"}


# A setting: its name, recipe, two datasets, kimg and options.
Setting = tuple[str, str, tuple[str, str], float, dict[str, Any]]


def _rates() -> Iterator[Setting]:
    yield "certain-d", "dcgan", ("art-16", "fashion-16"), KIMG, {"d_lr": 0.01, "g_lr": 2e-5}
    yield "d-rate-x50", "dcgan", ("digits-16", "art-32"), KIMG, {"d_lr": 0.01}
    yield "d-rate-x1000", "dcgan", ("fashion-16", "paintings-16"), KIMG, {"d_lr": 0.2}
    yield "d-rate-over-1000", "dcgan", ("paintings-16", "digits-16"), KIMG, {"d_lr": 2e-7}
    yield "d-rate-over-30", "dcgan", ("art-16", "digits-16"), KIMG, {"d_lr": 7e-6}
    yield "g-rate-x10", "dcgan", ("fashion-16", "art-16"), KIMG, {"g_lr": 2e-3}
    yield "g-rate-x100", "dcgan", ("art-16", "digits-16"), KIMG, {"g_lr": 0.02}
    yield "g-rate-x1000", "dcgan", ("digits-16", "art-16"), KIMG, {"g_lr": 0.2}
    yield "g-rate-over-1000", "dcgan", ("art-16", "fashion-16"), KIMG, {"g_lr": 2e-7}
    yield "both-rates-x10", "dcgan", ("paintings-16", "art-16"), KIMG, {"g_lr": 2e-3, "d_lr": 2e-3}
    yield "both-rates-x100", "acgan", ("fashion-16", "digits-16"), KIMG, {"g_lr": 0.02, "d_lr": 0.02}
    yield "momentum-and-rates", "dcgan", ("art-16", "fashion-16"), KIMG, {"beta1": 0.9, "g_lr": 2e-3, "d_lr": 2e-3}
    yield "momentum", "dcgan", ("digits-16", "paintings-32"), KIMG, {"beta1": 0.9}


def _ratios() -> Iterator[Setting]:
    yield "g-steps-10", "dcgan", ("art-16", "fashion-16"), KIMG, {"g_steps": 10}
    yield "d-steps-10", "dcgan", ("fashion-16", "art-16"), KIMG, {"d_steps": 10}
    yield "batch-2", "dcgan", ("art-16", "digits-16"), 8, {"batch_size": 2}
    yield "batch-512", "dcgan", ("digits-16", "art-16"), KIMG, {"batch_size": 512}
    yield "small-d", "atelier", ("art-16", "fashion-16"), KIMG, {"d_width": 4}
    yield "large-d", "atelier", ("fashion-16", "art-16"), KIMG, {"d_width": 64}
    yield "no-normalisation", "can", ("art-16", "fashion-16"), KIMG, {"normalisation": "none"}
    yield "loud-weights", LOUD, ("art-16", "digits-16"), KIMG, {}
    yield "label-noise", "dcgan", ("fashion-16", "art-16"), KIMG, {"label_swap": 0.5}
    yield "tiny-latents", "dcgan", ("art-16", "fashion-16"), KIMG, {"latent_dim": 1}


def _critics() -> Iterator[Setting]:
    yield "clip-off", "wgan", ("art-16", "fashion-16"), KIMG, {"clip": 0.0, "g_lr": 5e-4, "d_lr": 5e-4}
    yield "clip-1", "wgan", ("fashion-16", "art-16"), KIMG, {"clip": 1.0, "g_lr": 5e-3, "d_lr": 5e-3}
    yield "clip-tiny", "wgan", ("digits-16", "art-16"), KIMG, {"clip": 1e-5}
    yield "penalty-0", "wgan-gp", ("art-16", "fashion-16"), KIMG, {"gradient_penalty": 0.0}
    yield "penalty-1000", "wgan-gp", ("fashion-16", "digits-16"), KIMG, {"gradient_penalty": 1000.0}
    yield "r1-1000", "dcgan", ("digits-16", "art-16"), KIMG, {"r1": 1000.0}


def _data() -> Iterator[Setting]:
    yield "mislabelled", "cdcgan", ("digits-16-mislabelled", "fashion-16-mislabelled"), KIMG, {}
    yield "repeated", "dcgan", ("art-16-repeated", "paintings-16-repeated"), KIMG, dict(STEADY)
    for count, kinds in ((16, ("art", "paintings")), (24, ("portraits", "portraits")), (60, ("art", "portraits"))):
        pair = tuple(f"{kind}-{16 if place == 0 else 32}-{count}" for place, kind in enumerate(kinds))
        options = {"augment": "none", "batch_size": 8, "flip": False}
        yield f"memorising-{count}", "atelier", (pair[0], pair[1]), 120, options
    for count, kinds in ((24, ("paintings", "fashion")), (40, ("fashion", "art"))):
        pair = tuple(f"{kind}-16-{count}" for kind in kinds)
        yield f"few-{count}", "dcgan", (pair[0], pair[1]), 80, STEADY | {"batch_size": 8}


def _healthy() -> Iterator[Setting]:
    yield "steady", "dcgan", ("art-16", "fashion-16"), KIMG, dict(STEADY)
    yield "steady-32", "dcgan", ("paintings-32", "art-32"), KIMG, dict(STEADY)
    yield "plain", "dcgan", ("digits-16", "art-16"), KIMG, {}
    yield "plain-batch-32", "dcgan", ("fashion-16", "paintings-16"), KIMG, {"batch_size": 32}
    yield "classes", "cdcgan", ("digits-16", "fashion-16"), KIMG, dict(STEADY)
    yield "classifier", "acgan", ("fashion-16", "digits-16"), KIMG, {}
    yield "can", "can", ("art-16", "digits-16"), KIMG, {}
    yield "critic", "wgan-gp", ("digits-16", "art-16"), KIMG, {}
    yield "clipped-critic", "wgan", ("fashion-16", "digits-16"), 80, {}
    yield "atelier", "atelier", ("art-16", "digits-16"), KIMG, {}
    yield "atelier-few", "atelier", ("portraits-16", "fashion-16-60"), KIMG, {}
    yield "slow", "dcgan", ("fashion-16", "art-16"), KIMG, STEADY | {"g_lr": 5e-5, "d_lr": 5e-5}
    yield "odd", "dcgan", ("art-16", "digits-16"), KIMG, STEADY | {"optimizer": "rmsprop", "latent": "uniform"}
    yield "dropout", "dcgan", ("digits-16", "fashion-16"), KIMG, STEADY | {"d_dropout": 0.4, "augment": "translation"}


def scenarios() -> list[Scenario]:
    """Every run, those for tuning first."""
    return [
        _scenario(group, setting)
        for group in GROUPS
        for make in (_rates, _ratios, _critics, _data, _healthy)
        for setting in make()
    ]


def _scenario(group: Group, setting: Setting) -> Scenario:
    """The run of a setting in a group."""
    name, recipe, (first, second), kimg, options = setting
    data = second if group in ("test", "fresh") else first
    if group in PICTURES:
        data = _other(data, PICTURES[group])
    if group == "fourth":
        data = FEW.get(name, data)
    own: dict[str, Any] = {"width": WIDTH.get(recipe, 32)}
    own |= {"seed": SEEDS[group]} if group in SEEDS else {}
    suffix = f"-{group}" if group in SEEDS else ""
    return Scenario(f"{name}-{data}{suffix}", group, data, recipe, kimg, own | options)


def _other(data: str, pictures: dict[str, str]) -> str:
    """The dataset of the same form with the pictures of another kind."""
    kind, *rest = data.split("-")
    return "-".join([pictures[kind], *rest])
