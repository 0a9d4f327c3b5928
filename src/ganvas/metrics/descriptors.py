"""Descriptors of pictures: all that the metrics need to know of them, so that the pictures need not stay in memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from ganvas.distributed.world import World
from ganvas.foundation.arrays import Features, Images, Integers
from ganvas.metrics.detail import DETAIL, Detail
from ganvas.metrics.features import FeatureNetwork, extract
from ganvas.metrics.leaks import SIGNS, Signs
from ganvas.metrics.modes import ModeDescriptors, colour_histograms
from ganvas.metrics.thumbnails import thumbnails

# Pictures to describe at a time. Converted to doubles, with the intermediate results, they take 30 times their memory.
CHUNK = 32


@dataclass(frozen=True)
class Descriptors:
    """Descriptors of a set of N pictures, in no particular order.

    Attributes:
        features: output of a feature network, float32 [N, D].
        thumbnails: the pictures at 32 x 32 pixels, uint8 [N, 32, 32, 3].
        colours: colour histograms, float32 [N, 64].
        signs: signs of augmentation.
        detail: sharpness, spectra and texture.
        labels: class numbers, int64 [N]; None for pictures without classes.
    """

    features: Features
    thumbnails: Images
    colours: Features
    signs: Signs
    detail: Detail
    labels: Integers | None = None

    @classmethod
    def of(cls, images: Images, extractor: FeatureNetwork) -> Self:
        """Describe pictures, uint8 [N, S, S, 3]."""
        return cls(extract(extractor, images), *_describe([images]))

    @classmethod
    def with_features(cls, features: Features, images: Iterable[Images], labels: Integers | None) -> Self:
        """Describe pictures whose features are known. `images` has them in several parts, uint8 [n, S, S, 3] each."""
        return cls(features, *_describe(images), labels)

    @classmethod
    def shared_out(cls, images: Images, extractor: FeatureNetwork, world: World) -> Self:
        """Describe pictures, uint8 [N, S, S, 3], which all processes have. Each describes a part, for all of them."""
        if world.size == 1 or len(images) < world.size:
            return cls.of(images, extractor)
        own = cls.of(np.array_split(images, world.size)[world.rank], extractor)
        return cls.concatenate([cls._read(content) for content in world.from_each(own._written())], None)

    def _written(self) -> bytes:
        """All but the labels, as bytes."""
        arrays: dict[str, NDArray[Any]] = {
            "features": self.features,
            "thumbnails": self.thumbnails,
            "colours": self.colours,
        }
        arrays |= {name: getattr(self.signs, name) for name in SIGNS}
        return save(arrays | {name: getattr(self.detail, name) for name in DETAIL})

    @classmethod
    def _read(cls, content: bytes) -> Self:
        arrays = load(content)
        signs = Signs(*(arrays.pop(name) for name in SIGNS))
        detail = Detail(*(arrays.pop(name) for name in DETAIL))
        return cls(arrays["features"], arrays["thumbnails"], arrays["colours"], signs, detail)

    @classmethod
    def concatenate(cls, parts: list[Self], labels: Integers | None) -> Self:
        """Join several sets into one."""
        features, small, colours = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("features", "thumbnails", "colours")
        )
        signs = Signs.concatenate([part.signs for part in parts])
        return cls(features, small, colours, signs, Detail.concatenate([part.detail for part in parts]), labels)

    def __len__(self) -> int:
        return len(self.features)

    @property
    def pixels(self) -> Features:
        """The thumbnails as vectors, float32 [N, 3072], 0 to 255."""
        return self.thumbnails.reshape(len(self), -1).astype(np.float32)

    @property
    def for_modes(self) -> ModeDescriptors:
        """The descriptors that tell modes apart."""
        return ModeDescriptors(self.features, self.colours)


def _describe(parts: Iterable[Images]) -> tuple[Images, Features, Signs, Detail]:
    """The descriptors that need no network."""
    chunks = (part[start : start + CHUNK] for part in parts for start in range(0, len(part), CHUNK))
    described = ((thumbnails(chunk), colour_histograms(chunk), Signs.of(chunk), Detail.of(chunk)) for chunk in chunks)
    small, colours, signs, detail = zip(*described, strict=True)
    joined = Signs.concatenate(list(signs)), Detail.concatenate(list(detail))
    return np.concatenate(small), np.concatenate(colours), *joined
