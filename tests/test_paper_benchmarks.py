"""The benchmarks that train the papers' GANs for hours: what they keep, and what they print of it."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from benchmarks import can_search, papers

from ganvas import gans
from ganvas.metrics.measures import declared
from ganvas.settings.config import resolve


def test_what_is_kept_of_an_evaluation_is_what_it_has() -> None:
    concluded = {"kimg", "kid_se", "verdict", "best"}
    for kept in (papers.KEPT, can_search.KEPT):
        assert all(declared(key) for key in set(kept) - concluded)


@pytest.mark.parametrize("name", papers.RUNS)
def test_every_run_has_options_of_its_recipe(name: str) -> None:
    training = papers.RUNS[name]
    recipe = gans.find(training.recipe)
    recipe(resolve(training.recipe, recipe.defaults, training.options).options)


def test_the_table_tells_of_the_best_the_end_and_the_verdicts(tmp_path: Path) -> None:
    names = ["warming up", "learning", "learning", "collapsed"]
    records = [
        {"kimg": 154.0 * (n + 1), "kid": kid, "diversity": 0.5, "coverage": 0.25, "verdict": verdict, "best": n < 3}
        for n, (kid, verdict) in enumerate(zip((1.0, 0.7, 0.5, 1.5), names, strict=True))
    ]
    (tmp_path / "keras-dcgan.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    row = papers.table(tmp_path, ["keras-dcgan", "can"]).splitlines()[-1]
    assert row.startswith("| `keras-dcgan` | 616 | 100% | 0.500 at 462 | 0.50 | 0.250 | 1.500 | ")
    assert "| warming up to 154, learning to 462, collapsed to 616 |" in row


def _run(kid: float, diversity: float, origin: str = "random", **options: Any) -> dict[str, Any]:
    first = {key: values[0] for key, values in can_search.SPACE.items()}
    evaluations = [{"kimg": 15.0, "kid": kid, "diversity": diversity}]
    return {"origin": origin, "options": first | options, "evaluations": evaluations}


def test_the_search_draws_options_that_can_takes_and_varies_good_runs_later() -> None:
    options, origin = can_search.propose([], random.Random(0))
    assert origin == "random"
    resolve("can", gans.find("can").defaults, options)
    runs = [_run(1 + n, 0.5) for n in range(can_search.AT_RANDOM)]
    varied, origin = can_search.propose(runs, random.Random(0))
    assert origin == "varied"
    assert sum(varied[key] != runs[0]["options"][key] for key in can_search.SPACE) <= 3


def test_the_map_counts_the_random_runs_whose_pictures_differ() -> None:
    runs = [_run(0.9, 0.4), _run(0.5, 0.05), _run(0.8, 0.5, g_lr=2e-4), _run(0.7, 0.5, origin="varied")]
    lines = can_search.table(runs).splitlines()
    assert lines[0].startswith("4 runs, 3 of them at random")
    assert "| `g_lr` | `0.001` | 2 | 1 | 0.900 | 0.900 |" in lines
    assert "| `g_lr` | `0.0002` | 1 | 1 | 0.800 | 0.800 |" in lines
