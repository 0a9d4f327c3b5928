"""Words of the command line about pictures: mixtures of classes, and steps along directions."""

import math
from collections.abc import Sequence

from pydantic import ValidationError

from ganvas.artist.origin import Edit, Label
from ganvas.foundation.errors import ConfigError
from ganvas.settings.config import first_problem


def parse_label(text: str | None, class_names: Sequence[str]) -> Label | None:
    """A class, or a mixture such as `portrait=0.7,landscape=0.3` as weights that sum to 1.

    Args:
        text: the words; None for no class.
        class_names: classes of the generator. A word that is the name of one is never taken for a mixture.

    Raises:
        ConfigError: a weight is not a number above zero, or a class is named twice.
    """
    if text is None or text in class_names or "=" not in text:
        return text
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, equals, number = part.rpartition("=")
        weight = _number(number)
        if not equals or not name or weight is None or weight <= 0 or name in weights:
            raise ConfigError(
                f"label {text!r}: expected a class, or weights above zero as in portrait=0.7,landscape=0.3"
            )
        weights[name] = weight
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def parse_edits(texts: Sequence[str]) -> list[Edit]:
    """Steps along directions from words such as `brightness=1.5`.

    Raises:
        ConfigError: a word has another form, or a number is out of its range.
    """
    edits = []
    for text in texts:
        name, equals, number = text.rpartition("=")
        amount = _number(number)
        if not equals or not name or amount is None:
            raise ConfigError(f"edit {text!r}: expected the name of a direction and an amount, as in brightness=1.5")
        try:
            edits.append(Edit(direction=name, amount=amount))
        except ValidationError as error:
            raise ConfigError(f"edit {text!r}: {first_problem(error)}") from error
    return edits


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
