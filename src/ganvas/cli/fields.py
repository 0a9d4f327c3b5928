"""Command options made from the fields of a pydantic model, which state type, default and help."""

import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar, Union, get_args, get_origin

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
        names: the names of the fields.
        use_defaults: whether an option that the user omits has the field's default; otherwise it is None.

    Returns:
        A decorator of a function that takes the fields as `**keywords`. Their options come before the function's own
        keyword-only parameters.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function, eval_str=True)
        own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        leading = [each for each in own if each.kind is not each.KEYWORD_ONLY]
        options = [_parameter(name, model.model_fields[name], use_defaults) for name in names]
        parameters = [*leading, *options, *own[len(leading) :]]
        function.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # mypy does not know it
        return function

    return decorate


def _parameter(name: str, field: FieldInfo, use_defaults: bool) -> inspect.Parameter:
    kind = _word_type(field.annotation)
    default = field.default or None if kind is str else field.default
    option = typer.Option(
        # The name alone, without `--no-...`: not giving a switch is its opposite.
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


def _shown(default: object) -> str | bool:
    return False if default is None else str(default)


def _word_type(annotation: object) -> type:
    """The type that a word of the command line is converted to before the model checks it; str if in doubt."""
    kinds = set(_alternatives(annotation)) - {type(None)}
    if kinds == {int, float}:
        return float
    return next((known for known in (bool, int, float, Path) if kinds == {known}), str)


def _alternatives(annotation: object) -> tuple[object, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
