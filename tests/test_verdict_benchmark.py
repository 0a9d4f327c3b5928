"""The verdicts on the runs that are kept of the benchmark: what docs/verdict.md says of them must stay true."""

from pathlib import Path

import pytest
from benchmarks.verdict.records import write
from benchmarks.verdict.table import Judged, judge, print_tables

ROOT = Path(__file__).parent.parent
SEEDS = 4


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    return judge(ROOT / "benchmarks" / "verdict" / "runs.jsonl.gz", SEEDS)


@pytest.mark.parametrize("half", ["tuning", "test", "fresh"])
def test_troubles_are_named_and_healthy_runs_left_alone(judged: list[Judged], half: str) -> None:
    of_half = [each for each in judged if each.plan.half == half]
    troubled, healthy = ([each for each in of_half if each.truth.healthy is wanted] for wanted in (False, True))
    assert len(troubled) >= 15
    assert len(healthy) >= 14
    assert sum(each.right for each in troubled) >= 0.95 * len(troubled)
    assert [each.plan.name for each in healthy if each.false_alarms] == []


def test_the_benchmark_is_as_large_as_it_says(judged: list[Judged]) -> None:
    assert len(judged) >= 100
    assert sum(each.truth.healthy for each in judged) >= len(judged) / 2


def test_the_file_gives_the_same_table_again(
    judged: list[Judged], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = judged[:3] + judged[-3:]
    write([each.run for each in few], tmp_path / "again.gz")
    print_tables(few)
    first = capsys.readouterr().out
    print_tables(judge(tmp_path / "again.gz", SEEDS))
    assert capsys.readouterr().out == first
    assert "Troubled runs named right" in first
