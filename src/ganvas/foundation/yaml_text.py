"""Reading YAML that somebody else may have written."""

from typing import Any, Final

import yaml

# The safe loader in C is about ten times as fast, where PyYAML has it.
LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What PyYAML raises. Its constructors of tagged scalars check nothing: `!!int ''` is an IndexError, and `!!timestamp x`
# an AttributeError.
_FAILURES: Final = (yaml.YAMLError, RecursionError, LookupError, AttributeError, TypeError, OverflowError)


def parse_yaml(text: str, loader: Any = LOADER) -> object:
    """The value of a YAML document.

    Args:
        text: the document.
        loader: a safe loader of PyYAML.

    Raises:
        ValueError: the document is not valid.
    """
    try:
        return yaml.load(text, loader)
    except _FAILURES as error:
        raise ValueError(str(error)) from error
