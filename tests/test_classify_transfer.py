"""Classifiers that begin with what was learned elsewhere: activations, backbones of timm, and another classifier."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from ganvas.classify.attention import activation_maps, hires_cam
from ganvas.classify.backbone import backbone
from ganvas.classify.classifier import Classifier
from ganvas.classify.convolutional import ConvolutionalModel
from ganvas.classify.evaluate import evaluate
from ganvas.classify.model import Examples, Silent
from ganvas.classify.models import find, resolve
from ganvas.classify.models.transfer import Transfer
from ganvas.classify.network import NetworkModel
from ganvas.classify.train import train
from ganvas.foundation.errors import ConfigError, DataError, GanvasError, RunError
from ganvas.networks import pretrained
from ganvas.report.classifier.page import write_page
from support.command_line import Cli
from support.datasets import write_dataset

TINY: dict[str, Any] = {"device": "cpu", "threads": 1}
CNN: dict[str, Any] = {"model": "cnn", "size": 16, "epochs": 1, **TINY}
NETWORK = "test_resnet"


def colours(count: int = 24, seed: int = 0) -> Examples:
    """Noise of two classes; class k is brighter in channel k."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = random.integers(0, 150, (count, 32, 32, 3))
    images[np.arange(count), :, :, labels] += 100
    return Examples(images.astype(np.uint8), labels.astype(np.int64))


def convolutional(name: str, activation: str, **changes: Any) -> ConvolutionalModel:
    model = find(name)(resolve(name, {"activation": activation, **TINY, **changes}), 2)
    assert isinstance(model, ConvolutionalModel)
    return model


# ---- activations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "weights"), [("cnn", 40_097), ("deep-cnn", 168_289)])
@pytest.mark.parametrize("activation", ["relu", "elu", "hard-sigmoid"])
def test_another_activation_has_no_weights_and_is_everywhere(name: str, weights: int, activation: str) -> None:
    network = convolutional(name, activation).network
    assert sum(each.numel() for each in network.parameters()) == weights
    names = [type(layer).__name__.casefold() for layer in network.modules()]
    assert names.count(activation.replace("-", "")) == (1 if name == "cnn" else 5)
    assert names.count("relu") == (0 if activation != "relu" else 1 if name == "cnn" else 5)


def test_the_hard_sigmoid_is_keras_s_of_2017() -> None:
    activation = convolutional("cnn", "hard-sigmoid").activation()
    values = torch.tensor([-3.0, -2.5, -1.0, 0.0, 1.0, 2.5, 3.0])
    assert activation(values).tolist() == pytest.approx([0, 0, 0.3, 0.5, 0.7, 1, 1])


@pytest.mark.parametrize("activation", ["relu", "elu", "hard-sigmoid"])
def test_pooling_first_is_the_paper_s_order_and_maps_are_shown_before_it(activation: str) -> None:
    model = convolutional("cnn", activation, size=16)
    image = colours(1).images[0]
    convolution, pooling, after, *rest = list(model.network.children())
    inputs = model.inputs(image[None])
    with torch.no_grad():
        maps = after(convolution(inputs))
        expected = nn.Sequential(*rest)(pooling(maps))
        before = model.network(inputs)
        assert torch.allclose(before, expected, atol=1e-6)
    assert np.allclose(activation_maps(model, image), maps[0].numpy(), atol=1e-6)
    assert hires_cam(model, image[None], np.array([1])).shape == (1, 32, 32)
    with torch.no_grad():
        assert torch.equal(model.network(inputs), before), "showing maps has changed the network"


@pytest.mark.parametrize("activation", ["elu", "hard-sigmoid"])
def test_a_network_learns_with_another_activation(activation: str) -> None:
    model = convolutional("cnn", activation, size=16, epochs=30, optimizer="adam", learning_rate=1e-2)
    model.fit(colours(), None, Silent())
    unseen = colours(seed=1)
    assert (model.probabilities(unseen.images).argmax(axis=1) == unseen.labels).mean() > 0.9


# ---- backbones --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as timm publishes it, with weights drawn here."""
    torch.manual_seed(1)
    network: Any = timm.create_model(NETWORK)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
    file = tmp_path_factory.mktemp("timm") / f"{NETWORK}.safetensors"
    save_file(network.state_dict(), file)
    return file


def transfer(weights: Path | None, name: str = NETWORK, **changes: Any) -> Transfer:
    asked = {"backbone": name, "weights": None if weights is None else str(weights), "size": 32, **TINY, **changes}
    model = find("transfer")(resolve("transfer", asked), 2)
    assert isinstance(model, Transfer)
    return model


def test_a_backbone_gives_timm_s_features_and_the_statistics_of_its_stages(weights: Path) -> None:
    model = transfer(weights)
    network: Any = timm.create_model(NETWORK, pretrained=True, pretrained_cfg_overlay={"file": str(weights)}).eval()
    mean, deviation = (torch.tensor(network.pretrained_cfg[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    pictures = torch.rand(3, 3, 32, 32)
    with torch.no_grad():
        features = model.network.backbone(pictures)
        maps = network.forward_features((pictures - mean) / deviation)
        stages = timm.create_model(
            NETWORK, pretrained=True, features_only=True, pretrained_cfg_overlay={"file": str(weights)}
        ).eval()((pictures - mean) / deviation)
    assert features.shape == (3, model.network.backbone.features)
    assert torch.allclose(features[:, : maps.shape[1]], maps.mean(dim=(2, 3)), atol=1e-5)
    statistics = [each for stage in stages for each in (stage.mean((2, 3)), stage.std((2, 3), correction=0))]
    assert torch.allclose(features[:, maps.shape[1] :], torch.cat(statistics, dim=1), atol=1e-2)


@pytest.mark.parametrize("changes", [{}, {"head": "mlp"}, {"fine_tune_epochs": 2}])
def test_a_classifier_on_a_backbone_learns_and_opens_without_its_file(
    changes: dict[str, Any], weights: Path, tmp_path: Path
) -> None:
    file = tmp_path / "moved.safetensors"
    shutil.copy(weights, file)
    model = transfer(file, **changes)
    before = {name: tensor.clone() for name, tensor in model.network.backbone.state_dict().items()}
    model.fit(colours(48), None, Silent())
    unseen = colours(seed=1)
    probabilities = model.probabilities(unseen.images)
    assert (probabilities.argmax(axis=1) == unseen.labels).mean() > 0.9
    after = model.network.backbone.state_dict()
    is_same = {name: torch.equal(tensor, after[name]) for name, tensor in before.items()}
    assert all(is_same.values()) == ("fine_tune_epochs" not in changes)
    assert all(same for name, same in is_same.items() if "running" in name), "batches were too small to learn these"
    model.save(tmp_path)
    file.unlink()
    again = Transfer.load(tmp_path, model.options, 2)
    assert np.array_equal(again.probabilities(unseen.images), probabilities)


@pytest.mark.parametrize("name", [NETWORK, "test_convnext", "test_efficientnet", "test_vit"])
def test_attention_maps_are_read_from_any_backbone(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network: Any = timm.create_model(name)
    save_file(network.state_dict(), tmp_path / "own.safetensors")
    model = transfer(tmp_path / "own.safetensors", name, size=network.pretrained_cfg["input_size"][-1])
    assert model.network.backbone.features > network.num_features
    images = colours(2).images
    heat = hires_cam(model, images, np.array([0, 1]))
    assert heat.shape == (2, 32, 32)
    assert heat.max() == 1
    assert activation_maps(model, images[0]).ndim == 3


def pickled(folder: Path) -> Path:
    torch.save({"weights": Path("anything")}, folder / "pickle.safetensors")
    return folder / "pickle.safetensors"


def cut(folder: Path) -> Path:
    """A file in which a layer is missing."""
    network: Any = timm.create_model(NETWORK)
    kept = {key: value for key, value in network.state_dict().items() if not key.startswith("layer4.")}
    save_file(kept, folder / "cut.safetensors")
    return folder / "cut.safetensors"


def foreign(folder: Path) -> Path:
    network: Any = timm.create_model("test_convnext")
    save_file(network.state_dict(), folder / "foreign.safetensors")
    return folder / "foreign.safetensors"


@pytest.mark.parametrize(
    ("name", "file", "message"),
    [
        (NETWORK, pickled, "pickle.safetensors cannot be read as a safetensors file"),
        (NETWORK, cut, "cut.safetensors does not fit test_resnet: .* tensors are missing, such as 'layer4"),
        (NETWORK, foreign, "foreign.safetensors does not fit test_resnet: "),
        (NETWORK, lambda folder: folder / "none", "none does not exist; expected a safetensors file with the weights"),
        ("test_resnets", cut, "timm has no network 'test_resnets'; did you mean "),
        ("efficientnet-lite2", cut, "efficientnet-lite2 has its own; also set backbone, such as vgg16"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_and_nothing_is_left(
    name: str, file: Any, message: str, tmp_path: Path
) -> None:
    data = write_dataset(tmp_path / "data")
    with pytest.raises(GanvasError, match=message) as caught:
        train(data, tmp_path / "out", model="transfer", backbone=name, weights=str(file(tmp_path)), size=32)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "its_size"), [("vit_tiny_patch16_224", 224), ("inception_v3", 299)])
def test_a_size_that_a_backbone_does_not_take_is_refused(name: str, its_size: int) -> None:
    with pytest.raises(ConfigError) as caught:
        backbone(name, 32, None, is_trained=False)
    assert str(caught.value).startswith(f"backbone={name} does not take pictures of 32 px (")
    assert str(caught.value).endswith(f"; it was trained with --set size={its_size}")


def test_the_paper_s_vgg_is_such_a_backbone() -> None:
    assert backbone("vgg16", 32, None, is_trained=False).features == 4096 + 2 * (64 + 128 + 256 + 3 * 512)


def test_without_a_network_a_backbone_says_what_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: Any) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr(pretrained, "hf_hub_download", download)
    with pytest.raises(DataError, match=r"timm/test_resnet.* cannot be downloaded; .*--set weights=FILE"):
        transfer(None)


def test_without_a_file_the_published_weights_are_taken(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def download(repository: str, file: str) -> str:
        asked.append((repository, file))
        return str(weights)

    monkeypatch.setattr(pretrained, "hf_hub_download", download)
    model, named = transfer(None), transfer(weights)
    assert asked == [("timm/test_resnet.r160_in1k", "model.safetensors")]
    pictures = torch.rand(2, 3, 32, 32)
    assert torch.equal(model.network.backbone(pictures), named.network.backbone(pictures))


# ---- starting from another classifier ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def genres(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """A `cnn` of three classes and, next to it, its dataset `data`; not to be changed."""
    folder = tmp_path_factory.mktemp("genres")
    data = write_dataset(folder / "data", classes=3)
    return train(data, folder / "genres", **CNN | {"epochs": 3})


def state(model: Any) -> dict[str, torch.Tensor]:
    assert isinstance(model, NetworkModel)
    return model.network.state_dict()


@pytest.mark.parametrize("is_same_task", [False, True])
def test_the_body_is_taken_over_and_the_last_layer_only_for_the_same_classes(
    genres: Classifier, is_same_task: bool
) -> None:
    model = find("cnn")(resolve("cnn", {"size": 16, "seed": 5}), 3)
    new = {name: tensor.clone() for name, tensor in state(model).items()}
    model.start_from(genres.model, is_same_task)
    for name, tensor in state(model).items():
        is_last = name.startswith("4.")
        origin = new if is_last and not is_same_task else state(genres.model)
        assert torch.equal(tensor, origin[name]), name
        assert not torch.equal(new[name], state(genres.model)[name]) or name == "0.bias"


def test_a_classifier_that_starts_from_another_learns_further(genres: Classifier, cli: Cli, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", count=60, classes=2)
    words = ["--model", "cnn", *(f"--set={key}={CNN[key]}" for key in ("size", "device", "threads"))]
    done = cli(
        "classify",
        "train",
        data,
        "--out",
        "artists",
        "--from",
        genres.path,
        *words,
        "--set=epochs=20",
        "--set=learning_rate=0.01",
        check=True,
    )
    classifier = Classifier.open(tmp_path / "artists")
    assert classifier.card.start == str(genres.path)
    assert classifier.card.test_accuracy is not None
    assert classifier.card.test_accuracy > 0.9
    assert "note:" not in done.stderr
    assert not torch.equal(state(genres.model)["0.weight"], state(classifier.model)["0.weight"])
    write_page(evaluate(tmp_path / "artists"), tmp_path / "page.html")
    assert f"--from {genres.path}" in (tmp_path / "page.html").read_text("utf-8")


def test_the_first_epoch_begins_with_the_weights_taken_over(genres: Classifier, tmp_path: Path) -> None:
    """With a learning rate that moves nothing, what is kept is what was there at the start."""
    data = write_dataset(tmp_path / "data", classes=2)
    classifier = train(data, tmp_path / "out", start=genres.path, learning_rate=1e-30, **CNN)
    assert torch.equal(state(classifier.model)["0.weight"], state(genres.model)["0.weight"])


def test_test_pictures_that_the_start_was_trained_on_are_counted(genres: Classifier, cli: Cli, tmp_path: Path) -> None:
    """The same dataset with another seed has another split."""
    assert genres.path is not None
    words = ["--model", "cnn", "--seed", "7", *(f"--set={key}={CNN[key]}" for key in CNN if key != "model")]
    done = cli("classify", "train", genres.card.data, "--out", "again", "--from", genres.path, *words, check=True)
    card = Classifier.open(tmp_path / "again").card
    assert card.seen > 0
    assert f"note: the classifier to start from was trained on {card.seen} of the test pictures" in done.stderr
    assert f"that it started from was trained on {card.seen} of these pictures" in str(evaluate(tmp_path / "again"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "deep-cnn", "size": 46}, "it is a cnn, not a deep-cnn; add --model cnn"),
        ({"model": "forest", "size": 16}, "it is a cnn, not a forest"),
        ({"size": 20}, "it was trained with size=16, not 20; add --set size=16"),
        ({"activation": "elu"}, "it was trained with activation=relu, not elu; add --set activation=relu"),
    ],
)
def test_a_start_that_does_not_fit_is_refused_and_nothing_is_left(
    genres: Classifier, changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    options = {**({} if changes.get("model") in ("deep-cnn", "forest") else CNN), **changes}
    with pytest.raises(ConfigError) as caught:
        train(genres.card.data, tmp_path / "out", start=genres.path, **options)
    assert str(caught.value).startswith(f"--from {genres.path}: ")
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_forest_and_something_else_are_no_start(genres: Classifier, tmp_path: Path) -> None:
    data = genres.card.data
    train(data, tmp_path / "forest", model="forest", size=16, trees=3)
    with pytest.raises(ConfigError, match="has no network, so it always starts anew"):
        train(data, tmp_path / "out", model="forest", size=16, start=tmp_path / "forest")
    with pytest.raises(RunError, match="data is not a classifier"):
        train(data, tmp_path / "out", start=data, **CNN)
    assert [path.name for path in tmp_path.iterdir()] == ["forest"]


def test_a_check_of_a_new_network_has_no_start(genres: Classifier, cli: Cli) -> None:
    done = cli("classify", "train", genres.card.data, "--overfit", "6", "--from", genres.path)
    assert done.returncode == 2
    assert "--overfit checks a new network, so it cannot be used with --from" in done.stderr


def test_transfer_starts_from_a_tuned_backbone_or_a_trained_hidden_layer(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", count=24)
    options: dict[str, Any] = {"model": "transfer", "size": 32, "epochs": 2, **TINY}
    plain = train(data, tmp_path / "plain", **options)
    with pytest.raises(ConfigError, match="nothing that it has learned would be kept"):
        train(data, tmp_path / "out", start=plain.path, **options)
    tuned = train(data, tmp_path / "tuned", fine_tune_epochs=1, validation_share=0, **options)
    train(data, tmp_path / "next", start=tuned.path, **options)
    following = Classifier.open(tmp_path / "next")
    body = [name for name in state(tuned.model) if name.startswith("backbone.")]
    assert all(torch.equal(state(following.model)[name], state(tuned.model)[name]) for name in body)
    hidden = train(data, tmp_path / "hidden", head="mlp", **options)
    further = train(data, tmp_path / "further", head="mlp", learning_rate=1e-30, start=hidden.path, **options)
    assert torch.equal(state(further.model)["head.layers.0.bias"], state(hidden.model)["head.layers.0.bias"])
    assert torch.equal(state(further.model)["head.mean"], state(hidden.model)["head.mean"])
