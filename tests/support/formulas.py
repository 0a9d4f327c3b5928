"""The papers' formulas as ganvas computes them, by the names that tests/data/papers.yaml uses."""

import inspect
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ganvas import gans
from ganvas.artist.artist import Artist
from ganvas.artist.critic import Critic
from ganvas.artist.sampling import between, latents_of, sample_by_class
from ganvas.classify.fitting import class_logits
from ganvas.classify.model import Examples, Silent
from ganvas.classify.models.forest import Forest, ForestOptions
from ganvas.classify.scores import score
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.foundation.pixels import to_float, to_unit
from ganvas.gans.recipe import Recipe, Spec
from ganvas.networks.can import MapPictures
from ganvas.networks.conditional import FromLabelImages
from ganvas.networks.critique import Critique
from ganvas.networks.losses import class_cross_entropy, logistic_fake, logistic_real, style_ambiguity
from ganvas.settings.budget import Amount, Progress
from ganvas.training.learning_rates import LearningRates
from support.pictures import write_pictures

ROOT = Path(__file__).parents[2]


class Echo(nn.Module):
    """A generator that paints the first value of each latent, and a discriminator that reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.latents: list[Tensor] = []

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """float [B, L] -> float [B, 3, 2, 2]."""
        self.latents.append(latents)
        return latents[:, :1, None, None].expand(-1, 3, 2, 2)


class Reader(nn.Module):
    """A discriminator whose logit is the first pixel, and whose class logits are given."""

    def __init__(self, class_logits: Tensor | None = None) -> None:
        super().__init__()
        self.class_logits = class_logits

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Critique:
        """float [B, 3, 2, 2] -> a critique."""
        return Critique(images[:, 0, 0, 0], images.flatten(1), self.class_logits)


def default(name: str, **changes: object) -> Recipe:
    """A recipe with its defaults, except for changes."""
    kind = gans.find(name)
    return kind(kind.defaults.model_copy(update=changes))


def logit(probability: float) -> Tensor:
    return torch.tensor([probability]).logit()


# ---- losses -----------------------------------------------------------------------------------------------------


def cross_entropy(probabilities: Sequence[float]) -> float:
    """D's loss at D(x) and D(G(z))."""
    real, fake = probabilities
    return (logistic_real(logit(real)) + logistic_fake(logit(fake))).item()


def wasserstein(real: list[float], fake: list[float]) -> float:
    """D's loss in `wgan` at scores of real and generated pictures."""
    recipe = default("wgan")
    images = torch.tensor(real)[:, None, None, None].expand(-1, 3, 2, 2)
    batch = recipe.batch(images, torch.tensor(fake)[:, None])
    return recipe.discriminator_loss(Echo(), Reader(), batch).total.item()


def can_loss_of_d(real: float, style: float, fake: float) -> float:
    """D's loss in equation 2 of paper 4 without its ambiguity, at D_r(x), D_c(c | x) and D_r(G(z))."""
    recipe = default("can", ambiguity_in_d=False, class_weight=1.0, class_loss="true-class")
    images = logit(real).view(1, 1, 1, 1).expand(-1, 3, 2, 2)
    batch = recipe.batch(images, logit(fake)[:, None], torch.tensor([0]))
    return recipe.discriminator_loss(Echo(), Reader(logit(style)[:, None]), batch).total.item()


def can_loss_of_g(fake: float, styles: Sequence[float]) -> float:
    """G's loss in equation 2 of paper 4, at D_r(G(z)) and D_c(k | G(z))."""
    recipe = default("can", g_loss="saturating", ambiguity_weight=1.0)
    batch = recipe.batch(torch.zeros(1, 3, 2, 2), logit(fake)[:, None], torch.tensor([0]))
    return recipe.generator_loss(Echo(), Reader(torch.tensor([styles]).logit()), batch).total.item()


def ambiguity(styles: Sequence[float]) -> float:
    """Paper 4's equation 3, which G minimises, so with the opposite sign."""
    return style_ambiguity(torch.tensor([styles]).logit()).item()


def log_softmax(logits: list[float], label: int) -> float:
    """An auxiliary classifier's loss."""
    return class_cross_entropy(torch.tensor([logits]), torch.tensor([label])).item()


def classifier_loss(outputs: list[float], labels: list[int]) -> float:
    """The binary cross-entropy of a classifier of two classes."""
    logits = class_logits(torch.tensor(outputs)[:, None])
    return nn.functional.cross_entropy(logits, torch.tensor(labels)).item()


def loss_terms(recipe: str) -> list[str]:
    """The terms of D's loss."""
    gan = default(recipe, width=4)
    spec = Spec(32, classes=3)
    batch = gan.batch(torch.rand(4, 3, 32, 32), torch.randn(4, 100), torch.tensor([0, 1, 2, 0]))
    return sorted(gan.discriminator_loss(*gan.build(spec), batch).terms)


def mean_targets(recipe: str) -> list[float]:
    """The mean targets of D for real and for generated pictures, read from its loss at a logit of 1."""
    torch.manual_seed(0)
    logits = torch.ones(100_000)
    terms = default(recipe).targets.terms(logits, logits)
    return [round((nn.functional.softplus(torch.tensor(1.0)) - terms[side]).item(), 2) for side in ("real", "fake")]


# ---- networks ---------------------------------------------------------------------------------------------------


def glorot_limit(recipe: str, layer: str) -> float:
    """The largest of a layer's initial weights in D."""
    torch.manual_seed(0)
    discriminator = default(recipe).build(Spec(64))[1]
    return discriminator.get_parameter(f"{layer}.weight").abs().max().item()


def spread_of_weights(recipe: str) -> float:
    """The standard deviation of the initial weights of all convolutions."""
    torch.manual_seed(0)
    networks = default(recipe).build(Spec(64, classes=4))
    kernels = [weight.flatten() for network in networks for weight in network.parameters() if weight.dim() == 4]
    return round(torch.cat(kernels).std().item(), 3)


def label_image_maps() -> list[int]:
    """The shape of the maps of two labels of four at 64 px."""
    return list(FromLabelImages(4, 32, 64)(torch.tensor([0, 3])).shape)


def output_map(values: list[float]) -> list[float]:
    """What paper 4's linear map makes of the values of a picture."""
    mapped: list[float] = MapPictures()(torch.tensor(values).view(1, 1, 1, -1)).flatten().tolist()
    return mapped


def latents(recipe: str) -> list[int]:
    """The shape of a batch of latents."""
    gan = default(recipe)
    return list(gan.latents(gan.options.batch_size, torch.Generator().manual_seed(0)).shape)


# ---- data and training ------------------------------------------------------------------------------------------


def unit_range(values: list[int]) -> list[float]:
    """Bytes as a GAN sees them."""
    bytes_ = torch.tensor(values, dtype=torch.uint8).view(1, 1, -1, 1).expand(-1, -1, -1, 3)
    seen: list[float] = to_float(bytes_)[0, 0].flatten().tolist()
    return seen


def share_of_255() -> list[float]:
    """Bytes of 0 and 255 as a classifier sees them."""
    bytes_ = torch.tensor([0, 255], dtype=torch.uint8).view(1, 1, -1, 1).expand(-1, -1, -1, 3)
    seen: list[float] = to_unit(bytes_)[0, 0].flatten().tolist()
    return seen


def whole_batches(pictures: int, batch: int) -> int:
    """The whole batches of an epoch."""
    return int(Amount.parse("1epochs").images(1.0, pictures, batch)) // batch


def pictures_seen(budget: str, batch: int) -> int:
    """The real pictures that D sees in a budget."""
    return int(Amount.parse(budget).images(1.0, 18_458, batch))


def rate_after(recipe: str, epochs: list[int]) -> list[float]:
    """G's learning rate after so many epochs."""
    rates = LearningRates(gans.find(recipe).defaults, Amount(200, "epochs"))
    moments = [Progress(dataset_size=100, images=100 * epoch) for epoch in epochs]
    assert all(rates.rates(moment).g_lr == rates.rates(moment).d_lr for moment in moments)
    return [rates.rates(moment).g_lr for moment in moments]


def total(of: list[int]) -> int:
    """A sum that the paper's figures must give."""
    return sum(of)


def rejected_pictures() -> int:
    """The corrupted files that a preparation leaves out of ten pictures and one such file."""
    with tempfile.TemporaryDirectory() as name:
        folder = write_pictures(Path(name) / "pictures", 10)
        (folder / "corrupted.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing else")
        summary = prepare(folder, Path(name) / "data", size=16)
        assert summary.count == 10
        return sum(summary.rejected.values())


def class_order(names: list[str]) -> list[str]:
    """The classes of folders with these names, in the order of their numbers."""
    with tempfile.TemporaryDirectory() as name:
        for seed, folder in enumerate(names):
            write_pictures(Path(name) / "pictures" / folder, 2, seed)
        prepare(Path(name) / "pictures", Path(name) / "data", size=16)
        return Dataset.open(Path(name) / "data").class_names


# ---- what is shown ----------------------------------------------------------------------------------------------


def f1(truth: list[int], named: list[int]) -> float:
    """The mean F1 of two classes."""
    probabilities = np.eye(2, dtype=np.float32)[named]
    names = ["Cezanne", "van Gogh"]
    return score(probabilities, np.array(truth), names, groups=np.arange(len(truth)), majority=names[0]).f1.value


def importances() -> list[int]:
    """The shape of a forest's importances of pictures of 8 px."""
    forest = Forest(ForestOptions(size=8, trees=3), 2)
    pictures = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 3), np.uint8)
    forest.fit(Examples(pictures, np.arange(10) % 2), None, Silent())
    return list(forest.importances.shape)


def linear_interpolation() -> bool:
    """Whether an artist interpolates linearly in each dimension when asked to."""
    ends = latents_of(default("dcgan"), 0, range(2))
    path = between(ends[:1], ends[1:], 5, spherical=False)[0]
    is_linear = torch.allclose(path, torch.lerp(path[0], path[4], torch.linspace(0, 1, 5)[:, None]), atol=1e-6)
    return is_linear and "spherical" in inspect.signature(Artist.interpolate).parameters


def same_latents() -> bool:
    """Whether the pictures at a place of the grid of classes have the same latent."""
    echo = Echo()
    sample_by_class(default("acgan"), echo, 3, 4, seed=0)
    by_class = torch.cat(echo.latents)[:12].view(3, 4, -1)
    return bool((by_class == by_class[0]).all())


def gives_probabilities(recipes: list[str]) -> bool:
    """Whether D's logits are shown as probabilities."""
    return all(Critic(default(name), Reader(), 0.0).gives_probabilities for name in recipes)


def documented(words: list[str]) -> bool:
    """Whether docs/recipes.md speaks of these words."""
    page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    return all(word in page for word in words)


FORMULAS: dict[str, Callable[..., object]] = {
    "can-loss-of-d": can_loss_of_d,
    "can-loss-of-g": can_loss_of_g,
    "class-order": class_order,
    "classifier-loss": classifier_loss,
    "cross-entropy": cross_entropy,
    "documented": documented,
    "f1": f1,
    "gives-probabilities": gives_probabilities,
    "glorot-limit": glorot_limit,
    "importances": importances,
    "label-image-maps": label_image_maps,
    "latents": latents,
    "linear-interpolation": linear_interpolation,
    "log-softmax": log_softmax,
    "loss-terms": loss_terms,
    "mean-targets": mean_targets,
    "output-map": output_map,
    "pictures-seen": pictures_seen,
    "rate-after": rate_after,
    "rejected-pictures": rejected_pictures,
    "same-latents": same_latents,
    "share-of-255": share_of_255,
    "spread-of-weights": spread_of_weights,
    "style-ambiguity": ambiguity,
    "sum": total,
    "unit-range": unit_range,
    "wasserstein": wasserstein,
    "whole-batches": whole_batches,
}
