"""Options of a command that come from the fields of a model: type, default and help are stated there."""

import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ganvas.settings.options import Metavar

P = ParamSpec("P")
R = TypeVar("R")


def options_of(
    model: type[BaseModel], *names: str, use_defaults: bool = True
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Give a command an option for each of these fields of a model.

    Args:
        model: the model; its defaults and descriptions are shown in the command's help.
        names: of the fields.
        use_defaults: whether an option that the user leaves out has the field's default. It is None otherwise.

    Returns:
        A decorator of a function that takes the fields as `**keywords`. Their options are placed before the function's
        own keyword-only parameters.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function, eval_str=True)
        own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        leading = [each for each in own if each.kind is not each.KEYWORD_ONLY]
        options = [_parameter(name, model.model_fields[name], use_defaults) for name in names]
        parameters = [*leading, *options, *own[len(leading) :]]
        function.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return function

    return decorate


def _parameter(name: str, field: FieldInfo, use_defaults: bool) -> inspect.Parameter:
    kind = _word_type(field.annotation)
    default = field.default or None if kind is str else field.default
    option = typer.Option(
        # A bare name: the opposite of a switch, `--no-...`, is its default.
        *([f"--{name.replace('_', '-')}"] if kind is bool else []),
        metavar=next((each for each in field.metadata if isinstance(each, Metavar)), None),
        help=field.description,
        show_default=default is not None if use_defaults else _shown(default),
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default if use_defaults else None,
        annotation=Annotated[kind if use_defaults and default is not None else kind | None, option],
    )


def _shown(default: Any) -> str | bool:
    return False if default is None else str(default)


def _word_type(annotation: Any) -> type:
    """What a word of the command line becomes before the model reads it: text, unless only one thing is possible."""
    kinds = set(_alternatives(annotation)) - {type(None)}
    if kinds == {int, float}:
        return float
    kind = kinds.pop() if len(kinds) == 1 else str
    return kind if kind in (bool, int, float, Path) else str


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
