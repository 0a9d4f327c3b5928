"""Palettes: the pigments on the board by the part they play, and how pigments are mixed.

A colour is float64 [3], red, green and blue in [0, 1] as the screen shows them; [N, 3] for one a stroke.
"""

import math
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# The lightness of a colour as the eye weighs its channels (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114])
# One step from cool towards warm: what painters shift first when they vary a tone.
WARMER = np.array([1.0, 0.1, -0.8])


def pigments(names: str) -> Array:
    """The colours of a line of hexadecimal codes, `"f4e3c1 c8452c"`, as float64 [N, 3]."""
    return np.array([[int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)] for code in names.split()])


def mix(first: Array, second: Array, share: float | Array) -> Array:
    """`first` with a `share` in [0, 1] of `second`: [3] for one share, [N, 3] for shares [N]."""
    weight = np.clip(np.asarray(share, dtype=np.float64), 0.0, 1.0)[..., None]
    mixed: Array = first + (second - first) * weight
    return mixed


def blend(colours: Array, position: Array) -> Array:
    """Where `position` [N] in [0, 1] lies on the way through `colours` [K, 3], as [N, 3]."""
    place = np.clip(position, 0.0, 1.0) * (len(colours) - 1)
    lower = np.minimum(place.astype(np.int64), len(colours) - 2)
    blended: Array = colours[lower] + (colours[lower + 1] - colours[lower]) * (place - lower)[:, None]
    return blended


def jitter(rng: np.random.Generator, colours: Array, amount: float) -> Array:
    """`colours` [N, 3], each a little lighter or darker and a little warmer or cooler."""
    tone, warmth = rng.normal(0.0, amount, size=(2, len(colours), 1))
    varied: Array = np.clip(colours + tone + 0.5 * warmth * WARMER, 0.0, 1.0)
    return varied


def darkest_first(colours: Array) -> Array:
    """`colours` [K, 3] in the order of their lightness."""
    return colours[np.argsort((colours * LUMA).sum(axis=1))]


@dataclass(frozen=True)
class Palette:
    """The pigments of one mood, float64 [K, 3] each.

    Attributes:
        ground: backdrops, skies and walls.
        light: highlights, glows, the brightest notes.
        dark: the deepest shadows and lines.
        body: the pigments that carry the picture: petals, garments, blocks.
        water: seas.
        accent: small sparks against the rest.
        foliage: leaves, meadows, trees, from dark to light.
        skin: three tones from shadow to light.
        blush: lips and cheeks.
        hair: hair colours.
    """

    ground: Array
    light: Array
    dark: Array
    body: Array
    water: Array
    accent: Array
    foliage: Array
    skin: Array
    blush: Array
    hair: Array

    def varied(self, rng: np.random.Generator) -> Self:
        """The same mood on another day: all pigments turned, greyed and lit alike."""
        turn = _hue_turn(rng.normal(0.0, 0.06))
        strength, lift = rng.uniform(0.85, 1.15), rng.normal(0.0, 0.015)

        def shift(colours: Array) -> Array:
            turned = (colours[:, None, :] * turn).sum(axis=-1)
            grey = (turned * LUMA).sum(axis=-1, keepdims=True)
            shifted: Array = np.clip(grey + (turned - grey) * strength + lift, 0.0, 1.0)
            return shifted

        return replace(self, **{field.name: shift(getattr(self, field.name)) for field in fields(self)})


def pick(rng: np.random.Generator, colours: Array) -> Array:
    """One of `colours` [K, 3], or one between two of them, as [3]."""
    first, second = rng.integers(len(colours), size=2)
    return mix(colours[first], colours[second], rng.uniform(0.0, 0.4))


def picks(rng: np.random.Generator, colours: Array, count: int) -> Array:
    """`count` of `colours` [K, 3], different ones as long as they last, as [count, 3]."""
    rounds = [rng.permutation(len(colours)) for _ in range(0, count, len(colours))]
    chosen: Array = colours[np.concatenate(rounds)[:count]]
    return chosen


def _hue_turn(angle: float) -> Array:
    """The rotation [3, 3] of colours about the grey axis by `angle` radians."""
    diagonal = math.cos(angle) + (1.0 - math.cos(angle)) / 3.0
    before = (1.0 - math.cos(angle)) / 3.0 - math.sin(angle) / math.sqrt(3.0)
    after = (1.0 - math.cos(angle)) / 3.0 + math.sin(angle) / math.sqrt(3.0)
    return np.array([[diagonal, before, after], [after, diagonal, before], [before, after, diagonal]])


PALETTES: dict[str, Palette] = {
    # Late sun: cream, ochre and terracotta, with one green-blue to answer them.
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
    # A bright overcast morning: blues and sea greens on pale grounds, lemon and coral for sparks.
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
    # Lamp and moon: indigo and plum darkness in which a few colours glow.
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
