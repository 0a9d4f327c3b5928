"""The runs of the benchmark: what each trains, on which data, and its known outcome.

A fault is planted in the recipe (`planted.py`) or follows from the options. Runs that are planned as healthy are
checked by their modes and copies: `truth.py` decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

HEALTHY = "healthy"
# The right verdicts on a fault; which of them applies depends on how far it has gone when the run ends.
COLLAPSED, OVERPOWERING, OVERPOWERED = (
    ("collapsed", "collapsing"),
    "discriminator overpowering",
    "discriminator overpowered",
)
PLANTED = "benchmarks.verdict.planted"

# Options of all runs, with which a run takes a minute.
COMMON: dict[str, Any] = {
    "width": 24,
    "batch_size": 32,
    "ema_kimg": 2.0,
    "eval_samples": 300,
    "tensorboard": False,
    "sample_every": "100kimg",
    "checkpoint_every": "60m",
    "log_every": "1kimg",
    "threads": 1,
}
# Options that usually keep a small GAN from collapsing.
STEADY: dict[str, Any] = {"r1": 1.0, "penalty_every": 4, "minibatch": "stddev"}


@dataclass(frozen=True)
class Scenario:
    """One run without its seed.

    Attributes:
        name: what it trains and how.
        truth: the right verdicts at its end; (`HEALTHY`,) for a healthy run.
        data: a dataset of `pictures.py`.
        recipe: a recipe's name, or module:Class.
        kimg: its budget.
        begins: kimg at which a planted trouble begins.
        culprits: the classes that collapse; empty if all do.
        options: settings and options beyond `COMMON`.
    """

    name: str
    truth: tuple[str, ...]
    data: str
    recipe: str
    kimg: float
    begins: float = 0.0
    culprits: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """A scenario with a seed."""

    scenario: Scenario
    seed: int

    @property
    def name(self) -> str:
        """The name of its files."""
        return f"{self.scenario.name}-seed{self.seed}"

    @property
    def half(self) -> str:
        """Its part of the runs: rules were tuned on "tuning" and tested on "test".

        Runs of later seeds are "fresh". They were made when the rules had their present form.
        """
        if self.seed > 1:
            return "fresh"
        return "test" if self.seed % 2 or self.scenario.name.startswith(TEST_ONLY) else "tuning"


# Recipes on which no rule was tuned.
TEST_ONLY = ("healthy-wgan-gp", "healthy-vanilla", "healthy-acgan")


def _healthy() -> Iterator[Scenario]:
    def scenario(name: str, data: str, recipe: str, kimg: float, **options: Any) -> Scenario:
        return Scenario(f"healthy-{name}", (HEALTHY,), data, recipe, kimg, options=options)

    for data in ("paintings32", "paintings16", "digits32", "digits16", "shapes16"):
        yield scenario(f"dcgan-{data}", data, "dcgan", 60, **STEADY)
    yield scenario("cdcgan-digits16", "digits16", "cdcgan", 60, **STEADY)
    yield scenario("cdcgan-shapes16", "shapes16", "cdcgan", 60, **STEADY)
    yield scenario("acgan-digits16", "digits16", "acgan", 60, **STEADY)
    yield scenario("wgan-gp-paintings16", "paintings16", "wgan-gp", 150)
    yield scenario("vanilla-digits16", "digits16", "vanilla", 60, minibatch="stddev")
    yield scenario("slow-paintings16", "paintings16", "dcgan", 60, g_lr=4e-5, d_lr=4e-5, **STEADY)
    yield scenario("slow-digits16", "digits16", "dcgan", 60, g_lr=4e-5, d_lr=4e-5, **STEADY)
    yield scenario("tiny-batch-digits16", "digits16", "dcgan", 30, **STEADY | {"batch_size": 8})
    yield scenario("tiny-batch-shapes16", "shapes16", "dcgan", 30, **STEADY | {"batch_size": 8})
    yield scenario("noisy-digits16", "digits16", "dcgan", 60, label_swap=0.1, real_target="0.7:1.0", **STEADY)
    yield scenario("long-shapes16", "shapes16", "dcgan", 150, **STEADY)
    yield scenario("augmented-paintings16", "paintings16", "dcgan", 60, augment="colour,translation", **STEADY)


def _collapsing() -> Iterator[Scenario]:
    forgetful = f"{PLANTED}:ForgetfulDCGAN"
    for data in ("paintings16", "digits16"):
        yield Scenario(f"ignores-z-{data}", COLLAPSED, data, forgetful, 30)
    for data, codes in (("paintings16", 1), ("digits16", 3), ("shapes16", 2)):
        # 900 steps of 32 pictures.
        yield Scenario(
            f"forgets-z-{data}",
            COLLAPSED,
            data,
            forgetful,
            57.6,
            begins=28.8,
            options={"forget_after": 900, "codes": codes, **STEADY},
        )
    for data in ("digits16", "shapes16"):
        yield Scenario(
            f"forgets-class-{data}",
            COLLAPSED,
            data,
            f"{PLANTED}:ForgetfulCDCGAN",
            57.6,
            begins=28.8,
            culprits=("0",) if data == "digits16" else ("crimson circle",),
            options={"forget_after": 900, **STEADY},
        )


def _others() -> Iterator[Scenario]:
    for data in ("few-paintings16", "paintings16"):
        yield Scenario(
            f"memorising-{data}",
            ("memorising",),
            data,
            f"{PLANTED}:RememberingDCGAN",
            57.6,
            begins=28.8,
            options={"remember_after": 900, **STEADY},
        )
    yield Scenario("dead-g-digits16", ("stalled", OVERPOWERING), "digits16", "dcgan", 45, options={"g_lr": 1e-8})
    yield Scenario(
        "perfect-d-paintings16",
        (OVERPOWERING, "stalled"),
        "paintings16",
        f"{PLANTED}:Saturating",
        45,
        options={"d_steps": 4, "d_lr": 2e-3, "g_lr": 1e-5},
    )
    yield Scenario(
        "blind-d-paintings16", (OVERPOWERED, "stalled", *COLLAPSED), "paintings16", "dcgan", 45, options={"d_lr": 1e-8}
    )
    yield Scenario("diverged-wgan-digits16", ("diverged",), "digits16", "wgan", 150, options={"clip": 0, "d_lr": 5e-2})
    yield Scenario(
        "high-rates-digits16", ("diverged", *COLLAPSED), "digits16", "dcgan", 45, options={"g_lr": 0.5, "d_lr": 0.5}
    )
    for leak, augmentation in (("cutout", "cutout"), ("border", "translation"), ("colour", "colour")):
        yield Scenario(
            f"leaking-{leak}",
            ("augmentation leaking",),
            "shapes16" if leak == "colour" else "paintings16",
            f"{PLANTED}:Leaky",
            60,
            options={"leak": leak, "augment": augmentation, **STEADY},
        )


SCENARIOS: tuple[Scenario, ...] = (*_healthy(), *_collapsing(), *_others())


def planned(seeds: int) -> list[Planned]:
    """Every scenario with every seed, the seeds one after the other."""
    return [Planned(scenario, seed) for seed in range(seeds) for scenario in SCENARIOS]
