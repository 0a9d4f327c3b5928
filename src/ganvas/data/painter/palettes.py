"""Palettes: pigments by their role in a picture, and how they are mixed.

A colour is float64 [3]: red, green and blue in [0, 1], in sRGB. Colours of N strokes are float64 [N, 3].
"""

import math
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from ganvas.foundation.arrays import Floats

# The weights of the channels in the lightness of a colour (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114])
# The direction from cool to warm colours.
WARMER = np.array([1.0, 0.1, -0.8])


def pigments(names: str) -> Floats:
    """The colours of a line of hexadecimal codes, such as `"f4e3c1 c8452c"`: float64 [N, 3]."""
    return np.array([[int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)] for code in names.split()])


def mix(first: Floats, second: Floats, share: float | Floats) -> Floats:
    """A mixture of `first` with a `share` in [0, 1] of `second`: [3] for one share, [N, 3] for shares [N]."""
    weight = np.clip(np.asarray(share, dtype=np.float64), 0.0, 1.0)[..., None]
    mixed: Floats = first + (second - first) * weight
    return mixed


def blend(colours: Floats, position: Floats) -> Floats:
    """The gradient through `colours` [K, 3] at `position` [N] in [0, 1]: [N, 3]."""
    index = np.clip(position, 0.0, 1.0) * (len(colours) - 1)
    lower = np.minimum(index.astype(np.int64), len(colours) - 2)
    blended: Floats = colours[lower] + (colours[lower + 1] - colours[lower]) * (index - lower)[:, None]
    return blended


def jitter(rng: np.random.Generator, colours: Floats, amount: float) -> Floats:
    """`colours` [N, 3] with small random changes of lightness and warmth."""
    tone, warmth = rng.normal(0.0, amount, size=(2, len(colours), 1))
    varied: Floats = np.clip(colours + tone + 0.5 * warmth * WARMER, 0.0, 1.0)
    return varied


def darkest_first(colours: Floats) -> Floats:
    """`colours` [K, 3] sorted by lightness, the darkest first."""
    return colours[np.argsort((colours * LUMA).sum(axis=1))]


@dataclass(frozen=True)
class Palette:
    """The pigments of one mood, float64 [K, 3] each.

    Attributes:
        ground: backdrops, skies and walls.
        light: highlights and glows.
        dark: the deepest shadows and lines.
        body: the main pigments, for petals, garments and blocks.
        water: seas.
        accent: small contrasts.
        foliage: leaves, meadows, trees, from dark to light.
        skin: three tones from shadow to light.
        blush: lips and cheeks.
        hair: hair colours.
    """

    ground: Floats
    light: Floats
    dark: Floats
    body: Floats
    water: Floats
    accent: Floats
    foliage: Floats
    skin: Floats
    blush: Floats
    hair: Floats

    def varied(self, rng: np.random.Generator) -> Self:
        """A random variant: the same change of hue, saturation and lightness for all pigments."""
        turn = _hue_turn(rng.normal(0.0, 0.06))
        strength, lift = rng.uniform(0.85, 1.15), rng.normal(0.0, 0.015)

        def shift(colours: Floats) -> Floats:
            turned = (colours[:, None, :] * turn).sum(axis=-1)
            grey = (turned * LUMA).sum(axis=-1, keepdims=True)
            shifted: Floats = np.clip(grey + (turned - grey) * strength + lift, 0.0, 1.0)
            return shifted

        return replace(self, **{field.name: shift(getattr(self, field.name)) for field in fields(self)})


def pick(rng: np.random.Generator, colours: Floats) -> Floats:
    """One of `colours` [K, 3] or a mixture of two of them: [3]."""
    first, second = rng.integers(len(colours), size=2)
    return mix(colours[first], colours[second], rng.uniform(0.0, 0.4))


def picks(rng: np.random.Generator, colours: Floats, count: int) -> Floats:
    """`count` of `colours` [K, 3]: [count, 3]. A colour is repeated only after all have been used."""
    rounds = [rng.permutation(len(colours)) for _ in range(0, count, len(colours))]
    chosen: Floats = colours[np.concatenate(rounds)[:count]]
    return chosen


def _hue_turn(angle: float) -> Floats:
    """The rotation [3, 3] of colours about the grey axis by `angle` radians."""
    diagonal = math.cos(angle) + (1.0 - math.cos(angle)) / 3.0
    before = (1.0 - math.cos(angle)) / 3.0 - math.sin(angle) / math.sqrt(3.0)
    after = (1.0 - math.cos(angle)) / 3.0 + math.sin(angle) / math.sqrt(3.0)
    return np.array([[diagonal, before, after], [after, diagonal, before], [before, after, diagonal]])


PALETTES: dict[str, Palette] = {
    # Evening sun: cream, ochre and terracotta, with a green-blue as contrast.
    "ember": Palette(
        ground=pigments("ecdcbc e6b98c dca58c d3a05c e9cfa2"),
        light=pigments("fcf3de f9e2b0 fbe9cf"),
        dark=pigments("4a2a22 5b2026 3d2b2e"),
        body=pigments("c8452c e07a54 a62b35 e3a02c b5633c d2566a"),
        water=pigments("3f7f80 4f6f86 7a4a58 5f8a7c"),
        accent=pigments("f7d25c 3f7f7a f8ecd0"),
        foliage=pigments("4c5428 767838 a39a4c"),
        skin=pigments("96553c d9996c f4d0aa"),
        blush=pigments("b8402f"),
        hair=pigments("3a2019 6b3219 9c4a1e c98a3c"),
    ),
    # A bright overcast morning: blues and sea greens on pale grounds, with lemon and coral accents.
    "lagoon": Palette(
        ground=pigments("d2e3df a9c9d0 bdd4c6 93b6c4 c4d4e4"),
        light=pigments("f6f9f2 e2f1f1 eceffa"),
        dark=pigments("1f3144 22404a 2c2f52"),
        body=pigments("4a78c0 58a9cf 3f9f9a 9aa6dc dfe3f4 86cbc2"),
        water=pigments("4a74b8 4f9cc0 3d9a98 6f8cc8"),
        accent=pigments("f2e48e e8907c f8f6e6"),
        foliage=pigments("24544f 3d7f64 79b08a"),
        skin=pigments("75708a c6a69b f0ddd0"),
        blush=pigments("c4606a"),
        hair=pigments("1e2838 3a3f55 6b6a78 b9b7a8"),
    ),
    # Lamplight and moonlight: dark indigo and plum, with a few glowing colours.
    "nocturne": Palette(
        ground=pigments("161c3a 221d42 112a36 2e2145 1a2450"),
        light=pigments("f6e7ae d3dcf6 fbe6c4"),
        dark=pigments("0a0d1e 120c22 081820"),
        body=pigments("6d3f96 ab4080 3c5fc4 532e66 2f93a0 c65a6e"),
        water=pigments("2a3f8c 1f5a70 40307c 24507e"),
        accent=pigments("f3ba46 ff9760 9fe0d2"),
        foliage=pigments("14333a 1f5048 3a7d66"),
        skin=pigments("43294f 96606a e8bd92"),
        blush=pigments("b8455f"),
        hair=pigments("0d0a1a 2a1530 4a1f35 7a3f30"),
    ),
}
