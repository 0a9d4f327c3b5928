"""Scores made up for a test."""

from dataclasses import MISSING, fields
from typing import Any

from ganvas.metrics.scores import Scores


def scores(**changes: Any) -> Scores:
    """Scores of 1,000 pictures in which every figure is 0 that is not given."""
    required = [field.name for field in fields(Scores) if field.default is field.default_factory is MISSING]
    figures: dict[str, Any] = dict.fromkeys(required, 0.0) | {
        "extractor": "none",
        "independent": True,
        "features": 8,
        "generated": 1000,
        "real": 1000,
        "held_back": 0,
        "vendi_se": None,
    }
    return Scores(**figures | changes)
