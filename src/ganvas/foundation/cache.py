"""Where what can be computed or fetched again is kept."""

import os
from pathlib import Path

import platformdirs

from ganvas.foundation.paths import user_path


def cache_directory() -> Path:
    """`$GANVAS_CACHE`, or the user's cache directory."""
    chosen = os.environ.get("GANVAS_CACHE")
    return user_path(chosen) if chosen else platformdirs.user_cache_path("ganvas")
