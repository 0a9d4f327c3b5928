"""The choices of `--quality`, made from the budget, the number of pictures and the speed of the machine.

The constants below and `Recipe.ladder` can be tuned.
"""

import functools
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ganvas.gans.recipe import Recipe
from ganvas.planning.costs import Costs
from ganvas.settings.budget import Amount
from ganvas.settings.config import RunConfig, resolve
from ganvas.settings.options import Options
from ganvas.training.pace import EVALUATION_SHARE


@dataclass(frozen=True)
class Quality:
    """One preset.

    Attributes:
        budget: how long to train, unless the user sets it.
        kimg: thousands of pictures that D should see in that time. Faster machines get wider networks.
    """

    budget: Amount
    kimg: float

    @property
    def seconds(self) -> float:
        """The budget in seconds."""
        assert self.budget.seconds is not None
        return self.budget.seconds


QUALITIES = {
    "quick": Quality(Amount(5, "m"), 100),
    "good": Quality(Amount(20, "m"), 300),
    "best": Quality(Amount(2, "h"), 1000),
}
# In n times the budget of the preset, D should see n to this power times as many pictures, and each at least once.
GROWTH = 0.8
# Fewer updates than the first number call for smaller batches; more than the second allow larger ones.
FEW_UPDATES, MANY_UPDATES = 500, 10_000
# A larger batch costs few updates if this share of them is left, as on a GPU that waits for its next kernel.
LEFT = 0.8
# The smallest batch, the largest as a multiple of the recipe's own, and the largest as a share of the pictures.
SMALLEST_BATCH, LARGER_BATCHES, BATCH_SHARE = 16, 4, 0.5
# Candidates for the number of evaluations. The first that takes at most the usual share of the time is chosen, else
# the last, which the verdict needs.
EVALUATIONS = (10, 8, 5)


@dataclass(frozen=True)
class Chosen:
    """A setting or option that a quality chose.

    Attributes:
        key: its name.
        value: its value.
        reason: why, as text.
    """

    key: str
    value: Amount | float
    reason: str

    def __str__(self) -> str:
        """How to set it on the command line, and why it was chosen."""
        words = f"--budget {self.value}" if self.key == "budget" else f"--set {self.key}={self.value}"
        return f"{words:22} {self.reason}"


@dataclass(frozen=True)
class Aim:
    """The training speed that networks should reach.

    Attributes:
        images: real pictures that D should see.
        seconds: the time in which it should see them.
        reason: why, as text.
    """

    images: float
    seconds: float
    reason: str

    @property
    def img_per_s(self) -> float:
        """The average speed in pictures per second."""
        return self.images / self.seconds


def with_budget(config: RunConfig, user_keys: Collection[str]) -> RunConfig:
    """The configuration with the budget of its quality, unless it has no quality or the user set a budget."""
    name = config.settings.quality
    return config.with_settings(budget=QUALITIES[name].budget) if name and "budget" not in user_keys else config


def with_chosen(config: RunConfig, chosen: Sequence[Chosen]) -> RunConfig:
    """The configuration with the chosen values."""
    return resolve(
        config.recipe, config.options, config.settings.model_dump() | {each.key: each.value for each in chosen}
    )


def choose_networks(
    config: RunConfig,
    user_keys: Collection[str],
    recipe: type[Recipe],
    pictures: int,
    costs: Callable[[Options], Costs],
    depends_on_batch: bool = True,
) -> list[Chosen]:
    """Choose the budget, the width and the batch size, before the costs of the run are measured.

    Args:
        config: of the run, with a quality.
        user_keys: settings and options that the user set. They are not changed.
        recipe: the recipe to train.
        pictures: number of training pictures.
        costs: measures the cost of training with some options.
        depends_on_batch: whether the speed in pictures depends on the batch size, as it does on a GPU.
    """
    chosen, aim = list[Chosen](), _aim(config, pictures)

    @functools.cache
    def speed(options: Options) -> float:
        schedule = {
            key: value for key, value in recipe(options).scheduled(aim.images / 1000).items() if key not in user_keys
        }
        return costs(options.model_copy(update=schedule)).speed(aim.images)

    if "budget" not in user_keys:
        chosen.append(Chosen("budget", config.settings.budget, "the default of this quality"))
    if "width" not in user_keys:
        chosen += _width(config, user_keys, recipe.widths(), aim, speed)
    if "batch_size" not in user_keys and config.settings.budget.unit != "steps":
        options = with_chosen(config, chosen).options

        def speed_of_batch(size: int) -> float:
            return speed(options.model_copy(update={"batch_size": size}) if depends_on_batch else options)

        chosen += _batch(config, user_keys, pictures, speed_of_batch)
    return chosen


def choose_evaluations(config: RunConfig, user_keys: Collection[str], costs: Costs, pictures: int) -> list[Chosen]:
    """Choose the interval of evaluations from the cost of an evaluation."""
    settings = config.settings
    if "eval_every" in user_keys or not settings.eval_samples:
        return []
    seconds = settings.budget.seconds
    if seconds is None:
        seconds = costs.training(0, settings.budget.images(math.inf, pictures, costs.images_per_step))
    share = EVALUATION_SHARE * seconds
    count = next((each for each in EVALUATIONS if each * costs.evaluation <= share), EVALUATIONS[-1])
    return [Chosen("eval_every", settings.budget / count, f"{count} evaluations of about {costs.evaluation:.0f} s")]


def _width(
    config: RunConfig, user_keys: Collection[str], ladder: Sequence[int], aim: Aim, speed: Callable[[Options], float]
) -> list[Chosen]:
    """The widest networks that are fast enough. If D has a width of its own, that is scaled in proportion."""
    options = config.options
    d_width = None if "d_width" in user_keys else getattr(options, "d_width", None)

    def widened(width: int) -> dict[str, int]:
        own = {} if d_width is None else {"d_width": max(1, round(d_width * width / options.width))}
        return {"width": width} | own

    def speed_at(width: int) -> float:
        return speed(options.model_copy(update=widened(width)))

    names = ", ".join(map(str, ladder))
    reasons = {
        "width": f"the widest of {names} that makes {aim.img_per_s:.0f} img/s, {aim.reason}; else the narrowest",
        "d_width": "in proportion",
    }
    widths = widened(widest(ladder, options.width, aim.img_per_s, speed_at))
    return [Chosen(key, value, reasons[key]) for key, value in widths.items()]


def _aim(config: RunConfig, pictures: int) -> Aim:
    """The number of pictures that D should see at least, and the time for it."""
    settings = config.settings
    assert settings.quality is not None
    quality, budget = QUALITIES[settings.quality], settings.budget
    if (seconds := budget.seconds) is not None:
        kimg = max(quality.kimg * (seconds / quality.seconds) ** GROWTH, pictures / 1000)
        return Aim(1000 * kimg, seconds, f"for D to see {kimg:.0f} kimg")
    options = config.options
    images = budget.images(math.inf, pictures, options.d_steps * options.batch_size)
    return Aim(images, quality.seconds, f"for {budget} to take {quality.budget}")


def widest(ladder: Sequence[int], own: int, least: float, speed: Callable[[int], float]) -> int:
    """The largest width that is fast enough, or else the smallest.

    Args:
        ladder: the available widths, ascending.
        own: the recipe's own width. The width nearest to it is measured first.
        least: the lowest speed that is fast enough.
        speed: measures the speed at a width. Each call takes seconds, so few widths are measured.
    """
    enough, too_slow = -1, len(ladder)  # places in the ladder
    place = min(range(len(ladder)), key=lambda place: abs(ladder[place] - own))
    while enough + 1 < too_slow and too_slow > 1:
        measured = speed(ladder[place])
        enough, too_slow = (place, too_slow) if measured >= least else (enough, place)
        # k times the width is at most k^2 times the work. That bounds the speed at the other widths.
        candidates = range(enough + 1, too_slow)
        fast = [each for each in candidates if measured * (ladder[place] / ladder[each]) ** 2 >= least]
        if not fast and measured < least:
            break
        place = max(fast, default=enough + 1)
    return ladder[max(enough, 0)]


def _batch(config: RunConfig, user_keys: Collection[str], pictures: int, speed: Callable[[int], float]) -> list[Chosen]:
    """The batch size for a useful number of updates. The learning rates scale with its square root.

    That rule for Adam is from Malladi et al. 2022, "On the SDEs and scaling rules for adaptive gradient algorithms".

    Args:
        config: of the run.
        user_keys: settings and options that the user set.
        pictures: number of training pictures.
        speed: measures the speed at a batch size.
    """
    options, budget = config.options, config.settings.budget
    own, most = options.batch_size, BATCH_SHARE * pictures

    def updates(size: int) -> float:
        return budget.images(speed(size), pictures, own * options.d_steps) / (size * options.d_steps)

    def is_useful(size: int) -> bool:
        """Whether a larger batch fits in memory, and leaves many updates or nearly as many as the recipe's own."""
        return speed(size) > 0 and updates(size) >= min(MANY_UPDATES, LEFT * updates(own))

    size = own
    while size // 2 >= SMALLEST_BATCH and (size > most or updates(size) < FEW_UPDATES):
        size //= 2
    while own <= size and 2 * size <= min(most, LARGER_BATCHES * own) and is_useful(2 * size):
        size *= 2
    factor = math.sqrt(size / own)
    same = "the recipe's own"
    chosen = [
        Chosen("batch_size", size, same if size == own else f"{same} is {own}: about {updates(size):,.0f} updates")
    ]
    for key in ("g_lr", "d_lr"):
        if key not in user_keys:
            rate = float(f"{getattr(options, key) * factor:.3g}")
            chosen.append(Chosen(key, rate, same if size == own else f"{same} times {factor:.2f}, the batch's root"))
    return chosen
