"""Adding one of each kind takes one file: a test writes it into a folder of its package and uses it.

The files are in temporary folders that are appended to the paths of their packages. A section of a report takes a
function and a template. CONTRIBUTING.md has the table of what to touch; its example of a recipe is taken from there.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from PIL import Image

from ganvas import baselines, gans, tricks
from ganvas.classify import models
from ganvas.cli import commands
from ganvas.data.sources import collections, schemes
from ganvas.foundation.errors import ConfigError
from ganvas.foundation.files import read_records
from ganvas.foundation.registry import Registry, attribute, subclass_of
from ganvas.metrics import extractors, measures
from ganvas.report import html
from ganvas.report.run import page as run_page
from ganvas.sharing import formats
from ganvas.verdict import kinds
from support.command_line import Cli
from support.runs import TINY_WORDS

ROOT = Path(__file__).parents[1]
EXAMPLE = re.search(r"^```python\n(.*?)^```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)

Add = Callable[[ModuleType, str, str], None]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Add]:
    """Write a file into a folder of its own that is appended to a package's path."""
    added = []

    def write(package: ModuleType, name: str, text: str) -> None:
        folder = tmp_path / "additions" / package.__name__
        folder.mkdir(parents=True)
        (folder / f"{name}.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        added.append(f"{package.__name__}.{name}")
        sys.modules.pop(added[-1], None)

    yield write
    for module in added:
        sys.modules.pop(module, None)


def example() -> str:
    assert EXAMPLE is not None, "CONTRIBUTING.md has no example of a recipe"
    return EXAMPLE[1]


def ruff(*words: str) -> None:
    """Run ruff over the example as over a file of the package, with the configuration of the project."""
    command = [sys.executable, "-m", "ruff", *words, "--stdin-filename", "src/ganvas/gans/least_squares.py", "-"]
    done = subprocess.run(command, cwd=ROOT, input=example(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_of_a_recipe_has_the_projects_style() -> None:
    ruff("check", "--no-cache")
    ruff("format", "--check", "--no-cache")


@pytest.mark.parametrize("recipe", ["least-squares", "mine:LeastSquares"])
def test_the_example_of_a_recipe_trains_resumes_and_paints(
    add: Add, cli: Cli, tmp_path: Path, tiny_data: Path, recipe: str
) -> None:
    sys.modules.pop("mine", None)
    if recipe == "least-squares":
        add(gans, "least_squares", example())
        assert recipe in gans.names()
    else:
        (tmp_path / "mine.py").write_text(example())
    cli("train", tiny_data, "--recipe", recipe, "--out", "run", "--budget", "2steps", *TINY_WORDS, check=True)
    assert "d_accuracy" in " ".join(read_records(tmp_path / "run" / "stats.jsonl")[-1])
    cli("resume", "run", "--budget", "2steps", check=True)
    cli("sample", "run", "--out", "grid.png", "-n", "4", check=True)
    assert (tmp_path / "grid.png").is_file()


TRICK = '''"""A constant."""

from torch import Tensor, nn

from ganvas.gans.recipe import Batch, Loss
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick


class Constant(Trick):
    """Adds 3 to G's loss."""

    order = 89

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `l2` is set, for want of an option of its own."""
        return options.l2 > 0

    def generator_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, loss: Loss
    ) -> dict[str, Tensor]:
        """The constant."""
        return {"constant": batch.images.new_tensor(3.0)}
'''


def test_a_trick_joins_the_loss(add: Add, cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    add(tricks, "constant", TRICK)
    words = ["--recipe", "dcgan", "--out", "run", "--budget", "2steps", *TINY_WORDS, "--set", "l2=1e-4"]
    cli("train", tiny_data, *words, "--set", "log_every=1steps", check=True)
    assert read_records(tmp_path / "run" / "stats.jsonl")[-1]["g_loss/constant"] == 3


METRIC = '''"""How red pictures are."""

from collections.abc import Mapping

from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.metric import Figure, Metric


class Redness(Metric):
    """The mean of the red channel, over that of the real pictures."""

    figures = (Figure("redness", "redness", "red, over the real pictures' red", 1.0),)

    def measure(self, generated: Descriptors) -> Mapping[str, float | None]:
        """See `Metric.measure`."""
        red, real = (float(side.thumbnails[..., 0].mean()) for side in (generated, self.real.training))
        return {"redness": red / real}
'''


def test_a_metric_is_measured_logged_and_shown(add: Add, cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    add(measures, "redness", METRIC)
    words = [*TINY_WORDS, "--set", "eval_samples=16", "--set", "extractor=pixels"]
    cli("train", tiny_data, "--recipe", "mlp", "--out", "run", "--budget", "1steps", *words, check=True)
    assert read_records(tmp_path / "run" / "evals.jsonl")[-1]["redness"] > 0
    same = ["evaluate", tiny_data, "--data", tiny_data, "--extractor", "pixels"]
    assert json.loads(cli(*same, "--json", check=True).stdout)["redness"] == pytest.approx(1)
    assert re.search(r"^redness +1\.0000 +red, over the real pictures' red$", cli(*same).stdout, re.MULTILINE)


@pytest.mark.parametrize("taken", ["spacing", "seconds"])
def test_a_metric_cannot_take_the_key_of_another(add: Add, cli: Cli, tiny_data: Path, taken: str) -> None:
    add(measures, "redness", METRIC.replace('{"redness": red / real}', f'{{"{taken}": red / real}}'))
    done = cli("evaluate", tiny_data, "--data", tiny_data, "--extractor", "pixels")
    assert (done.returncode, f"the metric Redness returns '{taken}', which is taken" in done.stderr) == (2, True)


def test_every_figure_is_on_the_page_of_metrics() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    labels = [figure.label.strip() for metric in measures.in_order() for figure in metric.figures]
    assert [label for label in labels if label not in page] == []


EXTRACTOR = '''"""Pictures without their colours."""

from torch import Tensor

from ganvas.metrics.features import FeatureNetwork


class Grey(FeatureNetwork):
    """The mean of the channels."""

    def features(self, images: Tensor) -> Tensor:
        """See `FeatureNetwork.features`."""
        return images.float().mean(1).flatten(1)
'''


def test_a_feature_extractor_judges(add: Add, cli: Cli, tiny_data: Path) -> None:
    add(extractors, "grey", EXTRACTOR)
    done = cli("evaluate", tiny_data, "--data", tiny_data, "--extractor", "grey", "--json", check=True)
    record = json.loads(done.stdout)
    assert (record["extractor"], record["features"]) == ("grey", 16 * 16)


SOURCE = '''"""Pictures of a single grey."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ganvas.data.pictures.decode import Picture
from ganvas.data.pictures.frame import Frame
from ganvas.data.sources.pixels import picture_of
from ganvas.data.sources.source import Request, Source, Value


@dataclass(frozen=True)
class Flat:
    """A picture of one grey."""

    grey: int
    labels: Mapping[str, Value] = field(default_factory=dict)
    stamp: str = ""

    @property
    def name(self) -> str:
        """The grey."""
        return f"grey-{self.grey}"

    def read(self, frame: Frame) -> Picture:
        """The picture at the size that is asked for."""
        return picture_of(np.full((frame.size, frame.size), self.grey, np.uint8))


def open_named(argument: str, request: Request) -> Source:
    """As many greys as the argument says."""
    return Source(title=f"flat:{argument}", items=[Flat(20 * grey) for grey in range(int(argument))])
'''


def test_a_source_is_opened_by_its_scheme(add: Add, cli: Cli, tmp_path: Path) -> None:
    add(schemes, "flat", SOURCE)
    cli("prepare", "flat:9", "data", "--size", "16", check=True)
    names = pd.read_parquet(tmp_path / "data" / "index.parquet")["source"]
    assert names.tolist() == [f"grey-{20 * grey}" for grey in range(9)]
    assert "flat:, hf:" in cli("prepare", "flut:9", "other").stderr


COLLECTION = '''"""A museum that numbers its rooms."""

from ganvas.data.sources.collections.collection import BY_TABLE, Collection
from ganvas.data.sources.source import Request, Source
from ganvas.data.sources.tree import Tree, collection, pictures_of


def recognise(tree: Tree, request: Request) -> Source | None:
    """Pictures whose names begin with their room; None without a plan of the rooms."""
    if "rooms.txt" not in tree.names:
        return None
    items = [tree.picture(name, {"room": name.partition("-")[0]}) for name in pictures_of(tree)]
    return collection(tree, request, "the museum", items, "room")


COLLECTION = Collection(BY_TABLE, recognise)
'''


def test_a_published_collection_is_recognised(add: Add, cli: Cli, tmp_path: Path) -> None:
    add(collections, "museum", COLLECTION)
    folder = tmp_path / "museum"
    folder.mkdir()
    (folder / "rooms.txt").write_text("red, blue")
    for number in range(8):
        shade = (40 * number % 255, 25 * number, 200 - 9 * number)
        Image.new("RGB", (16, 16), shade).save(folder / f"{'red' if number % 2 else 'blue'}-{number}.png")
    done = cli("prepare", folder, "data", "--size", "16", check=True)
    assert "recognised the museum: class by room" in done.stdout + done.stderr
    assert set(pd.read_parquet(tmp_path / "data" / "index.parquet")["room"]) == {"red", "blue"}


CLASSIFIER = '''"""The mean colour of each class."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ganvas.classify.model import Examples, Fitted, Model, Progress
from ganvas.classify.options import ClassifierOptions


class MeanColourOptions(ClassifierOptions):
    """Its options."""

    sharpness: float = Field(0.1, gt=0, description="How sure it is.")


class MeanColour(Model):
    """Each picture is of the class whose mean colour is nearest."""

    options_class = MeanColourOptions
    options: MeanColourOptions

    def fit(self, training: Examples, validation: Examples | None, progress: Progress) -> Fitted:
        """See `Model.fit`."""
        colours = training.images.mean(axis=(1, 2))
        self._means = np.stack([colours[training.labels == label].mean(axis=0) for label in range(self.classes)])
        return Fitted()

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Model.probabilities`."""
        distances = np.linalg.norm(images.mean(axis=(1, 2))[:, None] - self._means, axis=2)
        weights = np.exp(-self.options.sharpness * (distances - distances.min(axis=1, keepdims=True)))
        return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)

    def save(self, directory: Path) -> None:
        """See `Model.save`."""
        np.save(directory / "means.npy", self._means)

    def restore(self, directory: Path) -> None:
        """See `Model.restore`."""
        self._means = np.load(directory / "means.npy")
'''


def test_a_classifier_learns_and_is_opened_again(add: Add, cli: Cli, tiny_data: Path) -> None:
    add(models, "mean_colour", CLASSIFIER)
    words = ["--model", "mean-colour", "--set", "sharpness=0.5"]
    done = cli("classify", "train", tiny_data, "--out", "judge", *words, check=True)
    assert "test accuracy 1.000" in done.stdout
    cli("classify", "evaluate", "judge", check=True)
    assert (
        "option of mean-colour" in cli("classify", "train", tiny_data, *words, "--set", "blur=1", "--out", "x").stderr
    )


BASELINE = '''"""White paper."""

import torch
from torch import Tensor

from ganvas.baselines.baseline import Baseline, Composites
from ganvas.baselines.pictures import Pictures
from ganvas.gans.recipe import Spec


class Paper(Composites):
    """G(z, c) = white."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.register_buffer("white", torch.ones(3, spec.size, spec.size))

    def fit(self, label: int, pictures: Pictures, seed: int) -> int:
        """Nothing is learnt."""
        return len(pictures)

    def compose(self, latents: Tensor, labels: Tensor) -> Tensor:
        """White pictures."""
        return self.white.expand(len(latents), -1, -1, -1)

    def __str__(self) -> str:
        return "white paper"


class White(Baseline):
    """White paper."""

    paper = "none"

    def build_generator(self, spec: Spec) -> Paper:
        """The paper."""
        return Paper(spec)
'''


def test_a_baseline_is_fitted_and_paints(add: Add, cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    add(baselines, "white", BASELINE)
    cli("baseline", tiny_data, "--kind", "white", "--out", "white.safetensors", check=True)
    cli("sample", "white.safetensors", "--out", "grid.png", "-n", "4", check=True)
    assert Image.open(tmp_path / "grid.png").convert("L").getextrema()[1] == 255


VERDICT = '''"""Gloomy: pictures that are unlike the real ones."""

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.remedy import Remedy


def _gloomy(history: History) -> Evidence | None:
    """Any KID at all."""
    return Evidence({"kid": history.now("kid")})


KIND = VerdictKind(
    name="very gloomy",
    # Only numbers that mean nothing are worse.
    gravity=95,
    healthy=False,
    meaning="Its pictures are not the real ones.",
    remedies=(Remedy("be content"),),
    colour="#202122",
    rule=_gloomy,
)
'''


def test_a_verdict_is_named_in_its_order_answered_and_shown(
    add: Add, cli: Cli, tmp_path: Path, tiny_data: Path
) -> None:
    add(kinds, "very_gloomy", VERDICT)
    assert [kind.name for kind in kinds.in_order()][:3] == ["diverged", "very gloomy", "memorising"]
    words = [*TINY_WORDS, "--set", "eval_samples=16", "--set", "extractor=pixels", "--set", "eval_every=1steps"]
    respond = ["--on-trouble", "stop", "--patience", "2"]
    cli("train", tiny_data, "--recipe", "mlp", "--out", "run", "--budget", "9steps", *words, *respond, check=True)
    evaluations = read_records(tmp_path / "run" / "evals.jsonl")
    assert [each["verdict"] for each in evaluations] == ["very gloomy"] * 2
    assert [each["response"] for each in evaluations] == ["go on", "stop"]
    cli("report", "run", "--out", "page.html", check=True)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert all(text in page for text in ("very gloomy</strong>", "Its pictures are not the real ones.", "#202122"))


def test_no_two_verdicts_are_equally_grave() -> None:
    gravities = [kind.gravity for kind in kinds.in_order()]
    assert len(set(gravities)) == len(gravities)


COMMAND = '''"""ganvas say_hello"""

from pathlib import Path
from typing import Annotated

import typer

from ganvas.foundation.errors import DataError


def say_hello(name: str, times: Annotated[int, typer.Option(help="How often.")] = 1) -> None:
    """Greet somebody."""
    if not name.isalpha():
        raise DataError(f"name {name!r} must consist of letters")
    typer.echo(" ".join([f"hello {name}"] * times))
'''


def test_a_command_is_listed_explained_and_run(add: Add, cli: Cli) -> None:
    add(commands, "say_hello", COMMAND)
    assert re.search(r"^  say-hello +Greet somebody\.$", cli("--help", check=True).stdout, re.MULTILINE)
    assert "How often." in cli("say-hello", "--help", check=True).stdout
    assert cli("say-hello", "you", "--times", "2", check=True).stdout == "hello you hello you\n"
    refused = cli("say-hello", "7")
    assert (refused.returncode, refused.stderr) == (2, "ganvas: name '7' must consist of letters\n")


FORMAT = '''"""A text file with the number of weights."""

from collections.abc import Iterable
from pathlib import Path

from ganvas.foundation.files import whole_file
from ganvas.sharing.given import Given


def write(given: Given, out: Path, *, license: str = "none") -> Iterable[str]:
    """Write the number and the licence."""
    with whole_file(out) as partial:
        partial.write_text(f"{given.parameters} {license}")
    return [f"counted {given.title}"]
'''


def test_an_export_format_is_listed_and_gets_its_options(add: Add, cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    add(formats, "count", FORMAT)
    cli("baseline", tiny_data, "--kind", "mean", "--out", "mean.safetensors", check=True)
    words = ["export", "mean.safetensors", "--to", "count", "--out", "count.txt"]
    assert cli(*words, "--license", "mit", check=True).stderr == "counted mean on data\n"
    assert (tmp_path / "count.txt").read_text("utf-8") == f"{2 * 3 * 16 * 16} mit"
    refused = cli(*words[:-1], "other.txt", "--push", "me/mine")
    assert "count has no option push; it is an option of hub" in refused.stderr
    assert "choose from: count, hub" in cli("export", "mean.safetensors", "--to", "x", "--out", "y").stderr


def test_a_section_of_a_report_is_a_function_and_a_template(
    cli: Cli, tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "templates" / "run" / "motto.html"
    template.parent.mkdir(parents=True)
    template.write_text('<section id="motto"><p>{{ section.motto }}</p></section>')
    monkeypatch.setattr(html.TEMPLATES, "searchpath", [*html.TEMPLATES.searchpath, str(tmp_path / "templates")])
    monkeypatch.setitem(run_page.SECTIONS, "motto", lambda run: {"motto": f"{run.name} & friends"})
    monkeypatch.setitem(run_page.SECTIONS, "silent", lambda run: None)
    cli("train", tiny_data, "--recipe", "mlp", "--out", "run", "--budget", "1steps", *TINY_WORDS, check=True)
    cli("report", "run", "--out", "page.html", check=True)
    assert '<section id="motto"><p>run &amp; friends</p></section>' in (tmp_path / "page.html").read_text("utf-8")


def test_names_import_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from ganvas import baselines, gans, tricks\n"
        "from ganvas.metrics.extractors import EXTRACTORS\n"
        "from ganvas.metrics.measures import METRICS\n"
        "from ganvas.classify.models import MODELS\n"
        "assert all([gans.names(), baselines.names(), tricks.TRICKS.names(), EXTRACTORS.names(), METRICS.names()])\n"
        "assert MODELS.names()\n"
        "print(sorted({'torch', 'sklearn', 'pandas', 'timm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_registry_says_what_it_has_and_what_is_wrong_with_a_file(add: Add) -> None:
    names = Registry("trick", tricks.__name__, attribute("missing"), besides=["trick", "objective"])
    assert "clip" in names
    assert "trick" not in names
    with pytest.raises(ConfigError, match=r"unknown trick 'clap' \(did you mean 'clip'\?\); choose from: .*unrolled"):
        names.find("clap")
    with pytest.raises(ConfigError, match=r"clip\.py must define missing"):
        names.find("clip")
    add(tricks, "no_trick", "class Other: ...\n")
    classes = Registry("trick", tricks.__name__, subclass_of("ganvas.tricks.trick:Trick"))
    with pytest.raises(ConfigError, match=r"no_trick\.py must define exactly one Trick, found 0"):
        classes.find("no-trick")
