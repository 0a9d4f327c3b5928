"""What a network has learnt from a million photographs, put to use on few pictures.

Its features show what is painted, and the statistics of its early stages show how: the mean and the spread of a
channel over the picture are what style lies in (Gatys et al. 2016; Huang & Belongie 2017).
"""

from typing import Any, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from ganvas.classify.fitting import Features, fit, seeded
from ganvas.classify.logistic import regress
from ganvas.classify.model import Examples, Fitted, Progress
from ganvas.classify.network import NetworkModel, in_batches
from ganvas.classify.options import ClassifierOptions, NetworkOptions
from ganvas.metrics.efficientnet import EfficientNetLite
from ganvas.metrics.features import SLAB

# Of every picture: the 1,280 pooled features, and mean and spread of the 856 channels of the seven stages.
FEATURES = 1280 + 2 * 856

# Keeps the gradient of a spread finite where a channel is the same all over the picture.
_EPSILON = 1e-5


class TransferOptions(NetworkOptions):
    """Options of a small network on the features of one that has seen a million photographs."""

    # Of 128, 192 and 256 the best, even for pictures of 128 (docs/classify.md).
    size: int = Field(192, ge=32, le=512, description="Height and width in pixels that pictures are resized to.")
    validation_share: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="Share of the other pictures to validate with; a dataset's own split wins. By default none for "
        "logistic regression, which has nothing to choose, and 0.15 for an mlp or fine-tuning, which have an epoch.",
    )
    epochs: int = Field(100, ge=1, le=100_000, description="Passes of an mlp over the training features, at most.")
    optimizer: Literal["adam", "adamw", "rmsprop"] = Field("adamw", description="Optimiser of mlp and fine-tuning.")
    weight_decay: float = Field(1e-2, ge=0, description="Weight decay: decoupled in AdamW, L2 in the others.")
    head: Literal["linear", "mlp"] = Field(
        "linear",
        description="What reads the features: logistic regression, by L-BFGS over all pictures at once, or a network "
        "of two layers, by the optimiser in batches.",
    )
    flip: bool = Field(True, description="The mirror image of every picture is learnt from, too.")
    penalty: float = Field(0.1, ge=0, description="L2 penalty of the logistic regression, on standardised features.")
    hidden: int = Field(128, ge=1, le=4096, description="Width of the inner layer of an mlp.")
    fine_tune_epochs: int = Field(
        0, ge=0, le=100_000, description="Passes, at most, in which the whole network learns afterwards."
    )
    fine_tune_rate: float = Field(1e-4, gt=0, lt=1, description="Learning rate of those passes.")

    @model_validator(mode="before")
    @classmethod
    def _validate_what_has_epochs(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Hold pictures back by default where there is an epoch to choose by them."""
        if given.get("head") == "mlp" or str(given.get("fine_tune_epochs", 0)) != "0":
            return {"validation_share": ClassifierOptions.model_fields["validation_share"].default, **given}
        return given


class Backbone(nn.Module):
    """EfficientNet-Lite2 with its weights of ImageNet: float32 [B, 3, S, S] in [0, 1] to [B, `FEATURES`]."""

    def __init__(self) -> None:
        super().__init__()
        # A timm network; its modules have no types.
        self.network: Any = EfficientNetLite().network

    def forward(self, images: Tensor) -> Tensor:
        """The features of pictures."""
        network, statistics = self.network, []
        maps = network.bn1(network.conv_stem(images * 2 - 1))
        for stage in network.blocks:
            maps = stage(maps)
            variance, mean = torch.var_mean(maps, dim=(2, 3), correction=0)
            statistics += [mean, (variance + _EPSILON).sqrt()]
        pooled = network.forward_head(network.bn2(network.conv_head(maps)))
        return torch.cat([pooled, *statistics], dim=1)


class Head(nn.Module):
    """What reads the features: standardised by the training pictures' statistics, then one layer or two."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, options: TransferOptions, outputs: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("deviation", torch.ones(FEATURES))
        self.layers = (
            nn.Linear(FEATURES, outputs)
            if options.head == "linear"
            else nn.Sequential(nn.Linear(FEATURES, options.hidden), nn.ReLU(), nn.Linear(options.hidden, outputs))
        )

    def standardise_by(self, features: Tensor) -> None:
        """Take the mean and standard deviation of these features, float32 [N, `FEATURES`]."""
        variance, mean = torch.var_mean(features, dim=0, correction=0)
        # A feature that never varied in training is left as it is, not blown up when it does.
        deviation = torch.where(variance > _EPSILON**2, variance.sqrt(), 1.0)
        self.mean.copy_(mean)
        self.deviation.copy_(deviation)

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, `FEATURES`] to outputs [B, 1] or [B, classes]."""
        outputs: Tensor = self.layers((features - self.mean) / self.deviation)
        return outputs


class Whole(nn.Module):
    """From pixels to outputs: the feature network, and the head that reads it."""

    def __init__(self, backbone: Backbone, head: Head) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, images: Tensor) -> Tensor:
        """Pictures [B, 3, S, S] in [0, 1] to outputs [B, 1] or [B, classes]."""
        outputs: Tensor = self.head(self.backbone(images))
        return outputs


class Transfer(NetworkModel):
    """The features of EfficientNet-Lite2, and a head that is learnt.

    The head learns from features that are computed once, of each picture and of its mirror image. After that the
    whole network may be tuned, with every picture transformed another way each epoch.
    """

    options_class = TransferOptions
    options: TransferOptions
    network: Whole

    def __init__(self, options: TransferOptions, classes: int) -> None:
        super().__init__(options, classes)
        with seeded(options.seed):
            head = Head(options, self.outputs)
        self.network = Whole(Backbone(), head).eval()

    def fit(self, training: Examples, validation: Examples | None, progress: Progress) -> Fitted:
        """See `Model.fit`."""
        options, head, weights = self.options, self.network.head, self.class_weights(training)
        self.settle()
        seen = self._features(training, progress, mirrored=options.augment and options.flip)
        checked = self._features(validation, progress) if validation else None
        head.standardise_by(seen.views[0])
        if options.head == "linear":
            fitted = regress(head, seen, checked, options.penalty, progress, weights=weights)
        else:
            fitted = fit(head, seen, checked, options, progress, weights=weights)
        if options.fine_tune_epochs:
            progress.say(f"tuning the whole network for up to {options.fine_tune_epochs} epochs")
            fitted = self._tune(training, validation, progress, weights, fitted)
        return fitted

    def learnt(self) -> nn.Module:
        """See `NetworkModel.learnt`."""
        return self.network if self.options.fine_tune_epochs else self.network.head

    def _features(self, examples: Examples, progress: Progress, mirrored: bool = False) -> Features:
        """The features of pictures, and of their mirror images if asked for."""
        views: list[list[Tensor]] = [[], []] if mirrored else [[]]
        for start in range(0, len(examples), SLAB):
            inputs = self.inputs(examples.images[start : start + SLAB])
            for view, each in zip(views, (inputs, inputs.flip(3)), strict=False):
                view.append(in_batches(self.network.backbone, each).cpu())
            progress.work("features", min(start + SLAB, len(examples)), len(examples))
        stacked = torch.stack([torch.cat(view) for view in views])
        return Features(stacked, torch.from_numpy(examples.labels))

    def _tune(
        self,
        training: Examples,
        validation: Examples | None,
        progress: Progress,
        weights: Tensor | None,
        before: Fitted,
    ) -> Fitted:
        """Let the whole network learn, from where the head's learning has brought it."""
        options = self.options.model_copy(
            update={"epochs": self.options.fine_tune_epochs, "learning_rate": self.options.fine_tune_rate}
        )
        seen, checked = self.pictures(training), self.pictures(validation) if validation else None
        self.network.backbone.requires_grad_(True)
        try:
            return fit(self.network, seen, checked, options, progress, weights=weights, before=before)
        finally:
            self.network.backbone.requires_grad_(False)
