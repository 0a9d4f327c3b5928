"""Inspect the items of a source, and the files of a prepared dataset."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.summary import Summary
from ganvas.data.sources import Request
from ganvas.data.sources.opening import open_source

# The fixture `made`: prepares a source at 8 px, or as asked, and gives the summary and the index.
Made = Callable[..., tuple[Summary, pd.DataFrame]]


def classes_of(source: Any, **options: Any) -> dict[str, Any]:
    """The class of each picture by its name, and the reason of each stranger."""
    opened = open_source(source, Request(**options))
    return {item.name: getattr(item, "reason", item.labels.get(opened.label_column or "")) for item in opened.items}


def rejections(data: Path) -> dict[str, str]:
    """Why each file was left out of a dataset, by its path."""
    with (data / "rejected.csv").open(encoding="utf-8", newline="") as file:
        return {row["path"]: row["reason"] for row in csv.DictReader(file)}


def images_of(summary: Summary) -> np.ndarray:
    """The pictures of a prepared dataset, uint8 [N, S, S, 3]."""
    return np.asarray(Dataset.open(summary.path).images)


def bytes_of(dataset: Path) -> dict[str, bytes]:
    """The content of each file of a dataset."""
    return {file.name: file.read_bytes() for file in dataset.iterdir()}
