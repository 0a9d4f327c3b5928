"""Groups of classes."""

from collections.abc import Sequence

import numpy as np

from ganvas.foundation.errors import ConfigError, unknown

# The most classes that the name of a group lists.
LISTED = 3


def grouped(names: list[str], groups: int | Sequence[Sequence[str]]) -> list[list[str]]:
    """Divide classes into groups of at least two.

    Args:
        names: the class names of a dataset.
        groups: the classes of each group, some of `names`; or the size of groups, which take all classes in order and
            whose sizes differ by at most one. They are as large as this or smaller, or larger by one if there would
            otherwise be a group of one class.

    Returns:
        The classes of each group, in the order of `names`.

    Raises:
        ConfigError: a class is unknown or in two groups, a group has fewer than two classes, or the size leads to fewer
            than two groups.
    """
    if isinstance(groups, int):
        if len(names) < 4:
            raise ConfigError(f"--per-group {groups}: groups need four classes or more, and there are {len(names)}")
        if not 2 <= groups < len(names):
            raise ConfigError(
                f"--per-group {groups} is out of range for {len(names)} classes; choose 2 to {len(names) - 1}"
            )
        count = -(-len(names) // groups)
        count -= len(names) // count < 2
        return [part.tolist() for part in np.array_split(np.array(names, object), count)]
    seen: set[str] = set()
    for group in groups:
        for name in group:
            if name not in names:
                raise ConfigError(f"--class-group {','.join(group)}: {unknown('class', name, names)}")
            if name in seen:
                raise ConfigError(f"--class-group {','.join(group)}: class {name!r} is named twice; name it once")
            seen.add(name)
        if len(group) < 2:
            raise ConfigError(
                f"--class-group {','.join(group)}: a group has two classes or more; --per-class trains for single ones"
            )
    return [[name for name in names if name in group] for group in groups]


def name_of(group: Sequence[str]) -> str:
    """A name for a group, such as "landscape, portrait" or "abstract, flower and 8 more"."""
    if len(group) <= LISTED:
        return ", ".join(group)
    return f"{', '.join(group[: LISTED - 1])} and {len(group) - LISTED + 1} more"
