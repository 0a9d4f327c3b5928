"""Options that follow the length of a run, such as when the second opinion of `atelier` begins."""

from collections.abc import Collection

from ganvas.gans.recipe import Recipe
from ganvas.planning.costs import Costs
from ganvas.planning.quality import Chosen
from ganvas.settings.budget import Amount


def choose_schedule(
    recipe: Recipe, budget: Amount, user_keys: Collection[str], costs: Costs, pictures: int
) -> list[Chosen]:
    """Choose the options that follow the length of a run.

    Args:
        recipe: the recipe with the options of the run.
        budget: of the run.
        user_keys: settings and options that the user set. They are not changed.
        costs: of the run. The speed of the last phase counts, which is the slowest, so the run will hardly be shorter.
        pictures: number of training pictures.
    """
    kimg = budget.images(costs.img_per_s, pictures, costs.images_per_step) / 1000
    reason = f"for a run of {kimg:.0f} kimg or more"
    return [
        Chosen(key, value, reason)
        for key, value in recipe.scheduled(kimg).items()
        if key not in user_keys and value != getattr(recipe.options, key)
    ]
