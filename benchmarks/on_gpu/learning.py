"""What the default recipe learns in three minutes, and the memory that was foreseen for it."""

import resource
from typing import Any

import torch

import ganvas
from benchmarks.memory import peak_bytes
from benchmarks.on_gpu.turn import Turn
from ganvas.machine.memory import GIB
from ganvas.planning.run import DEFAULT_RECIPE
from ganvas.runs.directory import RunDirectory
from ganvas.runs.logs import RunLogs
from ganvas.settings.budget import Amount, Progress

# A run that is shorter says little.
SHORTEST = 60.0
SCORES = ("kid", "kid_se", "fid", "precision", "recall", "modes")


class FromPlan:
    """A display that shows nothing. When the plan is shown, training begins, and the count of memory begins anew."""

    def __init__(self) -> None:
        self._has_plan = False

    def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
        """Do nothing."""

    def say(self, line: str) -> None:
        """Count memory from the first message on, which is the plan."""
        if not self._has_plan and torch.cuda.is_available():
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        self._has_plan = True


def learning(turn: Turn, reserve: float) -> dict[str, object] | None:
    """Prepare embedded paintings, and train on them at a quality.

    If less time is left than the run should take, it is shorter, and its record says so.

    Args:
        turn: on the machine.
        reserve: seconds that must be left.
    """
    scale, budget = turn.scale, Amount.parse(turn.scale.budget)
    overhead, whole = scale.seconds.learning, budget.seconds or 0.0
    if whole:
        whole = round(min(whole, max(SHORTEST, turn.left - reserve - overhead)))
        budget = Amount(whole, "s")
    what = f"{DEFAULT_RECIPE} for {budget} on {scale.paintings} paintings at {scale.painting_size} px"
    return turn.attempt(what, overhead + whole, lambda: _learn(turn, budget), reserve)


def _learn(turn: Turn, budget: Amount) -> dict[str, object]:
    scale, data, run = turn.scale, turn.folder / "paintings", turn.folder / "learning"
    ganvas.prepare(f"painter:{scale.paintings}", data, size=scale.painting_size)
    options: dict[str, Any] = {"device": scale.device, "quality": "good", "budget": budget, "vision_every": 1}
    # As in `ganvas demo`, because the run is as short.
    options |= {"ema_kimg": 5.0, **scale.learning}
    if scale.device == "cpu":
        options["precision"] = "float32"  # the processor's choice is measured, which takes seconds
    outcome = ganvas.train(data, run, DEFAULT_RECIPE, start=None, display=FromPlan(), **options)
    record, logs = RunDirectory.open(run).record, RunLogs.open(run)
    assert logs.best is not None, "the run has no evaluation"
    is_gpu = scale.device == "cuda"
    taken = torch.cuda.max_memory_allocated() if is_gpu else peak_bytes(resource.getrusage(resource.RUSAGE_SELF))
    return {
        "recipe": DEFAULT_RECIPE,
        "budget": str(budget),
        "paintings": scale.paintings,
        "size": scale.painting_size,
        "precision": record.machine["precision"],
        **{key: record.options[key] for key in ("width", "d_width", "batch_size", "vision_every")},
        "kimg": outcome.kimg,
        "kimg_foreseen": record.forecast["kimg"],
        "img_per_s": logs.img_per_s,
        "verdict": outcome.verdict,
        "scores": {key: logs.best.get(key) for key in SCORES},
        "memory_foreseen_gib": record.forecast["memory_bytes"] / GIB,
        "memory_taken_gib": taken / GIB,
        "memory_reserved_gib": torch.cuda.max_memory_reserved() / GIB if is_gpu else None,
    }
