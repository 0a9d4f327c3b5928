"""The version of ganvas. Runs and datasets record it, and pyproject.toml reads it."""

VERSION = "0.2.0"
