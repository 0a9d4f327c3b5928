"""What a page says."""

import re


def text_of(page: str) -> str:
    """What the page says, without its tags, on one line."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())
