"""Why a picture file is left out of a dataset."""

from enum import StrEnum


class Reason(StrEnum):
    """Reasons shared by many files, so that they can be counted. A `Rejected.detail` says what is special about one."""

    EMPTY = "empty file"
    NOT_AN_IMAGE = "not an image (content not recognised)"
    DAMAGED = "damaged or cut short"
    UNSUPPORTED = "an image that cannot be decoded (damaged, or of a rare kind)"
    NEEDS_HEIF = "HEIC, which needs pillow-heif (pip install 'ganvas[heif]')"
    TOO_LARGE = "too many pixels to decode safely"
    INVISIBLE = "fully transparent"
    MISSING = "missing (or a broken link)"
    DENIED = "permission denied"
    NOT_A_FILE = "not a regular file"
    UNREADABLE = "cannot be read"
    COPY = "copy of another picture"
    NEAR_COPY = "near-duplicate of another picture"
    SMALL_CLASS = "of a class with too few readable pictures"


def too_small(side: int) -> str:
    """The reason for a picture with a side shorter than `side` pixels."""
    return f"too small (a side shorter than {side} pixels)"


def too_long(aspect: float) -> str:
    """The reason for a picture whose one side is more than `aspect` times the other."""
    return f"too long and narrow (over {aspect:g} to 1)"


class Rejected(Exception):
    """A file cannot be used as a picture. The others are prepared all the same.

    Attributes:
        reason: a short text, the same for every file with the same fault.
        detail: what applies to this file alone, or "".
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason
