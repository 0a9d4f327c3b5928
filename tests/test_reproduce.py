"""Papers reproduced: their data is sound, and what they trained is trained, drawn, resumed, and named when it fails."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from ganvas import gans, papers
from ganvas.classify import models
from ganvas.data.dataset.dataset import Dataset
from ganvas.experiments.reproduce import engine
from ganvas.experiments.reproduce.configuration import configuration
from ganvas.experiments.reproduce.engine import reproduce
from ganvas.experiments.reproduce.pictures import prepare_pictures
from ganvas.foundation.errors import ConfigError, DataError, DivergedError
from ganvas.gans.recipe import Spec
from ganvas.papers import drawings
from ganvas.papers.paper import Classification, Length, Paper, Pictures, StandIn, Training
from ganvas.planning import run as runs
from ganvas.planning.run import Outcome
from ganvas.report.paper import summary
from ganvas.report.paper.figures import DRAW
from ganvas.report.paper.reproduction import Plan, Reproduction
from ganvas.runs.logs import RunLogs
from ganvas.verdict.evaluation import Evaluation
from support.browser import DESKTOP, PHONE, visit
from support.command_line import Cli
from support.runs import TINY, TINY_WORDS

NUMBERS = papers.numbers()
CLASSES = ["abstract", "flower", "landscape", "portrait", "realism", "sea", "van-gogh"]
# Trainings this short take a single step.
SHORT = ["--scale", "1e-7", *TINY_WORDS]
# A few figures of each paper that take seconds together.
QUICK = {
    1: "figure-1,figure-3,figure-4,figure-5",
    2: "figure-2,figure-3,figure-4,figure-8,figure-9,figure-10,figure-14,figure-20,figure-23",
    3: "datasets,figure-1,figure-2,figure-7,figure-8,same-latents,top-10,obvious-fakes,figure-9,mnist,wishes",
    4: "figure-1,figure-4,second-try",
    5: "data,composites,composites-k-means,forest-gallery,forest-importances,overfit,transfer,judged,gan-layers",
}


@pytest.fixture
def art(tmp_path: Path) -> Path:
    """A folder of seven classes of ten small pictures each."""
    random = np.random.default_rng(0)
    for number, name in enumerate(CLASSES):
        (tmp_path / "art" / name).mkdir(parents=True)
        for picture in range(10):
            colour = np.eye(3)[number % 3] * 120 + number * 12
            pixels = (random.uniform(0, 60, (24, 24, 1)) + colour).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "art" / name / f"{picture}.png")
    return tmp_path / "art"


# --- The papers as data ---


@pytest.mark.parametrize("number", NUMBERS)
def test_a_paper_is_consistent(number: int) -> None:
    paper = papers.find(number)
    sets, experiments = [each.key for each in paper.pictures], [each.key for each in paper.experiments]
    keys, figures = [*sets, *experiments], [each.key for each in paper.figures]
    assert len(set(keys)) == len(keys)
    assert len(set(figures)) == len(figures)
    assert {each.pictures for each in paper.experiments} <= set(sets)
    needed = {need for figure in paper.figures for need in figure.drawing.needs}
    assert needed <= set(keys)
    needed |= {each.start for each in paper.experiments if isinstance(each, Classification) and each.start}
    assert set(experiments) <= needed, "an experiment that no figure shows"
    assert set(sets) <= needed | {each.pictures for each in paper.experiments}
    numbered = [int(found[1]) for key in figures if (found := re.fullmatch(r"figure-(\d+)", key))]
    assert numbered == sorted(numbered)
    assert all(figure.says.endswith((".", "”")) for figure in paper.figures)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_experiment_of_a_paper_can_be_configured(number: int) -> None:
    done = Reproduction(Path("out"), papers.find(number), Plan(paper=number, source=None, scale=1.0))
    for each in done.paper.experiments:
        chosen = done.paper.set_of(each.pictures)
        if isinstance(each, Training):
            config = configuration(done, each)
            assert config.settings.budget.value == pytest.approx(each.length.kimg)
            for size in (chosen.size, chosen.stand_in.size):
                gans.find(each.recipe).check(Spec(size, chosen.classes or 0))
        elif isinstance(each, Classification):
            models.resolve(each.model, each.options)


def test_every_drawing_can_be_drawn() -> None:
    assert set(DRAW) == set(drawings.Drawing.__subclasses__())
    used = {type(figure.drawing) for number in NUMBERS for figure in papers.find(number).figures}
    assert used == set(DRAW)


@pytest.mark.parametrize(
    ("number", "key", "kimg"),
    [
        (2, "expressionism-plain", 616),
        (2, "van-gogh-plain", 153.475),
        (3, "four-labels-cdcgan", 4258.09),
        (4, "can", 2662),
    ],
)
def test_lengths_are_those_of_the_papers(number: int, key: str, kimg: float) -> None:
    training = papers.find(number).experiment(key)
    assert isinstance(training, Training)
    assert training.length.kimg == pytest.approx(kimg)
    assert training.length.is_stated


def test_there_are_five_papers() -> None:
    assert NUMBERS == [1, 2, 3, 4, 5]
    with pytest.raises(ConfigError, match="choose from: 1, 2, 3, 4, 5"):
        papers.find(6)


def test_only_keeps_what_the_figures_need() -> None:
    paper = papers.find(2).only(("figure-23", "figure-3"))
    assert [each.key for each in paper.figures] == ["figure-3", "figure-23"]
    assert [each.key for each in paper.experiments] == ["expressionism-plain"]
    assert [each.key for each in paper.pictures] == ["expressionism"]


# --- Through the command line ---


# Paper 5 has classifiers and a GAN; the others take as long again.
@pytest.mark.parametrize(
    "number", [pytest.param(each, marks=() if each == 5 else pytest.mark.slow) for each in NUMBERS]
)
def test_a_few_figures_of_every_paper_are_made_in_seconds(number: int, art: Path, cli: Cli) -> None:
    words = ["reproduce", number, art, "--out", "out", "--only", QUICK[number], *SHORT]
    done = cli(*words, check=True)
    page = Path(done.stdout.strip().splitlines()[-1]).read_text("utf-8")
    for key in QUICK[number].split(","):
        assert f'<section id="{key}" class="paper-figure">' in page
    assert "Left out" not in page
    assert "The trainings were shortened" in page
    assert page.count('class="paper-figure"') == len(QUICK[number].split(","))


@pytest.mark.slow
def test_all_papers_are_reproduced_at_a_fiftieth_of_their_length(cli: Cli, browser: Browser) -> None:
    """This takes 25 minutes at most on two cores."""
    for number in NUMBERS:
        done = cli("reproduce", number, "--out", f"paper-{number}", "--scale", "0.02", check=True)
        page = Path(done.stdout.strip().splitlines()[-1])
        assert "Left out" not in page.read_text("utf-8")
        for size in (DESKTOP, PHONE):
            with visit(browser, page, size) as visited:
                visited.assert_sound()


def test_the_plan_is_shown_without_writing_anything(art: Path, cli: Cli) -> None:
    done = cli("reproduce", 4, art, "--out", "out", "--only", "figure-1,figure-4", "--dry-run", *SHORT, check=True)
    rows = [line for line in done.stdout.splitlines() if line.startswith("| CAN")]
    assert len(rows) == 3
    assert "2,662.0 kimg" in rows[0]
    assert "1e-05 %" in rows[0]
    assert "in all about" in done.stdout
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["2", "--only", "figure-99"], "figure-9"),
        (["6"], "choose from: 1, 2, 3, 4, 5"),
        (["2", "--scale", "0"], "scale"),
        (["2", "--set", "widht=3"], "width"),
        (["2", "--set", "budget=3m"], "--scale"),
        (["2", "nowhere"], "nowhere"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(words: list[str], named: str, cli: Cli) -> None:
    done = cli("reproduce", *words, "--out", "out")
    assert done.returncode == 2
    assert named in done.stderr
    assert not Path("out").exists()


def test_a_dataset_directory_is_refused(tiny_data: Path, cli: Cli) -> None:
    done = cli("reproduce", 1, tiny_data, "--out", "out")
    assert done.returncode == 2
    assert "dataset directory" in done.stderr


# --- Going on, and failing ---


CHANGES: dict[str, Any] = TINY | {"scale": 1e-7, "only": ("figure-10", "figure-13")}


def test_what_is_done_is_not_done_again(art: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    assert reproduce(2, art, out, **CHANGES).page == out / "paper.html"
    monkeypatch.setattr(runs, "train", lambda *_given, **_changes: pytest.fail("it is done"))
    monkeypatch.setattr(engine, "prepare_pictures", lambda *_: pytest.fail("they are prepared"))
    assert not reproduce(2, art, out, **CHANGES).failures
    with pytest.raises(ConfigError, match="begun with scale"):
        reproduce(2, art, out, **CHANGES | {"scale": 1e-6})
    with pytest.raises(ConfigError, match="begun with paper"):
        reproduce(1, art, out, **CHANGES | {"only": ()})


def test_an_interrupted_reproduction_goes_on_with_the_run_it_was_in(
    art: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, out = runs.train, tmp_path / "out"

    def interrupted(*given: Any, **changes: Any) -> Outcome:
        outcome = real(*given, **changes | {"budget": "1steps"})
        record = outcome.run / "config.yaml"
        record.write_text(record.read_text("utf-8").replace("1steps", "3steps"))
        return Outcome(outcome.run, finished=False, kimg=outcome.kimg, best_kid=None)

    with monkeypatch.context() as patched:
        patched.setattr(runs, "train", interrupted)
        begun = reproduce(2, art, out, **CHANGES)
    assert begun.page is None
    assert not (out / "paper.html").exists()
    done = reproduce(2, art, out, **CHANGES)
    assert done.page is not None
    assert RunLogs.open(out / "runs" / "van-gogh-plain").kimg == pytest.approx(0.024)


def test_an_experiment_that_fails_leaves_the_others_and_is_named(
    art: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = runs.train

    def train(data: Path, out: Path, recipe: str, **changes: Any) -> Outcome:
        if out.name == "van-gogh-plain":
            raise DivergedError("a loss is infinite")
        return real(data, out, recipe, **changes)

    monkeypatch.setattr(runs, "train", train)
    done = reproduce(2, art, tmp_path / "out", **CHANGES)
    assert done.failures == {"van-gogh-plain": "a loss is infinite"}
    assert done.page is not None
    page = done.page.read_text("utf-8")
    assert page.count("Left out: a loss is infinite") == 1
    assert "not trained" in page


def test_pictures_that_cannot_be_had_fail_what_needs_them(art: Path, cli: Cli) -> None:
    for name in CLASSES[2:]:
        (art / name).rename(art.parent / name)
    done = cli("reproduce", 4, art, "--out", "out", "--only", "figure-4,architecture", *SHORT)
    assert done.returncode == 1
    assert "needs 7" in done.stderr
    page = Path("out/paper.html").read_text("utf-8")
    assert page.count("Left out") == 1
    assert "needs 7" in page


# --- The pictures ---


def chosen(
    classes: int | None, like: tuple[str, ...] = (), count: int = 100, columns: tuple[str, ...] = ()
) -> Pictures:
    return Pictures("key", "title", "paper", count, 16, StandIn("painter:4", 16), classes, like, columns)


@pytest.mark.parametrize(
    ("wanted", "classes"),
    [
        (chosen(None), CLASSES),
        (chosen(None, ("flower", "port")), ["flower", "portrait"]),
        (chosen(None, ("cubism",)), CLASSES),
        (chosen(1, ("van gogh", "van-gogh")), ["van-gogh"]),
        (chosen(2, ("sea",)), ["realism", "sea"]),
    ],
)
def test_classes_of_the_paper_come_first_and_then_the_largest(
    wanted: Pictures, classes: list[str], art: Path, tmp_path: Path
) -> None:
    for extra in range(4):
        Image.new("RGB", (24, 24), (extra * 60, 0, 90)).save(art / "realism" / f"extra{extra}.png")
    prepare_pictures(wanted, str(art), tmp_path / "data")
    assert Dataset.open(tmp_path / "data").class_names == classes


def test_at_most_as_many_pictures_as_the_paper_had_are_used(art: Path, tmp_path: Path) -> None:
    prepare_pictures(chosen(None, count=21), str(art), tmp_path / "data")
    assert len(Dataset.open(tmp_path / "data")) == 21


def test_too_few_classes_are_refused(art: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has 7 classes .* needs 8"):
        prepare_pictures(chosen(8), str(art), tmp_path / "data")


def test_a_column_of_the_paper_is_preferred(tmp_path: Path) -> None:
    lines = ["path,school,artist"]
    for number in range(8):
        Image.new("RGB", (24, 24), (number * 20, 0, 0)).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{'east' if number < 4 else 'west'},{'Vincent van Gogh' if number % 2 else 'Monet'}")
    (tmp_path / "table.csv").write_text("\n".join(lines))
    prepare_pictures(chosen(1, ("van gogh",), columns=("artist",)), str(tmp_path / "table.csv"), tmp_path / "data")
    data = Dataset.open(tmp_path / "data")
    assert data.class_names == ["Vincent van Gogh"]
    assert len(data) == 4


# --- The page ---


def test_the_page_says_what_share_of_the_training_each_run_had(art: Path, tmp_path: Path, browser: Browser) -> None:
    changes = CHANGES | {"eval_samples": 16, "extractor": "pixels", "only": ("figure-13",)}
    done = reproduce(2, art, tmp_path / "out", **changes)
    assert done.page is not None
    for size in (DESKTOP, PHONE):
        with visit(browser, done.page, size) as visited:
            visited.assert_sound()
            rows = visited.page.locator("#runs tbody tr").all_inner_texts()
    assert len(rows) == 1
    assert "616.0" in rows[0]
    assert "0.0013 %" in rows[0]
    assert "not measured" not in rows[0]
    plan = json.loads((tmp_path / "out" / "reproduction.json").read_text("utf-8"))
    assert plan["scale"] == 1e-7


@pytest.mark.parametrize(
    ("verdict", "outcome"), [("collapsed", "fails"), ("learning", "works"), ("warming up", None), (None, None)]
)
def test_the_newest_verdict_says_whether_a_run_works(verdict: str | None, outcome: str | None) -> None:
    records: list[dict[str, object]] = [{"kimg": 1.0, "kid": 0.3, "verdict": "stalled"}]
    records = [*records, {"kimg": 2.0, "kid": 0.2, "verdict": verdict}] if verdict else [{"kimg": 1.0}]
    logs = RunLogs((), tuple(Evaluation.parse(record) for record in records))
    assert summary._outcome(logs) == outcome


@pytest.mark.parametrize(
    ("paper", "here", "same"),
    [
        ("works", "works", "yes"),
        ("works", "fails", "no"),
        ("fails", "fails", "yes"),
        ("fails", None, "too early to say"),
    ],
)
def test_outcomes_are_compared(paper: Any, here: Any, same: str) -> None:
    assert summary._same(paper, here) == same


def test_a_length_is_counted_in_pictures() -> None:
    assert Length.of_epochs(3, 50).kimg == pytest.approx(0.15)
    assert Length.of_steps(10, 200).images == 2000


def test_a_paper_knows_its_parts() -> None:
    paper: Paper = papers.find(1)
    assert paper.set_of("artworks").count == 8027
    assert [training.key for training in paper.trainings()] == ["gan", "wgan"]


def test_sets_share_embedded_paintings(tmp_path: Path) -> None:
    sets = [
        Pictures(name, name, "paper", 5, 16, StandIn("painter:24", 16, classes=(name,)))
        for name in ("flower", "portrait")
    ]
    for each in sets:
        prepare_pictures(each, None, tmp_path / each.key)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [
        "embedded-painter-24-16",
        "flower",
        "portrait",
    ]
    assert [len(Dataset.open(tmp_path / each.key)) for each in sets] == [6, 6]
