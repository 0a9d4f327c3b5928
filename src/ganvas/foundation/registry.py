"""Things of one kind by name: every file of a package is one, and is imported when it is asked for.

A package of recipes, tricks or sources says what kind of thing its files define:

    RECIPES: Registry[type[Recipe]] = Registry("recipe", __name__, subclass_of("ganvas.gans.recipe:Recipe"))

From then on, adding a file adds a recipe. Its name is the file's, with hyphens: `wgan_gp.py` is `wgan-gp`.
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Collection, Iterator
from types import ModuleType
from typing import Any, Generic, TypeVar

from ganvas.foundation.errors import ConfigError, unknown

T = TypeVar("T")


class Registry(Generic[T]):
    """The things of one kind, by the names of the files that define them.

    Args:
        kind: what messages call one of them, such as "recipe".
        package: the package whose files define them; all files do, except those that begin with an underscore. Its
            sub-packages define none.
        thing: takes a file's module to the thing that it defines, such as `subclass_of(...)`.
        besides: files of the package that define something else.
    """

    def __init__(
        self, kind: str, package: str, thing: Callable[[ModuleType], T], besides: Collection[str] = ()
    ) -> None:
        self.kind = kind
        self._package, self._thing, self._besides = package, thing, besides

    def names(self) -> list[str]:
        """The names, sorted; nothing is imported for them."""
        # The package's path is read each time, so that a folder that is added to it counts at once.
        modules = pkgutil.iter_modules(sys.modules[self._package].__path__)
        files = (module.name for module in modules if not module.ispkg)
        return sorted(file.replace("_", "-") for file in files if file not in self._besides and file[0] != "_")

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def find(self, name: str) -> T:
        """The thing of that name; its file is imported.

        Raises:
            ConfigError: there is none of that name, and the message lists the names; or its file does not define
                exactly one.
        """
        if name not in self:
            raise ConfigError(unknown(self.kind, name, self.names()))
        return self._load(name)

    def all(self) -> dict[str, T]:
        """Every thing by its name, in the order of the names; all their files are imported."""
        return {name: self._load(name) for name in self.names()}

    def _load(self, name: str) -> T:
        return self._thing(importlib.import_module(f"{self._package}.{name.replace('-', '_')}"))


def subclass_of(base: str) -> Callable[[ModuleType], Any]:
    """Takes a module to the one public class in it that derives from `base`.

    Args:
        base: the class as `module:Class`; a text, because importing it may take a second and names need no import.
    """

    def only_subclass(module: ModuleType) -> Any:
        parent = imported(base)
        classes = [
            member
            for name, member in inspect.getmembers(module, inspect.isclass)
            if issubclass(member, parent) and member.__module__ == module.__name__ and name[0] != "_"
        ]
        if len(classes) != 1:
            raise ConfigError(f"{module.__file__} must define exactly one {parent.__name__}, found {len(classes)}")
        return classes[0]

    return only_subclass


def attribute(name: str) -> Callable[[ModuleType], Any]:
    """Takes a module to its attribute of that name, such as the function that every source has."""

    def named(module: ModuleType) -> Any:
        if not hasattr(module, name):
            raise ConfigError(f"{module.__file__} must define {name}")
        return getattr(module, name)

    return named


def imported(path: str) -> Any:
    """What `module:attribute` names.

    Raises:
        ImportError: there is no such module, or it cannot be imported.
        AttributeError: it has no such attribute.
    """
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
