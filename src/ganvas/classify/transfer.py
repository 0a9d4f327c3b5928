"""What a network has learnt from a million photographs, put to use on few pictures.

Its features show what is painted, and the statistics of its early stages show how: the mean and the spread of a
channel over the picture are what style lies in (Gatys et al. 2016; Huang & Belongie 2017).
"""

from typing import Any

import torch
from torch import Tensor, nn

from ganvas.classify.fitting import Features, fit, seeded
from ganvas.classify.logistic import regress
from ganvas.classify.model import Examples, Fitted, Progress
from ganvas.classify.network import NetworkModel, in_batches
from ganvas.classify.options import TransferOptions
from ganvas.metrics.efficientnet import EfficientNetLite
from ganvas.metrics.features import SLAB

# Of every picture: the 1,280 pooled features, and mean and spread of the 856 channels of the seven stages.
FEATURES = 1280 + 2 * 856

# Keeps the gradient of a spread finite where a channel is the same all over the picture.
_EPSILON = 1e-5


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
        learn = regress if options.head == "linear" else fit
        fitted = learn(head, seen, checked, options, progress, weights=weights)
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
