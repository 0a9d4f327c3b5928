"""The command line, as tests call it."""

import os
import subprocess
import sys
from typing import Protocol

import pytest

# Seconds after which a process or page that a test waits for must hang, however busy the machine is.
PATIENCE = 600.0


class Cli(Protocol):
    """The fixture `cli`: runs `ganvas` with these words in an empty folder, and fails if asked to `check` it."""

    def __call__(self, *words: object, check: bool = False) -> subprocess.CompletedProcess[str]: ...


def can_name_files(text: str) -> bool:
    """Whether the locale can write a name of a file."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


# Marks tests that make files with names in any script, which some locales cannot write.
with_any_name = pytest.mark.skipif(
    not can_name_files("北斎 e\u0301"), reason=f"names of files are in {sys.getfilesystemencoding()} here"
)
