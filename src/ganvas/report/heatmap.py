"""Heatmaps in a perceptually uniform colour map: equal steps of heat look like equal steps of colour."""

import numpy as np
from PIL import Image
from plotly.colors import hex_to_rgb, sequential

from ganvas.foundation.arrays import Features, Floats, Images

# Ten colours of matplotlib's "inferno" (Smith & van der Walt 2015), interpolated linearly.
_STOPS = np.array([hex_to_rgb(colour) for colour in sequential.Inferno], np.float64)

# The weight of the grey picture where the heat is 0, and where it is 1.
_COLD, _HOT = 0.45, 0.25


def coloured(heat: Features | Floats) -> Images:
    """Heat [H, W] in [0, 1] as colours, uint8 [H, W, 3], from black through red to pale yellow."""
    positions = np.linspace(0, 1, len(_STOPS))
    channels = [np.interp(heat, positions, _STOPS[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def overlaid(picture: Images, heat: Features | Floats) -> Images:
    """A picture with its heat on top: dim and grey where the heat is 0, coloured where it is high.

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
