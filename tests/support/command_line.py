"""The command line, as tests call it."""

import subprocess
from typing import Protocol

# Seconds after which a process or page that a test waits for must hang, however busy the machine is.
PATIENCE = 600.0


class Cli(Protocol):
    """The fixture `cli`: runs `ganvas` with these words in an empty folder, and fails if asked to `check` it."""

    def __call__(self, *words: object, check: bool = False) -> subprocess.CompletedProcess[str]: ...
