"""The benchmark of large pictures: what it keeps, what it does again, and its tables."""

import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks import large

from ganvas.foundation.arrays import Images
from ganvas.foundation.files import append_record, read_records
from support.datasets import write_dataset


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", ["large", *map(str, words)])
    large.main()


def test_the_table_has_medians_over_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, kid in enumerate((0.1, 0.3, 0.2)):
        record = {"method": "bicubic", "seed": seed, "extractor": "pixels", "patches": 64, "kid": kid, "recall": 0.5}
        append_record(tmp_path / "results.jsonl", record)
    run(monkeypatch, "nowhere", tmp_path, "--table")
    page = capsys.readouterr().out
    assert "pixels, patches of 64 px" in page
    assert "| bicubic | 3 | 0.2000 (0.1000 to 0.3000) | 0.500 |" in page


def test_what_is_finished_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, results = write_dataset(tmp_path / "data", size=32), tmp_path / "results"
    painted: list[str] = []

    def paint(args: object, method: str, seed: int) -> list[Images]:
        painted.append(method)
        return [np.random.default_rng(seed).integers(0, 255, (32, 32, 32, 3), dtype=np.uint8)]

    monkeypatch.setattr(large, "_painted", paint)
    words = (data, results, "--seeds", 1, "--samples", 32, "--extractors", "pixels", "--patches", 16)
    for _ in range(2):
        run(monkeypatch, *words, "--methods", "bicubic", "brushwork+vision=0")
    assert painted == ["bicubic", "brushwork+vision=0"]
    records = read_records(results / "results.jsonl")
    assert [(record["method"], record["patches"]) for record in records] == [
        ("bicubic", 0),
        ("bicubic", 16),
        ("brushwork+vision=0", 0),
        ("brushwork+vision=0", 16),
    ]
    assert all({"kid", "recall", "sharpness", "spectrum_db"} <= record.keys() for record in records)
    assert (results / "bicubic-seed0.png").is_file()
