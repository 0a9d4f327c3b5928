"""Heat as colour: perceptually uniform, so that twice as bright means the same everywhere on the scale."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import hex_to_rgb, sequential

# Ten colours of matplotlib's "inferno" (Smith & van der Walt 2015), straight lines between them.
_STOPS = np.array([hex_to_rgb(colour) for colour in sequential.Inferno], np.float64)

# What a picture keeps of itself where nothing is hot, and where it is hottest.
_COLD, _HOT = 0.45, 0.25


def coloured(heat: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Heat [H, W] in [0, 1] as colours, uint8 [H, W, 3], from black by red to pale yellow."""
    places = np.linspace(0, 1, len(_STOPS))
    channels = [np.interp(heat, places, _STOPS[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def overlaid(picture: NDArray[np.uint8], heat: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A picture seen through its heat: dim and grey where it is cold, in the colours of heat where it is hot.

    Args:
        picture: uint8 [H, W, 3].
        heat: float [H, W] in [0, 1].

    Returns:
        uint8 [H, W, 3].
    """
    grey = np.asarray(Image.fromarray(picture).convert("L"))[..., None].astype(np.float64)
    share = heat[..., None].astype(np.float64)
    mixed = (1 - share) * _COLD * grey + share * (_HOT * grey + (1 - _HOT) * coloured(heat))
    return mixed.round().clip(0, 255).astype(np.uint8)
