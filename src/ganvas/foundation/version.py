"""The version of ganvas, which runs and datasets keep; pyproject.toml reads it from here."""

VERSION = "0.1.0"
