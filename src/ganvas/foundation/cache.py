"""Where what can be computed or fetched again is kept."""

import os
from pathlib import Path

import platformdirs


def cache_directory() -> Path:
    """`$GANVAS_CACHE`, or the user's cache directory."""
    given = os.environ.get("GANVAS_CACHE")
    return Path(given) if given else platformdirs.user_cache_path("ganvas")
