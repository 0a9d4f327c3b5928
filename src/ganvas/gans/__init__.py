"""The recipes: one file each, whose name is the recipe's name; adding a file is all it takes to add a GAN."""

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.foundation.errors import ConfigError, unknown

if TYPE_CHECKING:
    from ganvas.gans.recipe import Recipe


def names() -> list[str]:
    """The recipes of this package, found by their files; costs no import of torch."""
    files = (module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    return sorted(name.replace("_", "-") for name in files if name != "recipe")


def find(name: str) -> "type[Recipe]":
    """The recipe of that name, or the class of your own that `module:Class` names.

    Raises:
        ConfigError: no such recipe, module or class; the known ones are listed.
    """
    if ":" in name.strip(":"):
        return _import_class(*name.split(":", 1))
    if name not in names():
        raise ConfigError(unknown("recipe", name, names()) + " (or your own, as module:Class)")
    return _only_recipe(f"{__name__}.{name.replace('-', '_')}")


def _only_recipe(module_name: str) -> "type[Recipe]":
    from ganvas.gans.recipe import Recipe

    module = importlib.import_module(module_name)
    classes = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Recipe) and member.__module__ == module_name
    ]
    if len(classes) != 1:
        raise ConfigError(f"{module.__file__} must define exactly one Recipe, found {len(classes)}")
    return classes[0]


def _import_class(module_name: str, class_name: str) -> "type[Recipe]":
    from ganvas.gans.recipe import Recipe

    # A recipe in the folder one works in should be found, as `python -m` would find it.
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"recipe {module_name}:{class_name} cannot be imported: {error}") from error
    if not (inspect.isclass(found) and issubclass(found, Recipe)):
        raise ConfigError(f"{module_name}:{class_name} is not a ganvas.gans.recipe.Recipe")
    return found
