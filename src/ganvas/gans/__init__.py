"""The recipes, one file each. The name of a recipe is that of its file."""

import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ganvas.foundation.errors import ConfigError, unknown
from ganvas.foundation.registry import Registry, imported, subclass_of

if TYPE_CHECKING:
    from ganvas.gans.recipe import Recipe

_RECIPE = "ganvas.gans.recipe:Recipe"
RECIPES: Registry["type[Recipe]"] = Registry("recipe", __name__, subclass_of(_RECIPE), besides=["recipe", "choices"])


def names() -> list[str]:
    """The names of the recipes of this package; torch is not imported."""
    return RECIPES.names()


def find(name: str) -> "type[Recipe]":
    """The recipe of that name, or your own class as `module:Class`.

    Raises:
        ConfigError: no such recipe, module or class; the known ones are listed.
    """
    if ":" in name.strip(":"):
        return _custom(name)
    if name not in RECIPES:
        raise ConfigError(unknown("recipe", name, names()) + " (or your own, as module:Class)")
    return RECIPES.find(name)


def _custom(name: str) -> "type[Recipe]":
    # Modules in the working directory are found, as with `python -m`.
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        found = imported(name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"recipe {name} cannot be imported: {error}") from error
    if not (inspect.isclass(found) and issubclass(found, imported(_RECIPE))):
        raise ConfigError(f"{name} is not a ganvas.gans.recipe.Recipe")
    return cast("type[Recipe]", found)
