"""The command line, as tests call it."""

import subprocess
from typing import Protocol


class Cli(Protocol):
    """The fixture `cli`: runs `ganvas` with these words in an empty folder, and fails if asked to `check` it."""

    def __call__(self, *words: object, check: bool = False) -> subprocess.CompletedProcess[str]: ...
