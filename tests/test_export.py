"""`ganvas export`: what is given away paints the same pictures elsewhere."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from safetensors import safe_open
from torch import Tensor, nn

from ganvas.artist.artist import load
from ganvas.foundation.errors import ConfigError, RunError
from ganvas.gans.mlp import MLP
from ganvas.runs.snapshot import Snapshot, save
from ganvas.sharing import formats
from ganvas.sharing.checking import BATCHES, TOLERANCE, check
from ganvas.sharing.export import export
from ganvas.sharing.tracing import Painter, inputs
from support.command_line import Cli
from support.datasets import write_dataset
from support.generators import ALL, EACH, NAMES
from support.runs import TINY

# A Python that finds torch and its like, but no ganvas: an import of it ends the process.
ALONE = """
import sys, runpy
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "ganvas":
            sys.exit("it imports ganvas")
sys.meta_path.insert(0, Refuse())
sys.path.insert(0, "")
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
assert not any(name.partition(".")[0] == "ganvas" for name in sys.modules)
"""


def session(file: Path) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


# An export takes five seconds. Most kinds of layers are in the networks of these.
FEW = {"atelier", "brushwork", "can", "pca"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in FEW else pytest.mark.slow) for name in ALL])
def test_onnx_paints_as_torch_does_in_any_batch(name: str, generators: Callable[[str], Path], tmp_path: Path) -> None:
    out = tmp_path / "generator.onnx"
    (line,) = export(generators(name), "onnx", out)
    assert line.startswith("checked against torch in batches of 1, 2, 17 and 64")
    snapshot, runtime = Snapshot.load(generators(name)), session(out)
    latents, classes, truncation = inputs(snapshot, 5, seed=9)
    feed = {"latents": latents, "truncation": truncation * 0.5} | ({} if classes is None else {"classes": classes})
    used = {each.name: each for each in runtime.get_inputs()}
    assert all(each.type == "tensor(float)" for each in used.values())
    (pictures,) = runtime.run(["pictures"], {key: value.numpy() for key, value in feed.items() if key in used})
    expected = Painter(snapshot.generator)(latents, classes, truncation * 0.5)
    assert np.abs(pictures - expected.numpy()).max() <= TOLERANCE
    assert float(expected.std()) > 0.01 or name == "mean"


def test_onnx_is_one_file_that_says_what_it_is(generators: Callable[[str], Path], tmp_path: Path) -> None:
    import onnx

    export(generators("atelier"), "onnx", tmp_path / "generator.onnx")
    assert [each.name for each in tmp_path.iterdir()] == ["generator.onnx"]
    model = onnx.load(tmp_path / "generator.onnx")
    facts = {each.key: each.value for each in model.metadata_props}
    assert json.loads(facts["class_names"]) == NAMES
    assert facts["dataset"] == "nowhere"
    assert float(facts["difference"]) <= TOLERANCE
    assert "largest difference" in facts["check"]
    assert [each.name for each in model.graph.input] == ["latents", "classes", "truncation"]
    batch = model.graph.input[0].type.tensor_type.shape.dim[0]
    assert batch.dim_param
    assert not batch.dim_value


@pytest.mark.parametrize("name", EACH)
def test_plain_torch_paints_as_ganvas_does(name: str, generators: Callable[[str], Path], tmp_path: Path) -> None:
    (line,) = export(generators(name), "safetensors", tmp_path / "given")
    assert "largest difference" in line
    script = (tmp_path / "given" / "paint.py").read_text("utf-8")
    assert len([line for line in script.splitlines() if line.strip()]) <= 20
    assert "ganvas" not in script


@pytest.mark.parametrize("name", ["dcgan", "acgan"])
def test_the_folder_paints_the_pictures_of_a_seed_where_there_is_no_ganvas(
    name: str, generators: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "given"
    export(generators(name), "safetensors", folder)
    command = [sys.executable, "-c", ALONE, "paint.py", "3", "70"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = np.stack([np.asarray(Image.open(file)) for file in sorted(folder.glob("seed3-*.png"))])
    artist = load(generators(name))
    expected = artist.sample(70, 3) if name == "dcgan" else artist.by_class(70, 3)[np.arange(70) % 2, np.arange(70)]
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_the_name_of_a_dataset_is_no_code(generators: Callable[[str], Path], tmp_path: Path) -> None:
    snapshot = Snapshot.load(generators("mlp"))
    name = '"""\nopen("run.txt", "w")\n"""\\'
    save(tmp_path / "x.safetensors", snapshot.generator, snapshot.card.model_copy(update={"data": name}))
    export(tmp_path / "x.safetensors", "safetensors", tmp_path / "given")
    module = (tmp_path / "given" / "generator.py").read_text("utf-8")
    assert module.splitlines()[0].startswith('"""The generator of mlp on ____open(_run.txt_')
    compile(module, "generator.py", "exec")
    assert not list(tmp_path.rglob("run.txt"))


def test_the_lines_of_the_card_are_the_script(generators: Callable[[str], Path], tmp_path: Path) -> None:
    export(generators("acgan"), "safetensors", tmp_path / "given")
    card = (tmp_path / "given" / "README.md").read_text("utf-8")
    shown = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert shown
    assert shown[1].strip() in (tmp_path / "given" / "paint.py").read_text("utf-8")
    assert "| forest &#124; hill |" in card
    assert "It was not evaluated." in card
    with safe_open(tmp_path / "given" / "generator.safetensors", "pt") as file:
        assert json.loads(file.metadata()["generator"])["class_names"] == NAMES


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with an evaluation."""
    from ganvas.planning.run import train

    folder = tmp_path_factory.mktemp("trained")
    scored = TINY | {"eval_samples": 32, "extractor": "pixels"}
    data = write_dataset(folder / "data of mine")
    return train(data, folder / "run", "cdcgan", budget="4steps", **scored).run


def test_a_folder_for_the_hub_says_all_that_its_run_knows(run: Path, tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    lines = export(run, "hub", tmp_path / "hub", license="cc-by-4.0")
    assert "nothing was uploaded" in lines[-1]
    names = {file.name for file in (tmp_path / "hub").iterdir()}
    assert names == {
        "README.md", "config.yaml", "generator.py", "generator.safetensors", "paint.py", "pictures.png",
        "snapshot.safetensors",
    }  # fmt: skip
    card = ModelCard.load(tmp_path / "hub" / "README.md")
    assert (card.data.license, card.data.library_name) == ("cc-by-4.0", "ganvas")
    assert {"gan", "cdcgan", "class-conditional"} <= set(card.data.tags or [])
    results = {result.metric_type: result for result in card.data.eval_results or []}
    scores = Snapshot.load(run / "snapshots" / "best.safetensors").card.scores
    assert results["kid"].metric_value == pytest.approx(scores["kid"])
    assert results["kid"].metric_name == "KID (pixels)"
    assert results["kid"].dataset_name == "data of mine"
    assert results["pixel_diversity"].metric_name == "pixel diversity"
    text = card.text
    assert f"Verdict: **{scores['verdict']}**" in text
    assert "features of `pixels`" in text
    assert "near cop" in text
    assert "ganvas train 'data of mine' --config config.yaml --out run" in text


def test_nothing_that_is_exported_names_a_folder_of_this_machine(run: Path, tmp_path: Path) -> None:
    export(run, "hub", tmp_path / "hub")
    home = str(run.parent.parent).encode()
    for file in (tmp_path / "hub").iterdir():
        assert home not in file.read_bytes(), file


def test_the_command_on_the_card_trains_such_a_generator(run: Path, tmp_path: Path, cli: Cli) -> None:
    export(run, "safetensors", tmp_path / "given")
    (tmp_path / "given" / "data of mine").symlink_to(run.parent / "data of mine")
    options = yaml.safe_load((tmp_path / "given" / "config.yaml").read_text("utf-8"))
    assert (options["recipe"], options["settings"]["budget"]) == ("cdcgan", "4steps")
    words = ["train", tmp_path / "given" / "data of mine", "--config", tmp_path / "given" / "config.yaml"]
    cli(*words, "--out", "again", "--set", "eval_samples=0", "--set", "tensorboard=false", check=True)
    ours, theirs = (Snapshot.load(each / "snapshots" / "last.safetensors") for each in (run, tmp_path / "again"))
    assert ours.card.options == theirs.card.options


def test_the_snapshot_in_the_folder_paints_the_same(run: Path, tmp_path: Path) -> None:
    export(run, "hub", tmp_path / "hub")
    ours, theirs = load(run), load(tmp_path / "hub" / "snapshot.safetensors")
    assert np.array_equal(ours.sample(4), theirs.sample(4))
    assert ours.snapshot.digest == theirs.snapshot.digest


class Hub:
    """A hub that remembers what was sent."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.sent = error, [""]

    def __call__(self, **_: object) -> "Hub":
        return self

    def create_repo(self, repository: str, **_: object) -> str:
        if self.error:
            raise self.error
        return f"https://hub/{repository}"

    def upload_folder(self, *, repo_id: str, folder_path: Path, **_: object) -> None:
        self.sent = [repo_id, *sorted(file.name for file in Path(folder_path).iterdir())]


def test_push_uploads_the_whole_folder(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.HfApi", hub := Hub())
    lines = export(run, "hub", tmp_path / "hub", license="mit", push="me/paintings")
    assert hub.sent == ["me/paintings", *sorted(file.name for file in (tmp_path / "hub").iterdir())]
    assert lines[-1].endswith("to https://hub/me/paintings")


def test_a_failed_upload_leaves_the_folder_and_says_how_to_go_on(
    run: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.HfApi", Hub(OSError("no route to host")))
    done = cli("export", run, "--to", "hub", "--out", "hub", "--license", "mit", "--push", "me/paintings")
    assert done.returncode == 2
    assert "could not upload to me/paintings: no route to host; hub is complete" in done.stderr
    assert (tmp_path / "hub" / "README.md").is_file()


def test_the_command_prints_the_path_and_the_check(generators: Callable[[str], Path], cli: Cli, tmp_path: Path) -> None:
    done = cli("export", generators("mlp"), "--to", "safetensors", "--out", "given", check=True)
    assert done.stdout == "given\n"
    assert "largest difference" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "onxx", "--out", "x.onnx"], "unknown format 'onxx' (did you mean 'onnx'?); choose from: hub, onnx"),
        (["--to", "onnx", "--out", "x.pt"], "x.pt: choose a name that ends in .onnx"),
        (["--to", "onnx", "--out", "x.onnx", "--push", "me/x"], "onnx has no option push; it is an option of hub"),
        (["--to", "hub", "--out", "x", "--push", "me/x"], "--push needs --license NAME"),
        (["--to", "hub", "--out", "x", "--license", "My own!"], "--license 'My own!': expected the hub's name"),
        (
            ["--to", "hub", "--out", "x", "--license", "mit", "--push", "x"],
            "'x' is not a repository; expected USER/NAME",
        ),
        (["--to", "hub", "--out", "x", "--license", "mit", "--push", "a/../b"], "is not a repository"),
        (["--to", "web", "--out", "taken"], "taken exists already"),
        (["--to", "safetensors", "--out", "taken"], "taken exists already"),
        (["--to", "onnx", "--out", "taken.onnx"], "taken.onnx exists already"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    words: list[str], message: str, generators: Callable[[str], Path], cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    (tmp_path / "taken.onnx").write_text("mine")
    done = cli("export", generators("mlp"), *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == ["taken", "taken.onnx"]
    assert (tmp_path / "taken.onnx").read_text("utf-8") == "mine"


def test_a_snapshot_that_is_none_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "none.safetensors").write_bytes(b"nothing")
    for source, message in (("none.safetensors", "cannot be read as a snapshot"), ("gone", "gone does not exist")):
        done = cli("export", source, "--to", "web", "--out", "page")
        assert (done.returncode, message in done.stderr) == (2, True)
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_a_missing_package_is_told_with_what_installs_it(
    package: str, generators: Callable[[str], Path], cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    done = cli("export", generators("mlp"), "--to", "onnx", "--out", "x.onnx")
    assert done.returncode == 2
    assert f"needs the package {package}; install it with: pip install 'ganvas[onnx]'" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("to", formats.names())
def test_a_full_disk_leaves_nothing(
    to: str, generators: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, *_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    monkeypatch.setattr(Path, "write_bytes", full)
    out = tmp_path / {"onnx": "x.onnx", "web": "x.html"}.get(to, "x")
    with pytest.raises(Exception, match=f"could not write .*{out.name}.*No space left on device"):
        export(generators("mlp"), to, out)
    assert not list(tmp_path.iterdir())


def test_an_export_that_paints_otherwise_is_refused(generators: Callable[[str], Path]) -> None:
    snapshot = Snapshot.load(generators("mlp"))
    painter = Painter(snapshot.generator)

    def nearly(latents: Tensor, classes: Tensor | None, truncation: Tensor) -> Tensor:
        # Right for every batch but the largest.
        pictures: Tensor = painter(latents, classes, truncation)
        return pictures + 1e-3 * (len(latents) == max(BATCHES))

    with pytest.raises(RunError, match=r"differs from torch by 0\.001 in a batch of 64"):
        check(snapshot, nearly, "it")
    with pytest.raises(RunError, match="differs from torch by nan"):
        check(snapshot, lambda *given: painter(*given) * torch.nan, "it")


def test_a_network_that_decides_by_values_is_refused(generators: Callable[[str], Path], tmp_path: Path) -> None:
    class Deciding(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, latents: Tensor) -> Tensor:
            pictures: Tensor = self.inner(latents)
            return -pictures if pictures.mean() > 0 else pictures

    snapshot = Snapshot.load(generators("mlp"))
    from ganvas.sharing.tracing import trace

    with pytest.raises(ConfigError, match="the generator of recipe mlp cannot be exported"):
        trace(Snapshot(snapshot.card, snapshot.recipe, Deciding(snapshot.generator)))


def test_latents_of_ones_own_are_told_to_go_by_onnx(
    generators: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signs(self: MLP, count: int, random: torch.Generator) -> Tensor:
        return torch.randn(count, self.options.latent_dim, generator=random).sign()

    monkeypatch.setattr(MLP, "latents", signs)
    with pytest.raises(ConfigError, match="draws its latents in a way of its own, so export it --to onnx"):
        export(generators("mlp"), "safetensors", tmp_path / "given")
    assert not list(tmp_path.iterdir())
    export(generators("mlp"), "onnx", tmp_path / "x.onnx")
