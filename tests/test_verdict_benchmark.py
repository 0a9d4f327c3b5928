"""The verdicts on the runs that are kept of the benchmark: what docs/verdict.md says of them must stay true."""

from pathlib import Path

import pytest
from benchmarks.verdict.records import Kept, read, write
from benchmarks.verdict.table import Judged, print_tables

ROOT = Path(__file__).parent.parent
SEEDS = 4


@pytest.fixture(scope="module")
def runs() -> list[Kept]:
    return read(ROOT / "benchmarks" / "verdict" / "runs.jsonl.gz", SEEDS)


@pytest.mark.parametrize("half", ["tuning", "test", "fresh"])
def test_troubles_are_named_and_healthy_runs_left_alone(runs: list[Kept], half: str) -> None:
    judged = [Judged(run) for run in runs if run.planned.half == half]
    troubled, healthy = ([each for each in judged if each.truth.healthy is wanted] for wanted in (False, True))
    assert len(troubled) >= 15
    assert len(healthy) >= 14
    assert sum(each.right for each in troubled) >= 0.95 * len(troubled)
    assert [each.run.planned.name for each in healthy if each.false_alarms] == []


def test_the_benchmark_is_as_large_as_it_says(runs: list[Kept]) -> None:
    assert len(runs) >= 100
    assert sum(Judged(run).truth.healthy for run in runs) >= len(runs) / 2


def test_the_file_gives_the_same_table_again(
    runs: list[Kept], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = runs[:3] + runs[-3:]
    write(few, tmp_path / "again.gz")
    print_tables(few)
    first = capsys.readouterr().out
    print_tables(read(tmp_path / "again.gz", SEEDS))
    assert capsys.readouterr().out == first
    assert "Troubled runs named right" in first
