"""A registry of things by name: each file of a package defines one, and is imported when it is needed.

A package of recipes, tricks or sources states what its files define:

    RECIPES: Registry[type[Recipe]] = Registry("recipe", __name__, subclass_of("ganvas.gans.recipe:Recipe"))

A new file in the package is then a new recipe. Its name is that of the file, with hyphens: `wgan_gp.py` is `wgan-gp`.
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
# Takes the module of a file to the thing that it defines.
Reader = Callable[[ModuleType], Any]


class Registry(Generic[T]):
    """The things of one kind, by the names of the files that define them.

    Args:
        kind: the kind, for messages, such as "recipe".
        package: the package. Each file of it defines a thing, except files that begin with an underscore. Sub-packages
            are not searched.
        thing: takes the module of a file to the thing that it defines, such as `subclass_of(...)`.
        besides: files of the package that define nothing.
    """

    def __init__(
        self, kind: str, package: str, thing: Callable[[ModuleType], T], besides: Collection[str] = ()
    ) -> None:
        self.kind = kind
        self._package, self._thing, self._besides = package, thing, besides

    def names(self) -> list[str]:
        """The names, sorted. No file is imported."""
        # The path of the package may grow, so it is read each time.
        modules = pkgutil.iter_modules(sys.modules[self._package].__path__)
        files = (module.name for module in modules if not module.ispkg)
        return sorted(file.replace("_", "-") for file in files if file not in self._besides and file[0] != "_")

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def find(self, name: str) -> T:
        """The thing of a name. Its file is imported.

        Raises:
            ConfigError: the name is unknown (the message lists all names), or the file does not define exactly one.
        """
        if name not in self:
            raise ConfigError(unknown(self.kind, name, self.names()))
        return self._load(name)

    def all(self) -> dict[str, T]:
        """All things by name, sorted by name. All files are imported."""
        return {name: self._load(name) for name in self.names()}

    def _load(self, name: str) -> T:
        return self._thing(importlib.import_module(f"{self._package}.{name.replace('-', '_')}"))


def subclass_of(base: str) -> Reader:
    """Takes a module to the only public class in it that derives from `base`.

    Args:
        base: the class as `module:Class`. A string, because its import may take a second and `names` does not need it.
    """

    def only_subclass(module: ModuleType) -> type:
        parent = imported(base)
        classes: list[type] = [
            member
            for name, member in inspect.getmembers(module, inspect.isclass)
            if issubclass(member, parent) and member.__module__ == module.__name__ and name[0] != "_"
        ]
        if len(classes) != 1:
            raise ConfigError(f"{module.__file__} must define exactly one {parent.__name__}, found {len(classes)}")
        return classes[0]

    return only_subclass


def attribute(name: str) -> Reader:
    """Takes a module to its attribute of that name, such as the function of a source."""

    def named(module: ModuleType) -> object:
        if not hasattr(module, name):
            raise ConfigError(f"{module.__file__} must define {name}")
        return getattr(module, name)

    return named


def imported(path: str) -> Any:
    """The object that `module:attribute` names.

    Raises:
        ImportError: the module does not exist, or cannot be imported.
        AttributeError: the module has no such attribute.
    """
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
