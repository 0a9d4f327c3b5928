"""Transfer learning: a small head on the features of a network trained on a million photographs (ImageNet)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from ganvas.classify.backbone import PACKAGED, Backbone, backbone
from ganvas.classify.fitting import FeatureInputs, fit, seeded
from ganvas.classify.logistic import regress
from ganvas.classify.model import Examples, Fitted, Model, Progress
from ganvas.classify.network import NetworkModel, in_batches
from ganvas.classify.options import ClassifierOptions, NetworkOptions
from ganvas.metrics.features import SLAB

# A feature whose standard deviation in training is below this is constant.
_CONSTANT = 1e-5


class TransferOptions(NetworkOptions):
    """Options of transfer learning: a small head on the features of a network trained on ImageNet."""

    backbone: str = Field(
        PACKAGED, description="The network: efficientnet-lite2, which ganvas includes, or any of timm, such as vgg16."
    )
    weights: str | None = Field(
        None,
        description="safetensors file with the weights of a backbone of timm; by default they are downloaded from "
        "Hugging Face.",
    )
    # The best of 128, 192 and 256, even for pictures of 128 px (docs/classify.md).
    size: int = Field(192, ge=32, le=512, description="Resize pictures to this height and width in pixels.")
    validation_share: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="Share of the other pictures to validate with, if the dataset has no validation pictures. By "
        "default 0 for logistic regression, which has no epochs to choose from, and 0.15 for an mlp or fine-tuning.",
    )
    epochs: int = Field(100, ge=1, le=100_000, description="Largest number of passes of an mlp over the features.")
    optimizer: Literal["adam", "adamw", "rmsprop"] = Field("adamw", description="Optimiser of mlp and fine-tuning.")
    weight_decay: float = Field(1e-2, ge=0, description="Weight decay: decoupled with adamw, L2 with the others.")
    head: Literal["linear", "mlp"] = Field(
        "linear",
        description="What classifies the features: logistic regression, fitted by L-BFGS to all pictures at once, or "
        "an mlp of two layers, trained by the optimiser in batches.",
    )
    flip: bool = Field(True, description="Also train on the mirror image of every picture.")
    penalty: float = Field(0.1, ge=0, description="L2 penalty of the logistic regression, on standardised features.")
    hidden: int = Field(128, ge=1, le=4096, description="Width of the hidden layer of an mlp.")
    fine_tune_epochs: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Largest number of passes that then fine-tune the whole network; 0 turns fine-tuning off.",
    )
    fine_tune_rate: float = Field(1e-4, gt=0, lt=1, description="Learning rate of fine-tuning.")

    @model_validator(mode="after")
    def _weights_have_a_backbone(self) -> Self:
        if self.weights is not None and self.backbone == PACKAGED:
            raise ValueError(f"weights={self.weights}: {PACKAGED} has its own; also set backbone, such as vgg16")
        return self

    @model_validator(mode="before")
    @classmethod
    def _validate_if_there_are_epochs(cls, options: dict[str, object]) -> dict[str, object]:
        """By default, hold back validation pictures if there are epochs to choose from."""
        if options.get("head") == "mlp" or str(options.get("fine_tune_epochs", 0)) != "0":
            return {"validation_share": ClassifierOptions.model_fields["validation_share"].default, **options}
        return options


class Head(nn.Module):
    """The classifier of the features: standardisation by the training statistics, then one layer or two.

    Args:
        options: of which `head` and `hidden` are used.
        features: the number of features.
        outputs: the number of outputs.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, options: TransferOptions, features: int, outputs: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))
        self.layers = (
            nn.Linear(features, outputs)
            if options.head == "linear"
            else nn.Sequential(nn.Linear(features, options.hidden), nn.ReLU(), nn.Linear(options.hidden, outputs))
        )

    def standardise_by(self, features: Tensor) -> None:
        """Standardise by the mean and standard deviation of these features, float32 [N, features]."""
        variance, mean = torch.var_mean(features, dim=0, correction=0)
        # Do not scale a feature that is constant in training, or it would explode when it varies.
        deviation = torch.where(variance > _CONSTANT**2, variance.sqrt(), 1.0)
        self.mean.copy_(mean)
        self.deviation.copy_(deviation)

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, features] to outputs [B, 1] or [B, classes]."""
        outputs: Tensor = self.layers((features - self.mean) / self.deviation)
        return outputs


class TransferNetwork(nn.Module):
    """The backbone and its head: from pixels to outputs."""

    def __init__(self, backbone: Backbone, head: Head) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, images: Tensor) -> Tensor:
        """Pictures [B, 3, S, S] in [0, 1] to outputs [B, 1] or [B, classes]."""
        outputs: Tensor = self.head(self.backbone(images))
        return outputs


class Transfer(NetworkModel):
    """A head on the features of a backbone.

    The head is trained on features that are computed once, for each picture and its mirror image. Optionally, the whole
    network is then fine-tuned, with augmented pictures.
    """

    options_class = TransferOptions
    shaping = ("backbone", "head", "hidden")

    options: TransferOptions
    network: TransferNetwork

    def __init__(self, options: TransferOptions, classes: int, *, is_trained: bool = True) -> None:
        super().__init__(options, classes)
        body = backbone(options.backbone, options.size, options.weights, is_trained=is_trained)
        with seeded(options.seed):
            head = Head(options, body.features, self.outputs)
        self.network = TransferNetwork(body, head).eval()
        # The packaged weights are read from their package at every start, unless they were trained further.
        self._keeps_backbone = options.backbone != PACKAGED or options.fine_tune_epochs > 0
        self._has_trained_head = False

    @classmethod
    def load(cls, directory: Path, options: ClassifierOptions, classes: int) -> Self:
        """See `Model.load`. The file with the weights of the backbone is not needed."""
        assert isinstance(options, TransferOptions)
        model = cls(options, classes, is_trained=False)
        model.restore(directory)
        return model

    @contextmanager
    def maps(self, position: Literal[0, -1]) -> Iterator[nn.Module]:
        """See `NetworkModel.maps`."""
        yield self.network.backbone.map_layer(position)

    def fit(self, training: Examples, validation: Examples | None, progress: Progress) -> Fitted:
        """See `Model.fit`."""
        options, head, weights = self.options, self.network.head, self.class_weights(training)
        self.use_machine()
        features = self._features(training, progress, mirrored=options.augment and options.flip)
        validation_features = self._features(validation, progress) if validation else None
        if not self._has_trained_head:
            head.standardise_by(features.views[0])
        if options.head == "linear":
            fitted = regress(head, features, validation_features, options.penalty, progress, weights=weights)
        else:
            fitted = fit(head, features, validation_features, options, progress, weights=weights)
        if options.fine_tune_epochs:
            progress.say(f"fine-tuning the whole network for up to {options.fine_tune_epochs} epochs")
            fitted = self._fine_tune(training, validation, progress, weights, fitted)
        return fitted

    def trained_part(self) -> nn.Module:
        """See `NetworkModel.trained_part`."""
        return self.network if self._keeps_backbone else self.network.head

    def start_from(self, other: Model, is_same_task: bool) -> None:
        """See `Model.start_from`."""
        super().start_from(other, is_same_task)
        assert isinstance(other, Transfer)
        self._keeps_backbone |= other._keeps_backbone
        self._has_trained_head = self.options.head == "mlp"

    def is_taken_over(self, name: str, is_same_task: bool) -> bool:
        """See `NetworkModel.is_taken_over`. Logistic regression has one solution, whatever it starts from."""
        if self.options.head == "linear":
            return name.startswith("backbone.")
        return super().is_taken_over(name, is_same_task)

    def take(self, state: Mapping[str, Tensor]) -> None:
        """See `NetworkModel.take`. The file of a model that started from another may hold its backbone, too."""
        self._keeps_backbone |= any(name.startswith("backbone.") for name in state)
        super().take(state)

    def _features(self, examples: Examples, progress: Progress, mirrored: bool = False) -> FeatureInputs:
        """The features of pictures and, with `mirrored`, of their mirror images."""
        views: list[list[Tensor]] = [[], []] if mirrored else [[]]
        for start in range(0, len(examples), SLAB):
            inputs = self.inputs(examples.images[start : start + SLAB])
            for view, variant in zip(views, (inputs, inputs.flip(3)), strict=False):
                view.append(in_batches(self.network.backbone, variant).cpu())
            progress.work("features", min(start + SLAB, len(examples)), len(examples))
        stacked = torch.stack([torch.cat(view) for view in views])
        return FeatureInputs(stacked, torch.from_numpy(examples.labels))

    def _fine_tune(
        self,
        training: Examples,
        validation: Examples | None,
        progress: Progress,
        weights: Tensor | None,
        previous: Fitted,
    ) -> Fitted:
        """Train the whole network, starting from the trained head."""
        options = self.options.model_copy(
            update={"epochs": self.options.fine_tune_epochs, "learning_rate": self.options.fine_tune_rate}
        )
        inputs = self.pictures(training)
        validation_inputs = self.pictures(validation) if validation else None
        self.network.backbone.requires_grad_(True)
        try:
            return fit(self.network, inputs, validation_inputs, options, progress, weights=weights, previous=previous)
        finally:
            self.network.backbone.requires_grad_(False)
