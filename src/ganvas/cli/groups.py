"""Groups of commands made from packages: each module is a command, and each sub-package a group of commands.

A module has a function with its own name. The function's parameters are those of the command, and its docstring is the
help. A module is imported when its command is used, so `ganvas --help` imports none.
"""

import ast
import functools
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

import typer
from typer.core import TyperCommand, TyperGroup

from ganvas.foundation.paths import user_path

INTERRUPTED = 130  # 128 + SIGINT, as shells count it

Command = TyperCommand | TyperGroup
R = TypeVar("R")


def group(package: str, name: str, add_completion: bool = False) -> typer.Typer:
    """An application whose commands are the modules of a package. Its help is the package's docstring.

    Args:
        package: the name of the package.
        name: of the application.
        add_completion: whether it has options that install and show completion for a shell.
    """
    app = typer.Typer(
        name=name,
        cls=type("Group", (_Group,), {"package": package}),
        help=importlib.import_module(package).__doc__,
        no_args_is_help=True,
        add_completion=add_completion,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(lambda: None)
    return app


class Commands(Mapping[str, Command]):
    """The commands of a package by name, each built on first use.

    The commands in the package's `ORDER` come first, in that order; all others follow by name.
    """

    def __init__(self, package: str) -> None:
        self._package = importlib.import_module(package)
        modules = {
            module.name.replace("_", "-"): module.name for module in pkgutil.iter_modules(self._package.__path__)
        }
        order: tuple[str, ...] = getattr(self._package, "ORDER", ())
        names = [*(name for name in order if name in modules), *sorted(modules.keys() - set(order))]
        self._modules = {name: modules[name] for name in names}
        self._built: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._built:
            self._built[name] = self._build(name)
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def _build(self, name: str) -> Command:
        module = importlib.import_module(self._path(name))
        if hasattr(module, "__path__"):
            app = group(module.__name__, name)
        else:
            app = typer.Typer(add_completion=False, rich_markup_mode=None)
            app.command(name)(_with_user_paths(getattr(module, self._modules[name])))
        return cast(Command, typer.main.get_command(app))

    def _path(self, name: str) -> str:
        return f"{self._package.__name__}.{self._modules[name]}"

    def help(self, name: str) -> str:
        """The docstring of a command or group, read from its file without importing it."""
        spec = importlib.util.find_spec(self._path(name))
        # One statement for both: either means that the file is gone.
        assert spec is not None and spec.origin is not None  # noqa: PT018
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
        functions = (each for each in tree.body if isinstance(each, ast.FunctionDef))
        command = next((each for each in functions if each.name == self._modules[name]), tree)
        return ast.get_docstring(command) or ""


class _Group(TyperGroup):
    """A group whose commands are the modules of `package`."""

    package: ClassVar[str]

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._package_commands = Commands(self.package)
        # Typed as mutable, but no command is ever added.
        self.commands = cast(MutableMapping[str, Any], self._package_commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands into the help without importing any of them."""
        limit = formatter.width - 6 - max(map(len, self._package_commands), default=0)
        if commands := self._described():
            with formatter.section("Commands"):
                formatter.write_dl([(name, command.get_short_help_str(limit)) for name, command in commands.items()])

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """What may follow in a shell: commands with their help, without importing any of them, and options."""
        self.commands = cast(MutableMapping[str, Any], self._described())
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self.commands = cast(MutableMapping[str, Any], self._package_commands)

    def _described(self) -> dict[str, TyperCommand]:
        """Commands that have their help and do nothing, by name."""
        return {name: TyperCommand(name, help=self._package_commands.help(name)) for name in self._package_commands}

    def invoke(self, ctx: Any) -> Any:
        """Run a command. Ctrl-C ends it with a line on stderr, unless the command has handled it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("ganvas: interrupted; nothing half-written was left behind", err=True)
            raise typer.Exit(INTERRUPTED) from None


def _with_user_paths(function: Callable[..., R]) -> Callable[..., R]:
    """Let all paths in a command's arguments start with `~`."""

    @functools.wraps(function)
    def call(**arguments: object) -> R:
        return function(**{name: _expanded(value) for name, value in arguments.items()})

    return call


def _expanded(value: object) -> object:
    if isinstance(value, list):
        return [_expanded(each) for each in value]
    return user_path(value) if isinstance(value, Path) else value
