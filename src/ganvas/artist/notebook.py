"""Pictures in a notebook."""

import html

from PIL import Image

from ganvas.foundation.arrays import Images
from ganvas.foundation.data_uri import data_uri, encoded

# Small pictures are shown enlarged, up to this width in pixels of a screen.
_WIDTH = 640


def figure(pixels: Images, caption: str) -> str:
    """A picture, uint8 [H, W, 3], over a line of text, as HTML that needs no other file."""
    picture = Image.fromarray(pixels)
    factor = max(1, _WIDTH // picture.width)
    return (
        f'<figure style="margin:0"><img src="{data_uri(encoded(picture, "PNG"), "PNG")}" alt="{html.escape(caption)}" '
        f'width="{factor * picture.width}" style="max-width:100%;image-rendering:pixelated">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
