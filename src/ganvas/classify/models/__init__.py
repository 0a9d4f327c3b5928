"""The models that classifiers are made of, one file each: what it learns by, and its own options."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ganvas.foundation.errors import ConfigError, unknown
from ganvas.foundation.registry import Registry, subclass_of
from ganvas.settings.config import first_problem

if TYPE_CHECKING:
    from ganvas.classify.model import Model
    from ganvas.classify.options import ClassifierOptions

MODELS: Registry["type[Model]"] = Registry("model", __name__, subclass_of("ganvas.classify.model:Model"))
names, find = MODELS.names, MODELS.find


def resolve(name: str, changes: Mapping[str, object]) -> "ClassifierOptions":
    """The options of a model by name, with what the user changed; strings are converted.

    Raises:
        ConfigError: no such model, a key that it does not have (the nearest is named), or a value out of its range.
    """
    options = find(name).options_class
    for key in changes:
        if key not in options.model_fields:
            raise ConfigError(unknown(f"option of {name}", key, options.model_fields))
    try:
        return options(**changes)
    except ValidationError as error:
        raise ConfigError(first_problem(error)) from error
