"""Work of hours in a directory that remembers what it is for, so that the same command goes on where it was."""

import json
from collections.abc import Container
from pathlib import Path

from pydantic import BaseModel

from ganvas.foundation.errors import ConfigError
from ganvas.foundation.files import is_free, whole_directory

# Fields of plans that hold a digest, and of what.
_CONTENTS = {"fingerprint": "pictures or classes", "labels": "classes"}


def begin(path: Path, file: str, plan: BaseModel, free: Container[str] = ()) -> None:
    """Make the directory of a piece of work, or find it as it was left.

    Args:
        path: the directory.
        file: the name of the JSON file in it that holds the plan.
        plan: what is to be done.
        free: fields of the plan that may differ from what the work was begun with.

    Raises:
        ConfigError: it was begun with another plan, or something else is there.
        GanvasError: the file system refused.
    """
    if is_free(path):
        with whole_directory(path) as directory:
            (directory / file).write_text(plan.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return
    try:
        begun = type(plan).model_validate_json((path / file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # missing, damaged, or something else
        raise ConfigError(f"{path} is there already and holds no {file} to go on with; choose another --out") from error
    wanted = plan.model_dump()
    # What earlier versions did not keep cannot be compared.
    for name, before in begun.model_dump(exclude_unset=True).items():
        if name not in free and before != wanted[name]:
            if name in _CONTENTS:
                what = f"the {_CONTENTS[name]} of the dataset have changed since {path} was begun"
                raise ConfigError(f"{what}: restore them, or choose another --out")
            raise ConfigError(
                f"{path} was begun with {name} {json.dumps(before)}, not {json.dumps(wanted[name])}: go on with that, "
                "or choose another --out"
            )
