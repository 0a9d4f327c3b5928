"""The commands that the documentation shows."""

import re
from pathlib import Path


def commands(page: Path) -> list[str]:
    """The commands of ganvas in the blocks of a page that are to be typed, each on one line."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    blocks = "\n".join(block for language, block in fences if not language).replace("\\\n", " ")
    return re.findall(r"^(ganvas [a-z].*?)(?: &)?$", blocks, re.MULTILINE)
