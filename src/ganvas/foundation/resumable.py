"""Long work that can be resumed. Its directory holds the plan, so the same command continues it."""

import json
from collections.abc import Container
from pathlib import Path

from pydantic import BaseModel

from ganvas.foundation.errors import ConfigError
from ganvas.foundation.files import is_free, whole_directory

# Fields of plans that hold a digest, and what they are a digest of.
_CONTENTS = {"fingerprint": "pictures or classes", "labels": "classes"}


def begin(path: Path, file: str, plan: BaseModel, free: Container[str] = ()) -> None:
    """Create the directory of a piece of work, or check that an existing one has the same plan.

    Args:
        path: the directory.
        file: name of the JSON file in it that holds the plan.
        plan: the plan.
        free: fields of the plan that may differ from the existing one.

    Raises:
        ConfigError: the work was begun with another plan, or the path is used by something else.
        GanvasError: the directory cannot be written.
    """
    if is_free(path):
        with whole_directory(path) as directory:
            (directory / file).write_text(plan.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return
    try:
        begun = type(plan).model_validate_json((path / file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # missing, damaged, or something else
        raise ConfigError(f"{path} exists, but has no valid {file} to continue from; choose another --out") from error
    refuse_other(str(path), begun, plan, free)


def refuse_other(where: str, begun: BaseModel, plan: BaseModel, free: Container[str] = (), flag: str = "--out") -> None:
    """Check that a piece of work was begun with the same plan.

    Args:
        where: the name of the work, for messages.
        begun: the plan that it was begun with.
        plan: the plan now.
        free: fields that may differ.
        flag: the flag that names the work.

    Raises:
        ConfigError: a field differs.
    """
    wanted = plan.model_dump()
    # Earlier versions wrote fewer fields; only those are compared.
    for name, before in begun.model_dump(exclude_unset=True).items():
        if name not in free and before != wanted[name]:
            if name in _CONTENTS:
                change = f"the {_CONTENTS[name]} of the dataset have changed since {where} was begun"
                raise ConfigError(f"{change}: restore them, or choose another {flag}")
            raise ConfigError(
                f"{where} was begun with {name} {json.dumps(before)}, not {json.dumps(wanted[name])}: use the same, "
                f"or choose another {flag}"
            )
