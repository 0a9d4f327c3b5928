"""Feature networks by name; the ones that are fetched, from local files of the form they are published in."""

import re
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import timm
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from typer.testing import CliRunner

from ganvas.artist.evaluate import evaluate
from ganvas.cli import app
from ganvas.foundation.errors import ConfigError, DataError
from ganvas.foundation.files import read_records
from ganvas.gans.dcgan import DCGAN
from ganvas.metrics import extractors
from ganvas.metrics.extractors import EXTRACTORS, check, fetch, load_extractor
from ganvas.metrics.features import extract
from ganvas.metrics.independence import independent_extractor
from ganvas.networks import pretrained as timm_networks
from ganvas.planning.run import train
from support.datasets import write_dataset

Images = NDArray[np.uint8]


@pytest.fixture
def pictures() -> Images:
    return np.random.default_rng(0).integers(0, 256, (3, 24, 24, 3), dtype=np.uint8)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path))
    return tmp_path


def offline(*_: Any, **__: Any) -> None:
    raise URLError("no route to host")


def test_pixels_are_the_reduced_picture(pictures: Images) -> None:
    features = extract(load_extractor("pixels"), np.repeat(np.repeat(pictures, 4, axis=1), 4, axis=2))
    assert features.shape == (3, 3072)
    assert np.abs(features).max() <= 1
    white = extract(load_extractor("pixels"), np.full((1, 64, 64, 3), 255, np.uint8))
    assert white == pytest.approx(1.0)
    same = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    expected = same.transpose(0, 3, 1, 2).reshape(2, -1) / 127.5 - 1
    assert extract(load_extractor("pixels"), same) == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_inception_is_torch_fidelitys(
    pictures: Images, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Weights drawn here, in a file like the published one; fetched into the cache, and then read from there."""
    torch.manual_seed(0)
    published = tmp_path / "published.pth"
    plain = _random_inception()
    torch.save(plain.state_dict(), published)
    fetched = []

    def download(url: str, destination: str, hash_prefix: str, progress: bool) -> None:
        fetched.append((url, hash_prefix))
        Path(destination).write_bytes(published.read_bytes())

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    features = extract(load_extractor("inception"), pictures)
    with torch.inference_mode():
        (expected,) = plain(torch.from_numpy(pictures).permute(0, 3, 1, 2))
    assert features.shape == (3, 2048)
    assert features == pytest.approx(expected.numpy(), rel=1e-3, abs=1e-4)
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    assert np.array_equal(extract(load_extractor("inception"), pictures), features)
    ((url, prefix),) = fetched
    assert re.fullmatch(r"[0-9a-f]{8}", prefix)
    assert prefix in url


def _random_inception() -> FeatureExtractorInceptionV3:
    class Unread(FeatureExtractorInceptionV3):  # type: ignore[misc]  # torch-fidelity has no type annotations
        def load_state_dict(self, *_: Any, **__: Any) -> None:
            """Keep the weights that it was built with."""

    empty = Path(extractors.__file__).parent / "none"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "load", lambda *_, **__: {})
        network = Unread("inception", ["2048"], feature_extractor_weights_path=str(empty))
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    return network


def test_without_a_network_inception_says_where_to_put_its_weights(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(DataError, match=r"inception are not in .* no route to host.*efficientnet-lite2 works offline"):
        fetch("inception")
    assert not [path for path in cache.iterdir() if path.is_file()], "nothing half-written"


def test_a_pickle_in_the_place_of_weights_is_not_loaded(cache: Path) -> None:
    torch.save({"weights": Path("anything")}, cache / "weights-inception-2015-12-05-6726825d.pth")
    with pytest.raises(DataError, match="is damaged; remove it"):
        load_extractor("inception")


def test_a_network_of_timm_with_its_published_weights(
    pictures: Images, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    published: Any = timm.create_model("test_resnet").eval()  # its methods are declared on no common base
    save_file(published.state_dict(), tmp_path / "model.safetensors")
    asked = []

    def download(repository: str, file: str) -> str:
        asked.append((repository, file))
        return str(tmp_path / file)

    monkeypatch.setattr(timm_networks, "hf_hub_download", download)
    extractor = load_extractor("timm:test_resnet")
    features = extract(extractor, pictures)
    assert asked == [("timm/test_resnet.r160_in1k", "model.safetensors")]
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    side = published.pretrained_cfg["input_size"][-1]
    resized = torch.nn.functional.interpolate(images, (side, side), mode="bicubic", antialias=True).clamp(0, 255) / 255
    mean, deviation = (torch.tensor(published.pretrained_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
    with torch.inference_mode():
        expected = published.forward_head(published.forward_features((resized - mean) / deviation), pre_logits=True)
    assert features == pytest.approx(expected.numpy(), rel=1e-3, abs=1e-4)


def test_without_a_network_timm_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: Any) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr(timm_networks, "hf_hub_download", download)
    with pytest.raises(DataError, match=r"timm/test_resnet.*is not in the Hugging Face cache and cannot be downloaded"):
        fetch("timm:test_resnet")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("inceptoin", r"did you mean 'inception'\?.*pixels, timm:NAME"),
        ("timm:resnet1", r"timm has no network 'resnet1'; did you mean resnet"),
        ("timm:", "timm has no network ''"),
        ("", "unknown feature extractor ''"),
        ("Pixels", "did you mean 'pixels'"),
    ],
)
def test_unknown_names(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check(name)


@pytest.mark.parametrize("name", [name for name in EXTRACTORS.names() if name != "timm"])
def test_known_names(name: str) -> None:
    check(name)


def test_a_run_can_be_judged_by_another_extractor(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", 40)
    small: dict[str, Any] = {"width": 4, "latent_dim": 8, "batch_size": 16, "eval_samples": 16, "budget": "2steps"}
    run = train(data, tmp_path / "run", **small, extractor="pixels")
    assert '"extractor": "pixels"' in (tmp_path / "run" / "evals.jsonl").read_text("utf-8")
    with pytest.raises(ConfigError, match="did you mean 'pixels'"):
        train(data, tmp_path / "other", **small, extractor="pixel")
    assert not (tmp_path / "other").exists()
    assert run is not None
    done = CliRunner().invoke(app, ["evaluate", str(tmp_path / "run"), "--samples", "16", "--extractor", "pixels"])
    assert done.exit_code == 0
    assert "features of pixels" in done.output


class SeesThroughTheJudge(DCGAN):
    """A recipe whose D is said to see pictures through the default feature network."""

    sees_through = ("efficientnet-lite2-260",)


def test_what_trained_a_generator_does_not_judge_it(tmp_path: Path) -> None:
    assert independent_extractor((), 64) == independent_extractor(("inception",), 128) == "efficientnet-lite2"
    assert independent_extractor((), 256) == "efficientnet-lite2-260"
    assert independent_extractor(SeesThroughTheJudge.sees_through, 64) == "pixels", (
        "the weights are the same at any size"
    )
    data, run = write_dataset(tmp_path / "data", count=24, classes=0), tmp_path / "run"
    options: dict[str, Any] = {"width": 4, "batch_size": 8, "eval_samples": 16, "tensorboard": False}
    train(data, run, f"{__name__}:{SeesThroughTheJudge.__name__}", budget="1steps", **options)
    (record,) = read_records(run / "evals.jsonl")
    assert (record["extractor"], record["independent"]) == ("pixels", True)
    assert evaluate(run, samples=16).extractor == "pixels"
    asked_for = evaluate(run, samples=16, extractor="efficientnet-lite2")
    assert not asked_for.independent
    assert "the discriminator saw pictures through efficientnet-lite2" in str(asked_for)
    assert "saw pictures through" not in str(evaluate(run, samples=16))
