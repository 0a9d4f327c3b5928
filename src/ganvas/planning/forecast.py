"""What a run will be: the schedule and the options that its speed and its budget choose, and its forecast."""

import time

from ganvas.data.dataset.layout import TRAIN
from ganvas.gans.recipe import Spec
from ganvas.planning import quality
from ganvas.planning.costs import estimate, measure, phase_starts
from ganvas.planning.plan import RunPlan
from ganvas.planning.schedule import choose_schedule
from ganvas.planning.timeline import Forecast, forecast_run


def with_forecast(plan: RunPlan, started: float) -> tuple[RunPlan, Forecast]:
    """The plan with its schedule and the choices of its quality, and its forecast.

    Args:
        plan: a run, with or without a quality.
        started: when the command was given, in seconds of `time.perf_counter`.
    """
    pictures = plan.data.splits[TRAIN]
    kind, spec, machine = type(plan.recipe), Spec.of(plan.data), plan.machine
    has_quality = plan.config.settings.quality is not None
    if has_quality:
        # Initial weights fit networks of one width only.
        user_keys = plan.user_keys | {"width"} if plan.origin else plan.user_keys
        chosen = quality.choose_networks(
            plan.config,
            user_keys,
            kind,
            pictures,
            lambda options: estimate(kind(options), spec, machine, plan.world.size),
            depends_on_batch=machine.device != "cpu",
        )
        plan = plan.with_chosen(chosen)
    costs = measure(plan.recipe, plan.data, machine, plan.config.settings, plan.start, plan.world.size)
    # Initial weights of D bring the count of its pictures with them.
    if "discriminator" not in plan.start and (
        schedule := choose_schedule(plan.recipe, plan.config.settings.budget, plan.user_keys, costs, pictures)
    ):
        plan = plan.with_schedule(schedule)
        costs = costs.with_phases(phase_starts(plan.recipe, spec))
    if has_quality:
        plan = plan.with_chosen(quality.choose_evaluations(plan.config, plan.user_keys, costs, pictures))
    return plan, forecast_run(plan.config.settings, costs, plan.data, time.perf_counter() - started)
