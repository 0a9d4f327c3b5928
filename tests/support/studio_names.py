"""Names that hostile requests have in place of a name under the studio's folder."""

from pathlib import Path

NAMES = [
    "..", "../outside", "../../etc/passwd", "/etc/passwd", "first/../../outside", "./first", "first/", "//first",
    "%2e%2e%2foutside", "..\\outside", "first\x00", "first%00", "link", "link/run", "data/../first", "~", "~root",
    "file:///etc/passwd", "http://127.0.0.1/", "C:\\Windows", "CON", "$(id)", "`id`", "<script>alert(1)</script>",
    "{{7*7}}", "nan", "inf", "-1", "1e999", "A" * 3000, "\u202e",
    "\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}/x", "",
]  # fmt: skip


def listing(root: Path) -> list[str]:
    """Everything in the folder and beside it, to see that nothing was written."""
    return sorted(str(path) for path in root.parent.rglob("*"))
