"""Read HTML pages."""

import re


def text_of(page: str) -> str:
    """The text of a page without its tags, on one line."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())
